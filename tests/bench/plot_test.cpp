// Tests of bench/plot.
#include "bench/plot.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace usher::bench;

TEST_CASE("RenderPlot: columns as high as their values") {
  const std::string plot = RenderPlot("waiting", {0, 0, 1, 1, 2, 2, 4, 4}, 10, {.columns = 8, .rows = 2});
  CHECK(plot ==
        "waiting (max 4)\n"
        "      4 ┤      ██\n"
        "      0 ┤  ▄▄████\n"
        "        └────────\n"
        "         0   10 s\n");
}

TEST_CASE("RenderPlot: a peak survives when values outnumber columns, and no values are a flat line") {
  std::vector<double> values(1'000, 1.0);
  values[777] = 5'000;
  const std::string plot = RenderPlot("x", values, 1, {.columns = 10, .rows = 3});
  CHECK(plot.find("(max 5.0k)") != std::string::npos);
  CHECK(std::count(plot.begin(), plot.end(), '\n') == 6);
  CHECK(RenderPlot("x", {}, 1).find("(max 0)") != std::string::npos);
}

TEST_CASE("ShortNumber: three magnitudes") {
  CHECK(ShortNumber(0) == "0");
  CHECK(ShortNumber(999) == "999");
  CHECK(ShortNumber(12'345) == "12.3k");
  CHECK(ShortNumber(1'234'567) == "1.2M");
}
