// Calibration of the time-stamp counter: 5 ms against CLOCK_MONOTONIC, once, before main().
#include "engine/base/cycle_clock.h"

#include <chrono>

namespace usher::engine {

namespace {
int64_t MonotonicNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
}  // namespace

#if defined(__x86_64__)
uint64_t CycleClock::Calibrate() {
  constexpr int64_t kCalibrationNs = 5'000'000;
  const int64_t start_ns = MonotonicNs();
  const uint64_t start_ticks = __builtin_ia32_rdtsc();
  while (MonotonicNs() - start_ns < kCalibrationNs) __builtin_ia32_pause();
  const uint64_t ticks = __builtin_ia32_rdtsc() - start_ticks;
  const int64_t elapsed_ns = MonotonicNs() - start_ns;
  return static_cast<uint64_t>(static_cast<double>(elapsed_ns) / static_cast<double>(ticks) * 4294967296.0);
}

const uint64_t CycleClock::start_ticks_ = __builtin_ia32_rdtsc();
const uint64_t CycleClock::ns_per_tick_fixed_ = CycleClock::Calibrate();
#else
int64_t CycleClock::NowNs() {
  return MonotonicNs();
}
#endif

}  // namespace usher::engine
