// engine-bench-turns: cost of turns and of the journal without a server around them.
//
//   engine-bench-turns [milliseconds per row]     default 1000
//
// Rows: take and release of a free turn; hand-over from one task to the next on a hot shard; Journal::Append of 60-byte
// records with 1 and 2 threads; and "2 cores vs 1": turn, a small hash table's update, release on 16 shards with
// uniform keys, each thread bound to its own core. The same with nothing shared between the threads is what the machine
// allows. Ratios are given by CPU time as well as by wall time, because the machine may be shared.
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "engine/journal.h"
#include "engine/turn_scheduler.h"

namespace usher::engine {
namespace {

constexpr size_t kShards = 16;
constexpr size_t kSlotsPerShard = size_t{1} << 16;
constexpr uint64_t kBatch = 256;
constexpr double kSliceNs = 4e6;

double ClockNs(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

void BindToCore(size_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

struct Result {
  double operations = 0;
  double wall_ns = 0;
  double cpu_ns = 0;  // of all threads
};

/// Calls work(thread, random), which does kBatch operations, on `thread_count` threads for kSliceNs.
Result MeasureSlice(size_t thread_count, const std::function<void(size_t, Random&)>& work) {
  std::vector<Result> results(thread_count);
  std::atomic<size_t> waiting{thread_count};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      BindToCore(i);
      Random random(i + 1);
      for (int warm = 0; warm < 20; ++warm) work(i, random);
      waiting.fetch_sub(1);
      while (waiting.load() > 0) std::this_thread::yield();
      const double start_ns = ClockNs(CLOCK_MONOTONIC);
      const double start_cpu_ns = ClockNs(CLOCK_THREAD_CPUTIME_ID);
      const double end_ns = start_ns + kSliceNs;
      while (ClockNs(CLOCK_MONOTONIC) < end_ns) {
        work(i, random);
        results[i].operations += kBatch;
      }
      results[i].wall_ns = ClockNs(CLOCK_MONOTONIC) - start_ns;
      results[i].cpu_ns = ClockNs(CLOCK_THREAD_CPUTIME_ID) - start_cpu_ns;
    });
  }
  for (std::thread& thread : threads) thread.join();
  Result total;
  for (const Result& result : results) {
    total.operations += result.operations;
    total.cpu_ns += result.cpu_ns;
    total.wall_ns = std::max(total.wall_ns, result.wall_ns);
  }
  return total;
}

/// The best of as many slices as fit in `row_ms`: one that no other process disturbed on any core.
Result Measure(size_t thread_count, int64_t row_ms, const std::function<void(size_t, Random&)>& work) {
  Result best;
  const double end_ns = ClockNs(CLOCK_MONOTONIC) + static_cast<double>(row_ms) * 1e6;
  while (ClockNs(CLOCK_MONOTONIC) < end_ns) {
    const Result slice = MeasureSlice(thread_count, work);
    if (best.operations == 0 || slice.operations / slice.wall_ns > best.operations / best.wall_ns) best = slice;
  }
  return best;
}

void Print(const char* name, const Result& result) {
  std::printf("%-46s %8.1f ns CPU/op  %8.2f M op/s\n", name, result.cpu_ns / result.operations,
              result.operations / result.wall_ns * 1e3);
}

TurnScheduler::Options Quiet() {
  return {.shard_count = kShards,
          .executor_count = 2,
          .wake = [](size_t) {},
          .run_long_work = [](TurnTask&) {},
          .take_back_long_work = {}};
}

void BenchFreeTurn(int64_t row_ms) {
  TurnScheduler scheduler(Quiet());
  TurnExecutor executor(scheduler);
  Print("turn, free: take + release", Measure(1, row_ms, [&](size_t, Random& random) {
          for (uint64_t i = 0; i < kBatch; ++i) {
            const auto shard = static_cast<ShardIndex>(random.Next() % kShards);
            if (executor.TryTake(shard)) executor.Release(shard);
          }
        }));
}

void BenchHandOver(int64_t row_ms) {
  struct Hop final : TurnTask {
    void Run(TurnExecutor& executor) override { executor.Release(ShardIndex{0}); }
  };
  TurnScheduler scheduler(Quiet());
  TurnExecutor executor(scheduler);
  std::vector<Hop> hops(kBatch);
  for (Hop& hop : hops) hop.wanted = ShardSet::Of(0);
  Print("turn, hot: submit + hand-over + run", Measure(1, row_ms, [&](size_t, Random&) {
          if (!executor.TryTake(0)) std::abort();
          for (Hop& hop : hops) executor.Submit(hop);
          executor.Release(ShardIndex{0});
          executor.Drain();
          while (executor.RunReady()) {
          }
        }));
}

void BenchJournal(int64_t row_ms) {
  constexpr std::string_view kRecord = "*3\r\n$3\r\nSET\r\n$17\r\nkey:0000000000001\r\n$16\r\nvalue-0123456789\r\n";
  static_assert(kRecord.size() == 60);
  for (const size_t threads : {1, 2}) {
    Journal journal(size_t{64} << 20);
    Print(threads == 1 ? "journal: append 60 bytes, 1 thread" : "journal: append 60 bytes, 2 threads",
          Measure(threads, row_ms, [&](size_t, Random&) {
            for (uint64_t i = 0; i < kBatch; ++i) journal.Append({.slot = 1, .time_ms = 1}, kRecord);
          }));
  }
}

struct alignas(64) ShardTable {
  std::vector<uint64_t> slots = std::vector<uint64_t>(kSlotsPerShard);
};

/// What a command does to a key: `rounds` of dependent computing (hashing, parsing), and an update of the table.
void Touch(ShardTable& shard, uint64_t key, int rounds) {
  uint64_t mixed = key;
  for (int round = 0; round < rounds; ++round) mixed = (mixed ^ (mixed >> 29)) * 0x9E3779B97F4A7C15u;
  shard.slots[mixed % kSlotsPerShard] += key;
}

/// The shards and who may run on them.
struct Machine {
  TurnScheduler scheduler{Quiet()};
  std::vector<ShardTable> tables = std::vector<ShardTable>(kShards);
};

/// One thread's stream of operations, many of which may wait at once, as connections do. A busy shard is left to its
/// queue; the thread goes on.
class Stream {
 public:
  Stream(Machine& machine, int rounds) : executor_(machine.scheduler), tables_(machine.tables), rounds_(rounds) {
    for (Operation& operation : operations_) operation.stream = this;
  }

  void DoBatch(Random& random) {
    for (uint64_t started = 0; started < kBatch;) {
      next_ = (next_ + 1) % kOperations;
      Operation& operation = operations_[next_];
      if (next_ % kRunReadyEvery == 0) executor_.RunReady();
      if (!operation.done.load(std::memory_order_acquire)) continue;
      Start(operation, random.Next());
      ++started;
    }
    executor_.Drain();
  }

  void WaitForAll() {
    for (Operation& operation : operations_) {
      while (!operation.done.load(std::memory_order_acquire)) {
        executor_.Drain();
        if (!executor_.RunReady()) std::this_thread::yield();
      }
    }
  }

 private:
  static constexpr size_t kOperations = 8192;
  static constexpr size_t kRunReadyEvery = 32;  // a worker does so between its connections' reads

  struct Operation final : TurnTask {
    void Run(TurnExecutor& executor) override {
      const ShardIndex shard = wanted.First();
      Touch(stream->tables_[shard], key, stream->rounds_);
      executor.Release(shard);
      done.store(true, std::memory_order_release);
    }
    Stream* stream = nullptr;
    uint64_t key = 0;
    std::atomic<bool> done{true};
  };

  void Start(Operation& operation, uint64_t key) {
    const auto shard = static_cast<ShardIndex>(key >> 60);
    if (executor_.TryTake(shard)) {
      Touch(tables_[shard], key, rounds_);
      executor_.Release(shard);
      if (executor_.has_work()) executor_.Drain();
      return;
    }
    operation.key = key;
    operation.done.store(false, std::memory_order_relaxed);
    operation.wanted = ShardSet::Of(shard);
    executor_.Submit(operation);
    if (executor_.has_work()) executor_.Drain();
  }

  TurnExecutor executor_;
  std::vector<ShardTable>& tables_;
  const int rounds_;
  size_t next_ = 0;
  std::vector<Operation> operations_ = std::vector<Operation>(kOperations);
};

/// Two threads share the first machine, or have one each.
Result MeasureStreams(size_t threads, bool shared, int rounds, int64_t row_ms) {
  std::vector<std::unique_ptr<Machine>> machines;
  std::vector<std::unique_ptr<Stream>> streams;
  for (size_t i = 0; i < threads; ++i) {
    if (i == 0 || !shared) machines.push_back(std::make_unique<Machine>());
    streams.push_back(std::make_unique<Stream>(*machines.back(), rounds));
  }
  const Result result = Measure(threads, row_ms, [&](size_t i, Random& random) { streams[i]->DoBatch(random); });
  for (const auto& stream : streams) stream->WaitForAll();
  return result;
}

void BenchTwoCores(int rounds, int64_t row_ms) {
  static_assert(kShards == 16, "a shard is the highest four bits of a key");
  const Result one = MeasureStreams(1, true, rounds, row_ms);
  std::printf("engine work of %d rounds and one update\n", rounds);
  Print("  1 thread", one);
  for (const bool shared : {false, true}) {
    const Result two = MeasureStreams(2, shared, rounds, row_ms);
    Print(shared ? "  2 threads, shared shards" : "  2 threads, nothing shared", two);
    std::printf("%-46s %8.2f x by wall time, %.2f x by CPU time\n", "    2 cores vs 1",
                two.operations / two.wall_ns / (one.operations / one.wall_ns),
                2 * (one.cpu_ns / one.operations) / (two.cpu_ns / two.operations));
  }
}

}  // namespace
}  // namespace usher::engine

int main(int argc, char** argv) {
  const int64_t row_ms = argc > 1 ? std::atoll(argv[1]) : 1000;
  usher::engine::BenchFreeTurn(row_ms);
  usher::engine::BenchHandOver(row_ms);
  usher::engine::BenchJournal(row_ms);
  for (const int rounds : {40, 160}) usher::engine::BenchTwoCores(rounds, row_ms);
  return 0;
}
