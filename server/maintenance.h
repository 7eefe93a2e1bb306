// Maintenance: what shards need done now and then without a command asking for it: expired keys, keys over maxmemory,
// waiting rooms that are due. A timer on the main loop looks, without any turn, at which shards have something due and
// mails those to a worker, which takes the shard's turn like everybody else and does one short step under it.
//
//   main loop: OnTick -> a job IsDue(shard)? -> mail -> worker: Submit -> turn -> RunStep of each job that is due
//                                                                  ^                    |
//                                                                  +-- more to do, and time left in this visit
//
// Between two steps the turn goes to whoever waits for it. All shards that are due use about the share of the workers
// that active-expire-effort grants, and most of their time while hardly any commands come. A worker takes its share in
// short stretches and sleeps in between: whom the kernel has put onto the core of a thread that does not sleep waits
// for that thread, even beside an idle core (docs/persistence.md). So when a visit ends with more to do, a short tick
// follows every 400 us, which visits as many shards as there are workers, in turn. Nothing runs while clients are
// paused. Invariant: a shard is in the hands of at most one worker at a time (ShardTask::under_way_). Thread safety:
// AddJob() before Start; the ticks on the main thread; the rest as noted at each function.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "engine/engine_context.h"
#include "engine/turns.h"
#include "server/execution_thread.h"

namespace usher::server {

class Server;

/// One kind of maintenance. Must live as long as the Maintenance that it was given to.
class MaintenanceJob {
 public:
  virtual ~MaintenanceJob() = default;
  /// Before the shards are looked at. Main thread.
  virtual void OnTick() {}
  /// Whether to visit the shard. Any thread, without its turn: only atomics may be read.
  virtual bool IsDue(engine::ShardIndex shard, int64_t now_ms) = 0;
  /// Under the shard's turn: one short step, at most about 100 us. True when there is more to do at once. Effects are
  /// journaled and blocked clients served when it returns.
  virtual bool RunStep(engine::EngineContext& context, engine::ShardData& shard) = 0;
};

/// A time per shard at which something is due, for jobs that know theirs. Any thread.
class DueTimes {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  explicit DueTimes(size_t shard_count, int64_t due_ms = kNever) : due_ms_(shard_count) {
    for (std::atomic<int64_t>& due : due_ms_) due.store(due_ms, std::memory_order_relaxed);
  }
  void Set(engine::ShardIndex shard, int64_t due_ms) { due_ms_[shard].store(due_ms, std::memory_order_relaxed); }
  int64_t Get(engine::ShardIndex shard) const { return due_ms_[shard].load(std::memory_order_relaxed); }
  bool IsDue(engine::ShardIndex shard, int64_t now_ms) const { return Get(shard) <= now_ms; }

 private:
  std::vector<std::atomic<int64_t>> due_ms_;
};

class Maintenance {
 public:
  /// The main loop's tick.
  static constexpr uint64_t kTickMs = 10;

  explicit Maintenance(Server& server);
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  void AddJob(MaintenanceJob& job) { jobs_.push_back(&job); }
  /// While something is behind.
  static constexpr int64_t kShortTickNs = 400'000;

  /// Mails the shards that have something due to workers; not while something is behind. True: something is, and short
  /// ticks are wanted until the next tick.
  bool OnTick();
  /// Mails the next few of them.
  void OnShortTick();
  /// Submits the shards that have something due on the calling thread; they run when it drains (tests).
  void SubmitDue(ExecutionThread& thread);
  /// What each of so many shards that are visited may take of a period.
  int64_t BudgetNs(size_t shards, int64_t period_ns) const;
  /// How many shards a short tick visits.
  size_t VisitsPerShortTick() const;

 private:
  class ShardTask;
  void BeginTick();
  void FindDue(size_t most);
  enum class Debt : uint8_t { kCounts, kForgiven };
  void MailDue(int64_t period_ns, Debt debt);
  bool RunJobs(engine::EngineContext& context, engine::ShardData& shard);
  void LookAtLoad();

  Server& server_;
  std::vector<MaintenanceJob*> jobs_;
  std::vector<std::unique_ptr<ShardTask>> tasks_;
  std::vector<ShardTask*> due_;  // in this tick
  size_t next_shard_ = 0;        // to be looked at
  size_t next_worker_ = 0;
  std::atomic<bool> behind_{false};  // a visit has ended with more to do
  int64_t last_short_ns_ = 0;
  uint64_t commands_seen_ = 0;  // up to the tick before
  bool is_idle_ = false;        // hardly any came since
};

}  // namespace usher::server
