// ThreadStats: what one executing thread counts about commands. Each thread writes only its own (relaxed stores, no
// contention); INFO and the metrics add them up. RESETSTAT moves a baseline in server/stats instead of writing here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/base/owned_counter.h"

namespace usher::server {

constexpr size_t kCommandsMax = 512;

using engine::OwnedCounter;

/// Latencies of one command, log-linear: 16 steps per power of two of nanoseconds from 1 us up, as coarse as Redis's.
class LatencyHistogram {
 public:
  static constexpr int kSubBits = 4;
  static constexpr int kBuckets = 40 << kSubBits;
  void Record(int64_t ns) { counts_[static_cast<size_t>(BucketOf(ns))].Add(1); }
  uint64_t CountOf(int bucket) const { return counts_[static_cast<size_t>(bucket)].Get(); }
  static int BucketOf(int64_t ns);
  /// The largest value that falls into the bucket, in nanoseconds.
  static int64_t UpperBoundOf(int bucket);

 private:
  std::array<OwnedCounter, kBuckets> counts_{};
};

struct CommandCounters {
  OwnedCounter calls;
  OwnedCounter ns;
  OwnedCounter rejected;
  OwnedCounter failed;
  std::atomic<LatencyHistogram*> latencies{nullptr};  // made at first use by the owning thread
  ~CommandCounters() { delete latencies.load(); }
};

struct ThreadStats {
  std::array<CommandCounters, kCommandsMax> commands;  // by row index (CommandTable::IndexOf)
  OwnedCounter commands_processed;
  OwnedCounter net_in_bytes;
  OwnedCounter net_out_bytes;
  OwnedCounter reads;
  OwnedCounter writes;
  OwnedCounter parked;        // commands that found their shard busy
  OwnedCounter foreign_runs;  // parked commands (of any worker) that this thread was granted
  OwnedCounter loop_turns;
  OwnedCounter error_replies;
  OwnedCounter lua_eval_bytes;  // of the thread's Lua states
  OwnedCounter lua_function_bytes;
};

}  // namespace usher::server
