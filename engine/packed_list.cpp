// See packed_list.h.
#include "engine/packed_list.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

// First bytes of elements.
constexpr uint8_t kShortStringMax = 63;  // 0 to 63: a string of that length
constexpr uint8_t kHex = 0x40;           // + packed bytes - 4
constexpr uint8_t kInteger = 0x60;       // + bytes - 1
constexpr uint8_t kString8 = 0x68;       // length of 1, 2, 4 bytes follows
constexpr uint8_t kString16 = 0x69;
constexpr uint8_t kString32 = 0x6A;
constexpr uint8_t kSmallInteger = 0x80;  // + the value, 0 to 63
constexpr uint8_t kWord = 0xC0;          // + the place in kWords

constexpr size_t kHexDigitsMin = 8;
constexpr size_t kHexDigitsMax = 64;
constexpr uint8_t kLongTail = 0x7F;
constexpr uint32_t kShortBodyMax = 0x7E;
constexpr size_t kBlockBytesMin = 32;
constexpr size_t kSlackFrom = 256;  // blocks from this size on grow by an eighth more than asked for

// At most 64. The order has no meaning outside the process.
constexpr std::array<std::string_view, 62> kWords = {
    "token",      "status",      "extend_count", "expired_at",  "READY",     "ACTIVE",    "WAITING",  "EXPIRED",
    "max-active", "max-waiting", "token-ttl",    "active-ttl",  "rate",      "interval",  "admit",    "state",
    "open",       "paused",      "closed",       "max-extends", "on",        "off",       "position", "total",
    "id",         "name",        "user",         "user_id",     "userId",    "email",     "type",     "value",
    "count",      "price",       "amount",       "balance",     "score",     "seat",      "seat_id",  "seatId",
    "created_at", "updated_at",  "createdAt",    "updatedAt",   "timestamp", "ttl",       "true",     "false",
    "null",       "PENDING",     "RESERVED",     "SOLD",        "AVAILABLE", "HELD",      "PAID",     "CANCELLED",
    "ISSUED",     "SOLDOUT",     "concert_id",   "concertId",   "queue",     "expires_at"};
static_assert(kWords.size() <= 64);

constexpr uint8_t WordSlot(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  return static_cast<uint8_t>(byte(0) * 7 + byte(text.size() / 2) * 31 + byte(text.size() - 1) * 13 + text.size() * 5);
}

constexpr size_t kWordBytesMax = 12;

/// Open addressing: 0 or 1 + the place in kWords.
constexpr std::array<uint8_t, 256> kWordTable = [] {
  std::array<uint8_t, 256> table{};
  for (size_t i = 0; i < kWords.size(); ++i) {
    uint8_t slot = WordSlot(kWords[i]);
    while (table[slot] != 0) ++slot;
    table[slot] = static_cast<uint8_t>(i + 1);
  }
  return table;
}();

std::optional<uint8_t> FindWord(std::string_view text) {
  if (text.empty() || text.size() > kWordBytesMax) return std::nullopt;
  for (uint8_t slot = WordSlot(text); kWordTable[slot] != 0; ++slot) {
    if (kWords[kWordTable[slot] - 1u] == text) return static_cast<uint8_t>(kWordTable[slot] - 1);
  }
  return std::nullopt;
}

/// The value of exactly the texts that printing an int64_t gives.
std::optional<int64_t> CanonicalInteger(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const size_t sign = text[0] == '-' ? 1 : 0;
  if (text.size() == sign || text[sign] < '0' || text[sign] > '9') return std::nullopt;
  if (text[sign] == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::array<uint8_t, 256> kNibbles = [] {
  std::array<uint8_t, 256> nibbles{};
  nibbles.fill(0xFF);
  for (uint8_t i = 0; i < 16; ++i) nibbles[static_cast<unsigned char>(kHexDigits[i])] = i;
  return nibbles;
}();

bool PackHex(std::string_view text, uint8_t* packed) {
  if (text.size() < kHexDigitsMin || text.size() > kHexDigitsMax || text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const uint8_t high = kNibbles[static_cast<unsigned char>(text[i])];
    const uint8_t low = kNibbles[static_cast<unsigned char>(text[i + 1])];
    if ((high | low) > 15) return false;
    packed[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

std::string_view UnpackHex(const uint8_t* packed, size_t bytes, PackedScratch& scratch) {
  for (size_t i = 0; i < bytes; ++i) {
    scratch.bytes[2 * i] = kHexDigits[packed[i] >> 4];
    scratch.bytes[2 * i + 1] = kHexDigits[packed[i] & 15];
  }
  return {scratch.bytes, 2 * bytes};
}

std::string_view SpellInteger(int64_t value, PackedScratch& scratch) {
  const auto [end, error] = std::to_chars(scratch.bytes, scratch.bytes + sizeof scratch.bytes, value);
  return {scratch.bytes, static_cast<size_t>(end - scratch.bytes)};
}

int64_t LoadInteger(const uint8_t* bytes, size_t width) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, width);
  const int unused_bits = static_cast<int>(64 - width * 8);
  return static_cast<int64_t>(value << unused_bits) >> unused_bits;
}

uint32_t LoadLength(const uint8_t* bytes, size_t width) {
  uint32_t length = 0;
  std::memcpy(&length, bytes, width);
  return length;
}

size_t LengthBytes(uint8_t tag) {
  return size_t{1} << (tag - kString8);
}
size_t HexBytes(uint8_t tag) {
  return tag - kHex + kHexDigitsMin / 2;
}

/// Tag and payload of an element that is not a single byte.
uint32_t BodyBytes(const uint8_t* at) {
  const uint8_t tag = *at;
  if (tag <= kShortStringMax) return 1u + tag;
  if (tag < kInteger) return 1u + static_cast<uint32_t>(HexBytes(tag));
  if (tag < kString8) return 2u + tag - kInteger;
  ASSERT_DEBUG(tag >= kString8 && tag <= kString32);
  return 1u + static_cast<uint32_t>(LengthBytes(tag)) + LoadLength(at + 1, LengthBytes(tag));
}

size_t BytesWithTail(size_t body) {
  return body + (body <= kShortBodyMax ? 1 : 5);
}

uint32_t ElementBytesAt(const uint8_t* at) {
  return *at >= kSmallInteger ? 1 : static_cast<uint32_t>(BytesWithTail(BodyBytes(at)));
}

/// Bytes of an integer in a listpack, the byte behind it included.
size_t ListpackIntegerBytes(int64_t value) {
  if (value >= 0 && value <= 127) return 2;
  const int bits = std::bit_width(static_cast<uint64_t>(value < 0 ? ~value : value)) + 1;
  if (bits <= 13) return 3;
  if (bits <= 24) return 1 + static_cast<size_t>(bits <= 16 ? 2 : 3) + 1;
  return 1 + static_cast<size_t>(bits <= 32 ? 4 : 8) + 1;
}

/// Bytes of a text in a listpack, the length behind it included.
size_t ListpackTextBytes(size_t length) {
  const size_t body = length + (length <= 63 ? 1 : length <= 4095 ? 2 : 5);
  if (body <= 127) return body + 1;
  if (body < 16383) return body + 2;
  return body + (body < 2097151 ? 3 : body < 268435455 ? 4 : 5);
}

}  // namespace

PackedText::PackedText(std::string_view text) {
  if (const std::optional<int64_t> integer = CanonicalInteger(text)) {
    EncodeInteger(*integer);
    return;
  }
  if (const std::optional<uint8_t> word = FindWord(text)) {
    head_[0] = static_cast<uint8_t>(kWord + *word);
    head_bytes_ = 1;
    return;
  }
  if (PackHex(text, head_ + 1)) {
    const size_t packed = text.size() / 2;
    head_[0] = static_cast<uint8_t>(kHex + packed - kHexDigitsMin / 2);
    head_bytes_ = static_cast<uint8_t>(1 + packed);
    return;
  }
  EncodeLiteral(text);
}

void PackedText::EncodeInteger(int64_t integer) {
  if (integer >= 0 && integer < 64) {
    head_[0] = static_cast<uint8_t>(kSmallInteger + integer);
    head_bytes_ = 1;
    return;
  }
  const uint64_t magnitude = static_cast<uint64_t>(integer < 0 ? ~integer : integer);
  const size_t width = static_cast<size_t>(std::bit_width(magnitude)) / 8 + 1;  // one bit more for the sign
  head_[0] = static_cast<uint8_t>(kInteger + width - 1);
  std::memcpy(head_ + 1, &integer, width);
  head_bytes_ = static_cast<uint8_t>(1 + width);
}

void PackedText::EncodeLiteral(std::string_view text) {
  literal_ = text;
  if (text.size() <= kShortStringMax) {
    head_[0] = static_cast<uint8_t>(text.size());
    head_bytes_ = 1;
    return;
  }
  ASSERT(text.size() <= std::numeric_limits<uint32_t>::max());
  head_[0] = text.size() <= 0xFF ? kString8 : text.size() <= 0xFFFF ? kString16 : kString32;
  const uint32_t length = static_cast<uint32_t>(text.size());
  std::memcpy(head_ + 1, &length, LengthBytes(head_[0]));
  head_bytes_ = static_cast<uint8_t>(1 + LengthBytes(head_[0]));
}

size_t PackedText::ElementBytes() const {
  return head_[0] >= kSmallInteger ? 1 : BytesWithTail(head_bytes_ + literal_.size());
}

size_t PackedText::ListpackBytes() const {
  return PackedElement(head_).ListpackBytes();
}

void PackedText::WriteTo(uint8_t* at) const {
  std::memcpy(at, head_, head_bytes_);
  if (head_[0] >= kSmallInteger) return;
  if (!literal_.empty()) std::memcpy(at + head_bytes_, literal_.data(), literal_.size());
  const uint32_t body = static_cast<uint32_t>(head_bytes_ + literal_.size());
  uint8_t* tail = at + body;
  if (body <= kShortBodyMax) {
    *tail = static_cast<uint8_t>(body);
    return;
  }
  std::memcpy(tail, &body, sizeof body);
  tail[sizeof body] = kLongTail;
}

PackedElement PackedElement::EndingAt(const uint8_t* end) {
  const uint8_t last = end[-1];
  if (last >= kSmallInteger) return PackedElement(end - 1);
  if (last != kLongTail) return PackedElement(end - 1 - last);
  return PackedElement(end - 5 - LoadLength(end - 5, 4));
}

const uint8_t* PackedElement::end() const {
  return at_ + ElementBytesAt(at_);
}

size_t PackedElement::ListpackBytes() const {
  const uint8_t tag = *at_;
  if (tag <= kShortStringMax) [[likely]]
    return ListpackTextBytes(tag);
  if (tag >= kWord) return ListpackTextBytes(kWords[static_cast<size_t>(tag - kWord)].size());
  if (tag >= kSmallInteger) return 2;
  if (tag < kInteger) return ListpackTextBytes(2 * HexBytes(tag));
  if (tag < kString8) return ListpackIntegerBytes(LoadInteger(at_ + 1, tag - kInteger + 1u));
  return ListpackTextBytes(LoadLength(at_ + 1, LengthBytes(tag)));
}

std::string_view PackedElement::Text(PackedScratch& scratch) const {
  const uint8_t tag = *at_;
  if (tag >= kWord) return kWords[static_cast<size_t>(tag - kWord)];
  if (tag >= kSmallInteger) return SpellInteger(tag - kSmallInteger, scratch);
  const char* payload = reinterpret_cast<const char*>(at_ + 1);
  if (tag <= kShortStringMax) return {payload, tag};
  if (tag < kInteger) return UnpackHex(at_ + 1, HexBytes(tag), scratch);
  if (tag < kString8) return SpellInteger(LoadInteger(at_ + 1, tag - kInteger + 1u), scratch);
  const size_t width = LengthBytes(tag);
  return {payload + width, LoadLength(at_ + 1, width)};
}

size_t PackedElement::TextBytes() const {
  const uint8_t tag = *at_;
  if (tag >= kHex && tag < kInteger) return 2 * HexBytes(tag);
  PackedScratch scratch;
  return Text(scratch).size();
}

std::optional<int64_t> PackedElement::Integer() const {
  const uint8_t tag = *at_;
  if (tag >= kSmallInteger && tag < kWord) return tag - kSmallInteger;
  if (tag >= kInteger && tag < kString8) return LoadInteger(at_ + 1, tag - kInteger + 1u);
  return std::nullopt;
}

bool PackedElement::operator==(const PackedText& text) const {
  // Equal tags mean equally long heads, and equal heads equally long texts: nothing is read beyond the element.
  if (*at_ != text.head_[0]) return false;
  if (text.head_bytes_ > 1 && std::memcmp(at_, text.head_, text.head_bytes_) != 0) return false;
  if (text.literal_.empty()) return true;
  // Names of equal length tend to differ at their end, which spares the call.
  const uint8_t* literal = at_ + text.head_bytes_;
  const size_t last = text.literal_.size() - 1;
  return literal[last] == static_cast<uint8_t>(text.literal_[last]) &&
         std::memcmp(literal, text.literal_.data(), last) == 0;
}

PackedList::Position PackedList::Next(Position position) const {
  return position + ElementBytesAt(Elements() + position);
}

PackedList::Position PackedList::Previous(Position position) const {
  return static_cast<Position>(PackedElement::EndingAt(Elements() + position).begin() - Elements());
}

PackedList::Position PackedList::Seek(uint32_t index) const {
  ASSERT(index <= size());
  if (index > size() / 2) {
    Position position = End();
    for (uint32_t i = size(); i > index; --i) position = Previous(position);
    return position;
  }
  Position position = Begin();
  for (uint32_t i = 0; i < index; ++i) position = Next(position);
  return position;
}

PackedList::Position PackedList::Find(const PackedText& text, Position from, uint32_t stride) const {
  if (block_ == nullptr) return End();
  const uint8_t* const end = Elements() + End();
  for (const uint8_t* at = Elements() + from; at < end;) {
    if (PackedElement(at) == text) return static_cast<Position>(at - Elements());
    for (uint32_t i = 0; i < stride && at < end; ++i) at += ElementBytesAt(at);
  }
  return End();
}

void PackedList::Insert(Position position, const PackedText& text) {
  text.WriteTo(Resize(position, 0, text.ElementBytes()));
  ++block_->count;
}

void PackedList::Replace(Position position, const PackedText& text) {
  text.WriteTo(Resize(position, ElementBytesAt(Elements() + position), text.ElementBytes()));
  Shrink();
}

void PackedList::Erase(Position position, uint32_t count) {
  if (count == 0) return;
  ASSERT(count <= size());
  if (count == size()) return Destroy();
  Position end = position;
  for (uint32_t i = 0; i < count; ++i) end = Next(end);
  Resize(position, end - position, 0);
  block_->count -= count;
  Shrink();
}

/// Makes the `old_bytes` at `position` `new_bytes` long, moving what is behind them; returns their place.
uint8_t* PackedList::Resize(Position position, uint32_t old_bytes, size_t new_bytes) {
  const size_t used = End();
  const size_t new_used = used - old_bytes + new_bytes;
  ASSERT(new_used < std::numeric_limits<uint32_t>::max());
  const size_t wanted = sizeof(Block) + new_used;
  if (block_ == nullptr) {
    block_ = static_cast<Block*>(Allocate(wanted < kBlockBytesMin ? kBlockBytesMin : wanted));
    *block_ = Block{.used_bytes = 0, .count = 0};
  } else if (new_bytes > old_bytes && wanted > UsableBytes(block_)) {
    block_ = static_cast<Block*>(Reallocate(block_, wanted + (wanted >= kSlackFrom ? wanted / 8 : 0)));
  }
  uint8_t* at = Elements() + position;
  std::memmove(at + new_bytes, at + old_bytes, used - position - old_bytes);
  block_->used_bytes = static_cast<uint32_t>(new_used);
  return at;
}

/// Gives memory back once less than half of it is used.
void PackedList::Shrink() {
  const size_t wanted = sizeof(Block) + block_->used_bytes;
  const size_t held = UsableBytes(block_);
  if (held > 2 * kBlockBytesMin && wanted < held / 2) block_ = static_cast<Block*>(Reallocate(block_, wanted));
}

size_t PackedList::MemoryBytes() const {
  return UsableBytes(block_);
}

PackedList PackedList::Copy() const {
  if (block_ == nullptr) return PackedList();
  const size_t bytes = sizeof(Block) + block_->used_bytes;
  void* copy = Allocate(bytes);
  std::memcpy(copy, block_, bytes);
  return FromBlock(copy);
}

void PackedList::Destroy() {
  Free(block_);
  block_ = nullptr;
}

}  // namespace usher::engine
