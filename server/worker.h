// Worker: one thread with one libuv loop, which owns its connections for life: reads, parses, executes, replies. It
// also runs turn tasks that are granted to it, and takes work from the process-wide ready list. It sleeps in the kernel
// when there is nothing to do; whoever posts to it wakes it only if it sleeps. What libuv calls only notes what is to
// be done; it is done outside of libuv, so that a worker in the middle of a slow script can look after others
// (ServeMeanwhile). Thread safety: Post(), Wake() and the counters: any thread. Everything else: the worker's own
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "server/connection.h"
#include "server/event_loop.h"
#include "server/execution_thread.h"
#include "server/local_subscribers.h"
#include "server/mailbox.h"

namespace usher::server {

class Worker {
 public:
  Worker(Server& server, size_t index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Start();
  /// Asks the thread to end, closing its connections; Join() waits for it.
  void RequestStop();
  void Join();
  /// After all threads have ended: does what is still queued here. Called by one thread until no worker had anything.
  bool FinishWork();

  /// Posts a message without waking (ExecutionThread::OweWake does that later).
  void Post(Message& message) { mailbox_.Post(&message); }
  /// Posts a message; the worker is woken when the calling thread has released its turns, or at once if it runs none.
  void PostAndWake(Message& message);
  /// Posts a call and wakes the worker. For rare things; allocates.
  void PostCall(std::function<void()> call);
  /// Wakes the worker if it sleeps.
  void Wake();

  /// Hands over an accepted socket. Any thread.
  void Adopt(int fd, std::shared_ptr<ClientInfo> info);
  size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }
  /// What all its connections take, as of the last tick.
  uint64_t client_bytes() const { return client_bytes_.load(std::memory_order_relaxed); }
  size_t index() const { return thread_state_.index; }
  const ThreadStats& stats() const { return thread_state_.stats; }

  // For connections, on the worker's thread.
  Server& server() { return server_; }
  EventLoop& loop() { return loop_; }
  ExecutionThread& execution() { return *executing_; }
  Connection* FindConnection(uint64_t id);
  LocalSubscribers& subscribers() { return subscribers_; }
  /// Delivers what was posted, then sends what connections owe.
  void DeliverMail();
  /// The connection has replies or pushed bytes to send before the loop turn ends.
  void OweFlush(Connection& connection);
  /// The connection's socket is ready: its HandleReady() is called soon.
  void NoteReady(Connection& connection) { ready_.push_back(&connection); }
  /// Does what the event loop has noted.
  void HandleEvents();
  /// One turn of what a worker does for others, called by a script that keeps it from its loop. Their commands run as
  /// if on another worker: what needs turns that the script holds waits; scripts and long work go to the pool.
  void ServeMeanwhile();
  /// Frees the connection when the loop comes round.
  void Retire(Connection& connection);
  /// The connection has replies that wait for the disk: it is told when the append-only file has come further.
  enum class HoldsAlready : uint8_t { kNo, kYes };
  void HoldForDisk(const Connection& connection, HoldsAlready already);
  /// The append-only file has come further. Any thread.
  void WakeForDisk() {
    if (holds_any_.load(std::memory_order_seq_cst)) Wake();
  }
  /// Calls connection.OnDeadline() at that time of the monotonic clock.
  void AddDeadline(int64_t deadline_ms, uint64_t connection_id);
  void RemoveDeadline(int64_t deadline_ms, uint64_t connection_id);
  /// Over a copy: a connection may close, which takes it out of connections_; it is freed later, by FreeRetired().
  template <class Fn>
  void ForEachConnection(Fn&& fn) {
    std::vector<Connection*> all;
    all.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) all.push_back(connection.get());
    for (Connection* connection : all) fn(*connection);
  }
  static int64_t MonotonicMs();

 private:
  void Main();
  void LoopOnce();
  void FlushOwed();
  void FollowDisk();
  bool SyncIfOwed();
  void ReleaseHeld();
  bool HasDiskWork() const;
  void FireDeadlines();
  void ArmDeadlineTimer();
  void FreeRetired();
  void OnTick();

  Server& server_;
  EventLoop loop_;
  Mailbox mailbox_;
  ExecutionThread thread_state_;
  std::thread thread_;
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> holds_any_{false};  // connections wait for the disk
  std::atomic<size_t> connection_count_{0};
  std::atomic<uint64_t> client_bytes_{0};

  // The worker's own thread only.
  std::unique_ptr<ExecutionThread> stand_in_;    // made when first needed
  ExecutionThread* executing_ = &thread_state_;  // the one of the two that connections use
  LocalSubscribers subscribers_;                 // outlives the connections
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> retired_;
  std::vector<Connection*> ready_;  // from next_ready_ on; empty whenever retired connections are freed
  size_t next_ready_ = 0;
  bool deadline_is_due_ = false;
  bool tick_is_due_ = false;
  std::vector<Connection*> owed_flushes_;  // empty whenever retired connections are freed
  std::vector<Connection*> flushing_;
  std::vector<uint64_t> held_;  // connections whose replies wait for the disk
  uint64_t released_seen_ = 0;  // how far it had come when they were last told
  bool owes_sync_ = false;      // what they wait for is nobody's work yet
  std::set<std::pair<int64_t, uint64_t>> deadlines_;
  std::unique_ptr<LoopTimer> deadline_timer_;
  std::unique_ptr<LoopTimer> tick_timer_;
};

}  // namespace usher::server
