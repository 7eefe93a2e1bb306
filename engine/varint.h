// Lengths in as few bytes as they need: seven bits a byte, low ones first, the top bit set on all but the last.
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usher::engine {

/// How many bytes PutVarint() writes.
inline size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

/// Writes `value` and returns the byte after it.
inline char* PutVarint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

/// Reads what PutVarint() wrote and returns the byte after it.
inline const char* GetVarint(const char* from, uint64_t& value) {
  uint64_t byte = static_cast<uint8_t>(*from++);
  value = byte & 0x7F;
  for (unsigned shift = 7; byte >= 0x80; shift += 7) {
    byte = static_cast<uint8_t>(*from++);
    value |= (byte & 0x7F) << shift;
  }
  return from;
}

}  // namespace usher::engine
