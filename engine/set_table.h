// SetTable: the large form of a set: an index of members that live as records in an arena.
//
//   arena    records [member length, a varint][member]
//   index    SegmentTable from a member's hash to its record's handle, 4 bytes a slot
//
// So a 15-byte member takes 16 bytes and some 6 of the index, and freeing a million of them frees some chunks.
// Members handed out live until the next change. Complexity: all O(1), but for the walks; no change ever rehashes or
// moves the whole. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/member_watch.h"
#include "engine/record_arena.h"
#include "engine/segment_table.h"
#include "engine/varint.h"

namespace usher::engine {

class SetTable {
 public:
  using Handle = RecordArena::Handle;

  SetTable() = default;
  SetTable(const SetTable&) = delete;
  SetTable& operator=(const SetTable&) = delete;

  size_t size() const { return index_.size(); }
  bool Contains(std::string_view member) const { return Find(HashBytes(member), member) != nullptr; }
  /// False if it was there.
  bool Add(std::string_view member);
  /// The same for a member known to be absent.
  void AddNew(std::string_view member) { AddHashed(HashBytes(member), member); }
  /// False if it was not there.
  bool Remove(std::string_view member);
  /// Removes the member of a live handle.
  void RemoveAt(Handle handle);

  std::string_view At(Handle handle) const { return MemberAt(arena_.At(handle)); }
  /// A uniformly drawn member. The table must not be empty.
  Handle RandomHandle(Random& random) const { return *index_.RandomSlot(random); }
  /// Starts loading what Contains() and the like will read of the index.
  void Prefetch(std::string_view member) const { index_.Prefetch(HashBytes(member)); }

  /// Calls fn(handle) for every member. fn must not change the table.
  template <class Fn>
  void ForEachHandle(Fn&& fn) const {
    index_.ForEach([&](Handle handle) { fn(handle); });
  }
  /// Calls fn(member) for some members and returns the next cursor, 0 at the end (SegmentTable::Scan).
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const {
    return index_.Scan(cursor, [&](Handle handle) { fn(At(handle)); });
  }

  MemberWatchLink& watch() { return watch_; }
  /// Heap bytes held, without this object itself. O(1).
  size_t MemoryBytes() const { return arena_.MemoryBytes() + index_.MemoryBytes(); }

 private:
  struct IndexPolicy {
    using Slot = Handle;
    const RecordArena* arena;
    uint64_t HashOf(Slot slot) const { return HashBytes(MemberAt(arena->At(slot))); }
    void PrefetchSlot(Slot slot) const { arena->Prefetch(slot); }
  };

  static std::string_view MemberAt(const char* at) {
    uint64_t bytes = 0;
    const char* text = GetVarint(at, bytes);
    return {text, bytes};
  }
  static size_t RecordBytes(std::string_view member) { return VarintBytes(member.size()) + member.size(); }
  Handle* Find(uint64_t hash, std::string_view member) const {
    return index_.Find(hash, [&](Handle handle) { return At(handle) == member; });
  }
  void AddHashed(uint64_t hash, std::string_view member);
  void EraseSlot(uint64_t hash, Handle* slot);

  RecordArena arena_;
  SegmentTable<IndexPolicy> index_{IndexPolicy{&arena_}};
  MemberWatchLink watch_;
};

}  // namespace usher::engine
