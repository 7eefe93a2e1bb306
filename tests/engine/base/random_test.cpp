// The seedable generator and the unguessable one.
#include "engine/base/random.h"

#include <doctest/doctest.h>

#include <array>
#include <set>

#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("Random: a seed determines the sequence") {
  const uint64_t seed = tests::TestSeed();
  Random first{seed};
  Random second{seed};
  Random other{seed + 1};
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = first.Next();
    REQUIRE(value == second.Next());
    differs = differs || value != other.Next();
  }
  CHECK(differs);
}

TEST_CASE("Random: Below stays below and reaches every value evenly") {
  Random random{tests::TestSeed()};
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) ++counts.at(random.Below(counts.size()));
  for (const int count : counts) {
    CHECK(count > 9'000);
    CHECK(count < 11'000);
  }
}

TEST_CASE("Random: Unit is in [0, 1)") {
  Random random{tests::TestSeed()};
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.Unit();
    REQUIRE(value >= 0);
    REQUIRE(value < 1);
    sum += value;
  }
  CHECK(sum / 100'000 == doctest::Approx(0.5).epsilon(0.02));
}

TEST_CASE("FillSecure: 10,000 tokens of 128 bits are all different") {
  std::set<std::array<unsigned char, 16>> seen;
  for (int i = 0; i < 10'000; ++i) {
    std::array<unsigned char, 16> token{};
    FillSecure(token.data(), token.size());
    seen.insert(token);
  }
  CHECK(seen.size() == 10'000);
}

}  // namespace
}  // namespace usher::engine
