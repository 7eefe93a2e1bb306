// The worker's loop: mail, granted work, ready work, then the kernel.
#include "server/worker.h"

#include <algorithm>
#include <utility>

#include "engine/aof_log.h"
#include "engine/base/cycle_clock.h"
#include "server/server.h"

namespace usher::server {

namespace {
constexpr uint64_t kTickMs = 100;
constexpr size_t kOwedFlushesMax = 32;  // so that the first of many does not wait for all

/// A one-off call in a mailbox.
class CallMessage final : public Message {
 public:
  explicit CallMessage(std::function<void()> call) : call_(std::move(call)) {}
  void Deliver() override {
    const std::unique_ptr<CallMessage> self(this);
    call_();
  }
  void Discard() override { delete this; }

 private:
  std::function<void()> call_;
};
}  // namespace

Worker::Worker(Server& server, size_t index) : server_(server), thread_state_(server, index, ThreadKind::kWorker) {
  thread_state_.worker = this;
}

Worker::~Worker() {
  Join();
}

void Worker::Start() {
  thread_ = std::thread([this] { Main(); });
}

void Worker::RequestStop() {
  stopping_.store(true);
  loop_.Wake();
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::PostCall(std::function<void()> call) {
  mailbox_.Post(new CallMessage(std::move(call)));
  Wake();
}

void Worker::PostAndWake(Message& message) {
  mailbox_.Post(&message);
  if (ExecutionThread* thread = ExecutionThread::Current()) {
    thread->OweWake(*this);
  } else {
    Wake();
  }
}

void Worker::DeliverMail() {
  mailbox_.DeliverAll();
  FlushOwed();
}

void Worker::OweFlush(Connection& connection) {
  owed_flushes_.push_back(&connection);
  if (owed_flushes_.size() >= kOwedFlushesMax && flushing_.empty()) FlushOwed();
}

// Replies leave together: clients that share a thread or a machine are woken once, not for each of them.
void Worker::FlushOwed() {
  while (!owed_flushes_.empty()) {
    flushing_.swap(owed_flushes_);
    for (Connection* const connection : flushing_) connection->SendOwed();
    flushing_.clear();
  }
}

void Worker::HoldForDisk(const Connection& connection, HoldsAlready already) {
  owes_sync_ = true;
  if (already == HoldsAlready::kYes) return;
  held_.push_back(connection.id());
  server_.aof().AddWaiting();
  holds_any_.store(true, std::memory_order_seq_cst);
}

bool Worker::HasDiskWork() const {
  if (held_.empty()) return false;
  const Aof& aof = server_.aof();
  return !aof.holds_replies() || aof.released() != released_seen_ || (owes_sync_ && aof.MaySync());
}

/// Has what connections wait for written to the disk, and sends it: once a loop turn, for all connections.
void Worker::FollowDisk() {
  server_.aof().WaitForRoom();
  if (held_.empty()) [[likely]]
    return;
  ReleaseHeld();
  if (!SyncIfOwed()) return;
  ReleaseHeld();
  owes_sync_ = !held_.empty();  // one who records elsewhere was not done
}

/// True if it was done here and now.
bool Worker::SyncIfOwed() {
  const Aof& aof = server_.aof();
  if (held_.empty() || !owes_sync_ || !aof.holds_replies()) return false;
  const engine::AofSynced synced = aof.Sync();
  owes_sync_ = synced == engine::AofSynced::kElsewhere;
  return synced == engine::AofSynced::kHere;
}

void Worker::ReleaseHeld() {
  const uint64_t released = server_.aof().released();
  if (released == released_seen_ && released != UINT64_MAX) return;
  released_seen_ = released;
  const size_t gone = std::erase_if(held_, [&](uint64_t id) {
    Connection* const connection = FindConnection(id);
    return connection == nullptr || connection->OnDurable(released);
  });
  server_.aof().RemoveWaiting(gone);
  holds_any_.store(!held_.empty(), std::memory_order_seq_cst);
}

void Worker::Wake() {
  if (sleeping_.exchange(false, std::memory_order_seq_cst)) loop_.Wake();
}

int64_t Worker::MonotonicMs() {
  return engine::CycleClock::NowNs() / 1'000'000;
}

void Worker::Adopt(int fd, std::shared_ptr<ClientInfo> info) {
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  PostCall([this, fd, client = std::move(info)]() mutable {
    const uint64_t id = client->id;
    auto connection = std::make_unique<Connection>(*this, std::make_unique<SocketTransport>(fd), std::move(client));
    Connection& started = *connection;
    connections_.emplace(id, std::move(connection));
    started.Start();
  });
}

Connection* Worker::FindConnection(uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void Worker::Retire(Connection& connection) {
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  retired_.push_back(std::move(found->second));
  connections_.erase(found);
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::FreeRetired() {
  retired_.clear();
}

void Worker::AddDeadline(int64_t deadline_ms, uint64_t connection_id) {
  deadlines_.emplace(deadline_ms, connection_id);
  ArmDeadlineTimer();
}

void Worker::RemoveDeadline(int64_t deadline_ms, uint64_t connection_id) {
  deadlines_.erase({deadline_ms, connection_id});
}

void Worker::ArmDeadlineTimer() {
  if (deadlines_.empty()) return deadline_timer_->Stop();
  deadline_timer_->Start(static_cast<uint64_t>(std::max<int64_t>(0, deadlines_.begin()->first - MonotonicMs())), 0);
}

void Worker::FireDeadlines() {
  const int64_t now_ms = MonotonicMs();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ms) {
    const uint64_t id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    if (Connection* connection = FindConnection(id)) connection->OnDeadline();
  }
  ArmDeadlineTimer();
}

void Worker::OnTick() {
  const int64_t now_ms = MonotonicMs();
  uint64_t bytes = 0;
  ForEachConnection([now_ms, &bytes](Connection& connection) {
    connection.OnTick(now_ms);
    bytes += connection.info()->memory_bytes.load(std::memory_order_relaxed);
  });
  client_bytes_.store(bytes, std::memory_order_relaxed);
}

void Worker::Main() {
  thread_state_.BindToThread();
  deadline_timer_ = std::make_unique<LoopTimer>(loop_, [this] {
    deadline_is_due_ = true;
    loop_.ReturnSoon();
  });
  tick_timer_ = std::make_unique<LoopTimer>(loop_, [this] {
    tick_is_due_ = true;
    loop_.ReturnSoon();
  });
  tick_timer_->Start(kTickMs, kTickMs);
  while (!stopping_.load(std::memory_order_acquire)) LoopOnce();
  mailbox_.DeliverAll();  // connections that were accepted until then are closed with the others
  // Sessions that are parked come home while other threads still run their turns; the server stops accepting first and
  // joins the pool before the workers are destroyed.
  ForEachConnection([](Connection& connection) { connection.Close(Connection::CloseWhen::kNow); });
  while (!connections_.empty() || thread_state_.executor.has_work()) LoopOnce();
  FreeRetired();
  deadline_timer_.reset();
  tick_timer_.reset();
}

bool Worker::FinishWork() {
  thread_state_.BindToThread();
  const bool had_mail = mailbox_.DeliverAll() > 0;
  const bool had_work = thread_state_.executor.Drain() > 0;
  return thread_state_.executor.RunReady() || had_mail || had_work;
}

void Worker::LoopOnce() {
  thread_state_.stats.loop_turns.Add(1);
  DeliverMail();
  thread_state_.executor.Drain();
  thread_state_.executor.RunReady();
  FlushOwed();
  FollowDisk();
  thread_state_.FlushWakes();
  FreeRetired();
  engine::TurnScheduler& scheduler = server_.scheduler();
  sleeping_.store(true, std::memory_order_seq_cst);
  const bool idle = mailbox_.empty() && !thread_state_.executor.has_work() && !stopping_.load() && !HasDiskWork() &&
                    scheduler.MaySleep(thread_state_.index);
  if (idle) {
    loop_.RunOnce(EventLoop::Wait::kBlock);
    scheduler.Awake(thread_state_.index);
    sleeping_.store(false, std::memory_order_relaxed);
  } else {
    sleeping_.store(false, std::memory_order_relaxed);
    loop_.RunOnce(EventLoop::Wait::kPoll);
  }
  HandleEvents();
  FlushOwed();
  thread_state_.FlushWakes();
}

// An inner call (ServeMeanwhile) does what the outer one has not come to yet.
void Worker::HandleEvents() {
  while (next_ready_ < ready_.size()) {
    ready_[next_ready_++]->HandleReady();
    executing_->executor.Drain();
    executing_->executor.RunReady();
    executing_->FlushWakes();
  }
  ready_.clear();
  next_ready_ = 0;
  if (std::exchange(deadline_is_due_, false)) FireDeadlines();
  if (std::exchange(tick_is_due_, false)) OnTick();
}

// Connections that close meanwhile are freed later: frames of the outer loop may know them.
void Worker::ServeMeanwhile() {
  if (stand_in_ == nullptr) {
    stand_in_ = std::make_unique<ExecutionThread>(server_, thread_state_.index, ThreadKind::kStandIn);
  }
  executing_ = stand_in_.get();
  stand_in_->BindToThread();
  HandleEvents();
  DeliverMail();
  loop_.RunOnce(EventLoop::Wait::kPoll);
  HandleEvents();
  stand_in_->executor.Drain();
  stand_in_->executor.RunReady();
  FlushOwed();
  FollowDisk();
  stand_in_->executor.ShareWork();  // of clients that these have closed: nobody drains it before the next call, if any
  stand_in_->FlushWakes();
  executing_ = &thread_state_;
  thread_state_.BindToThread();
}

}  // namespace usher::server
