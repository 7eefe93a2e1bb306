// Listpack: every width of number and text, read back from both ends; the bytes are Redis's.
#include "engine/listpack.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace usher::engine::listpack {
namespace {

std::vector<uint8_t> BytesOf(std::string_view text) {
  std::vector<uint8_t> bytes(text.size() + kOverheadMax);
  bytes.resize(static_cast<size_t>(Write(bytes.data(), text) - bytes.data()));
  return bytes;
}

TEST_CASE("Listpack: the layout of small elements") {
  CHECK(BytesOf("5") == std::vector<uint8_t>{0x05, 1});
  CHECK(BytesOf("-1") == std::vector<uint8_t>{0xDF, 0xFF, 2});
  CHECK(BytesOf("4095") == std::vector<uint8_t>{0xCF, 0xFF, 2});
  CHECK(BytesOf("300000") == std::vector<uint8_t>{0xF2, 0xE0, 0x93, 0x04, 4});
  CHECK(BytesOf("ab") == std::vector<uint8_t>{0x82, 'a', 'b', 3});
  CHECK(BytesOf("007") == std::vector<uint8_t>{0x83, '0', '0', '7', 4});
  CHECK(BytesOf(std::string(64, 'x')).size() == 2 + 64 + 1);
  CHECK(BytesOf(std::string(126, 'x')).size() == 2 + 126 + 2);
  CHECK(BytesOf(std::string(4096, 'x')).size() == 5 + 4096 + 2);
}

TEST_CASE("Listpack: texts and numbers read back from either end") {
  std::vector<std::string> texts = {"", "a", "-0", "+1", "12 ", std::string(63, 'y'), std::string(20'000, 'z')};
  for (int bits = 0; bits < 63; ++bits) {
    const int64_t power = int64_t{1} << bits;
    for (const int64_t value : {power, power - 1, -power, -power - 1}) texts.push_back(std::to_string(value));
  }
  texts.push_back(std::to_string(std::numeric_limits<int64_t>::min()));
  texts.push_back(std::to_string(std::numeric_limits<int64_t>::max()));
  std::vector<uint8_t> list(100'000);
  uint8_t* end = list.data();
  for (const std::string& text : texts) end = Write(end, text);
  const uint8_t* at = list.data();
  Scratch scratch;
  Value value;
  for (const std::string& text : texts) {
    CHECK(Skip(at) == Read(at, value));
    at = Read(at, value);
    CHECK(value.Text(scratch) == text);
  }
  CHECK(at == end);
  for (size_t i = texts.size(); i-- > 0;) {
    at = Previous(at);
    Read(at, value);
    CHECK(value.Text(scratch) == texts[i]);
  }
  CHECK(at == list.data());
}

}  // namespace
}  // namespace usher::engine::listpack
