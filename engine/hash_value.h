// Hash: the value of a hash key. A plain 8-byte handle in one of two forms:
//
//   word 0 or even   packed: the block of a PackedList of field, value, field, value ... in order of creation
//   word odd         table: a Table on the heap
//                      arena    records [field length][value length][field][value], the lengths as varints
//                      index    SegmentTable from a field's hash to its record's handle, 4 bytes a slot
//
// A hash is packed until it has more fields, or a longer field or value, than the limits given to Set(); it does not go
// back until it is empty. Copying the handle copies the pointer: one copy is the owner, and Destroy() frees.
// Texts handed out live until the next change (packed ones may be spelled out in the caller's scratch, and those given
// to a callback end with it). A field or value given to Set() must not point into the same hash. Complexity: packed
// O(fields); table O(1), and no change ever rehashes or moves the whole. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/random.h"
#include "engine/member_watch.h"
#include "engine/packed_list.h"
#include "engine/record_arena.h"
#include "engine/segment_table.h"

namespace usher::engine {

/// Up to where a hash stays packed (hash-max-listpack-entries, hash-max-listpack-value).
struct HashLimits {
  size_t packed_entries_max = 512;
  size_t packed_value_bytes_max = 64;
};

class Hash {
 public:
  enum class Encoding : uint8_t { kListpack, kHashtable };
  enum class SetResult : uint8_t { kCreated, kUpdated };

  size_t size() const { return IsTable() ? table()->index.size() : packed().size() / 2; }
  bool empty() const { return word_ == 0; }
  /// By Redis's names.
  Encoding encoding() const { return IsTable() ? Encoding::kHashtable : Encoding::kListpack; }

  std::optional<std::string_view> Get(std::string_view field, PackedScratch& scratch) const;
  bool Contains(std::string_view field) const;
  /// Length of the value, 0 without such a field.
  size_t ValueLength(std::string_view field) const;
  SetResult Set(std::string_view field, std::string_view value, const HashLimits& limits);
  /// True if the field was there.
  bool Delete(std::string_view field);
  /// Leaves the packed form now, as Redis does when one command brings more fields than may be packed.
  void ConvertToTable();

  /// Calls fn(field, value) for every field: in order of creation when packed. fn must not change the hash.
  template <class Fn>
  void ForEach(Fn&& fn) const;
  /// Calls fn(field, value) for some fields and returns the next cursor, 0 at the end. A packed hash is reported whole.
  /// What is there from the first call to the last is reported at least once. fn must not change the hash.
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const;
  /// Calls fn(field, value) for one field, uniformly drawn. The hash must not be empty.
  template <class Fn>
  void RandomEntry(Random& random, Fn&& fn) const;
  /// Calls fn(field, value) for min(count, size()) different fields, uniformly drawn.
  template <class Fn>
  void RandomDistinct(Random& random, size_t count, Fn&& fn) const;
  /// Calls fn(field, value) `count` times, each field drawn anew. The hash must not be empty.
  template <class Fn>
  void RandomRepeated(Random& random, size_t count, Fn&& fn) const;

  /// Who is told of changes of fields, only possible for a table; null: nobody.
  MemberWatch* watch() const { return IsTable() ? table()->watch.get() : nullptr; }
  void SetWatch(MemberWatch* watch) const { table()->watch.Set(watch); }

  /// Heap bytes really held. O(1).
  size_t MemoryBytes() const;
  Hash Copy() const;
  /// Frees everything; the hash is empty afterwards.
  void Destroy();

 private:
  // Where an entry is: a position in the packed list, or a record's handle.
  using Place = uint32_t;

  struct Record {
    std::string_view field;
    std::string_view value;
    size_t bytes;  // of the whole record
  };
  struct IndexPolicy {
    using Slot = RecordArena::Handle;
    const RecordArena* arena;
    uint64_t HashOf(Slot slot) const { return HashBytes(RecordAt(arena->At(slot)).field); }
    void PrefetchSlot(Slot slot) const { arena->Prefetch(slot); }
  };
  struct Table {
    RecordArena arena;
    SegmentTable<IndexPolicy> index{IndexPolicy{&arena}};
    MemberWatchLink watch;

    RecordArena::Handle* Find(uint64_t hash, std::string_view field) const;
    void Add(uint64_t hash, std::string_view field, std::string_view value);
    RecordArena::Handle NewRecord(std::string_view field, std::string_view value);
  };

  static constexpr uint64_t kTableFlag = 1;

  static Record RecordAt(const char* at);
  bool IsTable() const { return (word_ & kTableFlag) != 0; }
  Table* table() const { return reinterpret_cast<Table*>(word_ - kTableFlag); }
  PackedList packed() const { return PackedList::FromBlock(reinterpret_cast<void*>(word_)); }
  void SetPacked(PackedList list) { word_ = reinterpret_cast<uintptr_t>(list.block()); }
  void SetTable(Table* new_table) { word_ = reinterpret_cast<uintptr_t>(new_table) | kTableFlag; }

  SetResult SetInPacked(std::string_view field, std::string_view value);
  SetResult SetInTable(std::string_view field, std::string_view value);
  bool DeleteFromTable(std::string_view field);
  Table* NewTableOfFields() const;
  Place RandomPlace(Random& random) const;
  std::vector<Place> AllPlaces() const;
  std::vector<Place> DistinctPlaces(Random& random, size_t count) const;

  template <class Fn>
  void Visit(Place place, Fn&& fn) const {
    if (IsTable()) {
      const Record record = RecordAt(table()->arena.At(place));
      fn(record.field, record.value);
      return;
    }
    const PackedList list = packed();
    PackedScratch field_scratch;
    PackedScratch value_scratch;
    fn(list.At(place).Text(field_scratch), list.At(list.Next(place)).Text(value_scratch));
  }
  template <class Fn>
  void ForEachPlace(Fn&& fn) const {
    if (IsTable()) return table()->index.ForEach([&](RecordArena::Handle handle) { fn(handle); });
    const PackedList list = packed();
    for (auto at = list.Begin(); at != list.End(); at = list.Next(list.Next(at))) fn(at);
  }

  uint64_t word_ = 0;
};
static_assert(sizeof(Hash) == 8 && std::is_trivially_copyable_v<Hash>);

template <class Fn>
void Hash::ForEach(Fn&& fn) const {
  ForEachPlace([&](Place place) { Visit(place, fn); });
}

template <class Fn>
uint64_t Hash::Scan(uint64_t cursor, Fn&& fn) const {
  if (IsTable()) {
    return table()->index.Scan(cursor, [&](RecordArena::Handle handle) { Visit(handle, fn); });
  }
  ForEach(fn);
  return 0;
}

template <class Fn>
void Hash::RandomEntry(Random& random, Fn&& fn) const {
  Visit(RandomPlace(random), fn);
}

template <class Fn>
void Hash::RandomDistinct(Random& random, size_t count, Fn&& fn) const {
  for (const Place place : DistinctPlaces(random, count)) Visit(place, fn);
}

template <class Fn>
void Hash::RandomRepeated(Random& random, size_t count, Fn&& fn) const {
  if (IsTable()) {
    for (size_t i = 0; i < count; ++i) Visit(RandomPlace(random), fn);
    return;
  }
  const std::vector<Place> places = AllPlaces();  // one walk instead of one per draw
  for (size_t i = 0; i < count; ++i) Visit(places[random.Below(places.size())], fn);
}

}  // namespace usher::engine
