// Keyspace: the keys of one shard in one logical database: the table of entries, the expiry index and the counters.
// Raw operations only; what a change means to others (WATCH, notifications, the journal) is EngineContext's business.
//
// A KeyEntry is valid until the next insert or erase. Memory is what the allocator really gave: table, entries, values
// and expiry index; who changes a container in place reports the difference with AdjustMemory().
//
// Expiry: every key with an expiry has a record in the index that is not later than the expiry, so pushing an expiry
// further costs nothing. Records that no longer matter accumulate only up to twice the keys with expiry; then they are
// swept out, a few per change. An entry's mark says that it has a record in the index's present generation.
//
// Invariants: (1) while no sweep runs, the mark of every entry with expiry equals the index's generation. (2) During a
// sweep, an entry whose mark differs has its record in the index's previous wheel.
// Complexity: O(1) per operation (amortised and, but for one table segment, worst case); ForEach and Clear O(n).
// Thread safety: none. The caller holds the shard's turn. A whole keyspace may be moved away and destroyed elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/owned_counter.h"
#include "engine/base/random.h"
#include "engine/expiry_index.h"
#include "engine/key_entry.h"
#include "engine/key_slot.h"
#include "engine/segment_table.h"
#include "engine/waiting_room_keys.h"

namespace usher::engine {

/// In place of an expiry: the key keeps the one it has.
inline constexpr int64_t kKeepExpiry = kNoExpiry + 1;

class WaitingRooms;

/// How a keyspace recognises the keys of waiting rooms, and where it says that one of them needs attention: a time in
/// ms, 0 for never. Both belong to the place, not to the keys in it.
struct QueueKeyWatch {
  const QueueKeyTemplates* templates = nullptr;
  OwnedCounter* due_ms = nullptr;
};

class Keyspace {
 public:
  explicit Keyspace(QueueKeyWatch watch = {});
  ~Keyspace();
  Keyspace(Keyspace&& other) noexcept : Keyspace() { Swap(other); }
  Keyspace& operator=(Keyspace&& other) noexcept {
    Swap(other);
    return *this;
  }
  /// Exchanges everything (SWAPDB; FLUSHALL into one that is destroyed in the background).
  void Swap(Keyspace& other) noexcept;
  /// Destroys all keys here and now.
  void Clear();

  size_t size() const { return table_.size(); }
  size_t keys_with_expiry() const { return keys_with_expiry_; }
  /// All expiries added up, in ticks.
  uint64_t expiry_ticks() const { return expiry_ticks_; }
  static constexpr int64_t kTickMs = 16;  // so that 100 million expiries of our time fit
  /// Bytes of everything this keyspace holds.
  size_t memory_bytes() const { return table_.MemoryBytes() + index_.MemoryBytes() + entry_bytes_; }
  /// The part of it that is entries and their values.
  size_t entry_bytes() const { return entry_bytes_; }
  /// Bytes of one key as MEMORY USAGE counts them: block and value.
  static size_t MemoryBytesOf(KeyEntry entry) { return entry.BlockMemoryBytes() + entry.ValueMemoryBytes(); }
  /// A container grew or shrank.
  void AdjustMemory(ptrdiff_t bytes) { entry_bytes_ += static_cast<size_t>(bytes); }

  /// The entry of `key`, expired or not, or none.
  KeyEntry Find(const Key& key) const {
    return KeyEntry(table_.Find(key.hash, [&](uint64_t slot) { return KeyEntry::KeyOfSlot(slot) == key.name; }));
  }
  /// Starts loading the table's part of Find(key).
  void Prefetch(const Key& key) const { table_.Prefetch(key.hash); }
  /// Starts loading the entry itself; useful some time after Prefetch().
  void PrefetchEntry(const Key& key) const {
    table_.Find(key.hash, [](uint64_t slot) {
      KeyEntry::PrefetchSlot(slot);
      return false;
    });
  }

  /// Adds a key that is not there.
  KeyEntry Insert(const Key& key, const EntryBuilder& value, int64_t expiry_ms = kNoExpiry);
  /// Adds a key that is not there with the value of `moved` (RENAME, MOVE). Its expiry is kept by kKeepExpiry.
  KeyEntry Insert(const Key& key, OwnedEntry moved, int64_t expiry_ms);
  /// Adds an entry whose key, of this hash, is not there.
  KeyEntry Insert(uint64_t hash, OwnedEntry built);
  /// Makes room for so many keys in all, if the first of them is there.
  void Reserve(size_t keys) { table_.Reserve(keys); }
  /// Gives `entry`, which stays valid, a new value, in its old memory where possible; else what it was is returned.
  /// The bytes of `value` must not be the entry's own.
  OwnedEntry Replace(KeyEntry entry, const EntryBuilder& value, int64_t expiry_ms);
  /// Insert or Replace with a string. Setting a key to a string of the same length does not allocate.
  KeyEntry SetString(const Key& key, std::string_view bytes, int64_t expiry_ms = kNoExpiry);
  /// The entry's string becomes an integer and keeps its expiry.
  void SetInt(KeyEntry entry, int64_t value);
  /// Calls fn(RawString&) on the entry's string, which becomes a heap string ("raw") if it is not one yet.
  template <class Fn>
  void UpdateString(KeyEntry entry, Fn&& fn) {
    RawString& raw = MakeRaw(entry);
    const size_t before = raw.MemoryBytes();
    fn(raw);
    entry_bytes_ += raw.MemoryBytes() - before;
  }
  /// Adds a key that is not there with an empty container, whose reference is valid as long as the entry's block: until
  /// the key is erased, replaced or given its first or no expiry.
  template <class T>
  T& Create(const Key& key, int64_t expiry_ms = kNoExpiry) {
    return Insert(key, EntryBuilder::Value(T()), expiry_ms).template As<T>();
  }
  /// Takes the entry out. Its value is freed with the result, by whomever, later.
  OwnedEntry Erase(KeyEntry entry);

  /// Sets or (kNoExpiry) clears the expiry. May move the block.
  void SetExpiry(KeyEntry entry, int64_t expiry_ms);
  /// Calls fn(KeyEntry) for keys that have expired at `now_ms`; fn must erase the key. `budget` limits the index
  /// records handled; true if it was used up and more may be due. May always be called, also from time to time without
  /// need.
  template <class Fn>
  bool ExpireDue(int64_t now_ms, size_t budget, Fn&& fn) {
    while (const std::optional<ExpiryRecord> record = index_.TakeDue(now_ms - 1, budget)) {
      const KeyEntry entry = FindExpiring(record->hash);
      if (!entry) continue;
      if (entry.IsExpired(now_ms)) {
        fn(entry);
      } else {
        AddRecord(entry, record->hash);
      }
    }
    return budget == 0;
  }
  /// A time not after the first expiry at which ExpireDue() has something to do; none without expiries.
  std::optional<int64_t> NextExpiryStepMs() const {
    const std::optional<int64_t> step_ms = index_.NextStepMs();
    return step_ms ? std::optional<int64_t>(*step_ms + 1) : std::nullopt;
  }
  size_t expiry_record_count() const { return index_.size(); }

  /// As SegmentTable::Scan: calls fn(KeyEntry) for some keys; cursors are below 2^48, 0 starts and ends.
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const {
    return table_.Scan(cursor, [&](uint64_t& slot) { fn(KeyEntry(&slot)); });
  }
  template <class Fn>
  void ForEach(Fn&& fn) const {
    table_.ForEach([&](uint64_t& slot) { fn(KeyEntry(&slot)); });
  }
  /// The waiting rooms whose keys are in here; null while there have been none.
  WaitingRooms* waiting_rooms() const { return rooms_.get(); }
  /// The same, made if need be. REQUIRES: a watch.
  WaitingRooms& NeedWaitingRooms();
  /// Reports a change of a key to the waiting room it belongs to, if it does. Keys that are added or erased report
  /// themselves.
  void NoteChange(std::string_view key) {
    if (IsWatched(key)) [[unlikely]]
      NoteQueueKey(key, /*erased=*/false);
  }
  /// A uniformly drawn key, expired or not; none when there are no keys.
  KeyEntry RandomKey(Random& random) const { return KeyEntry(table_.RandomSlot(random)); }

 private:
  struct EntryPolicy {
    using Slot = uint64_t;
    uint64_t HashOf(uint64_t slot) const { return HashBytes(KeyEntry::KeyOfSlot(slot)); }
    void PrefetchSlot(uint64_t slot) const { KeyEntry::PrefetchSlot(slot); }
  };

  KeyEntry InsertSlot(uint64_t hash, uint64_t slot);
  RawString& MakeRaw(KeyEntry entry);
  KeyEntry FindExpiring(uint64_t hash) const;
  void AddRecord(KeyEntry entry, uint64_t hash);
  void NoteExpiry(KeyEntry entry, int64_t old_expiry_ms);
  static uint64_t TicksOf(int64_t expiry_ms) {
    return expiry_ms == kNoExpiry || expiry_ms < 0 ? 0 : static_cast<uint64_t>(expiry_ms / kTickMs);
  }
  void SweepSome();
  bool IsWatched(std::string_view key) const {
    return watch_.templates != nullptr && watch_.templates->MayBeQueueKey(key);
  }
  void NoteQueueKey(std::string_view key, bool erased);

  const QueueKeyWatch watch_;
  std::unique_ptr<WaitingRooms> rooms_;
  SegmentTable<EntryPolicy> table_;
  ExpiryIndex index_;
  size_t keys_with_expiry_ = 0;
  uint64_t expiry_ticks_ = 0;  // wraps with absurd expiries, and then only the mean is wrong
  size_t entry_bytes_ = 0;
};

}  // namespace usher::engine
