// See set_value.h.
#include "engine/set_value.h"

#include <algorithm>
#include <new>

#include "engine/base/assert.h"
#include "engine/base/memory.h"
#include "engine/random_sample.h"

namespace usher::engine {

size_t Set::size() const {
  if (IsTable()) return table()->size();
  return IsIntegers() ? integers().size() : packed().size();
}

bool Set::Contains(std::string_view member) const {
  if (IsTable()) return table()->Contains(member);
  if (IsIntegers()) {
    int64_t value = 0;
    return protocol::ParseInteger(member, value) && integers().Contains(value);
  }
  const PackedList list = packed();
  return list.Find(PackedText(member)) != list.End();
}

bool Set::Add(std::string_view member, const SetLimits& limits) {
  if (IsTable()) return table()->Add(member);
  if (!empty() && !IsIntegers()) return AddPacked(member, limits);
  int64_t value = 0;
  if (protocol::ParseInteger(member, value) && (!empty() || limits.integer_entries_max > 0)) {
    return AddInteger(value, limits);
  }
  if (!FitsPacked(member, limits)) {
    ConvertToTable();
    return table()->Add(member);
  }
  ConvertToPacked();
  return AddPacked(member, limits);
}

size_t Set::AddAll(std::span<const std::string_view> members, const SetLimits& limits) {
  const size_t count = members.size();
  int64_t value = 0;
  size_t added = 0;
  if (!empty()) {
    const size_t entries_max = IsIntegers() ? limits.integer_entries_max : limits.packed_entries_max;
    if (count > entries_max) ConvertToTable();
  } else if (count > limits.integer_entries_max || !protocol::ParseInteger(members.front(), value)) {
    if (count > limits.packed_entries_max) {
      ConvertToTable();
    } else {
      added = AddPacked(members.front(), limits) ? 1 : 0;
    }
  }
  for (const std::string_view member : members.subspan(added)) added += Add(member, limits) ? 1 : 0;
  return added;
}

bool Set::AddInteger(int64_t value, const SetLimits& limits) {
  IntSet set = integers();
  const bool added = set.Add(value);
  SetIntegers(set);
  if (added && set.size() > limits.integer_entries_max) ConvertToTable();
  return added;
}

bool Set::AddPacked(std::string_view member, const SetLimits& limits) {
  PackedList list = packed();
  const PackedText text(member);
  if (list.Find(text) != list.End()) return false;
  if (list.size() >= limits.packed_entries_max || member.size() > limits.packed_value_bytes_max) {
    ConvertToTable();
    return table()->Add(member);
  }
  list.Append(text);
  SetPacked(list);
  return true;
}

/// Whether the integers and `member` may be packed together.
bool Set::FitsPacked(std::string_view member, const SetLimits& limits) const {
  const IntSet set = integers();
  size_t longest = member.size();
  const auto consider = [&longest](std::string_view digits) { longest = std::max(longest, digits.size()); };
  if (!set.empty()) {
    VisitInteger(set.At(0), consider);
    VisitInteger(set.At(set.size() - 1), consider);
  }
  return set.size() < limits.packed_entries_max && longest <= limits.packed_value_bytes_max;
}

void Set::ConvertToPacked() {
  IntSet old = integers();
  PackedList list;
  for (uint32_t i = 0; i < old.size(); ++i) list.Append(PackedText(old.At(i)));
  old.Destroy();
  SetPacked(list);
}

SetTable* Set::NewTableOfMembers() const {
  SetTable* new_table = new (Allocate(sizeof(SetTable))) SetTable;
  ForEach([&](std::string_view member) { new_table->AddNew(member); });
  return new_table;
}

void Set::ConvertToTable() {
  if (IsTable()) return;
  SetTable* new_table = NewTableOfMembers();
  Destroy();
  SetTableForm(new_table);
}

void Set::ConvertToIntegers(const SetLimits& limits) {
  if (IsIntegers() || size() > limits.integer_entries_max) return;
  bool all_integers = true;
  IntSet found;
  ForEachWhile([&](std::string_view member) {
    int64_t value = 0;
    all_integers = protocol::ParseInteger(member, value);
    if (all_integers) found.Add(value);
    return all_integers;
  });
  if (!all_integers) return found.Destroy();
  Destroy();
  SetIntegers(found);
}

bool Set::Remove(std::string_view member) {
  if (IsTable()) {
    const bool removed = table()->Remove(member);
    if (table()->size() == 0) Destroy();
    return removed;
  }
  if (IsIntegers()) {
    int64_t value = 0;
    IntSet set = integers();
    const bool removed = protocol::ParseInteger(member, value) && set.Remove(value);
    SetIntegers(set);
    return removed;
  }
  PackedList list = packed();
  const PackedList::Position at = list.Find(PackedText(member));
  if (at == list.End()) return false;
  list.Erase(at);
  SetPacked(list);
  return true;
}

Set::Place Set::RandomPlace(Random& random) const {
  ASSERT(!empty());
  if (IsTable()) return table()->RandomHandle(random);
  const Place rank = static_cast<Place>(random.Below(size()));
  return IsIntegers() ? rank : packed().Seek(rank);
}

std::vector<Set::Place> Set::AllPlaces() const {
  std::vector<Place> places;
  places.reserve(size());
  ForEachPlace([&](Place place) { places.push_back(place); });
  return places;
}

std::vector<Set::Place> Set::DistinctPlaces(Random& random, size_t count) const {
  if (IsTable()) {
    return DrawDistinct(
        random, count, size(), [&] { return RandomPlace(random); }, [&] { return AllPlaces(); });
  }
  std::vector<Place> places = AllPlaces();
  KeepSample(random, count, places);
  return places;
}

void Set::RemovePlaces(std::vector<Place>& places) {
  if (IsTable()) {
    for (const Place place : places) table()->RemoveAt(place);
    if (table()->size() == 0) Destroy();
    return;
  }
  std::ranges::sort(places);
  if (IsIntegers()) {
    IntSet set = integers();
    set.RemoveAt(places);
    return SetIntegers(set);
  }
  PackedList list = packed();
  // From behind, so that the places in front stay true.
  for (auto place = places.rbegin(); place != places.rend(); ++place) list.Erase(*place);
  SetPacked(list);
}

size_t Set::MemoryBytes() const {
  if (IsTable()) return UsableBytes(table()) + table()->MemoryBytes();
  return IsIntegers() ? integers().MemoryBytes() : packed().MemoryBytes();
}

Set Set::Copy() const {
  Set copy;
  if (IsTable()) {
    copy.SetTableForm(NewTableOfMembers());
  } else if (IsIntegers()) {
    copy.SetIntegers(integers().Copy());
  } else {
    copy.SetPacked(packed().Copy());
  }
  return copy;
}

void Set::Destroy() {
  if (IsTable()) {
    table()->~SetTable();
    Free(table());
  } else if (IsIntegers()) {
    integers().Destroy();
  } else {
    packed().Destroy();
  }
  word_ = 0;
}

}  // namespace usher::engine
