// The turn scheduler on real threads, more than there are cores: no lost update, no lost task, no lost wake-up, bounded
// unfairness, and under ThreadSanitizer no race. A watchdog turns a deadlock into a failure.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/owned_counter.h"
#include "engine/base/random.h"
#include "engine/turn_scheduler.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

constexpr size_t kShards = 8;
constexpr size_t kWorkers = 16;
constexpr size_t kTasksAtOnce = 8;
constexpr int kTasksEach = 2'000;
constexpr auto kPatience = std::chrono::seconds(120);

/// Wakes one sleeping thread; a wake that comes first is kept.
class Bell {
 public:
  void Ring() {
    const std::lock_guard<std::mutex> lock(mutex_);
    rung_ = true;
    rings_.notify_one();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool rung = rings_.wait_for(lock, kPatience, [this] { return rung_; });
    if (!rung) {
      std::fputs("turn_stress_test: nobody woke a sleeper, deadlock or lost wake-up\n", stderr);
      std::abort();
    }
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rings_;
  bool rung_ = false;
};

struct alignas(64) Shard {
  uint64_t increments = 0;  // under the shard's turn
  OwnedCounter grants;      // written under the shard's turn
};

class Stress;

struct StressTask final : TurnTask {
  void Run(TurnExecutor& executor) override;
  Stress* stress = nullptr;
  size_t owner = 0;
  uint64_t runs = 0;
  uint64_t granted_at = 0;  // of the first shard's grants, when it ran
  uint64_t queued_at = 0;   // the same, when Submit() had returned
  std::atomic<bool> idle{true};
};

class Stress {
 public:
  Stress() {
    TurnScheduler::Options options;
    options.shard_count = kShards;
    options.executor_count = kWorkers;
    options.wake = [this](size_t worker) { bells_[worker].Ring(); };
    options.run_long_work = [this](TurnTask& task) { GiveToPool(task); };
    scheduler_ = std::make_unique<TurnScheduler>(std::move(options));
  }

  void Run() {
    std::vector<std::thread> threads;
    for (size_t worker = 0; worker < kWorkers; ++worker) {
      threads.emplace_back([this, worker] { WorkerMain(worker); });
    }
    std::vector<std::thread> pool;
    for (int i = 0; i < 2; ++i) pool.emplace_back([this] { PoolMain(); });
    for (std::thread& thread : threads) thread.join();
    GiveToPool(end_of_pool_);
    for (std::thread& thread : pool) thread.join();
  }

  void RunTask(StressTask& task, TurnExecutor& executor) {
    task.wanted.ForEach([&](ShardIndex shard) {
      ++shards_[shard].increments;
      shards_[shard].grants.Add(1);
    });
    if (task.long_work) std::this_thread::sleep_for(std::chrono::microseconds(300));
    task.granted_at = shards_[task.wanted.First()].grants.Get();
    ++task.runs;
    const ShardSet held = task.wanted;
    const size_t owner = task.owner;
    task.idle.store(true, std::memory_order_release);  // the owner may submit it again from here on
    executor.Release(held);
    bells_[owner].Ring();
  }

  uint64_t increments(ShardIndex shard) const { return shards_[shard].increments; }
  uint64_t expected(ShardIndex shard) const { return expected_[shard].load(); }
  uint64_t longest_wait() const { return longest_wait_.load(); }

 private:
  struct EndOfPool final : TurnTask {
    void Run(TurnExecutor&) override {}
  };

  void WorkerMain(size_t worker) {
    TurnExecutor executor(*scheduler_);
    Random random(tests::TestSeed() + worker);
    std::vector<StressTask> tasks(kTasksAtOnce);
    for (StressTask& task : tasks) {
      task.stress = this;
      task.owner = worker;
    }
    int submitted = 0;
    size_t busy = 0;
    do {
      busy = 0;
      for (StressTask& task : tasks) {
        if (!task.idle.load(std::memory_order_acquire)) {
          ++busy;
        } else {
          NoteWait(task);
          if (submitted == kTasksEach) continue;
          ++submitted;
          ++busy;
          Submit(task, executor, random);
        }
      }
      executor.Drain();
      while (executor.RunReady()) {
      }
      if (busy > 0 && scheduler_->MaySleep(worker)) {
        bells_[worker].Wait();
        scheduler_->Awake(worker);
      }
    } while (busy > 0);
    for (const StressTask& task : tasks) ran_.fetch_add(task.runs);
  }

  void Submit(StressTask& task, TurnExecutor& executor, Random& random) {
    task.wanted.Clear();
    const size_t shards = random.Below(3) == 0 ? 1 + random.Below(4) : 1;
    for (size_t i = 0; i < shards; ++i) task.wanted.Add(static_cast<ShardIndex>(random.Below(kShards)));
    task.wanted.ForEach([&](ShardIndex shard) { expected_[shard].fetch_add(1, std::memory_order_relaxed); });
    task.long_work = random.Below(200) == 0;
    task.idle.store(false, std::memory_order_relaxed);
    const ShardIndex first = task.wanted.First();
    const bool measured = task.wanted.size() == 1;
    executor.Submit(task);
    // Not before: a thread that is preempted between reading and queueing would count what ran meanwhile.
    task.queued_at = measured ? shards_[first].grants.Get() : UINT64_MAX;
  }

  void NoteWait(const StressTask& task) {
    if (task.runs == 0 || task.granted_at < task.queued_at) return;
    const uint64_t waited = task.granted_at - task.queued_at;
    uint64_t longest = longest_wait_.load();
    while (waited > longest && !longest_wait_.compare_exchange_weak(longest, waited)) {
    }
  }

  void GiveToPool(TurnTask& task) {
    {
      const std::lock_guard<std::mutex> lock(pool_mutex_);
      pool_queue_.push_back(&task);
    }
    pool_work_.notify_all();
  }

  void PoolMain() {
    TurnExecutor executor(*scheduler_, true);
    for (;;) {
      TurnTask* task = nullptr;
      {
        std::unique_lock<std::mutex> lock(pool_mutex_);
        pool_work_.wait(lock, [this] { return !pool_queue_.empty(); });
        task = pool_queue_.front();
        if (task == &end_of_pool_) return;  // stays in the queue for the other threads
        pool_queue_.pop_front();
      }
      executor.RunLongWork(*task);
    }
  }

  std::unique_ptr<TurnScheduler> scheduler_;
  Shard shards_[kShards];
  Bell bells_[kWorkers];
  std::atomic<uint64_t> expected_[kShards] = {};
  std::atomic<uint64_t> longest_wait_{0};
  std::mutex pool_mutex_;
  std::condition_variable pool_work_;
  std::deque<TurnTask*> pool_queue_;
  EndOfPool end_of_pool_;

 public:
  std::atomic<uint64_t> ran_{0};
};

void StressTask::Run(TurnExecutor& executor) {
  stress->RunTask(*this, executor);
}

TEST_CASE("TurnScheduler: 16 threads on 8 shards lose no update and no task, and nobody waits for long") {
  Stress stress;
  stress.Run();
  for (ShardIndex shard = 0; shard < kShards; ++shard) CHECK(stress.increments(shard) == stress.expected(shard));
  CHECK(stress.ran_ == uint64_t{kWorkers} * kTasksEach);
  // FIFO: before a task of one shard come at most all the others that were outstanding when it queued.
  CHECK(stress.longest_wait() <= kWorkers * kTasksAtOnce);
  CHECK(stress.longest_wait() > 0);
}

}  // namespace
}  // namespace usher::engine
