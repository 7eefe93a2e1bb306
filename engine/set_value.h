// Set: the value of a set key. A plain 8-byte handle in one of three forms, told by the low bits:
//
//   word ..00   packed: the block of a PackedList of members in order of arrival; 0: empty
//   word ..01   table: a SetTable on the heap
//   word ..10   integers: the block of an IntSet
//
// As in Redis 7.2: a set whose members are all integers is an IntSet up to integer_entries_max. Another member makes it
// packed, if it and all others are within the limits of that form, else a table. It does not go back until it is empty.
// Copying the handle copies the pointer: one copy is the owner, and Destroy() frees. Members handed to a callback end
// with it; a member given to a change must not point into the same set. Complexity: packed O(members), integers
// O(log n) to find and O(n) to change, table O(1). Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/random.h"
#include "engine/int_set.h"
#include "engine/packed_list.h"
#include "engine/set_table.h"
#include "protocol/number_text.h"

namespace usher::engine {

/// Up to where a set keeps its small forms (set-max-intset-entries, set-max-listpack-entries and -value).
struct SetLimits {
  size_t integer_entries_max = 512;
  size_t packed_entries_max = 128;
  size_t packed_value_bytes_max = 64;
};

class Set {
 public:
  enum class Encoding : uint8_t { kListpack, kHashtable, kIntset };

  size_t size() const;
  bool empty() const { return word_ == 0; }
  /// By Redis's names. An empty set has none yet.
  Encoding encoding() const { return static_cast<Encoding>(word_ & kFormMask); }

  bool Contains(std::string_view member) const;
  /// False if it was there.
  bool Add(std::string_view member, const SetLimits& limits);
  /// False if it was not there.
  bool Remove(std::string_view member);
  /// Adds them all, at least one, and returns how many were not there. As Redis does, the form is chosen as if they
  /// were all different.
  size_t AddAll(std::span<const std::string_view> members, const SetLimits& limits);
  /// As Add(), but the set must not be integers and does not become so: while packed, the order is that of arrival.
  bool AddInOrder(std::string_view member, const SetLimits& limits) {
    return IsTable() ? table()->Add(member) : AddPacked(member, limits);
  }
  /// Goes back to integers if that is possible (what Redis does to the results of an intersection).
  void ConvertToIntegers(const SetLimits& limits);

  /// Calls fn(member) for every member: integers ascending, packed ones as they came. fn must not change the set.
  template <class Fn>
  void ForEach(Fn&& fn) const;
  /// Calls fn(member) for members until it says false.
  template <class Fn>
  void ForEachWhile(Fn&& fn) const;
  /// Calls fn(member) for some members and returns the next cursor, 0 at the end. Small forms are reported whole.
  /// What is there from the first call to the last is reported at least once. fn must not change the set.
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const;
  /// Calls fn(member) for one member, uniformly drawn. The set must not be empty.
  template <class Fn>
  void RandomMember(Random& random, Fn&& fn) const {
    Visit(RandomPlace(random), fn);
  }
  /// Calls fn(member) for min(count, size()) different members, uniformly drawn.
  template <class Fn>
  void RandomDistinct(Random& random, size_t count, Fn&& fn) const {
    for (const Place place : DistinctPlaces(random, count)) Visit(place, fn);
  }
  /// Calls fn(member) `count` times, each drawn anew. The set must not be empty.
  template <class Fn>
  void RandomRepeated(Random& random, size_t count, Fn&& fn) const;
  /// Removes min(count, size()) members, uniformly drawn, calling fn(member) for each just before.
  template <class Fn>
  void PopRandom(Random& random, size_t count, Fn&& fn);

  /// Starts loading what Contains() and the like will read first.
  void Prefetch(std::string_view member) const {
    if (IsTable()) table()->Prefetch(member);
  }
  /// Who is told of changes of members, only possible for a table; null: nobody.
  MemberWatch* watch() const { return IsTable() ? table()->watch().get() : nullptr; }
  void SetWatch(MemberWatch* watch) const { table()->watch().Set(watch); }

  /// Heap bytes really held. O(1).
  size_t MemoryBytes() const;
  Set Copy() const;
  /// Frees everything; the set is empty afterwards.
  void Destroy();

 private:
  // Where a member is: a position in the packed list, a record's handle, a rank among the integers.
  using Place = uint32_t;

  static constexpr uint64_t kFormMask = 3;

  bool IsTable() const { return encoding() == Encoding::kHashtable; }
  bool IsIntegers() const { return encoding() == Encoding::kIntset; }
  SetTable* table() const { return reinterpret_cast<SetTable*>(word_ & ~kFormMask); }
  PackedList packed() const { return PackedList::FromBlock(reinterpret_cast<void*>(word_)); }
  IntSet integers() const { return IntSet::FromBlock(reinterpret_cast<void*>(word_ & ~kFormMask)); }
  void SetPacked(PackedList list) { word_ = reinterpret_cast<uintptr_t>(list.block()); }
  void SetTableForm(SetTable* table) { word_ = reinterpret_cast<uintptr_t>(table) | uint64_t{1}; }
  void SetIntegers(IntSet integers) {
    word_ = integers.empty() ? 0 : reinterpret_cast<uintptr_t>(integers.block()) | uint64_t{2};
  }

  bool AddInteger(int64_t value, const SetLimits& limits);
  bool AddPacked(std::string_view member, const SetLimits& limits);
  bool FitsPacked(std::string_view member, const SetLimits& limits) const;
  void ConvertToPacked();
  void ConvertToTable();
  SetTable* NewTableOfMembers() const;
  Place RandomPlace(Random& random) const;
  std::vector<Place> AllPlaces() const;
  std::vector<Place> DistinctPlaces(Random& random, size_t count) const;
  /// Sorts them meanwhile.
  void RemovePlaces(std::vector<Place>& places);

  template <class Fn>
  void Visit(Place place, Fn&& fn) const {
    if (IsTable()) return fn(table()->At(place));
    if (IsIntegers()) return VisitInteger(integers().At(place), fn);
    PackedScratch scratch;
    fn(packed().At(place).Text(scratch));
  }
  template <class Fn>
  static void VisitInteger(int64_t value, Fn&& fn) {
    char digits[protocol::kIntegerTextBytesMax];
    fn(std::string_view(digits, protocol::FormatInteger(value, digits)));
  }
  template <class Fn>
  void ForEachPlace(Fn&& fn) const;

  uint64_t word_ = 0;
};
static_assert(sizeof(Set) == 8 && std::is_trivially_copyable_v<Set>);

template <class Fn>
void Set::ForEachPlace(Fn&& fn) const {
  if (IsTable()) return table()->ForEachHandle(fn);
  if (IsIntegers()) {
    const uint32_t count = integers().size();
    for (Place place = 0; place < count; ++place) fn(place);
    return;
  }
  const PackedList list = packed();
  for (auto at = list.Begin(); at != list.End(); at = list.Next(at)) fn(at);
}

template <class Fn>
void Set::ForEach(Fn&& fn) const {
  ForEachPlace([&](Place place) { Visit(place, fn); });
}

template <class Fn>
void Set::ForEachWhile(Fn&& fn) const {
  bool go_on = true;
  uint64_t cursor = 0;
  do {
    cursor = Scan(cursor, [&](std::string_view member) { go_on = go_on && fn(member); });
  } while (go_on && cursor != 0);
}

template <class Fn>
uint64_t Set::Scan(uint64_t cursor, Fn&& fn) const {
  if (IsTable()) return table()->Scan(cursor, fn);
  ForEach(fn);
  return 0;
}

template <class Fn>
void Set::RandomRepeated(Random& random, size_t count, Fn&& fn) const {
  if (IsTable()) {
    for (size_t i = 0; i < count; ++i) Visit(RandomPlace(random), fn);
    return;
  }
  const std::vector<Place> places = AllPlaces();  // one walk instead of one per draw
  for (size_t i = 0; i < count; ++i) Visit(places[random.Below(places.size())], fn);
}

template <class Fn>
void Set::PopRandom(Random& random, size_t count, Fn&& fn) {
  std::vector<Place> places = DistinctPlaces(random, count);
  for (const Place place : places) Visit(place, fn);
  RemovePlaces(places);
}

}  // namespace usher::engine
