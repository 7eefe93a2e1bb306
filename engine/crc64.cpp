// Slicing by 8: table k holds the effect of a byte that has k bytes behind it, so eight lookups, which do not wait for
// each other, take in eight bytes.
//
// Folding, where the processor multiplies polynomials: a block of 16 bytes may be replaced by what it leaves, modulo
// the polynomial, n bits further on: two products of 64 bits, added to the block that is there. Four blocks go side by
// side, 64 bytes a step. As in the checksum, the lowest bit is the highest power of x, so that a product comes out
// multiplied by x; the constants have one power less. See crc64.h.
#include "engine/crc64.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace usher::engine {
namespace {

constexpr uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5;
constexpr size_t kSlices = 8;
using Table = std::array<uint64_t, 256>;

constexpr std::array<Table, kSlices> MakeTables() {
  std::array<Table, kSlices> tables{};
  for (size_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, kSlices> kTables = MakeTables();

uint64_t CrcByTables(uint64_t crc, std::string_view bytes) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, at += kSlices) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= crc;
    crc = 0;
    for (size_t i = 0; i < kSlices; ++i) crc ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 0xFF];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)

#define USHER_FOLDS __attribute__((target("pclmul")))

constexpr size_t kBlockBytes = 16;
constexpr size_t kStepBlocks = 4;
constexpr size_t kStepBytes = kStepBlocks * kBlockBytes;
constexpr size_t kWorthFolding = 2 * kStepBytes;

/// x to the power of `exponent`, modulo the polynomial.
constexpr uint64_t PowerOfX(unsigned exponent) {
  uint64_t power = uint64_t{1} << 63;
  for (; exponent > 0; --exponent) power = (power >> 1) ^ ((power & 1) != 0 ? kReflectedPolynomial : 0);
  return power;
}

/// What moves a block on by `kBits`: its first half, the higher one, is 64 powers further away.
template <unsigned kBits>
USHER_FOLDS __m128i FoldConstant() {
  constexpr uint64_t kFirst = PowerOfX(kBits + 64 - 1);
  constexpr uint64_t kSecond = PowerOfX(kBits - 1);
  return _mm_set_epi64x(static_cast<int64_t>(kSecond), static_cast<int64_t>(kFirst));
}

USHER_FOLDS __m128i Fold(__m128i block, __m128i constant, __m128i onto) {
  const __m128i first = _mm_clmulepi64_si128(block, constant, 0x00);
  const __m128i second = _mm_clmulepi64_si128(block, constant, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), onto);
}

/// At least a step.
USHER_FOLDS uint64_t CrcByFolding(uint64_t crc, std::string_view bytes) {
  const auto load = [&](size_t at)
                        USHER_FOLDS { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + at)); };
  __m128i blocks[kStepBlocks];
  for (size_t i = 0; i < kStepBlocks; ++i) blocks[i] = load(i * kBlockBytes);
  blocks[0] = _mm_xor_si128(blocks[0], _mm_set_epi64x(0, static_cast<int64_t>(crc)));
  size_t at = kStepBytes;
  const __m128i step = FoldConstant<8 * kStepBytes>();
  for (; at + kStepBytes <= bytes.size(); at += kStepBytes) {
    for (size_t i = 0; i < kStepBlocks; ++i) blocks[i] = Fold(blocks[i], step, load(at + i * kBlockBytes));
  }
  const __m128i next = FoldConstant<8 * kBlockBytes>();
  for (size_t i = 1; i < kStepBlocks; ++i) blocks[i] = Fold(blocks[i - 1], next, blocks[i]);
  char rest[kBlockBytes];
  std::memcpy(rest, &blocks[kStepBlocks - 1], sizeof rest);
  return CrcByTables(CrcByTables(0, {rest, sizeof rest}), bytes.substr(at));
}

#endif

}  // namespace

uint64_t Crc64(uint64_t crc, std::string_view bytes) {
#if defined(__x86_64__)
  static const bool folds = __builtin_cpu_supports("pclmul");
  if (bytes.size() >= kWorthFolding && folds) return CrcByFolding(crc, bytes);
#endif
  return CrcByTables(crc, bytes);
}

}  // namespace usher::engine
