// ZsetTable: a large sorted set. Records hold score and member; an index finds a record by its member, a skip list
// keeps the records in order. Both name a record by its 32-bit handle.
//
//   record   [score 8][length, varint][member]     (a 15-byte member: 24 bytes)
//   index    member hash -> handle, 4 bytes and a fingerprint
//   list     (score, handle) in order, 12 bytes
//
// Invariants: index and list hold the same handles; a record's score is its score in the list, to the bit.
// What touches many records fetches them in batches, so that their cache misses overlap.
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/member_watch.h"
#include "engine/record_arena.h"
#include "engine/segment_table.h"
#include "engine/skip_list.h"
#include "engine/varint.h"
#include "engine/zset_add.h"
#include "engine/zset_range.h"

namespace usher::engine {

class ZsetTable {
 public:
  struct Entry {
    std::string_view member;
    double score;
  };

  ZsetTable();
  ZsetTable(const ZsetTable&) = delete;
  ZsetTable& operator=(const ZsetTable&) = delete;

  size_t size() const { return list_.size(); }
  size_t MemoryBytes() const;
  MemberWatchLink& watch() { return watch_; }

  std::optional<double> Score(std::string_view member, uint64_t hash) const;
  /// One lookup in the index, whatever comes of it.
  Result<AddResult> Add(std::string_view member, uint64_t hash, double score, const AddRules& rules);
  /// Appends a member the caller knows to be new and last.
  void Append(std::string_view member, double score) { Insert(member, HashBytes(member), score); }
  /// An entry that waits for its place in the order.
  struct Unplaced {
    double score;
    uint32_t handle;
  };
  /// Adds a member whose place comes later; until then only this may be called. None: it is there already.
  std::optional<Unplaced> AddUnplaced(std::string_view member, uint64_t hash, double score);
  /// Gives all entries, which are these, their places. O(n log n), but quicker than one by one.
  void PlaceAll(std::vector<Unplaced>& entries);
  /// The removed member's score.
  std::optional<double> Remove(std::string_view member, uint64_t hash);
  void Prefetch(uint64_t hash) const { index_.Prefetch(hash); }
  /// Starts loading the member's record; useful some time after Prefetch().
  void PrefetchRecord(uint64_t hash) const {
    index_.Find(hash, [this](uint32_t handle) {
      arena_.Prefetch(handle);
      return false;
    });
  }

  size_t RankOf(std::string_view member, double score) const { return list_.RankOf(score, member); }
  RankRange RanksOf(const ScoreRange& range) const;
  RankRange RanksOf(const LexRange& range) const;
  Entry At(size_t rank) const { return EntryOf(list_.At(rank)); }
  Entry Front() const { return EntryOf(list_.Front()); }
  Entry Back() const { return EntryOf(list_.Back()); }

  /// Calls fn(member, score) for the entries of `range`, read in `order`.
  template <class Fn>
  void ForEach(RankRange range, Order order, Fn&& fn) const {
    ForEachBatch(range, order, [&](const Batch& batch) {
      for (size_t i = 0; i < batch.count; ++i) fn(MemberOf(arena_, batch.handles[i]), batch.scores[i]);
    });
  }

  /// Removes the entries of `range`, calling fn(member, hash, score) for each before it is gone, and foresee(hash) some
  /// entries earlier. Neither may touch this set.
  template <class Foresee, class Fn>
  void EraseRange(RankRange range, Order order, Foresee&& foresee, Fn&& fn) {
    if (range.count == 0) return;
    ForEachBatch(range, order, [&](const Batch& batch) {
      uint64_t hashes[kBatchEntries];
      for (size_t i = 0; i < batch.count; ++i) {
        hashes[i] = HashBytes(MemberOf(arena_, batch.handles[i]));
        index_.Prefetch(hashes[i]);
        foresee(hashes[i]);
      }
      for (size_t i = 0; i < batch.count; ++i) {
        const uint32_t handle = batch.handles[i];
        watch_.BeforeChange(hashes[i], MemberOf(arena_, handle));
        index_.Erase(hashes[i], index_.Find(hashes[i], [handle](uint32_t slot) { return slot == handle; }));
        const std::string_view member = MemberOf(arena_, handle);
        fn(member, hashes[i], batch.scores[i]);
        arena_.Free(handle, RecordBytes(member));
      }
    });
    list_.EraseByRank(range.first, range.count);
  }

  /// Calls fn(member, score) for some members and returns the next cursor, 0 at the end; see SegmentTable::Scan.
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const {
    return index_.Scan(cursor, [&](uint32_t handle) { fn(MemberOf(arena_, handle), ScoreOf(arena_, handle)); });
  }

  /// Aborts if list and index disagree. O(n log n).
  void CheckInvariants() const;

 private:
  static constexpr size_t kBatchEntries = 16;

  struct Members {
    const RecordArena* arena;
    std::string_view operator()(uint32_t handle) const { return MemberOf(*arena, handle); }
  };
  struct IndexPolicy {
    using Slot = uint32_t;
    const RecordArena* arena;
    uint64_t HashOf(uint32_t handle) const { return HashBytes(MemberOf(*arena, handle)); }
    void PrefetchSlot(uint32_t handle) const { arena->Prefetch(handle); }
  };
  struct Batch {
    size_t count;
    uint32_t handles[kBatchEntries];
    double scores[kBatchEntries];
  };

  static double ScoreOf(const RecordArena& arena, uint32_t handle) {
    double score;
    std::memcpy(&score, arena.At(handle), sizeof(score));
    return score;
  }
  static std::string_view MemberOf(const RecordArena& arena, uint32_t handle) {
    uint64_t length = 0;
    const char* member = GetVarint(arena.At(handle) + sizeof(double), length);
    return {member, static_cast<size_t>(length)};
  }
  static size_t RecordBytes(std::string_view member) {
    return sizeof(double) + VarintBytes(member.size()) + member.size();
  }
  Entry EntryOf(SkipListBase::Cursor cursor) const { return {MemberOf(arena_, cursor.handle()), cursor.score()}; }

  uint32_t* FindSlot(std::string_view member, uint64_t hash) const {
    return index_.Find(hash, [&](uint32_t handle) { return MemberOf(arena_, handle) == member; });
  }
  uint32_t NewRecord(std::string_view member, uint64_t hash, double score);
  void Insert(std::string_view member, uint64_t hash, double score) {
    list_.Insert(score, NewRecord(member, hash, score));
  }

  template <class Visit>
  void ForEachBatch(RankRange range, Order order, Visit&& visit) const {
    if (range.count == 0) return;
    SkipListBase::Cursor cursor = list_.At(order == Order::kAscending ? range.first : range.first + range.count - 1);
    Batch batch;
    for (size_t left = range.count; left > 0; left -= batch.count) {
      batch.count = std::min(left, kBatchEntries);
      for (size_t i = 0; i < batch.count; ++i) {
        batch.handles[i] = cursor.handle();
        batch.scores[i] = cursor.score();
        arena_.Prefetch(batch.handles[i]);
        order == Order::kAscending ? cursor.Next() : cursor.Prev();
      }
      visit(batch);
    }
  }

  RecordArena arena_;
  SegmentTable<IndexPolicy> index_;
  SkipList<Members> list_;
  MemberWatchLink watch_;
};

}  // namespace usher::engine
