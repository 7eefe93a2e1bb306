// ErrorStats: codes, their order, and the limit on how many are kept.
#include "server/error_stats.h"

#include <doctest/doctest.h>

#include <string>

namespace usher::server {
namespace {

TEST_CASE("ErrorStats: counts by the first word, in alphabetical order") {
  ErrorStats stats;
  stats.Count("WRONGTYPE Operation against a key");
  stats.Count("ERR syntax error\r\n");
  stats.Count("ERR value is not an integer\r\n");
  stats.Count("NOAUTH\r\n");
  const auto all = stats.All();
  REQUIRE(all.size() == 3);
  CHECK(all[0] == std::pair<std::string, uint64_t>("ERR", 2));
  CHECK(all[1].first == "NOAUTH");
  CHECK(all[2].first == "WRONGTYPE");
  stats.Reset();
  CHECK(stats.All().empty());
}

TEST_CASE("ErrorStats: gives up on new codes when there are too many, not on known ones") {
  ErrorStats stats;
  for (size_t i = 0; i < ErrorStats::kCodesMax + 10; ++i) stats.Count("E" + std::to_string(i));
  stats.Count("E0");
  CHECK(stats.All().size() == ErrorStats::kCodesMax);
  CHECK(stats.All()[0] == std::pair<std::string, uint64_t>("E0", 2));
}

}  // namespace
}  // namespace usher::server
