// See load_worker.h.
#include "bench/load_worker.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench/timing.h"

namespace usher::bench {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr int kEventsMax = 256;
constexpr int64_t kIdleWaitNs = 50 * kNsPerMs;  // how soon a stop or the end of the drain time is noticed

}  // namespace

LoadWorker::LoadWorker(const LoadPlan& plan, size_t index, size_t connections)
    : plan_(plan),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      connections_(connections),
      read_buffer_(kReadBytes),
      next_(index) {
  for (Connection& connection : connections_) {
    connection.fd = ConnectTo(plan_.address);
    MakeNonBlocking(connection.fd.Get());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    if (epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, connection.fd.Get(), &event) != 0)
      throw std::runtime_error("epoll_ctl failed");
    idle_.push_back(&connection);
  }
}

void LoadWorker::Run(int64_t start_ns) {
  start_ns_ = start_ns;
  prctl(PR_SET_TIMERSLACK, 1'000);  // the default of 50 us would be charged to every arrival
  const int64_t cpu_before_ns = ReadClockNs(CLOCK_THREAD_CPUTIME_ID);
  for (int64_t now_ns = NowNs(); !IsFinished(now_ns); now_ns = NowNs()) {
    StartDueArrivals(now_ns);
    WaitForEvents(NowNs());
  }
  results_.cpu_s = Seconds(ReadClockNs(CLOCK_THREAD_CPUTIME_ID) - cpu_before_ns);
}

bool LoadWorker::IsFinished(int64_t now_ns) const {
  if (plan_.stop->load(std::memory_order_relaxed) || lost_connections_ == connections_.size()) return true;
  if (next_ >= plan_.schedule->Count() && outstanding_ == 0) return true;
  return now_ns - start_ns_ > plan_.schedule->DurationNs() + plan_.drain_ns;
}

void LoadWorker::StartDueArrivals(int64_t now_ns) {
  while (next_ < plan_.schedule->Count()) {
    const Arrival arrival = plan_.schedule->At(next_);
    const int64_t behind_ns = now_ns - start_ns_ - arrival.intended_ns;
    if (behind_ns < 0) return;
    if (behind_ns > plan_.hopeless_ns) next_ = plan_.schedule->Count();
    if (idle_.empty() || next_ == plan_.schedule->Count()) return;
    Connection* connection = idle_.front();
    idle_.pop_front();
    next_ += plan_.workers;
    counters_.behind_ns.store(behind_ns, std::memory_order_relaxed);
    StartArrival(*connection, arrival, now_ns);
    now_ns = NowNs();
  }
}

void LoadWorker::StartArrival(Connection& connection, const Arrival& arrival, int64_t now_ns) {
  const size_t entries = plan_.entries->size();
  connection.entry = arrival.work == Work::kEnter ? arrival.ordinal : MixBits(~plan_.seed, arrival.ordinal) % entries;
  connection.intended_ns = start_ns_ + arrival.intended_ns;
  connection.sent_ns = now_ns;
  connection.is_busy = true;
  Conversation& talk = connection.talk;
  talk = Conversation{};
  talk.work = arrival.work;
  talk.queue = &(*plan_.queues)[connection.entry % plan_.queues->size()];
  talk.user = UserName(plan_.seed, connection.entry);
  talk.now_ms = WallMs();
  if (talk.work == Work::kEnter) (*plan_.entries)[connection.entry].sent_ns = now_ns;
  results_.send_lag.Record(now_ns - connection.intended_ns);
  ++outstanding_;
  scratch_.clear();
  plan_.dialect->Begin(talk, scratch_);
  Send(connection);
}

void LoadWorker::WaitForEvents(int64_t now_ns) {
  int64_t wait_ns = kIdleWaitNs;
  if (!idle_.empty() && next_ < plan_.schedule->Count()) {
    wait_ns = std::clamp<int64_t>(start_ns_ + plan_.schedule->At(next_).intended_ns - now_ns, 0, kIdleWaitNs);
  }
  const timespec timeout{static_cast<time_t>(wait_ns / kNsPerSecond), static_cast<long>(wait_ns % kNsPerSecond)};
  std::array<epoll_event, kEventsMax> events;
  const int ready = epoll_pwait2(epoll_.Get(), events.data(), kEventsMax, &timeout, nullptr);
  for (int i = 0; i < ready; ++i) {
    Connection& connection = *static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
    if ((events[static_cast<size_t>(i)].events & EPOLLOUT) != 0) FlushOut(connection);
    if ((events[static_cast<size_t>(i)].events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) OnReadable(connection);
  }
}

void LoadWorker::OnReadable(Connection& connection) {
  if (connection.fd.Get() < 0) return;
  const ssize_t bytes = recv(connection.fd.Get(), read_buffer_.data(), read_buffer_.size(), 0);
  if (bytes > 0) return OnBytes(connection, {read_buffer_.data(), static_cast<size_t>(bytes)});
  if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return;
  Lose(connection, bytes == 0 ? "connection closed by the server" : std::strerror(errno));
}

void LoadWorker::OnBytes(Connection& connection, std::string_view bytes) {
  if (!connection.is_busy) return Lose(connection, "reply without a request");
  const bool is_whole = connection.in.empty();  // the usual case: scan where the kernel has put it
  if (!is_whole) bytes = connection.in.append(bytes);
  switch (connection.scanner.Scan(bytes)) {
    case ReplyScanner::Result::kIncomplete:
      if (is_whole) connection.in = bytes;
      return;
    case ReplyScanner::Result::kBroken:
      return Lose(connection, "reply that is not RESP");
    case ReplyScanner::Result::kComplete:
      break;
  }
  const Reply reply = ParseReply(bytes.substr(0, connection.scanner.Length()));
  connection.scanner.Reset();
  OnReply(connection, reply);
  connection.in.clear();
}

void LoadWorker::OnReply(Connection& connection, const Reply& reply) {
  if (reply.IsError()) return Fail(connection, std::string(reply.text));
  scratch_.clear();
  if (plan_.dialect->OnReply(connection.talk, reply, scratch_)) return Finish(connection);
  Send(connection);
}

void LoadWorker::Finish(Connection& connection) {
  const int64_t now_ns = NowNs();
  const Conversation& talk = connection.talk;
  if (talk.work == Work::kEnter) {
    EntryRecord& record = (*plan_.entries)[connection.entry];
    record.answer = talk.answer;
    record.answered_ns = now_ns;
    results_.enter.Record(now_ns - connection.intended_ns);
    counters_.entered.fetch_add(1, std::memory_order_relaxed);
  } else {
    if (talk.answer == Answer::kNone) results_.lost_polls.push_back({connection.entry, connection.sent_ns});
    results_.poll.Record(now_ns - connection.intended_ns);
    counters_.polled.fetch_add(1, std::memory_order_relaxed);
  }
  results_.last_answer_ns = now_ns;
  connection.is_busy = false;
  --outstanding_;
  idle_.push_back(&connection);
}

void LoadWorker::Send(Connection& connection) {
  connection.out = scratch_;
  FlushOut(connection);
}

void LoadWorker::FlushOut(Connection& connection) {
  if (connection.fd.Get() < 0 || connection.out.empty()) return;
  const ssize_t bytes = send(connection.fd.Get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (bytes < 0 && errno != EAGAIN && errno != EINTR) return Lose(connection, std::strerror(errno));
  connection.out.erase(0, bytes > 0 ? static_cast<size_t>(bytes) : 0);
  const bool wants_write = !connection.out.empty();
  if (wants_write == connection.wants_write) return;
  connection.wants_write = wants_write;
  epoll_event event{};
  event.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_.Get(), EPOLL_CTL_MOD, connection.fd.Get(), &event);
}

void LoadWorker::Fail(Connection& connection, const std::string& why) {
  ++results_.errors[why];
  counters_.failed.fetch_add(1, std::memory_order_relaxed);
  if (connection.talk.work == Work::kEnter) {
    EntryRecord& record = (*plan_.entries)[connection.entry];
    record.answer = Answer::kError;
    record.answered_ns = NowNs();
  }
  connection.is_busy = false;
  --outstanding_;
  idle_.push_back(&connection);
}

void LoadWorker::Lose(Connection& connection, const std::string& why) {
  if (connection.is_busy) {
    Fail(connection, why);
  } else {
    ++results_.errors[why];
  }
  std::erase(idle_, &connection);
  connection.fd.Close();
  ++lost_connections_;
}

}  // namespace usher::bench
