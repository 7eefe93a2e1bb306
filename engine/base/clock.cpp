// SystemClock over std::chrono, which reads the vDSO without a system call.
#include "engine/base/clock.h"

#include <chrono>

namespace usher::engine {

namespace {
template <class Duration, class TimePoint>
int64_t Count(TimePoint time) {
  return std::chrono::duration_cast<Duration>(time.time_since_epoch()).count();
}
}  // namespace

int64_t SystemClock::NowUs() const {
  return Count<std::chrono::microseconds>(std::chrono::system_clock::now());
}
int64_t SystemClock::MonotonicNs() const {
  return Count<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
}

}  // namespace usher::engine
