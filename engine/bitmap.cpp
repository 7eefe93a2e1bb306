// See bitmap.h.
#include "engine/bitmap.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/base/assert.h"

namespace usher::engine {
namespace {

__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

uint8_t ByteAt(std::string_view bytes, uint64_t index) {
  return index < bytes.size() ? static_cast<uint8_t>(bytes[index]) : 0;
}

/// The bits [first, end) of the byte that holds them.
uint8_t MaskOf(uint64_t first, uint64_t end) {
  const unsigned from = first % 8;
  const unsigned count = static_cast<unsigned>(end - first);
  return static_cast<uint8_t>((0xFFu >> from) & ~(0xFFu >> (from + count)));
}

uint64_t WordAt(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

/// The first byte of [byte, end) that is not `plain` (0 or 0xFF), or end.
uint64_t SkipBytes(std::string_view bytes, uint8_t plain, uint64_t byte, uint64_t end) {
  const uint64_t plain_word = plain == 0 ? 0 : ~uint64_t{0};
  while (end - byte >= sizeof(uint64_t) && WordAt(bytes.data() + byte) == plain_word) byte += sizeof(uint64_t);
  while (byte < end && ByteAt(bytes, byte) == plain) ++byte;
  return byte;
}

}  // namespace

bool BitAt(std::string_view bytes, uint64_t at) {
  return (ByteAt(bytes, at / 8) >> (7 - at % 8) & 1) != 0;
}

uint64_t CountBits(std::string_view bytes, uint64_t first, uint64_t end) {
  ASSERT_DEBUG(end <= bytes.size() * 8);
  uint64_t count = 0;
  const auto count_byte = [&](uint64_t from, uint64_t to) {
    count += static_cast<uint64_t>(std::popcount(static_cast<uint8_t>(ByteAt(bytes, from / 8) & MaskOf(from, to))));
  };
  while (first < end && (first % 8 != 0 || end - first < 8)) {
    const uint64_t next = std::min(end, (first / 8 + 1) * 8);
    count_byte(first, next);
    first = next;
  }
  for (; end - first >= 64; first += 64) {
    count += static_cast<uint64_t>(std::popcount(WordAt(bytes.data() + first / 8)));
  }
  for (; end - first >= 8; first += 8) count_byte(first, first + 8);
  if (first < end) count_byte(first, end);
  return count;
}

std::optional<uint64_t> FindBit(std::string_view bytes, bool bit, uint64_t first, uint64_t end) {
  ASSERT_DEBUG(end <= bytes.size() * 8);
  const uint8_t plain = bit ? 0 : 0xFF;
  while (first < end) {
    const uint64_t next = std::min(end, (first / 8 + 1) * 8);
    const unsigned found = (ByteAt(bytes, first / 8) ^ plain) & MaskOf(first, next);
    if (found != 0) return first / 8 * 8 + static_cast<uint64_t>(std::countl_zero(static_cast<uint8_t>(found)));
    first = next % 8 == 0 ? SkipBytes(bytes, plain, next / 8, end / 8) * 8 : next;
  }
  return std::nullopt;
}

int64_t BitField::Read(std::string_view bytes) const {
  const uint64_t begin = at / 8;
  const uint64_t end = BytesNeeded();
  Wide window = 0;
  for (uint64_t i = begin; i < end; ++i) window = window << 8 | ByteAt(bytes, i);
  // The field's highest bit goes to bit 63, so that the shift back fills in its sign.
  const auto high = static_cast<uint64_t>(window >> (end * 8 - at - bits)) << (64 - bits);
  if (is_signed) return static_cast<int64_t>(high) >> (64 - bits);
  return static_cast<int64_t>(high >> (64 - bits));
}

void BitField::Write(char* bytes, int64_t value) const {
  const uint64_t begin = at / 8;
  const uint64_t end = BytesNeeded();
  const auto shift = static_cast<unsigned>(end * 8 - at - bits);
  const Wide mask = Wide{~uint64_t{0} >> (64 - bits)} << shift;
  Wide window = 0;
  for (uint64_t i = begin; i < end; ++i) window = window << 8 | static_cast<uint8_t>(bytes[i]);
  window = (window & ~mask) | (Wide{static_cast<uint64_t>(value)} << shift & mask);
  for (uint64_t i = end; i > begin; --i, window >>= 8) bytes[i - 1] = static_cast<char>(window);
}

std::optional<int64_t> BitField::Fit(int64_t value, int64_t increment, FieldOverflow overflow) const {
  const SignedWide start = is_signed ? SignedWide{value} : SignedWide{static_cast<uint64_t>(value)};
  const SignedWide sum = start + increment;
  const SignedWide max = (SignedWide{1} << (is_signed ? bits - 1 : bits)) - 1;
  const SignedWide min = is_signed ? -max - 1 : 0;
  if (sum >= min && sum <= max) return static_cast<int64_t>(sum);
  // A start so far below that its distance to max is no 64-bit number counts as too high: Redis's subtraction wraps.
  const bool too_high = sum > max || (bits < 64 && max - start > INT64_MAX);
  switch (overflow) {
    case FieldOverflow::kFail:
      return std::nullopt;
    case FieldOverflow::kSaturate:
      return static_cast<int64_t>(too_high ? max : min);
    case FieldOverflow::kWrap:
      break;
  }
  const uint64_t high = static_cast<uint64_t>(sum) << (64 - bits);
  return is_signed ? static_cast<int64_t>(high) >> (64 - bits) : static_cast<int64_t>(high >> (64 - bits));
}

}  // namespace usher::engine
