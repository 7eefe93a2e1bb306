// SkipList against a std::set of (score, member), under seeded random edits.
#include "engine/skip_list.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using tests::TestSeed;

// Members live in a vector; a handle is an index.
struct VectorMembers {
  const std::vector<std::string>* names;
  std::string_view operator()(uint32_t handle) const { return (*names)[handle]; }
};

using ModelSet = std::set<std::pair<double, std::string>>;

class Pair {
 public:
  explicit Pair(uint64_t seed) : list_(VectorMembers{&names_}, seed) { names_.reserve(1'000'000); }

  void Insert(double score, const std::string& member) {
    if (!scores_.emplace(member, score).second) return;
    names_.push_back(member);
    list_.Insert(score, static_cast<uint32_t>(names_.size() - 1));
    model_.emplace(score, member);
  }
  void Erase(const std::string& member) {
    const auto found = scores_.find(member);
    if (found == scores_.end()) return;
    const uint32_t handle = list_.Erase(found->second, member);
    CHECK(names_[handle] == member);
    model_.erase({found->second, member});
    scores_.erase(found);
  }
  void Update(const std::string& member, double score) {
    const auto found = scores_.find(member);
    if (found == scores_.end()) return;
    list_.Update(found->second, member, score);
    model_.erase({found->second, member});
    model_.emplace(score, member);
    found->second = score;
  }
  void EraseByRank(size_t rank, size_t count) {
    list_.EraseByRank(rank, count);
    auto first = std::next(model_.begin(), static_cast<ptrdiff_t>(rank));
    for (; count > 0; --count) {
      scores_.erase(first->second);
      first = model_.erase(first);
    }
  }
  void CheckEqual() const {
    list_.CheckInvariants();
    REQUIRE(list_.size() == model_.size());
    size_t rank = 0;
    SkipListBase::Cursor cursor = list_.Front();
    for (const auto& [score, member] : model_) {
      REQUIRE(cursor.valid());
      REQUIRE(cursor.score() == score);
      REQUIRE(names_[cursor.handle()] == member);
      REQUIRE(list_.RankOf(score, member) == rank);
      REQUIRE(list_.At(rank).handle() == cursor.handle());
      cursor.Next();
      ++rank;
    }
    CHECK_FALSE(cursor.valid());
    CHECK_FALSE(list_.At(rank).valid());
    cursor = list_.Back();
    for (auto entry = model_.rbegin(); entry != model_.rend(); ++entry, cursor.Prev()) {
      REQUIRE(names_[cursor.handle()] == entry->second);
    }
    CHECK_FALSE(cursor.valid());
  }

  std::vector<std::string> names_;
  SkipList<VectorMembers> list_;
  ModelSet model_;
  std::map<std::string, double> scores_;
};

std::string MemberOf(uint64_t number) {
  return "m" + std::to_string(number);
}

TEST_CASE("SkipList: agrees with the model under random edits") {
  Random random{TestSeed()};
  for (const uint64_t distinct_scores : {3u, 200u, 1'000'000u}) {
    Pair pair(random.Next());
    const auto random_score = [&] {
      const uint64_t draw = random.Below(distinct_scores + 3);
      if (draw == 0) return -std::numeric_limits<double>::infinity();
      if (draw == 1) return std::numeric_limits<double>::infinity();
      if (draw == 2) return -0.0;
      return static_cast<double>(draw - 3) - static_cast<double>(distinct_scores / 2);
    };
    for (int step = 0; step < 12'000; ++step) {
      const bool growing = step / 3000 % 2 == 0;  // grows, shrinks, grows, shrinks
      const std::string member = MemberOf(random.Below(4000));
      const uint64_t kind = random.Below(100);
      if (kind < (growing ? 70u : 25u)) {
        pair.Insert(random_score(), member);
      } else if (kind < 80) {
        pair.Erase(member);
      } else if (kind < 99) {
        const auto found = pair.scores_.find(member);
        const bool nudge = found != pair.scores_.end() && std::isfinite(found->second) && random.Below(2) == 0;
        pair.Update(member, nudge ? found->second + 0.25 : random_score());
      } else if (pair.list_.size() > 0 && random.Below(4) == 0) {
        const size_t rank = random.Below(pair.list_.size());
        pair.EraseByRank(rank, random.Below(std::min<size_t>(pair.list_.size() - rank, 300) + 1));
      }
      if (step % 500 == 0) pair.CheckEqual();
    }
    pair.CheckEqual();
  }
}

TEST_CASE("SkipList: lower bounds by score agree with the model") {
  Random random{TestSeed()};
  Pair pair(random.Next());
  for (int step = 0; step < 3000; ++step) pair.Insert(static_cast<double>(random.Below(300)), MemberOf(random.Next()));
  for (double score = -1; score <= 301; score += 0.5) {
    const auto inclusive = pair.model_.lower_bound({score, ""});
    const auto exclusive = pair.model_.lower_bound({std::nextafter(score, 1e9), ""});
    CHECK(pair.list_.LowerBoundByScore(score, false).rank ==
          static_cast<size_t>(std::distance(pair.model_.begin(), inclusive)));
    const SkipListBase::Position position = pair.list_.LowerBoundByScore(score, true);
    CHECK(position.rank == static_cast<size_t>(std::distance(pair.model_.begin(), exclusive)));
    CHECK(position.cursor.valid() == (exclusive != pair.model_.end()));
    if (position.cursor.valid()) CHECK(pair.names_[position.cursor.handle()] == exclusive->second);
  }
}

TEST_CASE("SkipList: lower bounds by lex agree with the model when scores are equal") {
  Random random{TestSeed()};
  Pair pair(random.Next());
  for (int step = 0; step < 2000; ++step) pair.Insert(7, MemberOf(random.Below(5000)));
  for (int step = 0; step < 2000; ++step) {
    const std::string member = MemberOf(random.Below(5000));
    const auto inclusive = pair.model_.lower_bound({7, member});
    const auto exclusive = pair.model_.upper_bound({7, member});
    CHECK(pair.list_.LowerBoundByLex(member, false).rank ==
          static_cast<size_t>(std::distance(pair.model_.begin(), inclusive)));
    CHECK(pair.list_.LowerBoundByLex(member, true).rank ==
          static_cast<size_t>(std::distance(pair.model_.begin(), exclusive)));
  }
}

TEST_CASE("SkipList: appending in order leaves full blocks, at either end") {
  for (const double direction : {1.0, -1.0}) {
    Pair pair(TestSeed());
    for (int step = 0; step < 20'000; ++step) pair.Insert(direction * step, MemberOf(static_cast<uint64_t>(step)));
    pair.CheckEqual();
    CHECK(pair.list_.MemoryBytes() < 20'000 * 15);
  }
}

TEST_CASE("SkipList: a queue that is appended to and popped keeps its memory bounded") {
  Pair pair(TestSeed());
  for (uint64_t step = 0; step < 60'000; ++step) {
    pair.Insert(static_cast<double>(step), MemberOf(step));
    if (step >= 2000) pair.EraseByRank(0, 1);
  }
  pair.CheckEqual();
  CHECK(pair.list_.MemoryBytes() < 2000 * 30);
  pair.EraseByRank(0, 2000);
  pair.CheckEqual();
}

TEST_CASE("SkipList: blocks that random removals leave underfull are merged and reused") {
  Random random{TestSeed()};
  Pair pair(random.Next());
  size_t bytes_first = 0;
  for (uint64_t round = 0; round < 8; ++round) {
    // Every round lives in a range of its own, so that only merging frees the blocks of the rounds before.
    for (uint64_t step = 0; step < 10'000; ++step) {
      pair.Insert(static_cast<double>(round) + random.Unit(), MemberOf(round * 10'000 + step));
    }
    if (round == 0) bytes_first = pair.list_.MemoryBytes();
    for (uint64_t step = 0; step < 10'000; ++step) {
      if (step % 50 != 0) pair.Erase(MemberOf(round * 10'000 + step));
    }
  }
  pair.CheckEqual();
  CHECK(pair.list_.MemoryBytes() < bytes_first * 2);
}

}  // namespace
}  // namespace usher::engine
