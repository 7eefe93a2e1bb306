// The life of a connection. See connection.h for the states.
#include "server/connection.h"

#include "server/blocked_client.h"
#include "server/dispatcher.h"
#include "server/server.h"
#include "server/subscriptions.h"
#include "server/worker.h"

namespace usher::server {

namespace {
constexpr int64_t kIdleBufferMs = 2'000;  // an idle client's empty buffers are given back after this
}

Connection::Connection(Worker& home_worker, std::unique_ptr<Transport> socket, std::shared_ptr<ClientInfo> info)
    : worker_(home_worker), info_(std::move(info)), transport_(std::move(socket)), session_(*this, info_) {
  info_->pushes_to = this;
}

Connection::~Connection() {
  info_->pushes_to = nullptr;
  worker_.server().tracking().Disable(session_.client);
  worker_.server().clients().Remove(*info_);
}

void Connection::Start() {
  session_.client.Restrict(kNotAuthenticated, !worker_.server().config().password.empty());
  info_->last_interaction_ms.store(Worker::MonotonicMs(), std::memory_order_relaxed);
  watcher_.emplace(worker_.loop(), transport_->fd(), &Connection::OnSocket, this);
  UpdateWatch();
}

void Connection::OnSocket(void* owner, int events, bool error) {
  auto* connection = static_cast<Connection*>(owner);
  if (connection->ready_events_ == 0) connection->worker_.NoteReady(*connection);
  connection->ready_events_ |= error ? SocketWatcher::kReadable | SocketWatcher::kWritable : events;
}

void Connection::HandleReady() {
  const int events = std::exchange(ready_events_, 0);
  if ((events & SocketWatcher::kWritable) != 0) OnWritable();
  if ((events & SocketWatcher::kReadable) != 0) OnReadable();
}

void Connection::OnReadable() {
  if (closing_ || close_after_send_) return;
  if (state_ != State::kOpen) {
    // The read buffer is not ours now. Find out whether the peer is gone; if bytes wait, look again when it is.
    if (transport_->PeerClosed()) return Close(CloseWhen::kNow);
    stop_reading_ = true;
    return UpdateWatch();
  }
  const std::span<char> room = session_.input.Writable();
  const TransportResult got = transport_->Receive(room);
  if (got.kind == TransportResult::Kind::kWouldBlock) return;
  if (got.kind == TransportResult::Kind::kClosed) return Close(CloseWhen::kNow);
  ExecutionThread& thread = worker_.execution();
  thread.stats.net_in_bytes.Add(got.bytes);
  thread.stats.reads.Add(1);
  info_->net_in_bytes.fetch_add(got.bytes, std::memory_order_relaxed);
  info_->last_interaction_ms.store(engine::CycleClock::NowNs() / 1'000'000, std::memory_order_relaxed);
  session_.input.Commit(got.bytes);
  const size_t queued_bytes = info_->queued_bytes.load(std::memory_order_relaxed);
  if (session_.input.Unread().size() + queued_bytes > worker_.server().config().query_buffer_bytes_max) {
    worker_.server().stats().query_buffer_limit_disconnections.fetch_add(1);
    return Close(CloseWhen::kNow);
  }
  Process();
}

bool Connection::ParseMore() {
  session_.input.Consume(session_.batch.bytes());
  session_.next_request = 0;
  session_.read_ahead_until = 0;
  if (session_.client.close_after_reply) {
    session_.batch.Clear();
    return false;
  }
  const ConfigValues& config = worker_.server().config();
  const protocol::Limits limits{config.bulk_bytes_max, session_.client.authenticated()};
  switch (session_.parser.ParseBatch(session_.input, session_.batch, limits)) {
    case protocol::ParseStatus::kReady:
      return true;
    case protocol::ParseStatus::kNeedMore:
      return false;
    case protocol::ParseStatus::kError:
      session_.writer.Error("ERR " + session_.parser.error());
      protocol_error_ = true;
      return false;
  }
  return false;
}

void Connection::Process() {
  ExecutionThread& thread = worker_.execution();
  thread.RefreshNow();
  thread.last_ns = engine::CycleClock::NowNs();
  while (state_ == State::kOpen && !closing_) {
    if (session_.next_request >= session_.batch.size() && !ParseMore()) break;
    state_ = State::kRunning;
    const RunEnd end = worker_.server().dispatcher().RunBatch(session_, thread, RunPlace::kHome);
    state_ = State::kOpen;
    if (closing_) [[unlikely]]
      return EndClosed(end);
    HandleEnd(end);
  }
  if (state_ != State::kOpen && state_ != State::kHeld) return;
  OweFlush();
  if (stop_reading_) [[unlikely]] {  // bytes came while it ran
    stop_reading_ = false;
    UpdateWatch();
  }
}

void Connection::HandleEnd(RunEnd end) {
  switch (end) {
    case RunEnd::kBatchDone:
    case RunEnd::kNeedsHome:
    case RunEnd::kRefused:
    case RunEnd::kRestart:
      if (session_.client.close_after_reply) session_.next_request = session_.batch.size();
      return;
    case RunEnd::kParked:
      state_ = State::kAway;
      return;
    case RunEnd::kBlocked:
      return EnterWait();
    case RunEnd::kPaused:
      state_ = State::kHeld;
      worker_.server().pause().AddHeld(worker_, id());
      return;
    case RunEnd::kFlush:
      return Flush();
    case RunEnd::kOwnPush:
      return LetOwnPushIn();
  }
}

// The message is in this worker's mail. What was replied so far goes before it, the rest of the pipeline behind.
void Connection::LetOwnPushIn() {
  state_ = State::kHeld;
  worker_.PostCall([&worker = worker_, id = id()] {
    Connection* const connection = worker.FindConnection(id);
    if (connection == nullptr) return;
    connection->Flush();
    connection->Resume();
  });
}

void Connection::EnterWait() {
  if (std::exchange(served_early_, false)) return session_.blocked.reset();
  state_ = State::kWaiting;
  if (pushed_.size() > 0) SendOwed();
  if (closing_) return;
  info_->SetWaiter(session_.blocked);
  deadline_ms_ = session_.blocked->deadline_ms();
  if (deadline_ms_) worker_.AddDeadline(*deadline_ms_, id());
  // Last: whoever sees the client waiting may end its wait (CLIENT UNBLOCK).
  info_->flags.fetch_or(kClientBlocked, std::memory_order_release);
}

void Connection::OnReturned(RunEnd end) {
  state_ = State::kOpen;
  if (closing_) return EndClosed(end);
  // What the session pushed to itself elsewhere was posted before it came back.
  HandleEnd(end == RunEnd::kOwnPush ? RunEnd::kFlush : end);
  if (state_ == State::kOpen) Resume();
}

/// The session has come to an end of some kind after the connection was closed.
void Connection::EndClosed(RunEnd end) {
  if (end == RunEnd::kParked) {
    state_ = State::kAway;
    return;
  }
  worker_.server().dispatcher().ReleaseCarried(session_, worker_.execution());
  if (end == RunEnd::kBlocked && !served_early_) {
    state_ = State::kWaiting;
    GiveUpWait();
  }
  DestroyIfPossible();
}

// While the session runs, the turns that let it be served are given up already, and scripts of others have run.
void Connection::OnServed() {
  if (state_ == State::kRunning) {
    served_early_ = true;
    return;
  }
  if (deadline_ms_) worker_.RemoveDeadline(*deadline_ms_, id());
  deadline_ms_.reset();
  session_.blocked.reset();
  info_->flags.fetch_and(~uint32_t{kClientBlocked}, std::memory_order_relaxed);
  state_ = State::kOpen;
  if (closing_) return DestroyIfPossible();
  Resume();
}

void Connection::PostHome(Message& message) {
  Worker& home = worker_;  // once it has the message, the home may free this connection
  home.Post(message);
  if (ExecutionThread* thread = ExecutionThread::Current()) {
    thread->OweWake(home);
  } else {
    home.Wake();
  }
}

void Connection::OnDeadline() {
  deadline_ms_.reset();
  if (state_ != State::kWaiting || !session_.blocked->Claim()) return;
  session_.EndWait(WaitEnd::kTimeout);
  OnServed();
}

void Connection::Resume() {
  if (state_ == State::kHeld) state_ = State::kOpen;
  if (state_ != State::kOpen || closing_) return;
  stop_reading_ = false;
  Process();
  if (!closing_) UpdateWatch();
  worker_.execution().FlushWakes();
}

void Connection::Push(std::string_view bytes) {
  if (closing_ || close_after_send_) return;
  pushed_.Append(bytes);
  OweFlush();
}

void Connection::OweFlush() {
  if (owes_flush_) return;
  owes_flush_ = true;
  worker_.OweFlush(*this);
}

void Connection::SendOwed() {
  owes_flush_ = false;
  if (closing_ || state_ == State::kAway || state_ == State::kRunning) return EnforceOutputLimit(Worker::MonotonicMs());
  if (state_ != State::kWaiting) return Flush();
  QueuePushed();
  if (SendQueued()) EnforceOutputLimit(Worker::MonotonicMs());
}

void Connection::QueuePushed() {
  queued_.Append(pushed_.Pending());
  MayHold(pushed_.size());
  pushed_.MarkSent(pushed_.size());
}

/// With appendfsync always, what was just queued leaves only when all that it may tell of is on disk.
void Connection::MayHold(size_t bytes) {
  const Aof& aof = worker_.server().aof();
  if (!aof.holds_replies() && held_bytes_ == 0) [[likely]]
    return;
  const uint64_t position = aof.position();
  if (bytes == 0 || (held_bytes_ == 0 && position <= aof.released())) return;
  worker_.HoldForDisk(*this, held_bytes_ == 0 ? Worker::HoldsAlready::kNo : Worker::HoldsAlready::kYes);
  held_.push_back({bytes, position});
  held_bytes_ += bytes;
}

bool Connection::OnDurable(uint64_t position) {
  size_t gone = 0;
  for (; gone < held_.size() && held_[gone].position <= position; ++gone) held_bytes_ -= held_[gone].bytes;
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(gone));
  if (closing_ || gone == 0) return held_.empty();
  if (SendQueued() && queued_.size() == 0 && close_after_send_) Close(CloseWhen::kNow);
  return held_.empty();
}

void Connection::Flush() {
  if (closing_) return;
  protocol::ReplyBuffer& replies = session_.replies;
  const size_t added = replies.size();
  if (queued_.size() == 0 && replies.size() > 0) {
    std::swap(queued_, replies);
  } else if (replies.size() > 0) {
    queued_.Append(replies.Pending());
    replies.Truncate(0);
  }
  MayHold(added);
  if (pushed_.size() > 0) [[unlikely]]
    QueuePushed();
  if (!SendQueued()) return;
  if (queued_.size() == 0 && replies.capacity() < queued_.capacity()) std::swap(queued_, replies);
  if (protocol_error_ || session_.client.close_after_reply) return Close(CloseWhen::kAfterReplies);
  EnforceOutputLimit(Worker::MonotonicMs());
}

bool Connection::SendQueued() {
  while (queued_.size() > held_bytes_) {
    const size_t may_leave = queued_.size() - held_bytes_;
    const TransportResult sent = transport_->Send(queued_.Pending().substr(0, may_leave));
    if (sent.kind == TransportResult::Kind::kClosed) {
      Close(CloseWhen::kNow);
      return false;
    }
    if (sent.kind == TransportResult::Kind::kWouldBlock) break;
    worker_.execution().stats.net_out_bytes.Add(sent.bytes);
    worker_.execution().stats.writes.Add(1);
    info_->net_out_bytes.fetch_add(sent.bytes, std::memory_order_relaxed);
    const bool all = sent.bytes == may_leave;
    queued_.MarkSent(sent.bytes);
    if (!all) break;
  }
  info_->output_bytes.store(queued_.size(), std::memory_order_relaxed);
  UpdateWatch();
  return true;
}

void Connection::OnWritable() {
  if (closing_ || queued_.size() == 0) return;
  if (!SendQueued() || queued_.size() > 0) return;
  if (close_after_send_) return Close(CloseWhen::kNow);
}

void Connection::UpdateWatch() {
  if (closing_ || !watcher_) return;
  int events = 0;
  if (!stop_reading_ && !close_after_send_) events |= SocketWatcher::kReadable;
  if (queued_.size() > held_bytes_) events |= SocketWatcher::kWritable;
  watcher_->Watch(events);
}

void Connection::Close(CloseWhen when) {
  if (closing_) return;
  if (when == CloseWhen::kAfterReplies && queued_.size() > 0) {
    close_after_send_ = true;
    return UpdateWatch();
  }
  closing_ = true;
  watcher_.reset();
  session_.Cancel();
  session_.client.subscriptions.reset();
  if (state_ == State::kWaiting) GiveUpWait();
  DestroyIfPossible();
}

// Unless somebody serves or looks at the client just now, who will post that the wait is over.
void Connection::GiveUpWait() {
  if (!session_.blocked->Claim()) return;
  worker_.server().dispatcher().ForgetBlocked(session_.blocked, worker_.execution());
  if (deadline_ms_) worker_.RemoveDeadline(*deadline_ms_, id());
  session_.blocked.reset();
  state_ = State::kOpen;
}

void Connection::DestroyIfPossible() {
  if (state_ == State::kOpen || state_ == State::kHeld) worker_.Retire(*this);
}

void Connection::EnforceOutputLimit(int64_t now_ms) {
  if (closing_) return;
  const size_t unsent = queued_.size() + pushed_.size();
  if (unsent == 0) {
    over_soft_limit_since_ms_ = 0;
    return;
  }
  const OutputBufferLimit& limit = worker_.server().config().output_buffer_limits[OutputClass()];
  const bool over_hard = limit.hard_bytes != 0 && unsent >= limit.hard_bytes;
  const bool over_soft = limit.soft_bytes != 0 && unsent >= limit.soft_bytes;
  if (!over_soft) over_soft_limit_since_ms_ = 0;
  if (over_soft && over_soft_limit_since_ms_ == 0) over_soft_limit_since_ms_ = now_ms;
  const bool too_long = over_soft && now_ms - over_soft_limit_since_ms_ > limit.soft_seconds * 1000;
  if (!over_hard && !too_long) return;
  worker_.server().stats().output_buffer_limit_disconnections.fetch_add(1);
  worker_.server().log().Warning("Client id=" + std::to_string(id()) + " addr=" + info_->address +
                                 " scheduled to be closed ASAP for overcoming of output buffer limits.");
  Close(CloseWhen::kNow);
}

ClientClass Connection::OutputClass() const {
  const uint32_t flags = info_->flags.load(std::memory_order_relaxed);
  return (flags & kClientSubscribed) != 0 ? kClientPubSub : kClientNormal;
}

void Connection::OnTick(int64_t now_ms) {
  if (closing_) return;
  EnforceOutputLimit(now_ms);
  if (closing_ || state_ != State::kOpen) return;
  const int64_t idle_ms = now_ms - info_->last_interaction_ms.load(std::memory_order_relaxed);
  const int64_t timeout_s = worker_.server().config().idle_timeout_seconds;
  const uint32_t flags = info_->flags.load(std::memory_order_relaxed);
  if (timeout_s > 0 && idle_ms > timeout_s * 1000 && (flags & (kClientSubscribed | kClientMonitor)) == 0) {
    return Close(CloseWhen::kNow);
  }
  if (idle_ms > kIdleBufferMs && session_.input.Unread().empty()) {
    session_.batch.Release();
    session_.next_request = 0;
    session_.input.ReleaseIfEmpty();
  }
  ReportUsage();
}

void Connection::ReportUsage() {
  const size_t unread = session_.input.Unread().size();
  const size_t output = queued_.capacity() + session_.replies.capacity();
  info_->query_bytes.store(unread, std::memory_order_relaxed);
  info_->query_free_bytes.store(session_.input.capacity() - unread, std::memory_order_relaxed);
  info_->reply_buffer_bytes.store(output, std::memory_order_relaxed);
  const size_t queued = info_->queued_bytes.load(std::memory_order_relaxed);
  info_->memory_bytes.store(sizeof(Connection) + session_.input.capacity() + output + queued,
                            std::memory_order_relaxed);
}

}  // namespace usher::server
