// See key_entry.h.
#include "engine/key_entry.h"

#include <algorithm>

#include "engine/base/memory.h"
#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/stream_value.h"
#include "engine/zset.h"
#include "protocol/number_text.h"

namespace usher::engine {

using entry_layout::ExpiryOffset;
using entry_layout::FormOf;
using entry_layout::HasWord;
using entry_layout::KeyBase;
using entry_layout::kInlineFormMax;
using entry_layout::kLongKey;
using entry_layout::ValueOffset;

namespace {

// Blocks are at least this large, because only then does the allocator align them to 16.
constexpr size_t kBlockBytesMin = 16;
// Up to this size a block stays in use however little of it a new value needs.
constexpr size_t kBlockBytesWorthReplacing = 64;

bool IsLongKey(size_t key_size) {
  return key_size >= kLongKey;
}

}  // namespace

// ---- KeyEntry

ValueType KeyEntry::type() const {
  const EntryKind entry_kind = kind();
  if (entry_kind <= EntryKind::kRaw) return ValueType::kString;
  return static_cast<ValueType>(static_cast<uint8_t>(entry_kind) - 2);
}

int64_t KeyEntry::expiry_ms() const {
  return HasExpiry() ? Load<int64_t>(block() + ExpiryOffset(kind())) : kNoExpiry;
}

std::string_view KeyEntry::InlineBytes() const {
  const uint8_t entry_form = form();
  const bool expires = entry_form > kInlineFormMax;
  const size_t size = expires ? static_cast<uint8_t>(block()[ValueOffset(EntryKind::kInline)]) : entry_form;
  const std::string_view name = key();
  return {name.data() + name.size(), size};
}

std::string_view KeyEntry::StringBytes(IntegerScratch& scratch) const {
  switch (kind()) {
    case EntryKind::kInline:
      return InlineBytes();
    case EntryKind::kInt:
      return {scratch.data(), protocol::FormatInteger(int_value(), scratch.data())};
    default:
      return As<RawString>().view();
  }
}

size_t KeyEntry::StringSize() const {
  IntegerScratch scratch;
  return StringBytes(scratch).size();
}

StringEncoding KeyEntry::string_encoding() const {
  switch (kind()) {
    case EntryKind::kInt:
      return StringEncoding::kInt;
    case EntryKind::kInline:
      return InlineBytes().size() <= kEmbstrBytesMax ? StringEncoding::kEmbstr : StringEncoding::kRaw;
    default:
      return StringEncoding::kRaw;
  }
}

size_t KeyEntry::BlockMemoryBytes() const {
  return UsableBytes(block());
}

size_t KeyEntry::ValueMemoryBytes() const {
  return HasWord(kind()) ? engine::ValueMemoryBytes(type(), word_place()) : 0;
}

void OwnedEntry::Destroy() {
  if (slot_ == 0) return;
  const KeyEntry owned = entry();
  if (HasWord(owned.kind())) DestroyValue(owned.type(), owned.word_place());
  Free(owned.block());
}

// ---- Values behind a word

void DestroyValue(ValueType type, void* place) {
  switch (type) {
    case ValueType::kString:
      return static_cast<RawString*>(place)->Destroy();
    case ValueType::kList:
      return static_cast<List*>(place)->Destroy();
    case ValueType::kHash:
      return static_cast<Hash*>(place)->Destroy();
    case ValueType::kSet:
      return static_cast<Set*>(place)->Destroy();
    case ValueType::kZset:
      return static_cast<Zset*>(place)->Destroy();
    case ValueType::kStream:
      return static_cast<Stream*>(place)->Destroy();
    default:
      ASSERT(false);
  }
}

size_t ValueMemoryBytes(ValueType type, const void* place) {
  switch (type) {
    case ValueType::kString:
      return static_cast<const RawString*>(place)->MemoryBytes();
    case ValueType::kList:
      return static_cast<const List*>(place)->MemoryBytes();
    case ValueType::kHash:
      return static_cast<const Hash*>(place)->MemoryBytes();
    case ValueType::kSet:
      return static_cast<const Set*>(place)->MemoryBytes();
    case ValueType::kZset:
      return static_cast<const Zset*>(place)->MemoryBytes();
    case ValueType::kStream:
      return static_cast<const Stream*>(place)->MemoryBytes();
    default:
      ASSERT(false);
  }
}

// ---- EntryBuilder

EntryBuilder EntryBuilder::CopyOf(KeyEntry entry) {
  switch (entry.kind()) {
    case EntryKind::kInline:
      return Text(entry.InlineBytes());
    case EntryKind::kInt:
      return Int(entry.int_value());
    case EntryKind::kRaw:
      return Value(RawString::Make(entry.As<RawString>().view()));
    case EntryKind::kList:
      return Value(entry.As<List>().Copy());
    case EntryKind::kHash:
      return Value(entry.As<Hash>().Copy());
    case EntryKind::kSet:
      return Value(entry.As<Set>().Copy());
    case EntryKind::kZset:
      return Value(entry.As<Zset>().Copy());
    case EntryKind::kStream:
      return Value(entry.As<Stream>().Copy());
    default:
      ASSERT(false);
  }
}

EntryBuilder EntryBuilder::Text(std::string_view bytes) {
  return {bytes.size() <= kInlineFormMax ? EntryKind::kInline : EntryKind::kRaw, bytes, 0};
}

EntryBuilder EntryBuilder::String(std::string_view bytes) {
  const bool may_be_number = !bytes.empty() && bytes.size() <= protocol::kIntegerTextBytesMax && bytes[0] <= '9';
  int64_t number = 0;
  if (may_be_number && protocol::ParseInteger(bytes, number)) return Int(number);
  return Text(bytes);
}

EntryBuilder EntryBuilder::Int(int64_t value) {
  return {EntryKind::kInt, {}, static_cast<uint64_t>(value)};
}
EntryBuilder EntryBuilder::Word(EntryKind kind, uint64_t word) {
  return {kind, {}, word};
}

size_t EntryBuilder::BytesNeeded(size_t key_size, bool expires) const {
  const size_t inline_bytes = kind_ == EntryKind::kInline ? text_.size() : 0;
  return KeyBase(kind_, expires) + (IsLongKey(key_size) ? sizeof(uint32_t) : 0) + key_size + inline_bytes;
}

// Writes all but the key: its length, form, expiry and value.
void EntryBuilder::WriteHeader(char* block, size_t key_size, int64_t expiry_ms) const {
  const bool expires = expiry_ms != kNoExpiry;
  const size_t key_base = KeyBase(kind_, expires);
  const bool is_plain = kind_ == EntryKind::kInline && !expires;
  block[0] = static_cast<char>(is_plain ? text_.size() : FormOf(kind_, expires, false));
  block[1] = static_cast<char>(IsLongKey(key_size) ? kLongKey : key_size);
  if (expires) KeyEntry::Store(block + ExpiryOffset(kind_), expiry_ms);
  size_t key_end = key_base + key_size;
  if (IsLongKey(key_size)) {
    KeyEntry::Store(block + key_base, static_cast<uint32_t>(key_size));
    key_end += sizeof(uint32_t);
  }
  if (kind_ != EntryKind::kInline) {
    KeyEntry::Store(block + ValueOffset(kind_), word_);
    return;
  }
  if (expires) block[ValueOffset(kind_)] = static_cast<char>(text_.size());
  if (!text_.empty()) std::memcpy(block + key_end, text_.data(), text_.size());
}

uint64_t EntryBuilder::Build(std::string_view key, int64_t expiry_ms) const {
  ASSERT(key.size() <= std::numeric_limits<uint32_t>::max());
  if (kind_ == EntryKind::kRaw && word_ == 0) return Value(RawString::Make(text_)).Build(key, expiry_ms);
  const bool expires = expiry_ms != kNoExpiry;
  char* block = static_cast<char*>(Allocate(std::max(BytesNeeded(key.size(), expires), kBlockBytesMin)));
  WriteHeader(block, key.size(), expiry_ms);
  char* name = block + KeyBase(kind_, expires) + (IsLongKey(key.size()) ? sizeof(uint32_t) : 0);
  if (!key.empty()) std::memcpy(name, key.data(), key.size());
  const uint64_t slot = reinterpret_cast<uintptr_t>(block) >> 4;
  ASSERT_DEBUG((slot << 4) == reinterpret_cast<uintptr_t>(block) && slot <= KeyEntry::kAddressMask);
  return slot;
}

bool EntryBuilder::BuildInPlace(KeyEntry entry, int64_t expiry_ms) const {
  const bool expires = expiry_ms != kNoExpiry;
  const bool long_text = kind_ == EntryKind::kRaw && word_ == 0;
  if (entry.kind() == EntryKind::kRaw) {
    if (!long_text || entry.HasExpiry() != expires) return false;
    entry.As<RawString>().Assign(text_);
    if (expires) StoreExpiry(entry, expiry_ms);
    return true;
  }
  if (HasWord(entry.kind()) || long_text) return false;
  const std::string_view name = entry.key();
  char* const block = entry.block();
  const size_t needed = BytesNeeded(name.size(), expires);
  const size_t inline_bytes = entry.kind() == EntryKind::kInline ? entry.InlineBytes().size() : 0;
  const size_t used = static_cast<size_t>(name.data() + name.size() - block) + inline_bytes;
  if (needed != used) {  // else it surely fits, and the allocator need not be asked
    const size_t usable = UsableBytes(block);
    if (needed > usable || std::max(needed, kBlockBytesWorthReplacing / 2) < usable / 2) return false;
  }
  char* const place = block + KeyBase(kind_, expires) + (IsLongKey(name.size()) ? sizeof(uint32_t) : 0);
  const bool marked = IsMarked(entry);
  if (place != name.data()) std::memmove(place, name.data(), name.size());
  WriteHeader(block, name.size(), expiry_ms);
  if (marked && expires) SetMark(entry, true);
  return true;
}

void EntryBuilder::Rebuild(KeyEntry entry, std::string_view key, int64_t expiry_ms) {
  const EntryKind kind = entry.kind();
  const EntryBuilder value = kind == EntryKind::kInline
                                 ? Text(entry.InlineBytes())
                                 : Word(kind, KeyEntry::Load<uint64_t>(entry.block() + ValueOffset(kind)));
  char* const old_block = entry.block();
  const bool was_marked = IsMarked(entry);
  const uint32_t access = entry.access();
  *entry.slot() = value.Build(key, expiry_ms);
  entry.set_access(access);
  if (was_marked && expiry_ms != kNoExpiry) SetMark(entry, true);
  Free(old_block);
}

void EntryBuilder::SetMark(KeyEntry entry, bool marked) {
  ASSERT_DEBUG(entry.HasExpiry());
  entry.block()[0] = static_cast<char>(FormOf(entry.kind(), true, marked));
}

void EntryBuilder::StoreExpiry(KeyEntry entry, int64_t expiry_ms) {
  ASSERT_DEBUG(entry.HasExpiry());
  KeyEntry::Store(entry.block() + ExpiryOffset(entry.kind()), expiry_ms);
}

}  // namespace usher::engine
