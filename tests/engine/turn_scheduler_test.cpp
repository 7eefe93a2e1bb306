// The turn scheduler step by step on one thread: order of collecting, back-off, budgets, sleepers. Its behaviour
// between threads is in turn_interleaving_test.cpp and turn_stress_test.cpp.
#include "engine/turn_scheduler.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace usher::engine {
namespace {

/// A task that notes its run; it releases its turns at once, or when the test says so.
struct NoteTask final : TurnTask {
  NoteTask(std::vector<ShardIndex> shards, std::vector<NoteTask*>& log) : ran(log) {
    for (const ShardIndex shard : shards) wanted.Add(shard);
  }
  void Run(TurnExecutor& executor) override {
    ran.push_back(this);
    if (releases) executor.Release(wanted);
  }
  std::vector<NoteTask*>& ran;
  bool releases = true;
};

using Log = std::vector<NoteTask*>;

struct Fixture {
  bool IsFree(ShardIndex shard) {
    if (!prober.TryTake(shard)) return false;
    prober.Release(shard);
    return true;
  }
  NoteTask Task(std::vector<ShardIndex> shards) { return NoteTask(std::move(shards), log); }

  std::vector<size_t> woken;
  std::vector<TurnTask*> given_to_pool;
  TurnScheduler scheduler{{.shard_count = 8,
                           .executor_count = 3,
                           .wake = [this](size_t sleeper) { woken.push_back(sleeper); },
                           .run_long_work = [this](TurnTask& task) { given_to_pool.push_back(&task); },
                           .take_back_long_work = {}}};
  TurnExecutor executor{scheduler};
  TurnExecutor other{scheduler};
  TurnExecutor pool{scheduler, true};
  TurnExecutor prober{scheduler};
  Log log;
};

TEST_CASE("TurnScheduler: a task runs in Drain(), with all its turns, which are free afterwards") {
  Fixture f;
  NoteTask task = f.Task({1, 4, 6});
  task.releases = false;
  f.executor.Submit(task);
  CHECK(f.log.empty());
  CHECK(f.executor.has_work());
  CHECK(f.executor.Drain() == 1);
  CHECK(f.log == Log{&task});
  for (const ShardIndex shard : {1, 4, 6}) CHECK_FALSE(f.IsFree(shard));
  CHECK(f.IsFree(0));
  f.executor.Release(task.wanted);
  for (const ShardIndex shard : {1, 4, 6}) CHECK(f.IsFree(shard));
}

TEST_CASE("TurnScheduler: a task that wants no shard runs") {
  Fixture f;
  NoteTask task = f.Task({});
  f.executor.Submit(task);
  CHECK(f.executor.Drain() == 1);
}

TEST_CASE(
    "TurnScheduler: turns are collected in ascending order, higher ones are not held while a lower one is awaited") {
  Fixture f;
  NoteTask task = f.Task({1, 3, 5});
  REQUIRE(f.other.TryTake(3));
  f.executor.Submit(task);
  CHECK_FALSE(f.IsFree(1));
  CHECK(f.IsFree(5));
  f.other.Release(ShardIndex{3});
  CHECK(f.other.Drain() == 1);  // runs where the last turn was granted
  CHECK(f.log == Log{&task});
}

TEST_CASE("TurnScheduler: TryTakeAll takes all or none, and grants what it gives back") {
  Fixture f;
  REQUIRE(f.other.TryTake(4));
  ShardSet wanted = ShardSet::Of(2);
  wanted.Add(4);
  CHECK_FALSE(f.executor.TryTakeAll(wanted));
  CHECK(f.IsFree(2));
  f.other.Release(ShardIndex{4});
  CHECK(f.executor.TryTakeAll(wanted));
  CHECK_FALSE(f.IsFree(2));
  f.executor.Release(wanted);
}

TEST_CASE("TurnScheduler: waiters of one shard run in order of arrival") {
  Fixture f;
  REQUIRE(f.other.TryTake(2));
  std::vector<NoteTask> tasks(20, f.Task({2}));
  for (NoteTask& task : tasks) f.executor.Submit(task);
  f.other.Release(ShardIndex{2});
  CHECK(f.other.Drain() == 20);
  for (size_t i = 0; i < tasks.size(); ++i) CHECK(f.log[i] == &tasks[i]);
}

TEST_CASE("TurnScheduler: a long task goes to the pool, which runs it and hands its turns on") {
  Fixture f;
  NoteTask task = f.Task({2});
  NoteTask behind = f.Task({2});
  task.long_work = true;
  f.executor.Submit(task);
  f.executor.Submit(behind);
  f.executor.Drain();
  CHECK(f.log.empty());
  REQUIRE(f.given_to_pool == std::vector<TurnTask*>{&task});
  f.pool.RunLongWork(task);
  CHECK(f.log == Log{&task, &behind});
}

TEST_CASE("TurnScheduler: a collector that meets long work gives back what it holds, and runs after it") {
  Fixture f;
  NoteTask long_task = f.Task({3});
  long_task.long_work = true;
  f.executor.Submit(long_task);
  f.executor.Drain();
  NoteTask collector = f.Task({1, 3, 5});
  f.executor.Submit(collector);
  for (const ShardIndex shard : {1, 5}) CHECK(f.IsFree(shard));
  f.pool.RunLongWork(long_task);
  CHECK(f.log == Log{&long_task, &collector});
  for (const ShardIndex shard : {1, 3, 5}) CHECK(f.IsFree(shard));
}

TEST_CASE("TurnScheduler: a collector already queued gives back what it holds when its holder turns to long work") {
  Fixture f;
  NoteTask costly = f.Task({3});
  costly.long_work = true;
  NoteTask collector = f.Task({1, 3});
  NoteTask wants_one = f.Task({1});
  NoteTask second = f.Task({3});
  REQUIRE(f.executor.TryTake(3));
  f.other.Submit(collector);
  f.other.Submit(wants_one);
  f.other.Submit(second);
  CHECK_FALSE(f.IsFree(1));
  f.executor.SubmitHeld(costly);
  f.executor.Drain();
  CHECK(f.log == Log{&wants_one});  // granted what the collector gave back
  CHECK(f.IsFree(1));
  REQUIRE(f.given_to_pool == std::vector<TurnTask*>{&costly});
  f.pool.RunLongWork(costly);
  CHECK(f.log == Log{&wants_one, &costly, &collector, &second});  // it kept its place
}

TEST_CASE("TurnScheduler: after its rounds of back-off a collector holds and waits") {
  Fixture f;
  NoteTask collector = f.Task({1, 3});
  std::vector<NoteTask> long_tasks(TurnScheduler::kBackOffRoundsMax + 2, f.Task({3}));
  for (NoteTask& task : long_tasks) {
    task.long_work = true;
    task.releases = false;
  }
  f.pool.Submit(long_tasks[0]);
  f.pool.Drain();
  f.executor.Submit(collector);
  size_t round = 1;
  for (; f.IsFree(1) && round < long_tasks.size(); ++round) {
    // It is granted shard 3 when 1 is busy, and meets long work at 3 again when it is granted 1.
    REQUIRE(f.other.TryTake(1));
    f.executor.Submit(long_tasks[round]);
    f.pool.Release(long_tasks[round - 1].wanted);
    f.pool.Drain();
    REQUIRE(f.log.back() == &long_tasks[round]);
    f.other.Release(ShardIndex{1});
  }
  CHECK(round == TurnScheduler::kBackOffRoundsMax + 1);
  f.pool.Release(long_tasks[round - 1].wanted);
  f.pool.Drain();
  CHECK(f.log.back() == &collector);
  for (const ShardIndex shard : {1, 3}) CHECK(f.IsFree(shard));
}

TEST_CASE("TurnScheduler: after long work collectors hold turns again while they wait") {
  Fixture f;
  NoteTask long_task = f.Task({3});
  long_task.long_work = true;
  f.pool.Submit(long_task);
  f.pool.Drain();
  REQUIRE(f.other.TryTake(3));
  NoteTask collector = f.Task({1, 3});
  f.executor.Submit(collector);
  CHECK_FALSE(f.IsFree(1));
  f.other.Release(ShardIndex{3});
  CHECK(f.other.Drain() == 1);
  CHECK(f.IsFree(1));
}

TEST_CASE("TurnScheduler: what exceeds the drain budget goes to the ready list and wakes one sleeper after the other") {
  Fixture f;
  const size_t count = TurnScheduler::kDrainTasksMax + 3;
  std::vector<NoteTask> tasks(count, f.Task({}));
  CHECK(f.scheduler.MaySleep(1));
  CHECK(f.scheduler.MaySleep(2));
  for (NoteTask& task : tasks) f.executor.Submit(task);
  CHECK(f.executor.Drain() <= TurnScheduler::kDrainTasksMax);
  const size_t left = count - f.log.size();
  REQUIRE(left >= 3);
  CHECK(f.scheduler.ready_count() == left);
  CHECK(f.woken == std::vector<size_t>{1});
  CHECK(f.other.RunReady());
  CHECK(f.woken == std::vector<size_t>{1, 2});
  CHECK_FALSE(f.scheduler.MaySleep(1));
  while (f.other.RunReady()) {
  }
  CHECK(f.log.size() == count);
  CHECK(f.scheduler.MaySleep(1));
  CHECK(f.woken.size() == 2);  // an executor that is awake is not woken
}

TEST_CASE("TurnScheduler: what a thread shares runs elsewhere, in order, and wakes a sleeper") {
  Fixture f;
  NoteTask first = f.Task({1});
  NoteTask second = f.Task({2});
  f.executor.Submit(first);
  f.executor.Submit(second);
  REQUIRE(f.scheduler.MaySleep(2));
  f.executor.ShareWork();
  CHECK_FALSE(f.executor.has_work());
  CHECK(f.scheduler.ready_count() == 2);
  CHECK(f.woken == std::vector<size_t>{2});
  while (f.other.RunReady()) {
  }
  CHECK(f.log == Log{&first, &second});
  f.executor.ShareWork();  // nothing left
  CHECK(f.scheduler.ready_count() == 0);
}

TEST_CASE("TurnScheduler: a hot shard moves on to the ready list with one task at a time") {
  Fixture f;
  REQUIRE(f.other.TryTake(2));
  const size_t count = 3 * TurnScheduler::kDrainTasksMax;
  std::vector<NoteTask> tasks(count, f.Task({2}));
  for (NoteTask& task : tasks) f.executor.Submit(task);
  f.other.Release(ShardIndex{2});
  f.other.Drain();
  CHECK(f.scheduler.ready_count() == 1);
  while (f.executor.RunReady()) CHECK(f.scheduler.ready_count() <= 1);
  CHECK(f.log.size() == count);
  CHECK(f.IsFree(2));
}

}  // namespace
}  // namespace usher::engine
