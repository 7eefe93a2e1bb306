// The machine's clocks and the one that tests move.
#include "engine/base/clock.h"

#include <doctest/doctest.h>

#include <ctime>

namespace usher::engine {
namespace {

TEST_CASE("SystemClock: tells wall-clock time in microseconds") {
  const int64_t seconds = SystemClock().NowUs() / 1'000'000;
  CHECK(std::abs(seconds - static_cast<int64_t>(std::time(nullptr))) <= 2);
}

TEST_CASE("SystemClock: the monotonic time does not go back") {
  const SystemClock clock;
  int64_t last = clock.MonotonicNs();
  for (int i = 0; i < 1'000; ++i) {
    const int64_t now = clock.MonotonicNs();
    REQUIRE(now >= last);
    last = now;
  }
}

TEST_CASE("ManualClock: stands still until it is moved") {
  ManualClock clock{1'000};
  CHECK(clock.NowUs() == 1'000'000);
  clock.AdvanceMs(5);
  CHECK(clock.NowUs() == 1'005'000);
  CHECK(clock.MonotonicNs() == 1'005'000'000);
  clock.SetMs(7);
  CHECK(clock.NowUs() == 7'000);
}

}  // namespace
}  // namespace usher::engine
