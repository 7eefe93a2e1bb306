// The two clocks of the load generator: monotonic nanoseconds, by which everything is scheduled and measured, and the
// wall clock in milliseconds, which is what a service would write as an arrival's score.  Thread safety: pure.
#pragma once

#include <cstdint>
#include <ctime>

namespace usher::bench {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;

inline int64_t ReadClockNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

/// Monotonic time; comparable between the threads of this process.
inline int64_t NowNs() {
  return ReadClockNs(CLOCK_MONOTONIC);
}

/// Milliseconds since the epoch.
inline int64_t WallMs() {
  return ReadClockNs(CLOCK_REALTIME) / kNsPerMs;
}

inline double Seconds(int64_t ns) {
  return static_cast<double>(ns) / static_cast<double>(kNsPerSecond);
}

}  // namespace usher::bench
