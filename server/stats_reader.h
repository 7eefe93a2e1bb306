// StatsReader: adds up what executing threads, shards and the server count, less a baseline that CONFIG RESETSTAT moves
// (a counter has one writer, so nobody else may set it to zero). It also keeps the rates of INFO, sampled by the
// server's tick.
// Complexity: totals() is O(threads + shards). Thread safety: all methods, any thread; threads must be removed before
// their counters go.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/engine.h"
#include "server/server_stats.h"
#include "server/thread_stats.h"

namespace usher::server {

/// What is added up.
enum class Total : uint8_t {
  kCommands,
  kNetInBytes,
  kNetOutBytes,
  kReads,
  kWrites,
  kParked,
  kForeignRuns,
  kErrorReplies,
  kHits,
  kMisses,
  kExpired,
  kEvicted,
  kConnections,
  kConnectionsRejected,
  kQueryLimitDisconnections,
  kOutputLimitDisconnections,
  kCount
};

class Totals {
 public:
  uint64_t operator[](Total which) const { return values_[static_cast<size_t>(which)]; }
  void Add(Total which, uint64_t amount) { values_[static_cast<size_t>(which)] += amount; }
  void Subtract(const Totals& other) {
    for (size_t i = 0; i < values_.size(); ++i) values_[i] -= other.values_[i];
  }

 private:
  std::array<uint64_t, static_cast<size_t>(Total::kCount)> values_{};
};

struct CommandTotals {
  uint64_t calls = 0;
  uint64_t ns = 0;
  uint64_t rejected = 0;
  uint64_t failed = 0;
};

/// A copy of a LatencyHistogram, or the sum of several; empty when nothing was recorded.
struct LatencyCounts {
  std::vector<uint64_t> buckets;
  uint64_t total = 0;

  void Add(const LatencyHistogram& histogram);
  void Subtract(const LatencyCounts& other);
  /// The largest value of the bucket that holds the percentile, in nanoseconds.
  int64_t Percentile(double percent) const;
  /// How many took at most the upper bound of `bucket`.
  uint64_t CountUpTo(int bucket) const;
};

/// Keys of one logical database, in all shards.
struct DatabaseTotals {
  uint64_t keys = 0;
  uint64_t expires = 0;
  uint64_t expiry_ticks = 0;  // Keyspace::kTickMs, of all expiries

  /// How long the keys that expire still live, on average.
  int64_t MeanTtlMs(int64_t now_ms) const;
};

class StatsReader {
 public:
  StatsReader(const engine::Engine& of_engine, ServerStats& of_server);

  void AddThread(const ThreadStats& thread) EXCLUDES(mutex_);
  void RemoveThread(const ThreadStats& thread) EXCLUDES(mutex_);

  Totals totals() const EXCLUDES(mutex_);
  CommandTotals Command(size_t row_index) const EXCLUDES(mutex_);
  LatencyCounts Latencies(size_t row_index) const EXCLUDES(mutex_);
  DatabaseTotals Database(int db) const;
  /// Commands that wait for a turn at this moment.
  uint64_t ParkedNow() const EXCLUDES(mutex_);
  /// The Lua states of all threads, for EVAL and for functions.
  struct LuaBytes {
    uint64_t eval = 0;
    uint64_t functions = 0;
  };
  LuaBytes Lua() const EXCLUDES(mutex_);
  /// Changes of keys since start; no RESETSTAT touches it.
  uint64_t Dirty() const;

  /// CONFIG RESETSTAT.
  void Reset() EXCLUDES(mutex_);

  /// Takes a sample of the rates; called every kSampleMs.
  void Sample(int64_t now_ns) EXCLUDES(mutex_);
  static constexpr uint64_t kSampleMs = 100;
  /// What was counted per second, over the last 16 samples.
  double PerSecond(Total which) const EXCLUDES(mutex_);

 private:
  static constexpr size_t kSamples = 16;
  struct Baseline {
    Totals totals;
    std::array<CommandTotals, kCommandsMax> commands{};
    std::vector<LatencyCounts> latencies = std::vector<LatencyCounts>(kCommandsMax);
  };
  struct RateSample {
    int64_t at_ns = 0;
    Totals totals;
  };

  Totals Sum() const REQUIRES(mutex_);
  CommandTotals SumCommand(size_t row_index) const REQUIRES(mutex_);
  LatencyCounts SumLatencies(size_t row_index) const REQUIRES(mutex_);

  const engine::Engine& engine_;
  ServerStats& server_;
  mutable engine::Mutex mutex_;
  std::vector<const ThreadStats*> threads_ GUARDED_BY(mutex_);
  Baseline baseline_ GUARDED_BY(mutex_);  // what Reset() found
  std::array<RateSample, kSamples> samples_ GUARDED_BY(mutex_);
  size_t samples_taken_ GUARDED_BY(mutex_) = 0;
};

}  // namespace usher::server
