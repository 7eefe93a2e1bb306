// LatencyMonitor: one sample a second, limits, resets, the chart.
#include "server/latency_monitor.h"

#include <doctest/doctest.h>

namespace usher::server {
namespace {

TEST_CASE("LatencyMonitor: keeps the worst of each second") {
  LatencyMonitor monitor;
  monitor.Post("command", 100, 5);
  monitor.Post("command", 100, 9);
  monitor.Post("command", 100, 7);
  monitor.Post("command", 101, 2);
  const LatencySeries series = monitor.Of("command");
  REQUIRE(series.samples.size() == 2);
  CHECK(series.samples[0].ms == 9);
  CHECK(series.samples[1].ms == 2);
  CHECK(series.ms_max == 9);
  CHECK(monitor.Of("other").samples.empty());
}

TEST_CASE("LatencyMonitor: keeps 160 samples and resets by event") {
  LatencyMonitor monitor;
  for (int64_t second = 0; second < 200; ++second) monitor.Post("command", second, 1);
  monitor.Post("fast-command", 1, 1);
  REQUIRE(monitor.All().size() == 2);
  CHECK(monitor.Of("command").samples.size() == LatencyMonitor::kSamplesMax);
  CHECK(monitor.Of("command").samples.front().time_s == 40);
  CHECK(monitor.Reset("command") == 1);
  CHECK(monitor.Reset("command") == 0);
  CHECK(monitor.Reset({}) == 1);
  CHECK(monitor.All().empty());
}

TEST_CASE("DrawLatencies: the highest reaches the top, the others at least the bottom line") {
  LatencySeries series;
  series.samples = {{1, 1}, {2, 100}, {3, 50}};
  CHECK(DrawLatencies(series, 4) == std::vector<std::string>{" # ", " # ", " ##", "###"});
}

}  // namespace
}  // namespace usher::server
