// The list of all command groups, and an open-addressing table over their names. Names fold to lower case by setting
// bit 5 of every byte, eight at a time; the few non-letters this confuses are told apart by the comparison that
// follows.
#include "server/command_table.h"

#include <cstring>
#include <string>

#include "engine/base/assert.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

constexpr size_t kNameBytesMax = 64;

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

uint16_t OnlyKeyOf(const CommandSpec& spec) {
  const KeySpec& key = spec.keys[0];
  const bool fixed = key.begin == KeySpec::Begin::kIndex && key.find == KeySpec::Find::kRange && key.last_key == 0;
  const bool only = spec.keys[1].begin == KeySpec::Begin::kNone && (key.flags & kKeyNotKey) == 0 &&
                    (spec.flags & (kAllShards | kVisitShards)) == 0;
  return fixed && only ? static_cast<uint16_t>(key.index) : uint16_t{0};
}

uint64_t Load(const char* bytes, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word | 0x2020202020202020u;
}

}  // namespace

const CommandTable& CommandTable::Get() {
  static const CommandTable table;
  return table;
}

uint64_t CommandTable::FoldedHash(std::string_view name) {
  uint64_t hash = name.size();
  while (name.size() > 8) {
    hash = (hash ^ Load(name.data(), 8)) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    name.remove_prefix(8);
  }
  hash = (hash ^ Load(name.data(), name.size())) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 32);
}

CommandTable::CommandTable() : slots_(kSlots) {
  for (const CommandGroup* const group : kCommandGroups) {
    for (const CommandSpec& spec : group->rows) {
      rows_.push_back({&spec, static_cast<uint16_t>(rows_.size()), group->name, OnlyKeyOf(spec)});
    }
  }
  ASSERT(rows_.size() < kSlots / 2);
  for (const CommandRow& row : rows_) Insert(row);
}

void CommandTable::Insert(const CommandRow& row) {
  ASSERT(Lookup(row.spec->name) == nullptr);
  const uint64_t hash = FoldedHash(row.spec->name);
  size_t at = hash % kSlots;
  while (slots_[at].row != nullptr) at = (at + 1) % kSlots;
  slots_[at] = {hash, &row};
}

const CommandRow* CommandTable::Lookup(std::string_view name) const {
  const uint64_t hash = FoldedHash(name);
  for (size_t at = hash % kSlots; slots_[at].row != nullptr; at = (at + 1) % kSlots) {
    if (slots_[at].hash == hash && EqualsIgnoringCase(name, slots_[at].row->spec->name)) return slots_[at].row;
  }
  return nullptr;
}

const CommandRow* CommandTable::Find(std::string_view name) const {
  const CommandRow* row = name.size() > kNameBytesMax ? nullptr : Lookup(name);
  return row != nullptr && row->spec->name.find('|') != std::string_view::npos ? nullptr : row;
}

const CommandRow* CommandTable::FindRequested(std::span<const std::string_view> args) const {
  const CommandRow* const row = Find(args[0]);
  if (row == nullptr || (row->spec->flags & kContainer) == 0 || args.size() < 2) return row;
  const CommandRow* const sub = FindSub(*row, args[1]);
  return sub != nullptr || row->spec->handler == nullptr ? sub : row;
}

const CommandRow* CommandTable::FindSub(const CommandRow& container, std::string_view sub) const {
  const std::string_view name = container.spec->name;
  char full[2 * kNameBytesMax];
  if (sub.size() > kNameBytesMax) return nullptr;
  std::memcpy(full, name.data(), name.size());
  full[name.size()] = '|';
  std::memcpy(full + name.size() + 1, sub.data(), sub.size());
  return Lookup({full, name.size() + 1 + sub.size()});
}

const CommandRow* CommandTable::FindFull(std::string_view full_name) const {
  return full_name.size() > 2 * kNameBytesMax ? nullptr : Lookup(full_name);
}

std::vector<const CommandRow*> CommandTable::SubcommandsOf(const CommandRow& container) const {
  const std::string prefix = std::string(container.spec->name) + '|';
  std::vector<const CommandRow*> found;
  for (const CommandRow& row : rows_) {
    if (row.spec->name.starts_with(prefix)) found.push_back(&row);
  }
  return found;
}

}  // namespace usher::server
