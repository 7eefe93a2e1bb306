// See key_slot.h. Four bytes are folded at once: table k holds the CRC of each byte with k zero bytes behind it, and
// since a CRC is linear the four contributions are simply combined.
#include "engine/key_slot.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace usher::engine {
namespace {

constexpr size_t kSliceBytes = 4;
using CrcTables = std::array<std::array<uint16_t, 256>, kSliceBytes>;

constexpr uint16_t ShiftIn(uint16_t crc, int bits) {
  constexpr uint16_t kPolynomial = 0x1021;
  for (int i = 0; i < bits; ++i) {
    crc = static_cast<uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ kPolynomial : crc << 1);
  }
  return crc;
}

constexpr CrcTables MakeTables() {
  CrcTables tables{};
  for (size_t byte = 0; byte < 256; ++byte) {
    tables[0][byte] = ShiftIn(static_cast<uint16_t>(byte << 8), 8);
    for (size_t k = 1; k < kSliceBytes; ++k) tables[k][byte] = ShiftIn(tables[k - 1][byte], 8);
  }
  return tables;
}
constexpr CrcTables kTables = MakeTables();

}  // namespace

uint16_t Crc16(std::string_view text) {
  const unsigned char* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t left = text.size();
  uint32_t crc = 0;
  for (; left >= kSliceBytes; left -= kSliceBytes, bytes += kSliceBytes) {
    crc = uint32_t{kTables[3][bytes[0] ^ (crc >> 8)]} ^ kTables[2][bytes[1] ^ (crc & 255)] ^ kTables[1][bytes[2]] ^
          kTables[0][bytes[3]];
  }
  for (; left > 0; --left, ++bytes) crc = ((crc << 8) & 0xFFFF) ^ kTables[0][(crc >> 8) ^ *bytes];
  return static_cast<uint16_t>(crc);
}

std::string_view HashTag(std::string_view key) {
  const size_t open = key.find('{');
  if (open == std::string_view::npos) [[likely]]
    return key;
  const size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

}  // namespace usher::engine
