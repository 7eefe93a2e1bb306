// See sha1.h. The message is padded in a block of its own, so the input is never copied whole.
#include "engine/base/sha1.h"

#include <bit>
#include <cstring>

namespace usher::engine {

namespace {

constexpr size_t kBlockBytes = 64;
using State = std::array<uint32_t, 5>;

uint32_t BigEndianWord(const char* bytes) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = (word << 8) | static_cast<uint8_t>(bytes[i]);
  return word;
}

struct Round {
  uint32_t mixed;
  uint32_t constant;
};

Round RoundOf(size_t step, uint32_t b, uint32_t c, uint32_t d) {
  if (step < 20) return {(b & c) | (~b & d), 0x5A827999};
  if (step < 40) return {b ^ c ^ d, 0x6ED9EBA1};
  if (step < 60) return {(b & c) | (b & d) | (c & d), 0x8F1BBCDC};
  return {b ^ c ^ d, 0xCA62C1D6};
}

void AddBlock(State& state, const char* block) {
  std::array<uint32_t, 80> words;
  for (size_t i = 0; i < 16; ++i) words[i] = BigEndianWord(block + 4 * i);
  for (size_t i = 16; i < 80; ++i) words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (size_t step = 0; step < 80; ++step) {
    const Round round = RoundOf(step, b, c, d);
    const uint32_t next = std::rotl(a, 5) + round.mixed + e + round.constant + words[step];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

}  // namespace

Sha1Digest Sha1(std::string_view bytes) {
  State state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  while (bytes.size() >= kBlockBytes) {
    AddBlock(state, bytes.data());
    bytes.remove_prefix(kBlockBytes);
  }
  std::array<char, 2 * kBlockBytes> tail{};
  std::memcpy(tail.data(), bytes.data(), bytes.size());
  tail[bytes.size()] = static_cast<char>(0x80);
  const size_t tail_bytes = bytes.size() + 9 <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  for (size_t i = 0; i < 8; ++i) tail[tail_bytes - 1 - i] = static_cast<char>(bits >> (8 * i));
  for (size_t at = 0; at < tail_bytes; at += kBlockBytes) AddBlock(state, tail.data() + at);
  Sha1Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

std::string HexOf(const Sha1Digest& digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

}  // namespace usher::engine
