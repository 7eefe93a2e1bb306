// ZsetPacked, see zset_packed.h for the layout.
#include "engine/zset_packed.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "engine/base/memory.h"
#include "engine/varint.h"

namespace usher::engine {

namespace {

constexpr uint8_t kRawScore = 8;
constexpr uint32_t kLongSize = 128;  // from here on the size behind an entry takes five bytes

struct PackedScore {
  uint8_t width;
  uint64_t bits;
};

PackedScore PackScore(double score) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  const bool minus_zero = score == 0 && std::signbit(score);
  if (score > -kExact && score < kExact && std::trunc(score) == score && !minus_zero) {
    const auto integer = static_cast<int64_t>(score);
    const uint64_t zigzag = (static_cast<uint64_t>(integer) << 1) ^ static_cast<uint64_t>(integer >> 63);
    return {static_cast<uint8_t>((std::bit_width(zigzag) + 7) / 8), zigzag};
  }
  return {kRawScore, std::bit_cast<uint64_t>(score)};
}

double UnpackScore(uint8_t width, const char* from) {
  uint64_t bits = 0;
  if (width == kRawScore) {
    std::memcpy(&bits, from, sizeof(bits));
    return std::bit_cast<double>(bits);
  }
  std::memcpy(&bits, from, width);
  return static_cast<double>(static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1));
}

uint32_t TrailerBytes(size_t size) {
  return size < kLongSize ? 1 : 5;
}

bool OrderedBefore(double score, std::string_view member, double other_score, std::string_view other_member) {
  return score < other_score || (score == other_score && member < other_member);
}

}  // namespace

void ZsetPacked::Destroy() {
  Free(block_);
  block_ = nullptr;
}

size_t ZsetPacked::MemoryBytes() const {
  return UsableBytes(block_);
}

ZsetPacked ZsetPacked::Copy() const {
  if (block_ == nullptr) return ZsetPacked();
  const size_t total = sizeof(Header) + header().bytes;
  auto* copy = static_cast<char*>(Allocate(total));
  std::memcpy(copy, block_, total);
  return ZsetPacked(copy);
}

ZsetPacked::Entry ZsetPacked::EntryAt(uint32_t offset) const {
  const char* start = bytes() + offset;
  const auto width = static_cast<uint8_t>(*start);
  Entry entry;
  entry.begin = offset;
  entry.score = UnpackScore(width, start + 1);
  uint64_t length = 0;
  const char* member = GetVarint(start + 1 + width, length);
  entry.member = {member, static_cast<size_t>(length)};
  const auto size = static_cast<uint32_t>(member + length - start);
  entry.end = offset + size + TrailerBytes(size);
  return entry;
}

ZsetPacked::Entry ZsetPacked::EntryBefore(uint32_t offset) const {
  const char* end = bytes() + offset;
  uint32_t size = static_cast<uint8_t>(end[-1]);
  if (size == kLongSize) std::memcpy(&size, end - 5, sizeof(size));
  return EntryAt(offset - size - TrailerBytes(size));
}

ZsetPacked::Entry ZsetPacked::At(size_t rank) const {
  const size_t from_end = size() - 1 - rank;
  if (from_end < rank) {
    Entry entry = Back();
    for (size_t i = 0; i < from_end; ++i) entry = EntryBefore(entry.begin);
    return entry;
  }
  Entry entry = Front();
  for (size_t i = 0; i < rank; ++i) entry = EntryAt(entry.end);
  return entry;
}

std::optional<ZsetPacked::Found> ZsetPacked::Find(std::string_view member) const {
  const size_t total = size();
  uint32_t offset = 0;
  for (size_t rank = 0; rank < total; ++rank) {
    const Entry entry = EntryAt(offset);
    if (entry.member == member) return Found{entry, rank};
    offset = entry.end;
  }
  return std::nullopt;
}

uint32_t ZsetPacked::InsertionOffset(std::string_view member, double score) const {
  const Entry back = Back();
  if (OrderedBefore(back.score, back.member, score, member)) return back.end;
  uint32_t offset = 0;
  for (Entry entry = Front(); OrderedBefore(entry.score, entry.member, score, member); entry = EntryAt(offset)) {
    offset = entry.end;
  }
  return offset;
}

void ZsetPacked::Insert(std::string_view member, double score) {
  const PackedScore packed = PackScore(score);
  const auto size = static_cast<uint32_t>(1 + packed.width + VarintBytes(member.size()) + member.size());
  const uint32_t added = size + TrailerBytes(size);
  if (block_ == nullptr) {
    block_ = static_cast<char*>(Allocate(sizeof(Header) + added));
    header() = Header{0, 0};
  }
  const uint32_t offset = header().count == 0 ? 0 : InsertionOffset(member, score);
  const size_t needed = sizeof(Header) + header().bytes + added;
  if (needed > UsableBytes(block_)) block_ = static_cast<char*>(Reallocate(block_, needed));
  char* at = bytes() + offset;
  std::memmove(at + added, at, header().bytes - offset);
  header().bytes += added;
  ++header().count;

  *at++ = static_cast<char>(packed.width);
  std::memcpy(at, &packed.bits, packed.width);
  at = PutVarint(at + packed.width, member.size());
  if (!member.empty()) std::memcpy(at, member.data(), member.size());
  at += member.size();
  if (size >= kLongSize) std::memcpy(at, &size, sizeof(size));
  at[TrailerBytes(size) - 1] = static_cast<char>(size < kLongSize ? size : kLongSize);
}

void ZsetPacked::EraseRange(RankRange range) {
  if (range.count == 0) return;
  const uint32_t begin = At(range.first).begin;
  const uint32_t end = At(range.first + range.count - 1).end;
  EraseBytes(begin, end, range.count);
}

void ZsetPacked::EraseBytes(uint32_t begin, uint32_t end, size_t count) {
  if (count == header().count) return Destroy();
  std::memmove(bytes() + begin, bytes() + end, header().bytes - end);
  header().bytes -= end - begin;
  header().count -= static_cast<uint32_t>(count);
  const size_t needed = sizeof(Header) + header().bytes;
  if (UsableBytes(block_) > 64 + 2 * needed) block_ = static_cast<char*>(Reallocate(block_, needed));
}

}  // namespace usher::engine
