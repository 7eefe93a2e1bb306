// PackedReader: blocks that redis-server made, and every way to damage them; ListpackWriter.
#include "engine/rdb_packed.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;
using Format = PackedReader::Format;
using Texts = std::vector<std::string>;

/// The elements, or nothing when the block is corrupt.
std::optional<Texts> Read(Format format, std::string_view block) {
  PackedReader reader(format, block);
  Texts texts;
  std::string_view text;
  while (reader.Next(text)) texts.emplace_back(text);
  if (!reader.Finished()) return std::nullopt;
  return texts;
}

std::string RandomText(Random& random) {
  if (random.Below(2) == 0) return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
  return std::string(random.Below(random.Below(20) == 0 ? 20'000 : 80), 'y');
}

// "ab", 5, 300, -1, 70000 with the links between them.
const std::string kZiplist =
    "\x1d\x00\x00\x00\x17\x00\x00\x00\x05\x00"
    "\x00\x02"
    "ab"
    "\x04\xf6"
    "\x02\xc0\x2c\x01"
    "\x04\xfe\xff"
    "\x03\xf0\x70\x11\x01"
    "\xff"s;
const std::string kZipmap =
    "\x02"
    "\x01"
    "a"
    "\x02\x00"
    "xy"
    "\x02"
    "bc"
    "\x01\x03"
    "z___"
    "\xff"s;
const std::string kIntset = "\x02\x00\x00\x00\x03\x00\x00\x00\xff\xff\x01\x00\x2c\x01"s;

TEST_CASE("PackedReader: listpacks that were written come back") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 200; ++round) {
    ListpackWriter writer;
    Texts texts;
    for (uint64_t left = random.Below(40); left > 0; --left) {
      texts.push_back(RandomText(random));
      writer.Append(texts.back());
    }
    CHECK(Read(Format::kListpack, writer.Finish()) == texts);
  }
}

TEST_CASE("PackedReader: more elements than a listpack can count") {
  ListpackWriter writer;
  for (int i = 0; i < 70'000; ++i) writer.Append("1");
  const auto texts = Read(Format::kListpack, writer.Finish());
  REQUIRE(texts.has_value());
  CHECK(texts->size() == 70'000);
}

TEST_CASE("PackedReader: the old formats") {
  CHECK(Read(Format::kZiplist, kZiplist) == Texts{"ab", "5", "300", "-1", "70000"});
  CHECK(Read(Format::kZipmap, kZipmap) == Texts{"a", "xy", "bc", "z"});
  CHECK(Read(Format::kIntset, kIntset) == Texts{"-1", "1", "300"});
}

TEST_CASE("PackedReader: a block that is cut or longer than it says is corrupt") {
  ListpackWriter writer;
  for (const char* text : {"a", "77", "70000", "bcdefgh"}) writer.Append(text);
  const std::string listpack(writer.Finish());
  const std::pair<Format, std::string> blocks[] = {{Format::kListpack, listpack},
                                                   {Format::kZiplist, kZiplist},
                                                   {Format::kZipmap, kZipmap},
                                                   {Format::kIntset, kIntset}};
  for (const auto& [format, block] : blocks) {
    REQUIRE(Read(format, block).has_value());
    for (size_t size = 0; size < block.size(); ++size) CHECK_FALSE(Read(format, block.substr(0, size)).has_value());
    CHECK_FALSE(Read(format, block + '\0').has_value());
    CHECK_FALSE(Read(format, block + '\xff').has_value());
  }
}

TEST_CASE("PackedReader: integers of an intset ascend") {
  std::string block = kIntset;
  std::swap(block[8], block[10]);
  std::swap(block[9], block[11]);
  CHECK_FALSE(Read(Format::kIntset, block).has_value());
}

TEST_CASE("PackedReader: damaged blocks do no harm") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 20'000; ++round) {
    ListpackWriter writer;
    for (uint64_t left = 1 + random.Below(6); left > 0; --left) writer.Append(RandomText(random).substr(0, 30));
    const Format format = static_cast<Format>(random.Below(4));
    std::string block = format == Format::kListpack  ? std::string(writer.Finish())
                        : format == Format::kZiplist ? kZiplist
                        : format == Format::kZipmap  ? kZipmap
                                                     : kIntset;
    for (uint64_t left = random.Below(4); left > 0; --left) {
      block[random.Below(block.size())] = static_cast<char>(random.Next());
    }
    Read(format, block);
  }
}

}  // namespace
}  // namespace usher::engine
