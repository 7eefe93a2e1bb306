// The packed form's bytes: scores, lengths, both directions. Edits against a model are in zset_test.cpp.
#include "engine/zset_packed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("ZsetPacked: every score comes back to the bit") {
  std::vector<double> scores{0.0,
                             -0.0,
                             1,
                             -1,
                             127,
                             -128,
                             0.1,
                             1e300,
                             5e-324,
                             9007199254740991.0,
                             9007199254740992.0,
                             -9007199254740991.0,
                             -9007199254740993.0,
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::max(),
                             1.7e12 + 1.0 / 1024};
  Random random{tests::TestSeed()};
  for (int i = 0; i < 500; ++i) {
    const double score = std::bit_cast<double>(random.Next());
    if (!std::isnan(score)) scores.push_back(score);
    scores.push_back(static_cast<double>(static_cast<int64_t>(random.Next()) >> random.Below(64)));
  }
  for (const double score : scores) {
    ZsetPacked set;
    set.Insert("member", score);
    CHECK(std::bit_cast<uint64_t>(set.Front().score) == std::bit_cast<uint64_t>(score));
    set.Destroy();
  }
}

TEST_CASE("ZsetPacked: entries of any length can be walked both ways") {
  ZsetPacked set;
  const std::vector<size_t> lengths{0, 1, 62, 63, 64, 122, 123, 124, 125, 126, 127, 128, 129, 300, 20'000};
  for (size_t i = 0; i < lengths.size(); ++i) set.Insert(std::string(lengths[i], 'x'), static_cast<double>(i) + 0.5);
  for (const Order order : {Order::kAscending, Order::kReversed}) {
    std::vector<size_t> seen;
    set.ForEach({0, set.size()}, order, [&](std::string_view member, double) { seen.push_back(member.size()); });
    if (order == Order::kReversed) std::reverse(seen.begin(), seen.end());
    CHECK(seen == lengths);
  }
  set.Destroy();
}

TEST_CASE("ZsetPacked: an integer score takes as many bytes as it needs") {
  ZsetPacked small;
  ZsetPacked large;
  for (int i = 0; i < 100; ++i) {
    small.Insert(std::to_string(i), i % 60);
    large.Insert(std::to_string(i), i + 0.1);
  }
  CHECK(small.MemoryBytes() + 500 < large.MemoryBytes());
  small.Destroy();
  large.Destroy();
}

TEST_CASE("ZsetPacked: removing gives memory back, removing all frees it") {
  ZsetPacked set;
  for (int i = 0; i < 1000; ++i) set.Insert(std::to_string(i), i);
  const size_t bytes = set.MemoryBytes();
  set.EraseRange({5, 990});
  CHECK(set.size() == 10);
  CHECK(set.MemoryBytes() < bytes / 4);
  set.EraseRange({0, 10});
  CHECK(set.block() == nullptr);
}

}  // namespace
}  // namespace usher::engine
