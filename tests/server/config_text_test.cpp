// The small texts of the configuration language.
#include "server/config_text.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "tests/support/test_seed.h"

namespace usher::server {
namespace {

uint64_t Bytes(std::string_view text) {
  uint64_t bytes = 0;
  REQUIRE(ParseMemory(text, &bytes));
  return bytes;
}

TEST_CASE("ConfigText: units are decimal without b and binary with it, in any case") {
  CHECK(Bytes("12") == 12);
  CHECK(Bytes("12b") == 12);
  CHECK(Bytes("1k") == 1000);
  CHECK(Bytes("1kB") == 1024);
  CHECK(Bytes("3M") == 3'000'000);
  CHECK(Bytes("3mb") == 3 * 1024 * 1024);
  CHECK(Bytes("2g") == 2'000'000'000);
  CHECK(Bytes("2GB") == uint64_t{2} << 30);
  CHECK(Bytes("") == 0);
}

TEST_CASE("ConfigText: sizes with signs, blanks, points or other units are refused") {
  uint64_t bytes = 0;
  for (const char* text : {"-1", "+1", " 1", "1 ", "1.5gb", "1tb", "x", "1gbb"}) CHECK_FALSE(ParseMemory(text, &bytes));
}

TEST_CASE("ConfigText: sizes beyond 64 bits saturate") {
  CHECK(Bytes("99999999999999999999") == std::numeric_limits<uint64_t>::max());
  CHECK(Bytes("99999999999999gb") == std::numeric_limits<uint64_t>::max());
}

TEST_CASE("ConfigText: MemoryText is the shortest exact form and reads back") {
  CHECK(MemoryText(0) == "0");
  CHECK(MemoryText(1024) == "1kb");
  CHECK(MemoryText(1025) == "1025");
  CHECK(MemoryText(uint64_t{5} << 20) == "5mb");
  CHECK(MemoryText(uint64_t{3} << 30) == "3gb");
  std::mt19937_64 random{tests::TestSeed()};
  for (int i = 0; i < 1000; ++i) {
    const uint64_t bytes = (random() % 5000) << (random() % 35);
    CHECK(Bytes(MemoryText(bytes)) == bytes);
  }
}

TEST_CASE("ConfigText: any bytes survive quoting and splitting") {
  std::mt19937_64 random{tests::TestSeed()};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t i = random() % 12; i > 0; --i) text += static_cast<char>(random() % 256);
    const auto words = SplitConfigLine("name " + Quoted(text));
    REQUIRE(words.has_value());
    REQUIRE(words->size() == 2);
    CHECK(words->back() == text);
  }
}

TEST_CASE("ConfigText: an open quote and text behind a closed one are refused") {
  CHECK_FALSE(SplitConfigLine("port \"63").has_value());
  CHECK_FALSE(SplitConfigLine("port '63").has_value());
  CHECK_FALSE(SplitConfigLine("port \"63\"x").has_value());
}

TEST_CASE("ConfigText: SplitAt keeps empty parts") {
  CHECK(SplitAt("", ' ') == std::vector<std::string>{""});
  CHECK(SplitAt("a  b", ' ') == std::vector<std::string>{"a", "", "b"});
  CHECK(JoinWords({"a", "b"}) == "a b");
}

}  // namespace
}  // namespace usher::server
