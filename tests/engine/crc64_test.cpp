// CRC-64: known values, and that pieces add up to the whole.
#include "engine/crc64.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("Crc64: the check value of the polynomial") {
  CHECK(Crc64(0, "123456789") == 0xe9c6d914c4b8d9ca);
  CHECK(Crc64(0, "") == 0);
}

TEST_CASE("Crc64: pieces of any length add up to the whole") {
  Random random{tests::TestSeed()};
  std::string text(1000, '\0');
  for (char& c : text) c = static_cast<char>(random.Next());
  const uint64_t whole = Crc64(0, text);
  for (int round = 0; round < 100; ++round) {
    const size_t cut = random.Below(text.size());
    CHECK(Crc64(Crc64(0, std::string_view(text).substr(0, cut)), std::string_view(text).substr(cut)) == whole);
  }
}

TEST_CASE("Crc64: texts of any length are taken in as bit by bit") {
  constexpr uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5;
  Random random{tests::TestSeed()};
  for (int round = 0; round < 300; ++round) {
    std::string text(random.Below(700), '\0');
    for (char& c : text) c = static_cast<char>(random.Next());
    const uint64_t start = random.Next();
    uint64_t expected = start;
    for (const char c : text) {
      expected ^= static_cast<uint8_t>(c);
      for (int bit = 0; bit < 8; ++bit) expected = (expected >> 1) ^ ((expected & 1) != 0 ? kReflectedPolynomial : 0);
    }
    REQUIRE(Crc64(start, text) == expected);
  }
}

TEST_CASE("Crc64: every bit counts") {
  std::string text(20, 'x');
  const uint64_t before = Crc64(0, text);
  for (char& c : text) {
    c ^= 1;
    CHECK(Crc64(0, text) != before);
    c ^= 1;
  }
}

}  // namespace
}  // namespace usher::engine
