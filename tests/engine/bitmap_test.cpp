// Bits of strings, against models that look at one bit at a time.
#include "engine/bitmap.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;

std::string RandomBytes(Random& random, size_t bytes_max) {
  std::string bytes(random.Below(bytes_max + 1), '\0');
  const uint64_t mood = random.Below(3);  // all 0, all 1 but for a few, or anything
  for (char& byte : bytes) byte = static_cast<char>(mood == 2 ? random.Next() : mood == 1 ? 0xFF : 0);
  if (!bytes.empty() && random.Below(2) == 0) bytes[random.Below(bytes.size())] ^= static_cast<char>(random.Next());
  return bytes;
}

TEST_CASE("BitAt: bit 0 is the highest of the first byte, and behind the end is 0") {
  CHECK(BitAt("\x80", 0));
  CHECK_FALSE(BitAt("\x80", 1));
  CHECK(BitAt(std::string_view("\0\x01", 2), 15));
  CHECK_FALSE(BitAt("\xFF", 8));
}

TEST_CASE("CountBits, FindBit: agree with a walk over the bits") {
  Random random{TestSeed()};
  for (int round = 0; round < 5'000; ++round) {
    const std::string bytes = RandomBytes(random, 40);
    const uint64_t end = random.Below(bytes.size() * 8 + 1);
    const uint64_t first = random.Below(end + 1);
    uint64_t ones = 0;
    std::optional<uint64_t> first_of[2];
    for (uint64_t at = first; at < end; ++at) {
      const bool bit = BitAt(bytes, at);
      ones += bit ? 1 : 0;
      if (!first_of[bit]) first_of[bit] = at;
    }
    CHECK(CountBits(bytes, first, end) == ones);
    CHECK(FindBit(bytes, false, first, end) == first_of[0]);
    CHECK(FindBit(bytes, true, first, end) == first_of[1]);
  }
}

TEST_CASE("BitField: reads what it wrote and leaves its neighbours alone") {
  Random random{TestSeed()};
  for (int round = 0; round < 20'000; ++round) {
    BitField field{.is_signed = random.Below(2) == 0};
    field.bits = static_cast<uint32_t>(1 + random.Below(field.is_signed ? 64 : 63));
    field.at = random.Below(100);
    std::string bytes = RandomBytes(random, 30);
    bytes.resize(30);
    const std::string before = bytes;
    const auto value = static_cast<int64_t>(random.Next());
    field.Write(bytes.data(), value);
    const std::optional<int64_t> expected = field.Fit(value, 0, FieldOverflow::kWrap);
    CHECK(field.Read(bytes) == *expected);
    bool neighbours_same = true;
    for (uint64_t at = 0; at < 240; ++at) {
      if (at < field.at || at >= field.at + field.bits) neighbours_same &= BitAt(bytes, at) == BitAt(before, at);
    }
    CHECK(neighbours_same);
  }
}

TEST_CASE("BitField: behind the end of the string is 0") {
  const BitField field{.bits = 16, .at = 4};
  CHECK(field.Read("\xFF") == 0xF000);
  CHECK(field.Read("") == 0);
  CHECK(BitField{.is_signed = true, .bits = 64, .at = 1000}.Read("x") == 0);
  CHECK(field.BytesNeeded() == 3);
}

TEST_CASE("BitField: a signed field has a sign") {
  const BitField field{.is_signed = true, .bits = 4, .at = 2};
  std::string bytes(1, '\0');
  field.Write(bytes.data(), -3);
  CHECK(field.Read(bytes) == -3);
  CHECK(static_cast<uint8_t>(bytes[0]) == 0b00110100);
}

TEST_CASE("BitField: what does not fit wraps, saturates or fails") {
  const BitField byte{.bits = 8};
  CHECK(byte.Fit(250, 10, FieldOverflow::kWrap) == 4);
  CHECK(byte.Fit(250, 10, FieldOverflow::kSaturate) == 255);
  CHECK(byte.Fit(250, 10, FieldOverflow::kFail) == std::nullopt);
  CHECK(byte.Fit(250, 5, FieldOverflow::kFail) == 255);
  CHECK(byte.Fit(3, -5, FieldOverflow::kWrap) == 254);
  CHECK(byte.Fit(3, -5, FieldOverflow::kSaturate) == 0);
  CHECK(byte.Fit(-1, 0, FieldOverflow::kSaturate) == 255);  // a value of SET, taken as unsigned
  const BitField sign{.is_signed = true, .bits = 8};
  CHECK(sign.Fit(127, 1, FieldOverflow::kWrap) == -128);
  CHECK(sign.Fit(127, 1, FieldOverflow::kSaturate) == 127);
  CHECK(sign.Fit(-128, -1, FieldOverflow::kSaturate) == -128);
  CHECK(sign.Fit(-128, -1, FieldOverflow::kFail) == std::nullopt);
  CHECK(sign.Fit(-1'000, 0, FieldOverflow::kSaturate) == -128);
  CHECK(sign.Fit(INT64_MIN + 200, 0, FieldOverflow::kSaturate) == -128);
  CHECK(sign.Fit(INT64_MIN + 100, 0, FieldOverflow::kSaturate) == 127);  // as Redis has it
  const BitField widest{.is_signed = true, .bits = 64};
  CHECK(widest.Fit(INT64_MAX, 1, FieldOverflow::kWrap) == INT64_MIN);
  CHECK(widest.Fit(INT64_MIN, INT64_MIN, FieldOverflow::kSaturate) == INT64_MIN);
  const BitField unsigned_widest{.bits = 63};
  CHECK(unsigned_widest.Fit(INT64_MAX, 1, FieldOverflow::kWrap) == 0);
  CHECK(unsigned_widest.Fit(INT64_MAX, 1, FieldOverflow::kSaturate) == INT64_MAX);
}

}  // namespace
}  // namespace usher::engine
