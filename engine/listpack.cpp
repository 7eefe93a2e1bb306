// See listpack.h.
#include "engine/listpack.h"

#include <cstring>

#include "protocol/number_text.h"

namespace usher::engine::listpack {
namespace {

constexpr uint8_t kText32 = 0xF0;
constexpr uint8_t kInt16 = 0xF1;
constexpr uint8_t kInt24 = 0xF2;
constexpr uint8_t kInt32 = 0xF3;
constexpr uint8_t kInt64 = 0xF4;

uint64_t LoadLittle(const uint8_t* at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{at[i]} << (8 * i);
  return value;
}

uint8_t* StoreLittle(uint8_t* to, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) *to++ = static_cast<uint8_t>(value >> (8 * i));
  return to;
}

int64_t SignExtend(uint64_t value, unsigned bits) {
  const unsigned unused = 64 - bits;
  return static_cast<int64_t>(value << unused) >> unused;
}

/// Bytes of encoding and data of the element at `at`.
size_t BodyBytes(const uint8_t* at) {
  const uint8_t head = *at;
  if (head < 0x80) return 1;
  if (head < 0xC0) return 1 + size_t{head & 0x3Fu};
  if (head < 0xE0) return 2;
  if (head < 0xF0) return 2 + ((size_t{head & 0x0Fu} << 8) | at[1]);
  switch (head) {
    case kText32:
      return 5 + LoadLittle(at + 1, 4);
    case kInt16:
      return 3;
    case kInt24:
      return 4;
    case kInt32:
      return 5;
    default:
      return 9;
  }
}

/// Bytes in which the length of a body is written behind it. The odd limits are the format's.
size_t LengthBytes(size_t body) {
  if (body <= 127) return 1;
  if (body < 16383) return 2;
  if (body < 2097151) return 3;
  return body < 268435455 ? 4 : 5;
}

uint8_t* WriteLength(uint8_t* to, size_t body) {
  const size_t bytes = LengthBytes(body);
  for (size_t i = 0; i < bytes; ++i) {
    const uint8_t bits = (body >> (7 * (bytes - 1 - i))) & 0x7F;
    *to++ = static_cast<uint8_t>(bits | (i == 0 ? 0 : 0x80));
  }
  return to;
}

bool Fits(int64_t value, unsigned bits) {
  return SignExtend(static_cast<uint64_t>(value), bits) == value;
}

}  // namespace

std::string_view Value::Text(Scratch& scratch) const {
  if (!is_integer) return text;
  return {scratch.digits, protocol::FormatInteger(integer, scratch.digits)};
}

const uint8_t* Read(const uint8_t* at, Value& value) {
  const size_t body = BodyBytes(at);
  const uint8_t head = *at;
  value.is_integer = true;
  if (head < 0x80) {
    value.integer = head;
  } else if (head >= 0xC0 && head < 0xE0) {
    value.integer = SignExtend((uint64_t{head & 0x1Fu} << 8) | at[1], 13);
  } else if (head > kText32) {
    value.integer = SignExtend(LoadLittle(at + 1, body - 1), 8 * static_cast<unsigned>(body - 1));
  } else {
    const size_t prefix = head < 0xC0 ? 1 : head < 0xF0 ? 2 : 5;
    value.is_integer = false;
    value.text = {reinterpret_cast<const char*>(at + prefix), body - prefix};
  }
  return at + body + LengthBytes(body);
}

const uint8_t* Skip(const uint8_t* at) {
  const size_t body = BodyBytes(at);
  return at + body + LengthBytes(body);
}

const uint8_t* Previous(const uint8_t* at) {
  size_t body = 0;
  unsigned shift = 0;
  const uint8_t* byte = at - 1;
  for (;; --byte, shift += 7) {
    body |= size_t{*byte & 0x7Fu} << shift;
    if ((*byte & 0x80) == 0) break;
  }
  return byte - body;
}

int64_t TakeInteger(const uint8_t*& at) {
  Value value;
  at = Read(at, value);
  return value.integer;
}

uint8_t* Write(uint8_t* to, std::string_view text) {
  int64_t number = 0;
  if (text.size() <= sizeof(Scratch::digits) && protocol::ParseInteger(text, number)) return WriteInteger(to, number);
  uint8_t* const start = to;
  if (text.size() < 64) {
    *to++ = static_cast<uint8_t>(0x80 | text.size());
  } else if (text.size() < 4096) {
    *to++ = static_cast<uint8_t>(0xE0 | (text.size() >> 8));
    *to++ = static_cast<uint8_t>(text.size());
  } else {
    *to++ = kText32;
    to = StoreLittle(to, text.size(), 4);
  }
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  to += text.size();
  return WriteLength(to, static_cast<size_t>(to - start));
}

uint8_t* WriteInteger(uint8_t* to, int64_t value) {
  uint8_t* const start = to;
  const uint64_t bits = static_cast<uint64_t>(value);
  if (value >= 0 && value <= 127) {
    *to++ = static_cast<uint8_t>(value);
  } else if (Fits(value, 13)) {
    *to++ = static_cast<uint8_t>(0xC0 | ((bits >> 8) & 0x1F));
    *to++ = static_cast<uint8_t>(bits);
  } else if (Fits(value, 16)) {
    *to++ = kInt16;
    to = StoreLittle(to, bits, 2);
  } else if (Fits(value, 24)) {
    *to++ = kInt24;
    to = StoreLittle(to, bits, 3);
  } else if (Fits(value, 32)) {
    *to++ = kInt32;
    to = StoreLittle(to, bits, 4);
  } else {
    *to++ = kInt64;
    to = StoreLittle(to, bits, 8);
  }
  return WriteLength(to, static_cast<size_t>(to - start));
}

}  // namespace usher::engine::listpack
