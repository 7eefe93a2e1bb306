// Bits of a string: bit 0 is the highest bit of the first byte, as in Redis. Bits behind the end of the string are 0.
// Positions are in bits; a string has less than 2^61 bytes. Complexity: counting and searching are linear in the bytes,
// eight at a time; the rest is O(1). Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace usher::engine {

/// The bit at `at`.
bool BitAt(std::string_view bytes, uint64_t at);
/// How many of the bits [first, end) are 1; end is at most the string's.
uint64_t CountBits(std::string_view bytes, uint64_t first, uint64_t end);
/// Place of the first of the bits [first, end) that is `bit`; end is at most the string's.
std::optional<uint64_t> FindBit(std::string_view bytes, bool bit, uint64_t first, uint64_t end);

/// What happens to a number that does not fit its field.
enum class FieldOverflow : uint8_t { kWrap, kSaturate, kFail };

/// A number of 1 to 64 bits (63 when unsigned) in the middle of a string.
struct BitField {
  bool is_signed = false;
  uint32_t bits = 8;
  uint64_t at = 0;  // of its highest bit

  /// Bytes that a string needs to hold it.
  uint64_t BytesNeeded() const { return (at + bits + 7) / 8; }
  /// The number; an unsigned one is never negative.
  int64_t Read(std::string_view bytes) const;
  /// Writes the lowest bits of `value`. `bytes` has at least BytesNeeded().
  void Write(char* bytes, int64_t value) const;
  /// `value` + `increment` as the field can hold it, or nothing. The value of an unsigned field is taken as unsigned.
  std::optional<int64_t> Fit(int64_t value, int64_t increment, FieldOverflow overflow) const;
};

}  // namespace usher::engine
