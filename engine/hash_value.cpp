// See hash_value.h.
#include "engine/hash_value.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/memory.h"
#include "engine/random_sample.h"
#include "engine/varint.h"

namespace usher::engine {
namespace {

size_t RecordBytes(std::string_view field, std::string_view value) {
  return VarintBytes(field.size()) + VarintBytes(value.size()) + field.size() + value.size();
}

void WriteRecord(char* at, std::string_view field, std::string_view value) {
  at = PutVarint(at, field.size());
  at = PutVarint(at, value.size());
  if (!field.empty()) std::memcpy(at, field.data(), field.size());
  if (!value.empty()) std::memcpy(at + field.size(), value.data(), value.size());
}

/// Position of the value of `field` in a packed hash, End() if it is not there.
PackedList::Position FindValue(const PackedList& list, std::string_view field) {
  const PackedList::Position at = list.Find(PackedText(field), list.Begin(), 2);
  return at == list.End() ? at : list.Next(at);
}

}  // namespace

Hash::Record Hash::RecordAt(const char* at) {
  uint64_t field_bytes = 0;
  uint64_t value_bytes = 0;
  const char* text = GetVarint(GetVarint(at, field_bytes), value_bytes);
  return {.field = {text, field_bytes},
          .value = {text + field_bytes, value_bytes},
          .bytes = static_cast<size_t>(text - at) + field_bytes + value_bytes};
}

RecordArena::Handle* Hash::Table::Find(uint64_t hash, std::string_view field) const {
  return index.Find(hash, [&](RecordArena::Handle handle) { return RecordAt(arena.At(handle)).field == field; });
}

RecordArena::Handle Hash::Table::NewRecord(std::string_view field, std::string_view value) {
  const RecordArena::Handle handle = arena.Allocate(RecordBytes(field, value));
  WriteRecord(arena.At(handle), field, value);
  return handle;
}

void Hash::Table::Add(uint64_t hash, std::string_view field, std::string_view value) {
  index.Insert(hash, NewRecord(field, value));
}

std::optional<std::string_view> Hash::Get(std::string_view field, PackedScratch& scratch) const {
  if (IsTable()) {
    const RecordArena::Handle* slot = table()->Find(HashBytes(field), field);
    if (slot == nullptr) return std::nullopt;
    return RecordAt(table()->arena.At(*slot)).value;
  }
  const PackedList list = packed();
  const PackedList::Position at = FindValue(list, field);
  if (at == list.End()) return std::nullopt;
  return list.At(at).Text(scratch);
}

bool Hash::Contains(std::string_view field) const {
  if (IsTable()) return table()->Find(HashBytes(field), field) != nullptr;
  return FindValue(packed(), field) != packed().End();
}

size_t Hash::ValueLength(std::string_view field) const {
  PackedScratch scratch;
  const std::optional<std::string_view> value = Get(field, scratch);
  return value ? value->size() : 0;
}

Hash::SetResult Hash::Set(std::string_view field, std::string_view value, const HashLimits& limits) {
  if (IsTable()) return SetInTable(field, value);
  if (std::max(field.size(), value.size()) > limits.packed_value_bytes_max) {
    ConvertToTable();
    return SetInTable(field, value);
  }
  const SetResult result = SetInPacked(field, value);
  if (size() > limits.packed_entries_max) ConvertToTable();
  return result;
}

Hash::SetResult Hash::SetInPacked(std::string_view field, std::string_view value) {
  PackedList list = packed();
  const PackedText packed_field(field);
  const PackedText packed_value(value);
  const PackedList::Position at = list.Find(packed_field, list.Begin(), 2);
  const bool created = at == list.End();
  if (created) {
    list.Append(packed_field);
    list.Append(packed_value);
  } else {
    list.Replace(list.Next(at), packed_value);
  }
  SetPacked(list);
  return created ? SetResult::kCreated : SetResult::kUpdated;
}

Hash::SetResult Hash::SetInTable(std::string_view field, std::string_view value) {
  Table& table_ref = *table();
  const uint64_t hash = HashBytes(field);
  RecordArena::Handle* slot = table_ref.Find(hash, field);
  table_ref.watch.BeforeChange(hash, field);
  if (slot == nullptr) {
    table_ref.Add(hash, field, value);
    return SetResult::kCreated;
  }
  const size_t old_bytes = RecordAt(table_ref.arena.At(*slot)).bytes;
  if (RecordArena::SameRecordSize(old_bytes, RecordBytes(field, value))) {
    WriteRecord(table_ref.arena.At(*slot), field, value);
  } else {
    table_ref.arena.Free(std::exchange(*slot, table_ref.NewRecord(field, value)), old_bytes);
  }
  return SetResult::kUpdated;
}

bool Hash::Delete(std::string_view field) {
  if (IsTable()) return DeleteFromTable(field);
  PackedList list = packed();
  const PackedList::Position at = list.Find(PackedText(field), list.Begin(), 2);
  if (at == list.End()) return false;
  list.Erase(at, 2);
  SetPacked(list);
  return true;
}

bool Hash::DeleteFromTable(std::string_view field) {
  Table& table_ref = *table();
  const uint64_t hash = HashBytes(field);
  RecordArena::Handle* slot = table_ref.Find(hash, field);
  if (slot == nullptr) return false;
  table_ref.watch.BeforeChange(hash, field);
  const RecordArena::Handle handle = *slot;
  const size_t bytes = RecordAt(table_ref.arena.At(handle)).bytes;
  table_ref.index.Erase(hash, slot);
  table_ref.arena.Free(handle, bytes);
  if (table_ref.index.empty()) Destroy();
  return true;
}

Hash::Table* Hash::NewTableOfFields() const {
  Table* new_table = new (Allocate(sizeof(Table))) Table;
  ForEach([&](std::string_view field, std::string_view value) { new_table->Add(HashBytes(field), field, value); });
  return new_table;
}

void Hash::ConvertToTable() {
  if (IsTable()) return;
  Table* new_table = NewTableOfFields();
  packed().Destroy();
  SetTable(new_table);
}

Hash::Place Hash::RandomPlace(Random& random) const {
  ASSERT(!empty());
  if (IsTable()) return *table()->index.RandomSlot(random);
  return packed().Seek(2 * static_cast<uint32_t>(random.Below(size())));
}

std::vector<Hash::Place> Hash::AllPlaces() const {
  std::vector<Place> places;
  places.reserve(size());
  ForEachPlace([&](Place place) { places.push_back(place); });
  return places;
}

std::vector<Hash::Place> Hash::DistinctPlaces(Random& random, size_t count) const {
  if (!IsTable()) {
    std::vector<Place> places = AllPlaces();
    KeepSample(random, count, places);
    return places;
  }
  return DrawDistinct(
      random, count, size(), [&] { return RandomPlace(random); }, [&] { return AllPlaces(); });
}

size_t Hash::MemoryBytes() const {
  if (!IsTable()) return packed().MemoryBytes();
  return UsableBytes(table()) + table()->arena.MemoryBytes() + table()->index.MemoryBytes();
}

Hash Hash::Copy() const {
  Hash copy;
  if (IsTable()) {
    copy.SetTable(NewTableOfFields());
  } else {
    copy.SetPacked(packed().Copy());
  }
  return copy;
}

void Hash::Destroy() {
  if (IsTable()) {
    table()->~Table();
    Free(table());
  } else {
    packed().Destroy();
  }
  word_ = 0;
}

}  // namespace usher::engine
