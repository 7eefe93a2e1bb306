// ShardSet against std::set.
#include "engine/shard_set.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

std::vector<ShardIndex> Members(const ShardSet& set) {
  std::vector<ShardIndex> members;
  set.ForEach([&](ShardIndex shard) { members.push_back(shard); });
  return members;
}

TEST_CASE("ShardSet: agrees with a std::set under random edits") {
  Random random{tests::TestSeed()};
  ShardSet set;
  std::set<ShardIndex> model;
  for (int step = 0; step < 5'000; ++step) {
    const auto shard = static_cast<ShardIndex>(random.Below(kShardsMax));
    if (random.Below(2) == 0) {
      set.Add(shard);
      model.insert(shard);
    } else {
      set.Remove(shard);
      model.erase(shard);
    }
    REQUIRE(set.Contains(shard) == model.contains(shard));
    REQUIRE(set.size() == model.size());
    REQUIRE(set.empty() == model.empty());
    REQUIRE(Members(set) == std::vector<ShardIndex>(model.begin(), model.end()));
    const auto from = static_cast<ShardIndex>(random.Below(kShardsMax + 1));
    const auto next = model.lower_bound(from);
    REQUIRE(set.Next(from) == (next == model.end() ? kNoShard : *next));
  }
}

TEST_CASE("ShardSet: All and Of, first and last shard") {
  for (const size_t count : {0u, 1u, 63u, 64u, 65u, 255u, 256u}) CHECK(ShardSet::All(count).size() == count);
  CHECK(Members(ShardSet::Of(255)) == std::vector<ShardIndex>{255});
  CHECK(ShardSet::Of(0).First() == 0);
  CHECK(ShardSet().First() == kNoShard);
  CHECK(ShardSet::All(kShardsMax).Next(kShardsMax) == kNoShard);
}

TEST_CASE("ShardSet: ContainsAll and equality") {
  ShardSet some = ShardSet::Of(3);
  some.Add(200);
  CHECK(ShardSet::All(256).ContainsAll(some));
  CHECK(some.ContainsAll(some));
  CHECK(some.ContainsAll(ShardSet()));
  CHECK_FALSE(some.ContainsAll(ShardSet::Of(4)));
  CHECK_FALSE(ShardSet::Of(3).ContainsAll(some));
  ShardSet same = ShardSet::Of(200);
  CHECK(same != some);
  same.Add(3);
  CHECK(same == some);
  same.Clear();
  CHECK(same.empty());
}

}  // namespace
}  // namespace usher::engine
