// Samples are distinct, complete and fair.
#include "engine/random_sample.h"

#include <doctest/doctest.h>

#include <numeric>
#include <set>

#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

std::vector<uint32_t> Places(size_t count) {
  std::vector<uint32_t> places(count);
  std::iota(places.begin(), places.end(), 0);
  return places;
}

std::vector<uint32_t> Draw(Random& random, size_t count, size_t size) {
  return DrawDistinct(
      random, count, size, [&] { return static_cast<uint32_t>(random.Below(size)); }, [&] { return Places(size); });
}

TEST_CASE("DrawDistinct: different places, as many as there are at most") {
  Random random{tests::TestSeed()};
  for (const size_t count : {0u, 1u, 30u, 50u, 99u, 100u, 1'000u}) {
    const std::vector<uint32_t> drawn = Draw(random, count, 100);
    CHECK(drawn.size() == std::min<size_t>(count, 100));
    CHECK(std::set<uint32_t>(drawn.begin(), drawn.end()).size() == drawn.size());
  }
}

TEST_CASE("DrawDistinct: every place is as likely, in both ways of drawing") {
  Random random{tests::TestSeed()};
  for (const size_t count : {2u, 8u}) {
    std::vector<int> times(10);
    for (int i = 0; i < 10'000; ++i) {
      for (const uint32_t place : Draw(random, count, 10)) ++times[place];
    }
    for (const int seen : times) CHECK(std::abs(seen - static_cast<int>(count) * 1'000) < 300);
  }
}

}  // namespace
}  // namespace usher::engine
