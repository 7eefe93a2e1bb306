// SkipList: the entries of one sorted set in (score, member) order, stored in blocks; an unrolled, indexable skip list.
//
//   level 1   head -----3----------> T -----3-----> T -----> nil      the number on a link is its span: the entries
//   level 0   head --0-> T ------3-> T --1-> T --2-> T -----> nil      it leaves behind
//   blocks    head ->  [a b c] ->   [d] -> [e f] -> [g h] --> nil
//
// An entry is a score and a 32-bit handle; `Members` turns a handle into the member's bytes. Equal scores are ordered
// by the members' bytes, then by length. The links of a block live in its tower, apart from its entries, each with a
// copy of the first entry it leads to, so that a search walks a small, cache-warm index and then touches one block.
//
// Invariants: (1) level 0 holds every block; entries ascend strictly, within and across blocks. (2) A block has 1 to
// kSkipListBlockEntries entries; the head has none. (3) A block on level i is on all levels below. (4) The span of a
// link is the number of entries between its ends; links to nil keep none, so appending touches the last block only. (5)
// first_score and first_handle of every link equal the first entry of the block they lead to.
//
// A search remembers, per level, the last tower whose first entry is before what is sought. So when the block that is
// to change is entered at its first entry, the path stops strictly before it, which is just when the copies (5) or the
// links to it must be changed; otherwise the path ends in it.
//
// Complexity: O(log n) unless stated; appending at the end and popping at the front are O(1) amortised.
// Blocks filled by appending stay full; an underfull block is merged with a neighbour.
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/skip_list_blocks.h"

namespace usher::engine {

/// What does not depend on members: structure, ranks, cursors, removal by rank.
class SkipListBase {
 public:
  /// A place in the list; invalidated by any change. Past either end it is not valid().
  class Cursor {
   public:
    Cursor() = default;
    Cursor(SkipListNode* block, uint32_t index) : block_(block), index_(index) {}
    bool valid() const { return block_ != nullptr; }
    double score() const { return block_->Scores()[index_]; }
    uint32_t handle() const { return block_->Handles()[index_]; }
    /// O(1). The cursor must be valid.
    void Next() {
      if (++index_ < block_->count) return;
      block_ = block_->next;
      index_ = 0;
    }
    /// O(1). The cursor must be valid.
    void Prev() {
      if (index_ > 0) {
        --index_;
        return;
      }
      block_ = block_->previous->IsHead() ? nullptr : block_->previous;
      index_ = block_ == nullptr ? 0 : block_->count - 1u;
    }

   private:
    SkipListNode* block_ = nullptr;
    uint32_t index_ = 0;
  };

  /// A cursor and its rank (size() past the end).
  struct Position {
    Cursor cursor;
    size_t rank = 0;
  };

  explicit SkipListBase(uint64_t seed);
  SkipListBase(const SkipListBase&) = delete;
  SkipListBase& operator=(const SkipListBase&) = delete;

  size_t size() const { return size_; }
  /// The memory of blocks and towers, without the object itself.
  size_t MemoryBytes() const { return blocks_.MemoryBytes() + towers_.MemoryBytes(); }
  /// O(1).
  Cursor Front() const { return Cursor(head_.next, 0); }
  /// O(1).
  Cursor Back() const { return size_ == 0 ? Cursor() : Cursor(tail_, tail_->count - 1u); }
  /// The entry at `rank`, not valid past the end. O(log n); O(1) at both ends.
  Cursor At(size_t rank) const;
  /// Removes `count` entries from `rank` on; there must be that many. O(log n + count / block size); reads no member.
  void EraseByRank(size_t rank, size_t count);
  /// Appends an entry that the caller knows to come after all others. O(1) amortised.
  void Append(double score, uint32_t handle);

 protected:
  /// Where a search came along: per level the last tower before what is sought, and the rank its block starts at.
  struct Path {
    SkipListTower* towers[kSkipListLevelsMax];
    uint32_t ranks[kSkipListLevelsMax];
    SkipListNode* block;  // the last block whose first entry is before what is sought, or the head
    uint32_t rank;        // where `block` starts
  };
  /// An entry found by way of a path.
  struct Place {
    SkipListNode* block;
    uint32_t index;
  };

  Place PlaceAfter(const Path& path, uint32_t index) const {
    if (index < path.block->count) return {path.block, index};
    return {path.block->next, 0};
  }
  void DescendToRank(size_t rank, Path& path) const;
  void InsertAt(Path& path, Place place, double score, uint32_t handle);
  void RemoveAt(Path& path, Place place);
  void FirstChanged(const Path& path, SkipListNode* block);
  /// Aborts if the structure is broken (everything but the order). O(n).
  void CheckStructure() const;

  SkipListTower* HeadTower() const { return head_.tower; }

  SkipListNode head_;
  SkipListNode* tail_ = nullptr;  // null when empty
  size_t size_ = 0;
  int levels_ = 0;  // levels in use

 private:
  int RandomHeight();
  static void Cover(Path& path, SkipListNode* block, uint32_t rank);
  void AddToSpans(const Path& path, uint32_t change);
  void SplitAndInsert(Path& path, SkipListNode* block, uint32_t block_rank, uint32_t index, double score,
                      uint32_t handle);
  void LinkAfter(Path& path, SkipListNode* left, SkipListNode* block, uint32_t rank, uint32_t added);
  void Unlink(const Path& path, SkipListNode* block, uint32_t removed);
  void RemoveEntries(Path& path, SkipListNode* block, uint32_t index, uint32_t count);
  void MergeIfUnderfull(SkipListNode* block, size_t block_rank);
  void MergeWithNext(SkipListNode* block, size_t block_rank);
  void CheckLevel(int level) const;

  SkipListBlockPool blocks_;
  SkipListTowerPool towers_;
  uint64_t random_state_;
};

/// Members: `std::string_view operator()(uint32_t handle) const`.
template <class Members>
class SkipList : public SkipListBase {
 public:
  SkipList(Members members, uint64_t seed) : SkipListBase(seed), members_(members) {}

  /// Adds an entry that is not there yet. O(log n); O(1) amortised when it comes after all others.
  void Insert(double score, uint32_t handle) {
    const KeyBound key{score, members_(handle), members_};
    if (size_ == 0 || key.Before(Back().score(), Back().handle())) {
      Append(score, handle);
      return;
    }
    Path path;
    Descend(key, path);
    Place place{path.block, path.block->IsHead() ? 0 : SearchBlock(path.block, key)};
    if (path.block->IsHead()) place.block = path.block->next;
    InsertAt(path, place, score, handle);
  }

  /// Removes the entry, which must be there, and returns its handle. O(log n).
  uint32_t Erase(double score, std::string_view member) {
    Path path;
    const Place place = Find(score, member, path);
    const uint32_t handle = place.block->Handles()[place.index];
    RemoveAt(path, place);
    return handle;
  }

  /// Gives the entry, which must be there, a new score; in place when its neighbours allow. O(log n).
  void Update(double score, std::string_view member, double new_score) {
    Path path;
    const Place place = Find(score, member, path);
    if (StaysInOrder(place, new_score, member)) {
      place.block->Scores()[place.index] = new_score;
      if (place.index == 0) FirstChanged(path, place.block);
      return;
    }
    const uint32_t handle = place.block->Handles()[place.index];
    RemoveAt(path, place);
    Insert(new_score, handle);
  }

  /// The rank of the entry, which must be there. O(log n).
  size_t RankOf(double score, std::string_view member) const {
    return LowerBound(KeyBound{score, member, members_}).rank;
  }

  /// The first entry with score >= `score`, or > `score` if `exclusive`. O(log n).
  Position LowerBoundByScore(double score, bool exclusive) const { return LowerBound(ScoreBound{score, exclusive}); }

  /// The first entry with member >= `member`, or > `member` if `exclusive`; scores must all be equal. O(log n).
  Position LowerBoundByLex(std::string_view member, bool exclusive) const {
    return LowerBound(LexBound{member, exclusive, members_});
  }

  /// Aborts if an invariant is broken. O(n).
  void CheckInvariants() const {
    CheckStructure();
    Cursor cursor = Front();
    if (!cursor.valid()) return;
    for (Cursor next = cursor; next.Next(), next.valid(); cursor = next) {
      ASSERT((KeyBound{next.score(), members_(next.handle()), members_}.Before(cursor.score(), cursor.handle())));
    }
  }

 private:
  // What is sought: Before() says whether an entry lies before it, and is monotone along the list.
  struct KeyBound {
    double score;
    std::string_view member;
    const Members& members;
    bool Before(double entry_score, uint32_t handle) const {
      return entry_score < score || (entry_score == score && members(handle) < member);
    }
  };
  struct ScoreBound {
    double score;
    bool exclusive;
    bool Before(double entry_score, uint32_t) const {
      return entry_score < score || (exclusive && entry_score == score);
    }
  };
  struct LexBound {
    std::string_view member;
    bool exclusive;
    const Members& members;
    bool Before(double, uint32_t handle) const {
      const int order = members(handle).compare(member);
      return order < 0 || (exclusive && order == 0);
    }
  };

  template <class Bound>
  void Descend(const Bound& bound, Path& path) const {
    SkipListTower* tower = HeadTower();
    uint32_t rank = 0;
    for (int level = levels_ - 1; level >= 0; --level) {
      for (const SkipListLink* link = &tower->Links()[level];
           link->next != nullptr && bound.Before(link->first_score, link->first_handle);
           link = &tower->Links()[level]) {
        rank += link->span;
        tower = link->next;
      }
      path.towers[level] = tower;
      path.ranks[level] = rank;
    }
    path.block = tower->block;
    path.rank = rank;
  }

  // How many entries of the block are before the bound.
  template <class Bound>
  static uint32_t SearchBlock(SkipListNode* block, const Bound& bound) {
    const double* scores = block->Scores();
    const uint32_t* handles = block->Handles();
    uint32_t low = 0;
    for (uint32_t length = block->count; length > 0;) {
      const uint32_t half = (length + 1) / 2;
      if (bound.Before(scores[low + half - 1], handles[low + half - 1])) low += half;
      length -= half;
    }
    return low;
  }

  // Scores alone decide most searches: no unpredictable branch and no member is read unless scores are equal.
  static uint32_t SearchBlock(SkipListNode* block, const KeyBound& key) {
    PrefetchScores(block);
    const double* scores = block->Scores();
    const uint32_t count = block->count;
    uint32_t low = 0;
    for (uint32_t length = count; length > 0;) {
      const uint32_t half = (length + 1) / 2;
      low += half * static_cast<uint32_t>(scores[low + half - 1] < key.score);
      length -= half;
    }
    if (low == count || scores[low] != key.score) return low;
    uint32_t high = low + 1;
    while (high < count && scores[high] == key.score) ++high;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (key.members(block->Handles()[middle]) < key.member) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // The probes of a binary search depend on each other; the misses need not.
  static void PrefetchScores(const SkipListNode* block) {
    constexpr size_t kLineBytes = 64;
    constexpr size_t kEnd = sizeof(SkipListNode) + sizeof(SkipListBlock::scores);
    const char* start = reinterpret_cast<const char*>(block);
    for (size_t at = 0; at < kEnd; at += kLineBytes) __builtin_prefetch(start + at);
  }

  template <class Bound>
  Position LowerBound(const Bound& bound) const {
    Path path;
    Descend(bound, path);
    const uint32_t index = path.block->IsHead() ? 0 : SearchBlock(path.block, bound);
    const Place place = PlaceAfter(path, index);
    return {Cursor(place.block, place.index), path.rank + size_t{index}};
  }

  Place Find(double score, std::string_view member, Path& path) const {
    const KeyBound key{score, member, members_};
    Descend(key, path);
    const Place place = PlaceAfter(path, path.block->IsHead() ? 0 : SearchBlock(path.block, key));
    ASSERT(place.block != nullptr && place.block->Scores()[place.index] == score);
    ASSERT_DEBUG(members_(place.block->Handles()[place.index]) == member);
    return place;
  }

  bool StaysInOrder(Place place, double new_score, std::string_view member) const {
    const KeyBound key{new_score, member, members_};
    Cursor neighbour(place.block, place.index);
    neighbour.Prev();
    if (neighbour.valid() && !key.Before(neighbour.score(), neighbour.handle())) return false;
    neighbour = Cursor(place.block, place.index);
    neighbour.Next();
    return !neighbour.valid() || !key.Before(neighbour.score(), neighbour.handle());
  }

  Members members_;
};

}  // namespace usher::engine
