// Zset against a std::set of (score, member), in both encodings and across the conversion.
#include "engine/zset.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using tests::TestSeed;
using Row = std::pair<double, std::string>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A Zset and its model. The limits decide which encodings are seen.
class Checked {
 public:
  explicit Checked(ZsetLimits limits) : limits_(limits) {}
  ~Checked() { zset_.Destroy(); }
  Checked(const Checked&) = delete;
  Checked& operator=(const Checked&) = delete;

  void Add(const std::string& member, double score, const AddRules& rules) {
    const auto found = scores_.find(member);
    std::optional<double> current;
    if (found != scores_.end()) current = found->second;
    const Result<AddResult> expected = DecideAdd(rules, current, score);
    const Result<AddResult> result = zset_.Add(member, score, rules, limits_);
    REQUIRE(result.error() == expected.error());
    if (!result) return;
    REQUIRE((*result).outcome == (*expected).outcome);
    REQUIRE((*result).old_score == current);
    if (!(*result).added() && !(*result).changed()) return;
    if (current) model_.erase({*current, member});
    // A packed set keeps no sign of zero, as Redis's does not.
    const double kept = zset_.encoding() == Zset::Encoding::kPacked ? (*expected).score + 0.0 : (*expected).score;
    model_.emplace(kept, member);
    scores_[member] = kept;
  }
  void Remove(const std::string& member) {
    const auto found = scores_.find(member);
    const std::optional<double> removed = zset_.Remove(member);
    REQUIRE(removed.has_value() == (found != scores_.end()));
    if (!removed) return;
    REQUIRE(*removed == found->second);
    model_.erase({found->second, member});
    scores_.erase(found);
  }
  std::vector<Row> Expected(RankRange range, Order order) const {
    std::vector<Row> rows(std::next(model_.begin(), static_cast<ptrdiff_t>(range.first)),
                          std::next(model_.begin(), static_cast<ptrdiff_t>(range.first + range.count)));
    if (order == Order::kReversed) std::reverse(rows.begin(), rows.end());
    return rows;
  }
  std::vector<Row> Read(RankRange range, Order order) const {
    std::vector<Row> rows;
    zset_.ForEach(range, order, [&](std::string_view member, double score) { rows.emplace_back(score, member); });
    return rows;
  }
  void RemoveRange(RankRange range, Order order) {
    const std::vector<Row> expected = Expected(range, order);
    std::vector<Row> removed;
    const auto note = [&](std::string_view member, double score) { removed.emplace_back(score, member); };
    REQUIRE(zset_.RemoveRange(range, order, note) == range.count);
    REQUIRE(removed == expected);
    for (const Row& row : expected) {
      model_.erase(row);
      scores_.erase(row.second);
    }
  }
  void CheckEqual() const {
    zset_.CheckInvariants();
    REQUIRE(zset_.size() == model_.size());
    REQUIRE(zset_.empty() == model_.empty());
    for (const Order order : {Order::kAscending, Order::kReversed}) {
      REQUIRE(Read(zset_.All(), order) == Expected(zset_.All(), order));
    }
    size_t rank = 0;
    for (const auto& [score, member] : model_) {
      const std::optional<Zset::Ranked> ranked = zset_.Rank(member);
      REQUIRE(ranked.has_value());
      REQUIRE(ranked->rank == rank);
      REQUIRE(ranked->score == score);
      REQUIRE(std::signbit(*zset_.Score(member)) == std::signbit(score));
      REQUIRE(zset_.At(rank).member == member);
      ++rank;
    }
    if (model_.empty()) return;
    REQUIRE(zset_.Front().member == model_.begin()->second);
    REQUIRE(zset_.Back().member == model_.rbegin()->second);
  }

  Zset zset_;
  ZsetLimits limits_;
  std::set<Row> model_;
  std::map<std::string, double> scores_;
};

std::string MemberOf(Random& random, uint64_t distinct) {
  const uint64_t number = random.Below(distinct);
  std::string member = "m" + std::to_string(number);
  if (number % 31 == 0) member.append(number % 300, 'x');  // lengths that need longer prefixes
  return number == 1 ? std::string() : member;
}

double ScoreOf(Random& random) {
  switch (random.Below(8)) {
    case 0:
      return random.Below(2) == 0 ? kInfinity : -kInfinity;
    case 1:
      return random.Below(2) == 0 ? 0.0 : -0.0;
    case 2:
      return std::ldexp(static_cast<double>(random.Next()), -60);
    case 3:
      return static_cast<double>(random.Next() >> 11) * (random.Below(2) == 0 ? 1 : -1);
    default:
      return static_cast<double>(random.Below(20)) - 10;
  }
}

AddRules RulesOf(Random& random) {
  AddRules rules;
  const uint64_t draw = random.Below(16);
  rules.only_new = draw == 0;
  rules.only_existing = draw == 1 || draw == 2;
  rules.only_greater = draw == 2 || draw == 3;
  rules.only_less = draw == 4 || draw == 5;
  rules.increment = draw == 5 || draw == 6 || draw == 7;
  return rules;
}

void EditAndCheck(ZsetLimits limits, uint64_t distinct, int steps, uint64_t seed) {
  Random random{seed};
  Checked checked(limits);
  for (int step = 0; step < steps; ++step) {
    const bool growing = step / (steps / 6) % 2 == 0;
    const uint64_t kind = random.Below(100);
    if (kind < (growing ? 75u : 30u)) {
      checked.Add(MemberOf(random, distinct), ScoreOf(random), RulesOf(random));
    } else if (kind < 97) {
      checked.Remove(MemberOf(random, distinct));
    } else if (!checked.model_.empty() && random.Below(3) == 0) {
      const size_t first = random.Below(checked.model_.size());
      const size_t count = random.Below(std::min<size_t>(checked.model_.size() - first, 40) + 1);
      checked.RemoveRange({first, count}, random.Below(2) == 0 ? Order::kAscending : Order::kReversed);
    }
    if (step % 97 == 0) checked.CheckEqual();
  }
  checked.RemoveRange(checked.zset_.All(), Order::kAscending);
  checked.CheckEqual();
}

TEST_CASE("Zset: a packed set agrees with the model under random edits") {
  EditAndCheck({.packed_entries_max = 1000, .packed_value_bytes_max = 1000}, 200, 6000, TestSeed());
}

TEST_CASE("Zset: a table agrees with the model under random edits") {
  EditAndCheck({.packed_entries_max = 0, .packed_value_bytes_max = 64}, 1500, 12'000, TestSeed());
}

TEST_CASE("Zset: a set that crosses the limits agrees with the model under random edits") {
  EditAndCheck({}, 300, 6000, TestSeed());
}

TEST_CASE("Zset: ranges by score agree with the model in both encodings") {
  Random random{TestSeed()};
  for (const size_t packed_entries_max : {0u, 1000u}) {
    Checked checked({.packed_entries_max = packed_entries_max, .packed_value_bytes_max = 1000});
    for (int i = 0; i < 300; ++i) checked.Add(MemberOf(random, 1000), ScoreOf(random), {});
    for (int i = 0; i < 2000; ++i) {
      const ScoreRange range{ScoreOf(random), ScoreOf(random), random.Below(2) == 0, random.Below(2) == 0};
      std::vector<Row> expected;
      for (const Row& row : checked.model_) {
        if (range.AboveMin(row.first) && range.BelowMax(row.first)) expected.push_back(row);
      }
      const RankRange ranks = checked.zset_.RanksOf(range);
      REQUIRE(ranks.count == expected.size());
      REQUIRE(checked.Read(ranks, Order::kAscending) == expected);
      const auto offset = static_cast<int64_t>(random.Below(12)) - 1;
      const auto limit = static_cast<int64_t>(random.Below(12)) - 1;
      for (const Order order : {Order::kAscending, Order::kReversed}) {
        std::vector<Row> limited;
        for (size_t k = 0; offset >= 0 && k < expected.size(); ++k) {
          const Row& row = order == Order::kAscending ? expected[k] : expected[expected.size() - 1 - k];
          if (static_cast<int64_t>(k) >= offset && (limit < 0 || static_cast<int64_t>(k) < offset + limit)) {
            limited.push_back(row);
          }
        }
        REQUIRE(checked.Read(ranks.Limited(offset, limit, order), order) == limited);
      }
    }
  }
}

TEST_CASE("Zset: ranges by member agree with the model in both encodings") {
  Random random{TestSeed()};
  for (const size_t packed_entries_max : {0u, 1000u}) {
    Checked checked({.packed_entries_max = packed_entries_max, .packed_value_bytes_max = 1000});
    for (int i = 0; i < 400; ++i) checked.Add(MemberOf(random, 600), 5, {});
    const auto random_bound = [&](std::string& text) {
      text = "[(-+"[random.Below(10) < 8 ? random.Below(2) : 2 + random.Below(2)];
      if (text == "[" || text == "(") text += MemberOf(random, 600);
      return *LexBound::Parse(text);
    };
    for (int i = 0; i < 2000; ++i) {
      std::string min;
      std::string max;
      const LexBound low = random_bound(min);
      const LexRange range{low, random_bound(max)};
      std::vector<Row> expected;
      for (const Row& row : checked.model_) {
        if (range.AboveMin(row.second) && range.BelowMax(row.second)) expected.push_back(row);
      }
      const RankRange ranks = checked.zset_.RanksOf(range);
      REQUIRE(ranks.count == expected.size());
      REQUIRE(checked.Read(ranks, Order::kReversed) == std::vector<Row>(expected.rbegin(), expected.rend()));
    }
  }
}

TEST_CASE("Zset: popping takes the lowest first or the highest first") {
  for (const size_t packed_entries_max : {0u, 1000u}) {
    Zset zset;
    for (int i = 0; i < 200; ++i) zset.Add(std::to_string(i), i, {packed_entries_max, 64});
    std::vector<std::string> popped;
    const auto note = [&](std::string_view member, double) { popped.emplace_back(member); };
    CHECK(zset.PopMin(2, note) == 2);
    CHECK(zset.PopMax(2, note) == 2);
    CHECK(popped == std::vector<std::string>{"0", "1", "199", "198"});
    CHECK(zset.PopMin(1000, note) == 196);
    CHECK(zset.empty());
    CHECK(zset.PopMax(1, note) == 0);
  }
}

TEST_CASE("Zset: moving the lowest to another set keeps their order and loses nobody") {
  for (const size_t packed_entries_max : {0u, 1000u}) {
    Zset waiting;
    Zset active;
    for (int i = 0; i < 500; ++i) waiting.Add(std::to_string(i), i, {packed_entries_max, 64});
    active.Add("3", 1, ZsetLimits{});
    int moved = 0;
    const auto note = [&](std::string_view member, double score) {
      CHECK(member == std::to_string(moved));
      CHECK(score == moved++);
    };
    CHECK(waiting.MoveMin(300, active, 77, {}, note) == 300);
    CHECK(moved == 300);
    CHECK(active.size() == 300);
    CHECK(waiting.size() == 200);
    CHECK(active.Score("3") == 77);
    active.CheckInvariants();
    waiting.CheckInvariants();
    CHECK(waiting.MoveMin(1000, active, 78, {}, note) == 200);
    CHECK(waiting.empty());
    CHECK(active.Back().score == 78);
    active.Destroy();
  }
}

TEST_CASE("Zset: built of entries in any order, it is as if they were added one by one") {
  Random random{TestSeed()};
  ZsetBuilder builder;
  Zset expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string member = "m" + std::to_string(random.Below(4000));
    const double score = static_cast<double>(random.Below(100));
    const bool is_new = !expected.Score(member);
    CHECK(builder.Add(member, score) == is_new);
    if (is_new) expected.Add(member, score, ZsetLimits{.packed_entries_max = 0});
  }
  Zset built = builder.Finish();
  built.CheckInvariants();
  std::vector<std::pair<std::string, double>> entries[2];
  for (const int which : {0, 1}) {
    const Zset& zset = which == 0 ? built : expected;
    zset.ForEach(zset.All(), Order::kAscending,
                 [&](std::string_view member, double score) { entries[which].emplace_back(member, score); });
  }
  CHECK(entries[0] == entries[1]);
  built.Destroy();
  expected.Destroy();
}

TEST_CASE("Zset: conversion to a table happens at the limits and is one way") {
  Zset zset;
  for (int i = 0; i < 128; ++i) zset.Add(std::to_string(i), i, {});
  CHECK(zset.encoding() == Zset::Encoding::kPacked);
  zset.Add("0", 5, ZsetLimits{});
  CHECK(zset.encoding() == Zset::Encoding::kPacked);
  zset.Add("128", 128, ZsetLimits{});
  CHECK(zset.encoding() == Zset::Encoding::kSkipList);
  zset.RemoveRange({1, 128});
  CHECK(zset.encoding() == Zset::Encoding::kSkipList);
  zset.Destroy();

  zset.Add(std::string(64, 'x'), 1, ZsetLimits{});
  CHECK(zset.encoding() == Zset::Encoding::kPacked);
  zset.Add(std::string(65, 'x'), 1, ZsetLimits{});
  CHECK(zset.encoding() == Zset::Encoding::kSkipList);
  zset.Destroy();
}

TEST_CASE("Zset: a scan reports what stays, whatever else comes and goes") {
  Random random{TestSeed()};
  Checked checked({.packed_entries_max = 0, .packed_value_bytes_max = 64});
  for (int i = 0; i < 3000; ++i) checked.Add("stay" + std::to_string(i), i, {});
  std::map<std::string, double> seen;
  uint64_t cursor = 0;
  int calls = 0;
  do {
    cursor =
        checked.zset_.Scan(cursor, [&](std::string_view member, double score) { seen[std::string(member)] = score; });
    for (int i = 0; i < 10; ++i) checked.Add(MemberOf(random, 10'000), ScoreOf(random), {});
    for (int i = 0; i < 5; ++i) checked.Remove(MemberOf(random, 10'000));
    REQUIRE(++calls < 100'000);
  } while (cursor != 0);
  for (int i = 0; i < 3000; ++i) REQUIRE(seen.at("stay" + std::to_string(i)) == i);
}

TEST_CASE("Zset: a copy is equal, of the same encoding, and independent") {
  for (const int entries : {0, 5, 500}) {
    Zset zset;
    for (int i = 0; i < entries; ++i) zset.Add(std::to_string(i), i * 0.5, {});
    Zset copy = zset.Copy();
    zset.Destroy();
    copy.CheckInvariants();
    CHECK(copy.size() == static_cast<size_t>(entries));
    CHECK(copy.encoding() == (entries > 128 ? Zset::Encoding::kSkipList : Zset::Encoding::kPacked));
    for (int i = 0; i < entries; ++i) CHECK(copy.Score(std::to_string(i)) == i * 0.5);
    copy.Destroy();
  }
}

TEST_CASE("Zset: samples are distinct members, and every member has its turn") {
  Random random{TestSeed()};
  for (const size_t packed_entries_max : {0u, 1000u}) {
    Zset zset;
    for (int i = 0; i < 100; ++i) zset.Add(std::to_string(i), i, {packed_entries_max, 64});
    std::map<std::string, int> drawn;
    for (int round = 0; round < 2000; ++round) {
      for (const size_t count : {3u, 40u}) {
        std::set<std::string> sample;
        zset.Sample(count, random, [&](std::string_view member, double) { sample.emplace(member); });
        REQUIRE(sample.size() == count);
        for (const std::string& member : sample) ++drawn[member];
      }
      ++drawn[std::string(zset.RandomEntry(random).member)];
    }
    REQUIRE(drawn.size() == 100);
    for (const auto& [member, times] : drawn) {  // expected 880, deviation below 30
      CHECK(times > 640);
      CHECK(times < 1120);
    }
    size_t all = 0;
    zset.Sample(1000, random, [&](std::string_view, double) { ++all; });
    CHECK(all == 100);
    zset.Destroy();
  }
}

TEST_CASE("Zset: adding an infinity to its opposite is refused and changes nothing") {
  Zset zset;
  zset.Add("a", kInfinity, ZsetLimits{});
  const Result<AddResult> result = zset.Add("a", -kInfinity, {.increment = true}, {});
  CHECK(result.error() == Error::kScoreNan);
  CHECK(zset.Score("a") == kInfinity);
  zset.Destroy();
}

TEST_CASE("Zset: a million members of 15 bytes take at most 50 bytes each") {
  Zset zset;
  for (uint64_t i = 0; i < 1'000'000; ++i) {
    zset.Add("user-" + std::to_string(1'000'000'000 + i), 1.7e12 + static_cast<double>(i) / 1024, {});
  }
  CHECK(zset.MemoryBytes() <= 50'000'000);
  zset.Destroy();
}

}  // namespace
}  // namespace usher::engine
