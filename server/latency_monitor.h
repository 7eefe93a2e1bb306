// LatencyMonitor: spikes of latency-monitor-threshold and more, by event ("command", "fast-command"), for LATENCY. Per
// event the worst of each second is kept, for the last 160 seconds that had one. Posting waits for nothing; whoever
// looks collects first (see slowlog.h).
// Complexity: O(events + samples). Thread safety: all methods, any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "server/mailbox.h"

namespace usher::server {

struct LatencySample {
  int64_t time_s = 0;
  int64_t ms = 0;
};

struct LatencySeries {
  std::string event;
  std::deque<LatencySample> samples;  // oldest first
  int64_t ms_max = 0;                 // since the last reset
};

class LatencyMonitor {
 public:
  LatencyMonitor() = default;
  ~LatencyMonitor();
  LatencyMonitor(const LatencyMonitor&) = delete;
  LatencyMonitor& operator=(const LatencyMonitor&) = delete;

  /// Adds a spike. `event` must be a constant. Waits for nothing.
  void Post(std::string_view event, int64_t time_s, int64_t ms);
  void Collect() EXCLUDES(mutex_);

  /// All events that had a spike, in alphabetical order. Collects first.
  std::vector<LatencySeries> All() EXCLUDES(mutex_);
  /// One event; empty when it had none.
  LatencySeries Of(std::string_view event) EXCLUDES(mutex_);
  /// Forgets one event (all when `event` is empty); returns how many were known.
  size_t Reset(std::string_view event) EXCLUDES(mutex_);

  static constexpr size_t kSamplesMax = 160;

 private:
  class Posted;
  void Add(std::string_view event, LatencySample sample) REQUIRES(mutex_);

  Mailbox mail_;  // its owner is whoever holds mutex_
  engine::Mutex mutex_;
  std::map<std::string, LatencySeries, std::less<>> events_ GUARDED_BY(mutex_);
};

/// A bar chart of the samples in `rows` lines of text, each as wide as there are samples, newest at the right.
std::vector<std::string> DrawLatencies(const LatencySeries& series, size_t rows);

}  // namespace usher::server
