// TurnScheduler: who runs next on which shard. It collects the turns that a task wants, hands turns over when they are
// released, and keeps threads from being blocked or convoyed. It knows tasks, not commands, sockets or keys.
//
//   Submit(task) -> takes wanted turns in ascending order -> all held: onto this thread's run list
//                                                         -> one is busy: the task waits in that shard's queue
//   Release(set) -> oldest waiter of each shard goes on collecting (on the releasing thread), no command is run here
//   Drain()      -> runs the run list; only the outermost loop of a thread calls it, so there is no recursion;
//                   when the budget is spent the rest goes on the process-wide ready list and one sleeper is woken
//
// Convoys: a collector that holds turns and meets a shard with long work gives its turns back, waits for that shard
// alone and collects again; after kBackOffRoundsMax rounds it holds and waits, so that it gets through. When a holder
// turns to long work it makes those who already wait for it give their other turns back; they keep their places.
// A running task that finds it needs further turns (TakeFurther) waits for them with its thread, and lets nobody hold
// them who has not started: whoever waits for a turn that it holds gives back what else he holds, and so do the tasks
// that are complete but not yet run on its thread, on the ready list or in the pool. What remains are running handlers,
// which end. Only one task may do this at a time; the caller sees to that. Invariants: (1) a task is in one place: one
// turn queue, one run list, the ready list, the long-work queue, or running; whoever has that place may touch it. (2)
// turns are waited for in ascending order, or holding none, so waiting cannot form a cycle. (3) Submit, Release and
// Drain of one Executor are called by its own thread only. Sync: see turn_queue.h; deterministic tests pass
// instrumented atomics and explore interleavings from a seed.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/mutex.h"
#include "engine/shard_set.h"
#include "engine/turn_queue.h"

namespace usher::engine {

template <class Sync>
class BasicTurnScheduler {
 public:
  class Executor;

  /// Work that needs the turns of some shards. Run() is called once by some executor with all of `wanted` held, and
  /// must end with those turns released through that executor.
  class Task : public TurnWaiter {
   public:
    virtual ~Task() = default;
    virtual void Run(Executor& executor) = 0;

    ShardSet wanted;
    bool long_work = false;  // runs on the pool; others do not hold turns while they wait for it

   private:
    friend class BasicTurnScheduler;
    friend class Executor;
    Task* next_in_list_ = nullptr;
    bool is_wish_ = false;
    ShardSet held_;
    ShardIndex waiting_for_ = kNoShard;
    uint8_t back_offs_ = 0;
    bool waits_alone_ = false;
  };

  struct Options {
    size_t shard_count = 8;
    size_t executor_count = 1;                      // workers that may sleep and be woken; at most kExecutorsMax
    std::function<void(size_t executor)> wake;      // wakes one sleeping executor; called after it left the sleepers
    std::function<void(Task& task)> run_long_work;  // gives a task that holds its turns to the pool
    std::function<Task*()> take_back_long_work;     // takes one that the pool has not started; null: there is none
  };

  explicit BasicTurnScheduler(Options options)
      : options_(std::move(options)), shards_(std::make_unique<ShardTurn[]>(options_.shard_count)) {
    ASSERT(options_.shard_count <= kShardsMax && options_.executor_count <= kExecutorsMax);
  }

  size_t shard_count() const { return options_.shard_count; }

  /// Before a thread sleeps: announces it, then true if it may sleep. When work arrived meanwhile the announcement is
  /// taken back and false is returned.
  bool MaySleep(size_t executor) {
    sleepers_.fetch_or(uint64_t{1} << executor, std::memory_order_seq_cst);
    if (ready_count_.load(std::memory_order_seq_cst) == 0) return true;
    Awake(executor);
    return false;
  }
  /// After a thread woke for whatever reason.
  void Awake(size_t executor) { sleepers_.fetch_and(~(uint64_t{1} << executor), std::memory_order_seq_cst); }

  /// Tasks on the process-wide ready list (for INFO and tests).
  size_t ready_count() const { return static_cast<size_t>(ready_count_.load(std::memory_order_relaxed)); }

  static constexpr size_t kExecutorsMax = 64;
  static constexpr uint8_t kBackOffRoundsMax = 8;
  static constexpr int kDrainTasksMax = 64;
  static constexpr int64_t kDrainNs = 300'000;

 private:
  friend class Executor;

  struct alignas(64) ShardTurn : BasicTurnQueue<Sync> {};  // a cache line each

  /// An intrusive FIFO of tasks.
  class TaskList {
   public:
    void Push(Task* task) {
      task->next_in_list_ = nullptr;
      (tail_ == nullptr ? head_ : tail_->next_in_list_) = task;
      tail_ = task;
    }
    Task* Pop() {
      Task* task = head_;
      if (task != nullptr) {
        head_ = task->next_in_list_;
        if (head_ == nullptr) tail_ = nullptr;
      }
      return task;
    }
    bool empty() const { return head_ == nullptr; }
    /// Everything, leaving nothing.
    TaskList TakeAll() { return std::exchange(*this, TaskList()); }

   private:
    Task* head_ = nullptr;
    Task* tail_ = nullptr;
  };

  void PushReady(TaskList& list) {
    int64_t count = 0;
    {
      const MutexLock lock(ready_mutex_);
      while (Task* task = list.Pop()) {
        ready_.Push(task);
        ++count;
      }
    }
    ready_count_.fetch_add(count, std::memory_order_seq_cst);
    WakeOne();
  }

  Task* PopReady() {
    if (ready_count_.load(std::memory_order_relaxed) <= 0) return nullptr;
    Task* task = nullptr;
    {
      const MutexLock lock(ready_mutex_);
      task = ready_.Pop();
    }
    // One push woke one sleeper; whoever takes a task while there are more wakes the next.
    if (task != nullptr && ready_count_.fetch_sub(1, std::memory_order_relaxed) > 1) WakeOne();
    return task;
  }

  /// All tasks of the ready list.
  TaskList TakeReady() {
    TaskList taken;
    if (ready_count_.load(std::memory_order_relaxed) <= 0) return taken;
    int64_t count = 0;
    {
      const MutexLock lock(ready_mutex_);
      while (Task* task = ready_.Pop()) {
        taken.Push(task);
        ++count;
      }
    }
    ready_count_.fetch_sub(count, std::memory_order_relaxed);
    return taken;
  }

  /// The turns that a running task waits for. Whoever grants the last one only says so.
  class Wish final : public Task {
   public:
    explicit Wish(const ShardSet& shards) {
      this->wanted = shards;
      this->is_wish_ = true;
    }
    void Run(Executor&) override {}

    enum State : int { kOpen, kGranted, kAbandoned };
    typename Sync::template Atomic<int> state{kOpen};
  };

  void WakeOne() {
    uint64_t sleeping = sleepers_.load(std::memory_order_seq_cst);
    while (sleeping != 0) {
      const uint64_t lowest = sleeping & (~sleeping + 1);
      if (sleepers_.compare_exchange_weak(sleeping, sleeping & ~lowest, std::memory_order_seq_cst)) {
        options_.wake(static_cast<size_t>(std::countr_zero(lowest)));
        return;
      }
    }
  }

  const Options options_;
  const std::unique_ptr<ShardTurn[]> shards_;
  typename Sync::template Atomic<uint64_t> sleepers_{0};
  typename Sync::template Atomic<int64_t> ready_count_{0};
  Mutex ready_mutex_;
  TaskList ready_ GUARDED_BY(ready_mutex_);
};

/// One thread's side of the scheduler.
template <class Sync>
class BasicTurnScheduler<Sync>::Executor {
 public:
  /// `runs_long_work`: a pool thread, which runs long tasks itself instead of passing them on.
  explicit Executor(BasicTurnScheduler& scheduler, bool runs_long_work = false)
      : scheduler_(scheduler), runs_long_work_(runs_long_work) {}
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Takes one free turn without queueing.
  bool TryTake(ShardIndex shard) { return scheduler_.shards_[shard].TryTake(); }

  /// Takes all of `wanted` without queueing, or none.
  bool TryTakeAll(const ShardSet& wanted) {
    if (TryTakeAllQuietly(wanted)) return true;
    SettleGrants();
    return false;
  }

  /// Starts collecting the turns of task.wanted. The task may run on any thread from now on; if it completes here it is
  /// on this executor's run list until Drain().
  void Submit(Task& task) {
    task.held_.Clear();
    task.back_offs_ = 0;
    task.waits_alone_ = false;
    Collect(&task);
    SettleGrants();
  }

  /// Puts a task whose turns the caller already holds on the run list of this executor (or the pool, when long): the
  /// turns pass to the task. Used when work turns out to be long while its turns are held.
  void SubmitHeld(Task& task) {
    task.held_ = task.wanted;
    Complete(&task);
    SettleGrants();
  }

  void Release(ShardIndex shard) {
    if (TurnWaiter* waiter = scheduler_.shards_[shard].Release()) [[unlikely]] {
      granted_.Push(static_cast<Task*>(waiter));
      SettleGrants();
    }
  }

  void Release(const ShardSet& held) {
    PassOn(held);
    SettleGrants();
  }

  /// Takes those tasks that wait for a turn of `held`, which the caller holds, out of its queue for which choose(task)
  /// says so. They give back what they hold and wait for nothing more; taken(task) then has them for its own.
  template <class Choose, class Taken>
  void TakeOutWaiters(const ShardSet& held, Choose&& choose, Taken&& taken) {
    TaskList out;
    held.ForEach([&](ShardIndex shard) {
      scheduler_.shards_[shard].TakeOutWaiters([&](TurnWaiter* waiter) {
        Task* const task = static_cast<Task*>(waiter);
        if (!choose(*task)) return false;
        out.Push(task);
        return true;
      });
    });
    while (Task* const task = out.Pop()) {
      PassOn(task->held_);
      task->held_.Clear();
      taken(*task);
    }
    SettleGrants();
  }

  /// For a running task that holds `held`: takes `missing` as well. While somebody who has not started could hold one
  /// of them, pause() is called between two attempts to make him give it back; it waits a little. False, and nothing
  /// taken, once it returns false.
  template <class Pause>
  bool TakeFurther(const ShardSet& held, const ShardSet& missing, Pause&& pause) {
    const bool taken = TryTakeAllQuietly(missing);
    SettleGrants();
    if (taken) return true;
    Wish* const wish = new Wish(missing);
    Submit(*wish);
    // The grant is the last that others do with the wish; an abandoned one is theirs.
    while (wish->state.load(std::memory_order_acquire) != Wish::kGranted) {
      LetGo(held);
      if (wish->state.load(std::memory_order_acquire) == Wish::kGranted || pause()) continue;
      if (wish->state.exchange(Wish::kAbandoned, std::memory_order_acq_rel) == Wish::kOpen) return false;
      break;
    }
    delete wish;
    return true;
  }

  /// For a running task that holds `held` and has to wait: whoever has not started gives back what he holds, as far as
  /// this thread can see to it.
  void LetGo(const ShardSet& held) {
    held.ForEach([&](ShardIndex shard) {
      scheduler_.shards_[shard].BeginLongWork([&](TurnWaiter* waiter) {
        Task* const behind = static_cast<Task*>(waiter);
        if (!behind->held_.empty()) BackOff(behind);
      });
    });
    SettleGrants();
    StartOver(run_list_.TakeAll());
    StartOver(scheduler_.TakeReady());
    if (!scheduler_.options_.take_back_long_work) return;
    TaskList unstarted;
    while (Task* const task = scheduler_.options_.take_back_long_work()) unstarted.Push(task);
    StartOver(unstarted);
  }

  /// For a running task that may take long: what this thread was granted meanwhile goes to whoever has time.
  void ShareWork() {
    if (!run_list_.empty()) scheduler_.PushReady(run_list_);
  }

  /// True when Drain() has something to do.
  bool has_work() const { return !run_list_.empty(); }

  /// Runs what this thread has been granted. Called by the outermost loop only. Returns the number of tasks run.
  int Drain() {
    int count = 0;
    if (run_list_.empty()) return count;
    const int64_t deadline_ns = Sync::NowNs() + kDrainNs;
    while (Task* task = run_list_.Pop()) {
      if (task->long_work && !runs_long_work_) {
        scheduler_.options_.run_long_work(*task);
        continue;
      }
      task->Run(*this);
      if (++count >= kDrainTasksMax || Sync::NowNs() >= deadline_ns) break;
    }
    ShareWork();
    return count;
  }

  /// Takes over one task from the process-wide ready list and drains. False when there was none.
  bool RunReady() {
    Task* task = scheduler_.PopReady();
    if (task == nullptr) return false;
    run_list_.Push(task);
    Drain();
    return true;
  }

  /// A pool thread starts a long task that was given to the pool.
  void RunLongWork(Task& task) {
    ASSERT_DEBUG(runs_long_work_);
    run_list_.Push(&task);
    Drain();
  }

 private:
  /// Releases turns; whoever they are granted to waits in granted_ for SettleGrants().
  void PassOn(const ShardSet& held) {
    held.ForEach([&](ShardIndex shard) {
      if (TurnWaiter* waiter = scheduler_.shards_[shard].Release()) granted_.Push(static_cast<Task*>(waiter));
    });
  }

  /// Lets every task that was granted a turn go on collecting, until nothing is left to settle. Iterative: backing off
  /// releases turns, which grants more.
  void SettleGrants() {
    while (Task* task = granted_.Pop()) {
      if (Granted(task)) Collect(task);
    }
  }

  /// Books the turn that `task` waited for. False when the task is complete already (and on the run list).
  bool Granted(Task* task) {
    task->held_.Add(task->waiting_for_);
    if (!task->waits_alone_) return true;
    task->waits_alone_ = false;
    // It may hold a turn out of order. Taking the others must not wait; if one is busy, start over in ascending order.
    ShardSet rest = task->wanted;
    rest.Remove(task->waiting_for_);
    if (TryTakeAllQuietly(rest)) {
      Complete(task);
      return false;
    }
    PassOn(task->held_);
    task->held_.Clear();
    return true;
  }

  bool TryTakeAllQuietly(const ShardSet& wanted) {
    ShardSet taken;
    for (ShardIndex shard = wanted.First(); shard != kNoShard; shard = wanted.Next(shard + size_t{1})) {
      if (!TryTake(shard)) {
        PassOn(taken);
        return false;
      }
      taken.Add(shard);
    }
    return true;
  }

  /// Takes the turns still missing in ascending order. Ends with the task on the run list, or queued at a busy shard
  /// (and then perhaps already gone on elsewhere: it is not touched after kQueued).
  void Collect(Task* task) {
    for (ShardIndex shard = NextMissing(*task); shard != kNoShard; shard = NextMissing(*task)) {
      ShardTurn& turn = scheduler_.shards_[shard];
      task->waiting_for_ = shard;
      TurnEntry entry =
          turn.TakeOrWait(task, MayBackOff(*task) ? TurnPatience::kShortWorkOnly : TurnPatience::kAnyWork);
      if (entry == TurnEntry::kRefused) {
        BackOff(task);
        entry = turn.TakeOrWait(task);
      }
      if (entry == TurnEntry::kQueued || !Granted(task)) return;
    }
    Complete(task);
  }

  /// Tasks that hold all they want, but have not started, collect again behind those who wait now.
  void StartOver(TaskList tasks) {
    TaskList again;
    while (Task* const task = tasks.Pop()) {
      PassOn(task->wanted);
      again.Push(task);
    }
    while (Task* const task = again.Pop()) Submit(*task);
  }

  /// All turns are held. If the work is long, those who already wait for it give back what else they hold.
  void Complete(Task* task) {
    if (task->is_wish_) return Grant(static_cast<Wish*>(task));
    if (task->long_work) {
      task->wanted.ForEach([&](ShardIndex shard) {
        scheduler_.shards_[shard].BeginLongWork([&](TurnWaiter* waiter) {
          Task* behind = static_cast<Task*>(waiter);
          if (MayBackOff(*behind)) BackOff(behind);
        });
      });
    }
    run_list_.Push(task);
  }

  void Grant(Wish* wish) {
    if (wish->state.exchange(Wish::kGranted, std::memory_order_acq_rel) != Wish::kAbandoned) return;
    PassOn(wish->wanted);  // nobody waits for it any more; the caller settles
    delete wish;
  }

  /// The lowest wanted shard that is not held. Back-offs may make it lower than the last one taken.
  static ShardIndex NextMissing(const Task& task) {
    ShardIndex shard = task.wanted.First();
    while (shard != kNoShard && task.held_.Contains(shard)) shard = task.wanted.Next(shard + size_t{1});
    return shard;
  }

  static bool MayBackOff(const Task& task) { return !task.held_.empty() && task.back_offs_ < kBackOffRoundsMax; }

  /// Gives back all that a collector holds; it waits, or is about to wait, for one turn alone.
  void BackOff(Task* task) {
    PassOn(task->held_);
    task->held_.Clear();
    task->waits_alone_ = true;
    ++task->back_offs_;
  }

  BasicTurnScheduler& scheduler_;
  const bool runs_long_work_;
  TaskList run_list_;
  TaskList granted_;
};

using TurnScheduler = BasicTurnScheduler<RealSync>;
using TurnExecutor = TurnScheduler::Executor;
using TurnTask = TurnScheduler::Task;

}  // namespace usher::engine
