// Zset: a sorted set, in 8 bytes: nothing when empty, a packed block while small (zset_packed.h), a table with a skip
// list from then on (zset_table.h). Encodings stay inside; the way from packed to table is one way, as in Redis.
//
// Ranges by score, by member and by index all become a RankRange (zset_range.h), which is then counted, read or
// removed:
//   zset.ForEach(zset.RanksOf(score_range).Limited(offset, count, order), order, fn)
//
// Invariant: the word is 0, or a ZsetPacked block, or a ZsetTable with bit 0 set.
// Ownership: a Zset is a plain word that may be moved bytewise and put into a tagged value; whoever drops the last copy
// calls Destroy(). Members are views into the set, valid until it is changed. Scores are never NaN.
// Complexity: table O(log n), O(1) for Score, Front, Back, for adding at the end and per entry popped; packed O(n).
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/zset_add.h"
#include "engine/zset_packed.h"
#include "engine/zset_range.h"
#include "engine/zset_table.h"

namespace usher::engine {

/// Beyond either, a packed set becomes a table.
struct ZsetLimits {
  size_t packed_entries_max = 128;
  size_t packed_value_bytes_max = 64;
};

/// A member to look up, with its hash if the caller has it already (Zset::HashOf).
class ZsetKey {
 public:
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> ZsetKey(const Text& member)
      : member_(member) {}  // NOLINT(google-explicit-constructor)
  ZsetKey(std::string_view member, uint64_t hash) : member_(member), hash_(hash), hashed_(true) {}

  std::string_view member() const { return member_; }
  uint64_t Hash() const { return hashed_ ? hash_ : HashBytes(member_); }

 private:
  std::string_view member_;
  uint64_t hash_ = 0;
  bool hashed_ = false;
};

class Zset {
 public:
  enum class Encoding : uint8_t { kPacked, kSkipList };
  struct Entry {
    std::string_view member;
    double score;
  };
  struct Ranked {
    size_t rank;
    double score;
  };

  Zset() = default;
  /// Takes back what word() gave.
  static Zset FromWord(uint64_t word);
  uint64_t word() const { return word_; }
  /// Frees everything; the set is empty afterwards. A table of a million entries is freed in some thousand steps.
  void Destroy();
  /// A set of its own with the same entries and encoding. O(n).
  Zset Copy() const;

  size_t size() const { return is_table() ? table().size() : packed().size(); }
  bool empty() const { return word_ == 0; }
  Encoding encoding() const { return is_table() ? Encoding::kSkipList : Encoding::kPacked; }
  /// Heap memory, allocator rounding included.
  size_t MemoryBytes() const { return is_table() ? table().MemoryBytes() : packed().MemoryBytes(); }

  static uint64_t HashOf(std::string_view member) { return HashBytes(member); }
  /// Starts loading what a lookup of that hash reads first.
  void Prefetch(uint64_t hash) const {
    if (is_table()) table().Prefetch(hash);
  }
  /// The same for several members, their records included.
  void PrefetchAll(std::span<const uint64_t> hashes) const;

  std::optional<double> Score(const ZsetKey& key) const;
  std::optional<Ranked> Rank(const ZsetKey& key) const;
  /// Sets a score, whatever it was. `score` is not NaN.
  AddResult Add(const ZsetKey& key, double score, const ZsetLimits& limits);
  /// Adds, sets or increments as `rules` say. kScoreNan, which changes nothing. The key must not be a view of this set.
  Result<AddResult> Add(const ZsetKey& key, double score, const AddRules& rules, const ZsetLimits& limits);
  /// The removed member's score.
  std::optional<double> Remove(const ZsetKey& key);

  /// The first entry; the set must not be empty.
  Entry Front() const;
  /// The last entry; the set must not be empty.
  Entry Back() const;
  /// The entry at `rank`, which must be below size().
  Entry At(size_t rank) const;
  RankRange All() const { return {0, size()}; }
  RankRange RanksOf(const ScoreRange& range) const;
  /// Meant for sets whose scores are all equal, as in Redis.
  RankRange RanksOf(const LexRange& range) const;

  /// Calls fn(member, score) for the entries of `range` (within size()), read in `order`.
  template <class Fn>
  void ForEach(RankRange range, Order order, Fn&& fn) const {
    if (is_table()) {
      table().ForEach(range, order, fn);
    } else {
      packed().ForEach(range, order, fn);
    }
  }

  /// Removes the entries of `range` and returns their number.
  size_t RemoveRange(RankRange range) {
    return RemoveRange(range, Order::kAscending, [](std::string_view, double) {});
  }
  /// The same, calling fn(member, score) for each in `order` before it is gone. fn must not touch this set.
  template <class Fn>
  size_t RemoveRange(RankRange range, Order order, Fn&& fn) {
    return RemoveForeseen(
        range, order, [](uint64_t) {}, [&](const ZsetKey& key, double score) { fn(key.member(), score); });
  }
  /// Removes up to `count` entries with the lowest scores, lowest first.
  template <class Fn>
  size_t PopMin(size_t count, Fn&& fn) {
    return RemoveRange({0, std::min(count, size())}, Order::kAscending, fn);
  }
  /// Removes up to `count` entries with the highest scores, highest first.
  template <class Fn>
  size_t PopMax(size_t count, Fn&& fn) {
    const size_t taken = std::min(count, size());
    return RemoveRange({size() - taken, taken}, Order::kReversed, fn);
  }

  /// Moves up to `count` entries with the lowest scores to `to`, another set, with `new_score`, calling fn(member,
  /// score) for each, lowest first. For thousands at once: each member is hashed once and both sets are read ahead.
  template <class Fn>
  size_t MoveMin(size_t count, Zset& to, double new_score, const ZsetLimits& limits, Fn&& fn) {
    return RemoveForeseen(
        {0, std::min(count, size())}, Order::kAscending, [&](uint64_t hash) { to.Prefetch(hash); },
        [&](const ZsetKey& key, double score) {
          to.Add(key, new_score, limits);
          fn(key.member(), score);
        });
  }

  /// Calls fn(member, score) for some members and returns the next cursor, 0 at the end. What is there throughout is
  /// reported at least once; a packed set is reported whole.
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const {
    if (is_table()) return table().Scan(cursor, fn);
    packed().ForEach(All(), Order::kAscending, fn);
    return 0;
  }

  /// A uniformly drawn entry; the set must not be empty.
  Entry RandomEntry(Random& random) const { return At(random.Below(size())); }
  /// Calls fn(member, score) for min(count, size()) different entries, every choice of them equally likely.
  template <class Fn>
  void Sample(size_t count, Random& random, Fn&& fn) const;

  /// Who is told of changes of members, only possible for a table; null: nobody.
  MemberWatch* watch() const { return is_table() ? table().watch().get() : nullptr; }
  void SetWatch(MemberWatch* watch) const { table().watch().Set(watch); }

  /// Aborts if an invariant is broken.
  void CheckInvariants() const;

 private:
  friend class ZsetBuilder;
  static constexpr uint64_t kTableBit = 1;

  bool is_table() const { return (word_ & kTableBit) != 0; }
  ZsetTable& table() const { return *reinterpret_cast<ZsetTable*>(word_ & ~kTableBit); }
  ZsetPacked packed() const { return ZsetPacked(reinterpret_cast<char*>(word_)); }
  void Keep(ZsetPacked set) { word_ = reinterpret_cast<uint64_t>(set.block()); }
  // fn(key, score) before each entry is gone; foresee(hash) earlier, when hashes are known at all.
  template <class Foresee, class Fn>
  size_t RemoveForeseen(RankRange range, Order order, Foresee&& foresee, Fn&& fn) {
    if (!is_table()) {
      ZsetPacked set = packed();
      set.ForEach(range, order, fn);
      set.EraseRange(range);
      Keep(set);
      return range.count;
    }
    table().EraseRange(range, order, foresee,
                       [&](std::string_view member, uint64_t hash, double score) { fn(ZsetKey(member, hash), score); });
    if (table().size() == 0) Destroy();
    return range.count;
  }
  void BecomeTable();
  static std::vector<size_t> DrawRanks(size_t count, size_t size, Random& random);
  Result<AddResult> AddToPacked(const ZsetKey& key, double score, const AddRules& rules, const ZsetLimits& limits);

  uint64_t word_ = 0;
};

static_assert(sizeof(Zset) == 8);

/// Makes a large set of entries in any order, quicker than adding one after the other.
class ZsetBuilder {
 public:
  ZsetBuilder();
  ~ZsetBuilder();
  ZsetBuilder(const ZsetBuilder&) = delete;
  ZsetBuilder& operator=(const ZsetBuilder&) = delete;

  /// False: the member is there already.
  bool Add(std::string_view member, double score);
  /// The set, which belongs to the caller. Something must have been added.
  Zset Finish();

 private:
  ZsetTable* table_;
  std::vector<ZsetTable::Unplaced> entries_;
};

// Few of many: draws ranks until enough are different, each looked up. Otherwise one walk that takes each entry with
// the probability that fills what is left to take from what is left to see.
template <class Fn>
void Zset::Sample(size_t count, Random& random, Fn&& fn) const {
  const size_t total = size();
  size_t wanted = std::min(count, total);
  if (is_table() && wanted < total / 16) {
    for (const size_t rank : DrawRanks(wanted, total, random)) {
      const Entry entry = At(rank);
      fn(entry.member, entry.score);
    }
    return;
  }
  size_t unseen = total;
  ForEach(All(), Order::kAscending, [&](std::string_view member, double score) {
    if (random.Below(unseen--) >= wanted) return;
    --wanted;
    fn(member, score);
  });
}

}  // namespace usher::engine
