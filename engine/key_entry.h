// KeyEntry: one key with its value and expiry, in one allocation behind a 64-bit table slot.
//
//   slot    access word (21 bits, access_clock.h) | block address / 16 (43 bits)
//
//   block   byte 0 = form, byte 1 = key length; 255: the length is 4 bytes in front of the key
//     form 0..191      [form klen | key | value]                       a string of `form` bytes without expiry
//     192 + 4 * kind + 2 * mark + expires:
//       kInline        [form klen | length 1 | expiry 8 | key | value] a short string with expiry
//       kInt           [form klen | integer 8 | (expiry 8) | key]      a string that is a number, without its digits
//       kRaw, kHash .. [form klen .... .. | word 8 | (expiry 8) | key] what the word (RawString, Hash, Zset) refers to
//
// So a 14-byte key with a 16-byte value takes 32 bytes. The word is 8-byte aligned, so that a Hash& or Zset& may refer
// into the block; all else is read with memcpy. `mark` belongs to the expiry index (keyspace.h).
//
// KeyEntry is a view of a table slot: valid until the next insert or erase. Changes that may move the block are made
// through Keyspace, which accounts for memory. OwnedEntry is a block without a table: a deleted or replaced entry on
// its way to be freed, renamed or looked at once more. Complexity: all O(1) or linear in the bytes copied. Thread
// safety: none; an OwnedEntry may be destroyed anywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/access_clock.h"
#include "engine/base/assert.h"
#include "engine/base/prefetch.h"
#include "engine/string_value.h"
#include "engine/value_types.h"

namespace usher::engine {

/// The expiry of keys that have none.
inline constexpr int64_t kNoExpiry = std::numeric_limits<int64_t>::min();

/// Room for the digits of an integer value, see KeyEntry::StringBytes().
using IntegerScratch = std::array<char, 24>;

enum class EntryKind : uint8_t { kInline, kInt, kRaw, kList, kSet, kZset, kHash, kStream };

namespace entry_layout {

inline constexpr uint8_t kInlineFormMax = 191;
inline constexpr uint8_t kFirstKindForm = kInlineFormMax + 1;
inline constexpr uint8_t kLongKey = 255;

constexpr uint8_t FormOf(EntryKind kind, bool expires, bool marked) {
  return static_cast<uint8_t>(kFirstKindForm + static_cast<uint8_t>(kind) * 4 + (marked ? 2 : 0) + (expires ? 1 : 0));
}
constexpr bool Expires(uint8_t form) {
  return form >= kFirstKindForm && ((form - kFirstKindForm) & 1) != 0;
}
constexpr bool Marked(uint8_t form) {
  return form >= kFirstKindForm && ((form - kFirstKindForm) & 2) != 0;
}
constexpr EntryKind KindOf(uint8_t form) {
  return form < kFirstKindForm ? EntryKind::kInline : static_cast<EntryKind>((form - kFirstKindForm) / 4);
}
constexpr bool HasWord(EntryKind kind) {
  return kind >= EntryKind::kRaw;
}
/// Where the integer or the word is; kInline keeps its own length there.
constexpr size_t ValueOffset(EntryKind kind) {
  return HasWord(kind) ? 8 : 2;
}
/// Where the expiry is, if there is one.
constexpr size_t ExpiryOffset(EntryKind kind) {
  return ValueOffset(kind) + (kind == EntryKind::kInline ? 1 : 8);
}
/// Where the key (or its 4-byte length) is.
constexpr size_t KeyBase(EntryKind kind, bool expires) {
  if (expires) return ExpiryOffset(kind) + 8;
  return kind == EntryKind::kInline ? 2 : ExpiryOffset(kind);
}

constexpr std::array<uint8_t, 256> MakeKeyBases() {
  std::array<uint8_t, 256> bases{};
  for (size_t form = 0; form < bases.size(); ++form) {
    const uint8_t byte = static_cast<uint8_t>(form);
    bases[form] = static_cast<uint8_t>(KeyBase(KindOf(byte), Expires(byte)));
  }
  return bases;
}
inline constexpr std::array<uint8_t, 256> kKeyBases = MakeKeyBases();

}  // namespace entry_layout

class KeyEntry {
 public:
  KeyEntry() = default;
  /// The entry in `slot`, or none for null.
  explicit KeyEntry(uint64_t* slot) : slot_(slot) {}
  explicit operator bool() const { return slot_ != nullptr; }
  uint64_t* slot() const { return slot_; }

  std::string_view key() const { return KeyIn(block()); }
  EntryKind kind() const { return entry_layout::KindOf(form()); }
  ValueType type() const;

  /// The expiry in ms since the epoch, or kNoExpiry.
  int64_t expiry_ms() const;
  bool HasExpiry() const { return entry_layout::Expires(form()); }
  /// As in Redis, a key is still there in the very millisecond of its expiry.
  bool IsExpired(int64_t now_ms) const { return HasExpiry() && expiry_ms() < now_ms; }

  /// A string's bytes: of the entry, of the heap, or the digits of an integer in `scratch`.
  std::string_view StringBytes(IntegerScratch& scratch) const;
  size_t StringSize() const;
  StringEncoding string_encoding() const;
  bool IsInt() const { return kind() == EntryKind::kInt; }
  int64_t int_value() const { return Load<int64_t>(block() + entry_layout::ValueOffset(EntryKind::kInt)); }
  void set_int_value(int64_t value) { Store(block() + entry_layout::ValueOffset(EntryKind::kInt), value); }

  /// The container (Hash, Zset ...) or RawString of this entry, which must be of that kind.
  template <class T>
  T& As() const {
    ASSERT_DEBUG(entry_layout::HasWord(kind()) && type() == kTypeOf<T>);
    return *std::launder(reinterpret_cast<T*>(word_place()));
  }

  /// The access word, see access_clock.h. Writing it is not a change of the key.
  uint32_t access() const { return static_cast<uint32_t>(*slot_ >> kAddressBits); }
  void set_access(uint32_t access) { *slot_ = (*slot_ & kAddressMask) | (uint64_t{access} << kAddressBits); }

  /// What the block takes, and what the value takes beside it.
  size_t BlockMemoryBytes() const;
  size_t ValueMemoryBytes() const;

  /// The key in the block of `slot`, and a hint to load it.
  static std::string_view KeyOfSlot(uint64_t slot) { return KeyIn(BlockOf(slot)); }
  static void PrefetchSlot(uint64_t slot) { PrefetchLine(BlockOf(slot)); }

 private:
  friend class OwnedEntry;
  friend class EntryBuilder;
  static constexpr uint32_t kAddressBits = 64 - kAccessBits;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << kAddressBits) - 1;

  static char* BlockOf(uint64_t slot) { return reinterpret_cast<char*>((slot & kAddressMask) << 4); }
  static std::string_view KeyIn(const char* block) {
    const char* key = block + entry_layout::kKeyBases[static_cast<uint8_t>(block[0])];
    const uint8_t length = static_cast<uint8_t>(block[1]);
    if (length != entry_layout::kLongKey) [[likely]]
      return {key, length};
    return {key + sizeof(uint32_t), Load<uint32_t>(key)};
  }
  template <class T>
  static T Load(const char* from) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
  }
  template <class T>
  static void Store(char* to, T value) {
    std::memcpy(to, &value, sizeof(T));
  }
  char* block() const { return BlockOf(*slot_); }
  uint8_t form() const { return static_cast<uint8_t>(block()[0]); }
  char* word_place() const { return block() + entry_layout::ValueOffset(EntryKind::kRaw); }
  std::string_view InlineBytes() const;

  uint64_t* slot_ = nullptr;
};

/// An entry that is in no table. Destroying it frees block and value.
class OwnedEntry {
 public:
  OwnedEntry() = default;
  /// Takes over what `slot` refers to.
  explicit OwnedEntry(uint64_t slot) : slot_(slot) {}
  ~OwnedEntry() { Destroy(); }
  OwnedEntry(const OwnedEntry&) = delete;
  OwnedEntry& operator=(const OwnedEntry&) = delete;
  OwnedEntry(OwnedEntry&& other) noexcept : slot_(std::exchange(other.slot_, 0)) {}
  OwnedEntry& operator=(OwnedEntry&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }

  explicit operator bool() const { return slot_ != 0; }
  KeyEntry entry() { return KeyEntry(slot_ == 0 ? nullptr : &slot_); }
  /// Gives the block up to the caller.
  uint64_t Release() { return std::exchange(slot_, 0); }

 private:
  void Destroy();
  uint64_t slot_ = 0;
};

/// A new value for a key, before it has a place: what kind it becomes is decided once.
class EntryBuilder {
 public:
  /// A string; a number (canonical, 64 bits) becomes kInt.
  static EntryBuilder String(std::string_view bytes);
  /// A string that stays text whatever it looks like (INCRBYFLOAT's results).
  static EntryBuilder Text(std::string_view bytes);
  static EntryBuilder Int(int64_t value);
  /// A container or RawString, whose ownership passes to the entry.
  static EntryBuilder Word(EntryKind kind, uint64_t word);
  template <class T>
  static EntryBuilder Value(const T& value) {
    static_assert(sizeof(T) == 8 && std::is_trivially_copyable_v<T>);
    uint64_t word;
    std::memcpy(&word, &value, sizeof(word));
    constexpr ValueType kType = kTypeOf<T>;
    // EntryKind lists the containers in ValueType's order, behind the three kinds of string.
    if constexpr (kType == ValueType::kString) {
      return Word(EntryKind::kRaw, word);
    } else {
      return Word(static_cast<EntryKind>(static_cast<uint8_t>(kType) + 2), word);
    }
  }

  /// A copy of the entry's value, in the encoding that the entry has. Bytes it names are those of the entry.
  static EntryBuilder CopyOf(KeyEntry entry);

  /// A slot (access word 0, no mark) with a new block.
  uint64_t Build(std::string_view key, int64_t expiry_ms) const;
  /// Turns the block of `entry` into this in place, if it fits without much waste. The old value must not need freeing
  /// (a RawString is re-used when this is a long string as well).
  bool BuildInPlace(KeyEntry entry, int64_t expiry_ms) const;
  /// Gives `entry` another key and expiry, in a new block; the value moves, the old block is freed. `key` may be the
  /// entry's own.
  static void Rebuild(KeyEntry entry, std::string_view key, int64_t expiry_ms);

  static bool IsMarked(KeyEntry entry) { return entry_layout::Marked(entry.form()); }
  static void SetMark(KeyEntry entry, bool marked);
  static void StoreExpiry(KeyEntry entry, int64_t expiry_ms);

 private:
  EntryBuilder(EntryKind kind, std::string_view text, uint64_t word) : kind_(kind), text_(text), word_(word) {}
  size_t BytesNeeded(size_t key_size, bool expires) const;
  void WriteHeader(char* block, size_t key_size, int64_t expiry_ms) const;

  EntryKind kind_;
  std::string_view text_;  // kInline, and kRaw that is still to be made
  uint64_t word_;          // kInt and the word kinds; 0 for a kRaw that is still to be made
};

/// Frees what the word at `place` refers to, and counts it.
void DestroyValue(ValueType type, void* place);
size_t ValueMemoryBytes(ValueType type, const void* place);

}  // namespace usher::engine
