// The cycle clock against the system's monotonic clock.
#include "engine/base/cycle_clock.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace usher::engine {
namespace {

/// Difference of the two clocks, as exact as an undisturbed reading allows.
int64_t OffsetNs() {
  int64_t best_gap_ns = INT64_MAX;
  int64_t offset_ns = 0;
  for (int i = 0; i < 200; ++i) {
    const int64_t before_ns = CycleClock::NowNs();
    const int64_t system_ns = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    const int64_t gap_ns = CycleClock::NowNs() - before_ns;
    if (gap_ns < best_gap_ns) {
      best_gap_ns = gap_ns;
      offset_ns = system_ns - before_ns;
    }
  }
  return offset_ns;
}

TEST_CASE("CycleClock: does not go back") {
  int64_t last_ns = CycleClock::NowNs();
  for (int i = 0; i < 100'000; ++i) {
    const int64_t now_ns = CycleClock::NowNs();
    REQUIRE(now_ns >= last_ns);
    last_ns = now_ns;
  }
}

TEST_CASE("CycleClock: runs as fast as the system's clock, within one percent") {
  const int64_t start_ns = CycleClock::NowNs();
  const int64_t start_offset_ns = OffsetNs();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const int64_t end_offset_ns = OffsetNs();
  const int64_t elapsed_ns = CycleClock::NowNs() - start_ns;
  CHECK(elapsed_ns >= 29'000'000);
  CHECK(std::abs(end_offset_ns - start_offset_ns) < elapsed_ns / 100);
}

}  // namespace
}  // namespace usher::engine
