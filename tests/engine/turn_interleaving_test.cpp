// The turn scheduler under thousands of interleavings of its atomic operations: mutual exclusion, nothing lost, nothing
// run twice, FIFO, no deadlock, no turns held during somebody's long work, no lost wake-up, run-or-cancel.
#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/turn_scheduler.h"
#include "tests/support/interleaver.h"
#include "tests/support/test_scale.h"

#if defined(USHER_FINDS_LEAKS)
#include <sanitizer/lsan_interface.h>
#endif

namespace usher::engine {
namespace {

/// What the calling thread allocates meanwhile may get lost.
class IgnoreLeaksIf {
 public:
#if defined(USHER_FINDS_LEAKS)
  explicit IgnoreLeaksIf(bool ignore) {
    if (ignore) disabler_.emplace();
  }

 private:
  std::optional<__lsan::ScopedDisabler> disabler_;
#else
  explicit IgnoreLeaksIf(bool /*ignore*/) {}
#endif
};

using tests::Explore;
using tests::InterleavedSync;
using tests::Interleaver;
using tests::Scaled;
using Scheduler = BasicTurnScheduler<InterleavedSync>;

constexpr size_t kShards = 4;

class World;

struct WorldTask final : Scheduler::Task {
  void Run(Scheduler::Executor& executor) override;
  World* world = nullptr;
  size_t number = 0;
  int runs = 0;
  ShardSet strays_to;                             // further turns that it takes while it runs
  bool turns_to_long_work = false;                // when it runs first: the turns move on to the pool
  InterleavedSync::Atomic<int>* state = nullptr;  // of the cancellation pattern
};

/// Workers that submit tasks, drain, take ready work and sleep; and one pool thread. All on the interleaver.
class World {
 public:
  World(Interleaver& interleaver, size_t workers) : interleaver_(interleaver), workers_(workers) {
    Scheduler::Options options;
    options.shard_count = kShards;
    options.executor_count = workers;
    options.wake = [this](size_t worker) { interleaver_.Wake(worker); };
    options.run_long_work = [this](Scheduler::Task& task) {
      pool_queue_.push_back(&task);
      interleaver_.Wake(workers_);
    };
    options.take_back_long_work = [this]() -> Scheduler::Task* {
      if (pool_queue_.empty()) return nullptr;
      Scheduler::Task* const task = pool_queue_.front();
      pool_queue_.pop_front();
      return task;
    };
    scheduler = std::make_unique<Scheduler>(std::move(options));
  }

  /// Adds the workers, each submitting its share of `tasks` one after the other, and the pool thread.
  std::string Run(std::vector<std::unique_ptr<WorldTask>>& tasks) {
    unfinished_ = tasks.size();
    for (size_t i = 0; i < tasks.size(); ++i) {
      tasks[i]->world = this;
      tasks[i]->number = i;
    }
    for (size_t worker = 0; worker < workers_; ++worker) {
      interleaver_.AddThread([this, worker, &tasks] {
        Scheduler::Executor executor(*scheduler);
        for (size_t i = worker; i < tasks.size(); i += workers_) {
          NoteSubmit(*tasks[i]);
          executor.Submit(*tasks[i]);
          NoteArrival(*tasks[i]);
          if (Interleaver::Draw(2) == 0) executor.Drain();
        }
        WorkUntilDone(executor, worker);
      });
    }
    interleaver_.AddThread([this] { PoolMain(); });
    if (another_thread) interleaver_.AddThread(another_thread);
    const std::string complaint = interleaver_.Run();
    if (!complaint.empty()) return complaint;
    for (const auto& task : tasks) {
      if (task->runs != 1) return "task " + std::to_string(task->number) + " ran " + std::to_string(task->runs) + "x";
    }
    return "";
  }

  void RunTask(WorldTask& task, Scheduler::Executor& executor) {
    if (task.turns_to_long_work) {
      task.turns_to_long_work = false;
      task.long_work = true;
      return executor.SubmitHeld(task);
    }
    Enter(task);
    ++task.runs;
    const bool cancelled = task.state != nullptr && task.state->exchange(kStarted) == kCancelled;
    if (task.long_work && check_quiet) CheckOthersFree(task, executor);
    if (!cancelled) Interleaver::Point();
    ShardSet held = task.wanted;
    if (!task.strays_to.empty()) Stray(task, held, executor);
    Interleaver::Point();
    Leave(held);
    if (straying_ == &task) straying_ = nullptr;
    executor.Release(held);
    if (--unfinished_ == 0) {
      for (size_t thread = 0; thread <= workers_; ++thread) interleaver_.Wake(thread);
    }
  }

  static constexpr int kParked = 0;
  static constexpr int kStarted = 1;
  static constexpr int kCancelled = 2;

  int strays_taken = 0;
  bool patient = true;        // whoever strays waits until he has got his turns
  bool holders_keep = false;  // a planted bug
  bool check_quiet = false;
  bool check_fifo = false;
  bool forgets_may_sleep = false;  // a planted bug
  std::function<void()> another_thread;
  std::unique_ptr<Scheduler> scheduler;

 private:
  void WorkUntilDone(Scheduler::Executor& executor, size_t worker) {
    while (unfinished_ > 0) {
      executor.Drain();
      executor.RunReady();
      if (executor.has_work() || unfinished_ == 0) continue;
      const bool sleeps = forgets_may_sleep ? SleepsCarelessly(worker) : scheduler->MaySleep(worker);
      if (!sleeps) {
        Interleaver::GiveWay();
        continue;
      }
      Interleaver::Sleep();
      scheduler->Awake(worker);
    }
  }

  /// Looks for work before it announces that it sleeps: the wake-up between is lost.
  bool SleepsCarelessly(size_t worker) {
    if (scheduler->ready_count() > 0) return false;
    Interleaver::Point();
    scheduler->MaySleep(worker);
    return true;
  }

  void PoolMain() {
    Scheduler::Executor executor(*scheduler, true);
    while (unfinished_ > 0) {
      if (pool_queue_.empty()) {
        Interleaver::Sleep();
        continue;
      }
      Scheduler::Task* task = pool_queue_.front();
      pool_queue_.pop_front();
      executor.RunLongWork(*task);
    }
  }

  /// As ScriptRun does it: one strays at a time, a second one waits unless he has what the first one wants.
  void Stray(const WorldTask& task, ShardSet& held, Scheduler::Executor& executor) {
    ShardSet missing = task.strays_to;
    held.ForEach([&](ShardIndex shard) { missing.Remove(shard); });
    while (straying_ != nullptr) {
      if (stray_wants_.Intersects(held)) return;
      executor.LetGo(held);
      Interleaver::GiveWay();
    }
    straying_ = &task;
    stray_wants_ = missing;
    const auto pause = [this] {
      Interleaver::GiveWay();
      return patient || Interleaver::Draw(6) != 0;
    };
    // A run that fails, as the planted bug makes it, ends in the middle of this, and what it allocated is lost.
    const IgnoreLeaksIf ignore_leaks(holders_keep);
    if (!executor.TakeFurther(holders_keep ? ShardSet() : held, missing, pause)) return;
    ++strays_taken;
    missing.ForEach([&](ShardIndex shard) {
      if (inside_[shard] != nullptr) Interleaver::Fail("strayed into a shard with somebody inside");
      inside_[shard] = &task;
      held.Add(shard);
    });
  }

  void Enter(const WorldTask& task) {
    task.wanted.ForEach([&](ShardIndex shard) {
      if (inside_[shard] != nullptr) Interleaver::Fail("two inside a shard");
      inside_[shard] = &task;
      if (!check_fifo) return;
      if (arrived_[shard].front() != task.number) Interleaver::Fail("a shard was granted out of order");
      arrived_[shard].pop_front();
    });
  }
  void Leave(const ShardSet& held) {
    held.ForEach([&](ShardIndex shard) { inside_[shard] = nullptr; });
  }

  // Single-shard tasks only: the last atomic operation of Submit() takes the turn or queues, so a note right after it
  // is in order of arrival.
  void NoteSubmit(const WorldTask& task) { ASSERT(!check_fifo || task.wanted.size() == 1); }
  void NoteArrival(const WorldTask& task) {
    if (check_fifo) arrived_[task.wanted.First()].push_back(task.number);
  }

  /// While this long task holds its turns and nobody can move, all the others must be free, unless other long work
  /// holds them.
  void CheckOthersFree(const WorldTask& task, Scheduler::Executor& executor) {
    Interleaver::WaitUntilQuiet();
    for (ShardIndex shard = 0; shard < kShards; ++shard) {
      if (task.wanted.Contains(shard) || HeldByWaitingPoolWork(shard)) continue;
      if (!executor.TryTake(shard)) Interleaver::Fail("turn held while its collector waits for long work");
      executor.Release(shard);
    }
  }
  bool HeldByWaitingPoolWork(ShardIndex shard) const {
    for (const Scheduler::Task* task : pool_queue_) {
      if (task->wanted.Contains(shard)) return true;
    }
    return false;
  }

  Interleaver& interleaver_;
  const size_t workers_;
  size_t unfinished_ = 0;
  const WorldTask* straying_ = nullptr;
  ShardSet stray_wants_;
  const WorldTask* inside_[kShards] = {};
  std::deque<size_t> arrived_[kShards];
  std::deque<Scheduler::Task*> pool_queue_;
};

void WorldTask::Run(Scheduler::Executor& executor) {
  world->RunTask(*this, executor);
}

using Tasks = std::vector<std::unique_ptr<WorldTask>>;

Tasks MakeTasks(Interleaver& interleaver, size_t count, size_t shards_each) {
  engine::Random random(interleaver.DrawBeforeRun());
  Tasks tasks;
  for (size_t i = 0; i < count; ++i) {
    auto task = std::make_unique<WorldTask>();
    const size_t shards = 1 + random.Below(shards_each);
    for (size_t k = 0; k < shards; ++k) task->wanted.Add(static_cast<ShardIndex>(random.Below(kShards)));
    tasks.push_back(std::move(task));
  }
  return tasks;
}

TEST_CASE("TurnScheduler: tasks of one shard exclude each other, run once, in order of arrival") {
  CHECK(Explore(Scaled(1'500), [](Interleaver& run) {
          World world(run, 3);
          world.check_fifo = true;
          Tasks tasks = MakeTasks(run, 9, 1);
          return world.Run(tasks);
        }) == "");
}

TEST_CASE("TurnScheduler: tasks of several shards exclude each other, run once, cannot deadlock") {
  CHECK(Explore(Scaled(2'000), [](Interleaver& run) {
          World world(run, 3);
          Tasks tasks = MakeTasks(run, 9, 3);
          return world.Run(tasks);
        }) == "");
}

TEST_CASE("TurnScheduler: long work and back-off lose nothing and cannot deadlock") {
  CHECK(Explore(Scaled(2'000), [](Interleaver& run) {
          World world(run, 2);
          Tasks tasks = MakeTasks(run, 10, 3);
          for (size_t i = 0; i < tasks.size(); i += 3) tasks[i]->long_work = true;
          for (size_t i = 1; i < tasks.size(); i += 4) tasks[i]->turns_to_long_work = true;
          return world.Run(tasks);
        }) == "");
}

TEST_CASE("TurnScheduler: nobody holds turns while he waits for long work, known before or turned to later") {
  for (const bool turns_to_long_work : {false, true}) {
    CHECK(Explore(Scaled(1'500), [&](Interleaver& run) {
            World world(run, 3);
            world.check_quiet = true;
            Tasks tasks = MakeTasks(run, 8, 3);
            tasks[2]->long_work = !turns_to_long_work;
            tasks[2]->turns_to_long_work = turns_to_long_work;
            return world.Run(tasks);
          }) == "");
  }
}

void LetStray(Interleaver& run, Tasks& tasks, size_t one_in) {
  engine::Random random(run.DrawBeforeRun());
  for (size_t i = 0; i < tasks.size(); i += one_in) {
    for (int k = 0; k < 2; ++k) tasks[i]->strays_to.Add(static_cast<ShardIndex>(random.Below(kShards)));
  }
}

TEST_CASE("TurnScheduler: a running task that takes further turns excludes others and cannot deadlock") {
  for (const size_t workers : {1, 2, 3}) {
    for (const size_t one_in : {1, 3}) {
      int taken = 0;
      CHECK(Explore(Scaled(700), [&](Interleaver& run) {
              World world(run, workers);
              Tasks tasks = MakeTasks(run, 9, 3);
              LetStray(run, tasks, one_in);
              const std::string complaint = world.Run(tasks);
              taken += world.strays_taken;
              return complaint;
            }) == "");
      CHECK(taken > 0);
    }
  }
}

TEST_CASE("TurnScheduler: further turns beside long work, and wishes that are given up, lose nothing") {
  for (const bool patient : {true, false}) {
    CHECK(Explore(Scaled(1'500), [&](Interleaver& run) {
            World world(run, 2);
            world.patient = patient;
            Tasks tasks = MakeTasks(run, 10, 3);
            LetStray(run, tasks, 2);
            for (size_t i = 0; i < tasks.size(); i += 3) tasks[i]->long_work = true;
            for (size_t i = 1; i < tasks.size(); i += 4) tasks[i]->turns_to_long_work = true;
            return world.Run(tasks);
          }) == "");
  }
}

TEST_CASE("TurnScheduler: a stray that lets collectors keep what they hold is found out") {
  CHECK(Explore(3'000, [](Interleaver& run) {
          World world(run, 2);
          world.holders_keep = true;
          Tasks tasks = MakeTasks(run, 9, 3);
          LetStray(run, tasks, 2);
          return world.Run(tasks);
        }).find("too many steps") == 0);
}

TEST_CASE("TurnScheduler: no wake-up is lost; a worker that looks before it announces its sleep is found out") {
  const auto scenario = [](Interleaver& run, bool careless) {
    // The pool thread hands what it cannot run in its budget to the one worker, which may be falling asleep.
    World world(run, 1);
    world.forgets_may_sleep = careless;
    Tasks tasks = MakeTasks(run, 8, 1);
    for (size_t i = 0; i < tasks.size(); ++i) {
      tasks[i]->wanted = ShardSet::Of(0);
      tasks[i]->long_work = i % 3 == 0;
    }
    return world.Run(tasks);
  };
  CHECK(Explore(Scaled(1'500), [&](Interleaver& run) { return scenario(run, false); }) == "");
  CHECK(Explore(3'000, [&](Interleaver& run) { return scenario(run, true); }).find("deadlock") == 0);
}

TEST_CASE("TurnScheduler: one exchange decides between run and cancel, and the turns are given up either way") {
  CHECK(Explore(Scaled(1'500), [](Interleaver& run) {
          World world(run, 2);
          Tasks tasks = MakeTasks(run, 6, 2);
          std::vector<std::unique_ptr<InterleavedSync::Atomic<int>>> states;
          for (const auto& task : tasks) {
            states.push_back(std::make_unique<InterleavedSync::Atomic<int>>(World::kParked));
            task->state = states.back().get();
          }
          world.another_thread = [&] {
            for (const auto& state : states) {
              int expected = World::kParked;
              const bool cancelled = state->compare_exchange_strong(expected, World::kCancelled);
              if (!cancelled && expected != World::kStarted) Interleaver::Fail("neither parked nor started");
            }
          };
          return world.Run(tasks);
        }) == "");
}

}  // namespace
}  // namespace usher::engine
