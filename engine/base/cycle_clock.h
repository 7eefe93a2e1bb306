// CycleClock: a monotonic nanosecond clock that costs a few cycles, for measuring commands and budgets. On x86-64 it
// scales the time-stamp counter, calibrated against the system's monotonic clock at start; elsewhere it is that clock.
// Not for wall time. Thread safe. Cores of one machine may differ by some nanoseconds.
#pragma once

#include <cstdint>

namespace usher::engine {

class CycleClock {
 public:
#if defined(__x86_64__)
  /// Nanoseconds since an arbitrary start.
  static int64_t NowNs() {
    return ToNs(__builtin_ia32_rdtsc());
  }

 private:
  static int64_t ToNs(uint64_t ticks) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<int64_t>((static_cast<Wide>(ticks - start_ticks_) * ns_per_tick_fixed_) >> 32);
  }
  static const uint64_t start_ticks_;
  static const uint64_t ns_per_tick_fixed_;  // nanoseconds per tick times 2^32
  static uint64_t Calibrate();
#else
  static int64_t NowNs();
#endif
};

}  // namespace usher::engine
