// See keyspace.h.
#include "engine/keyspace.h"

#include "engine/waiting_room_registry.h"

namespace usher::engine {

Keyspace::Keyspace(QueueKeyWatch watch) : watch_(watch) {}
Keyspace::~Keyspace() {
  Clear();
}

void Keyspace::Swap(Keyspace& other) noexcept {
  std::swap(rooms_, other.rooms_);
  std::swap(table_, other.table_);
  std::swap(index_, other.index_);
  std::swap(keys_with_expiry_, other.keys_with_expiry_);
  std::swap(expiry_ticks_, other.expiry_ticks_);
  std::swap(entry_bytes_, other.entry_bytes_);
}

void Keyspace::Clear() {
  table_.ForEach([](uint64_t slot) { const OwnedEntry freed(slot); });
  table_.Clear();
  rooms_.reset();
  index_ = ExpiryIndex();
  keys_with_expiry_ = 0;
  expiry_ticks_ = 0;
  entry_bytes_ = 0;
}

KeyEntry Keyspace::InsertSlot(uint64_t hash, uint64_t slot) {
  const KeyEntry entry(table_.Insert(hash, slot));
  entry_bytes_ += MemoryBytesOf(entry);
  NoteExpiry(entry, kNoExpiry);
  return entry;
}

KeyEntry Keyspace::Insert(const Key& key, const EntryBuilder& value, int64_t expiry_ms) {
  ASSERT_DEBUG(!Find(key));
  NoteChange(key.name);
  return InsertSlot(key.hash, value.Build(key.name, expiry_ms == kKeepExpiry ? kNoExpiry : expiry_ms));
}

KeyEntry Keyspace::Insert(const Key& key, OwnedEntry moved, int64_t expiry_ms) {
  ASSERT_DEBUG(!Find(key));
  NoteChange(key.name);
  EntryBuilder::Rebuild(moved.entry(), key.name, expiry_ms == kKeepExpiry ? moved.entry().expiry_ms() : expiry_ms);
  return InsertSlot(key.hash, moved.Release());
}

KeyEntry Keyspace::Insert(uint64_t hash, OwnedEntry built) {
  NoteChange(built.entry().key());
  return InsertSlot(hash, built.Release());
}

OwnedEntry Keyspace::Replace(KeyEntry entry, const EntryBuilder& value, int64_t expiry_ms) {
  const int64_t old_expiry_ms = entry.expiry_ms();
  if (expiry_ms == kKeepExpiry) expiry_ms = old_expiry_ms;
  const size_t old_value_bytes = entry.ValueMemoryBytes();
  if (value.BuildInPlace(entry, expiry_ms)) {
    entry_bytes_ += entry.ValueMemoryBytes() - old_value_bytes;
    NoteExpiry(entry, old_expiry_ms);
    return {};
  }
  const uint32_t access = entry.access();
  const bool keeps_mark = old_expiry_ms != kNoExpiry && expiry_ms != kNoExpiry && EntryBuilder::IsMarked(entry);
  OwnedEntry old(std::exchange(*entry.slot(), value.Build(entry.key(), expiry_ms)));
  entry.set_access(access);
  if (keeps_mark) EntryBuilder::SetMark(entry, true);
  entry_bytes_ += MemoryBytesOf(entry) - MemoryBytesOf(old.entry());
  NoteExpiry(entry, old_expiry_ms);
  return old;
}

KeyEntry Keyspace::SetString(const Key& key, std::string_view bytes, int64_t expiry_ms) {
  const EntryBuilder value = EntryBuilder::String(bytes);
  const KeyEntry entry = Find(key);
  if (!entry) return Insert(key, value, expiry_ms);
  Replace(entry, value, expiry_ms);
  return entry;
}

void Keyspace::SetInt(KeyEntry entry, int64_t value) {
  if (entry.IsInt()) {
    entry.set_int_value(value);
  } else {
    Replace(entry, EntryBuilder::Int(value), kKeepExpiry);
  }
}

RawString& Keyspace::MakeRaw(KeyEntry entry) {
  if (entry.kind() != EntryKind::kRaw) {
    IntegerScratch scratch;
    Replace(entry, EntryBuilder::Value(RawString::Make(entry.StringBytes(scratch))), kKeepExpiry);
  }
  return entry.As<RawString>();
}

OwnedEntry Keyspace::Erase(KeyEntry entry) {
  OwnedEntry erased(*entry.slot());
  if (IsWatched(entry.key())) [[unlikely]]
    NoteQueueKey(entry.key(), /*erased=*/true);
  entry_bytes_ -= MemoryBytesOf(entry);
  const bool had_expiry = entry.HasExpiry();
  if (had_expiry) expiry_ticks_ -= TicksOf(entry.expiry_ms());
  table_.Erase(HashBytes(entry.key()), entry.slot());
  if (had_expiry) {
    --keys_with_expiry_;
    SweepSome();
  }
  return erased;
}

void Keyspace::SetExpiry(KeyEntry entry, int64_t expiry_ms) {
  const int64_t old_expiry_ms = entry.expiry_ms();
  if (old_expiry_ms != kNoExpiry && expiry_ms != kNoExpiry) {
    EntryBuilder::StoreExpiry(entry, expiry_ms);
  } else if (old_expiry_ms != expiry_ms) {
    entry_bytes_ -= entry.BlockMemoryBytes();
    EntryBuilder::Rebuild(entry, entry.key(), expiry_ms);
    entry_bytes_ += entry.BlockMemoryBytes();
  }
  NoteExpiry(entry, old_expiry_ms);
}

// Counts and indexes the entry's expiry, which was `old_expiry_ms` before.
void Keyspace::NoteExpiry(KeyEntry entry, int64_t old_expiry_ms) {
  const int64_t expiry_ms = entry.expiry_ms();
  if (expiry_ms == old_expiry_ms) [[likely]]
    return;
  const bool had = old_expiry_ms != kNoExpiry;
  const bool has = expiry_ms != kNoExpiry;
  keys_with_expiry_ += static_cast<size_t>(has) - static_cast<size_t>(had);
  expiry_ticks_ += TicksOf(expiry_ms) - TicksOf(old_expiry_ms);
  // A later expiry needs no record: the old one comes due first, and the key is indexed again then.
  if (has && (!had || expiry_ms < old_expiry_ms)) AddRecord(entry, HashBytes(entry.key()));
  SweepSome();
}

void Keyspace::AddRecord(KeyEntry entry, uint64_t hash) {
  EntryBuilder::SetMark(entry, index_.generation());
  index_.Add(hash, entry.expiry_ms());
}

// The entry with expiry whose key has this hash. (Of two keys with the same 64-bit hash one would be left to expire
// when it is next accessed.)
KeyEntry Keyspace::FindExpiring(uint64_t hash) const {
  return KeyEntry(table_.Find(hash, [&](uint64_t slot) {
    const KeyEntry entry(&slot);
    return entry.HasExpiry() && HashBytes(entry.key()) == hash;
  }));
}

WaitingRooms& Keyspace::NeedWaitingRooms() {
  if (rooms_ == nullptr) rooms_ = std::make_unique<WaitingRooms>(*watch_.templates);
  return *rooms_;
}

void Keyspace::NoteQueueKey(std::string_view key, bool erased) {
  const QueueKeyTemplates::Recognised recognised = watch_.templates->Recognise(key);
  if (recognised.kind == QueueKeyKind::kNone) return;
  const auto change = erased ? WaitingRooms::Change::kErased : WaitingRooms::Change::kWritten;
  NeedWaitingRooms().NoteKey(recognised.kind, recognised.queue, change);
  if (recognised.kind != QueueKeyKind::kWait || erased) watch_.due_ms->Set(1);
}

void Keyspace::SweepSome() {
  constexpr size_t kSpareRecords = 1024;
  if (!index_.IsSweeping()) {
    if (index_.size() <= 2 * keys_with_expiry_ + kSpareRecords) [[likely]]
      return;
    index_.BeginSweep();
  }
  constexpr int kRecordsPerChange = 2;  // more than a change can add, so that the sweep ends
  for (int i = 0; i < kRecordsPerChange; ++i) {
    const std::optional<ExpiryRecord> record = index_.TakeSwept();
    if (!record) return;
    const KeyEntry entry = FindExpiring(record->hash);
    if (entry && EntryBuilder::IsMarked(entry) != index_.generation()) AddRecord(entry, record->hash);
  }
}

}  // namespace usher::engine
