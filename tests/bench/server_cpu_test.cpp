// Tests of bench/server_cpu.
#include "bench/server_cpu.h"

#include <doctest/doctest.h>

using namespace usher::bench;

TEST_CASE("CpuTimeInStat: reads fields 14 and 15, whatever the name holds") {
  const auto cpu = CpuTimeInStat("42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20", 100);
  REQUIRE(cpu.has_value());
  CHECK(cpu->user_s == 2.5);
  CHECK(cpu->system_s == 0.5);
  CHECK_FALSE(CpuTimeInStat("42 (a) S 1 2", 100).has_value());
  CHECK_FALSE(CpuTimeInStat("", 100).has_value());
}

TEST_CASE("UsedBetween: the scheduler's sum, shared out by the ticks; the ticks alone without it") {
  const CpuTime precise = UsedBetween({1, 2, 3.005}, {1.75, 2.25, 4.205});
  CHECK(precise.user_s == doctest::Approx(0.9));
  CHECK(precise.system_s == doctest::Approx(0.3));
  const CpuTime ticks = UsedBetween({1, 2, 0}, {1.75, 2.25, 0});
  CHECK(ticks.user_s == doctest::Approx(0.75));
  CHECK(ticks.Total() == doctest::Approx(1.0));
  CHECK(UsedBetween({1, 2, 3}, {1, 2, 3.004}).Total() == doctest::Approx(0.004));  // less than a tick
}

TEST_CASE("NumberInInfo: finds a field at the start of a line only") {
  const char* info = "# CPU\r\nxused_cpu_user:1\r\nused_cpu_user:2.25\r\n";
  CHECK(NumberInInfo(info, "used_cpu_user") == 2.25);
  CHECK_FALSE(NumberInInfo(info, "used_cpu_sys").has_value());
}
