// Values there and back, the layouts of older versions, and damaged input.
#include "engine/rdb_decode.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/random.h"
#include "engine/rdb_encode.h"
#include "engine/rdb_format.h"
#include "engine/rdb_packed.h"
#include "engine/rdb_skip.h"
#include "engine/rdb_writer.h"
#include "tests/support/rdb_values.h"
#include "tests/support/test_scale.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;
using tests::DescribeValue;

/// The value that `bytes` describe, or why there is none. Who steps over it must come to the same place.
std::string Decoded(uint8_t type, std::string_view bytes, const EngineSettings& settings = {}) {
  RdbReader reader(bytes);
  DecodedValue value;
  if (!DecodeRdbValue(reader, type, settings, value)) return "error: " + std::string(reader.error());
  RdbReader skipping(bytes);
  if (SkipRdbValue(skipping, type)) CHECK(skipping.consumed() == reader.consumed());
  if (value.is_void()) return "void";
  OwnedEntry entry(value.Take().Build("key", kNoExpiry));
  return DescribeValue(entry.entry());
}

OwnedEntry RandomEntry(Random& random, const EngineSettings& settings) {
  std::string text;
  return OwnedEntry(tests::RandomRdbValue(random, settings, text).Build("key", kNoExpiry));
}

std::string Encoded(KeyEntry entry) {
  RdbWriter writer;
  EncodeRdbValue(writer, entry);
  return writer.Take();
}

std::string Written(void (*fn)(RdbWriter&)) {
  RdbWriter writer;
  fn(writer);
  return writer.Take();
}

TEST_CASE("Rdb values: every type and encoding comes back as it was") {
  Random random{tests::TestSeed()};
  const EngineSettings settings;
  EngineSettings tiny;
  tiny.hash.packed_entries_max = tiny.zset.packed_entries_max = tiny.set.packed_entries_max = 3;
  for (int round = 0; round < tests::Scaled(1500); ++round) {
    OwnedEntry entry = RandomEntry(random, settings);
    const std::string bytes = Encoded(entry.entry());
    const uint8_t type = RdbTypeOf(entry.entry());
    REQUIRE(Decoded(type, bytes, settings) == DescribeValue(entry.entry()));
    REQUIRE(Decoded(type, bytes, tiny) == DescribeValue(entry.entry()));
  }
}

TEST_CASE("Rdb values: what is cut off is an error and leaves nothing behind") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < tests::Scaled(300); ++round) {
    OwnedEntry entry = RandomEntry(random, {});
    const std::string bytes = Encoded(entry.entry());
    const std::string cut = bytes.substr(0, random.Below(bytes.size()));
    REQUIRE(Decoded(RdbTypeOf(entry.entry()), cut).starts_with("error: "));
  }
}

TEST_CASE("Rdb values: damaged bytes do no harm") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < tests::Scaled(4000); ++round) {
    OwnedEntry entry = RandomEntry(random, {});
    std::string bytes = Encoded(entry.entry());
    for (uint64_t left = 1 + random.Below(4); left > 0; --left) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Next());
    }
    const bool other_type = random.Below(4) == 0;
    Decoded(other_type ? static_cast<uint8_t>(random.Below(27)) : RdbTypeOf(entry.entry()), bytes);
  }
}

TEST_CASE("Rdb values: the plain lists, sets, hashes and sorted sets of the first versions") {
  const std::string strings = "\x02\x01"s + "a" + "\x01" + "b";
  CHECK(Decoded(rdb::kList, strings) == "list\n1:a\n1:b");
  CHECK(Decoded(rdb::kSet, strings) == "set\n1:a\n1:b");
  CHECK(Decoded(rdb::kHash, "\x01\x01"s + "a" + "\x01" + "b") == "hash\n3:a\0b"s);
  const std::string scores = "\x03\x01"s + "a" + "\x03" + "1.5" + "\x01" + "b" + "\xfe" + "\x01" + "c" + "\xff";
  CHECK(Decoded(rdb::kZsetText, scores).starts_with("zset\n"));
  CHECK(Decoded(rdb::kZsetText, "\x01\x01"s + "a" + "\xfd") == "error: invalid score");
}

TEST_CASE("Rdb values: lists of ziplists and of plain nodes") {
  const std::string ziplist = "\x11\x00\x00\x00\x0e\x00\x00\x00\x02\x00\x00\x02"s + "ab" + "\x04\xf6\xff"s;
  CHECK(Decoded(rdb::kListZiplist, "\x11"s + ziplist) == "list\n2:ab\n1:5");
  CHECK(Decoded(rdb::kListQuicklist, "\x02\x11"s + ziplist + "\x11" + ziplist) == "list\n2:ab\n1:5\n2:ab\n1:5");
  CHECK(Decoded(rdb::kHashZiplist, "\x11"s + ziplist) == "hash\n4:ab\0"s + "5");
  CHECK(Decoded(rdb::kZsetZiplist, "\x11"s + ziplist).starts_with("zset\n"));
  CHECK(Decoded(rdb::kListQuicklist2, "\x01\x01\x03"s + "abc") == "list\n3:abc");
  CHECK(Decoded(rdb::kListQuicklist2, "\x01\x03\x03"s + "abc") == "error: unknown kind of list node");
}

TEST_CASE("Rdb values: a zipmap") {
  const std::string zipmap = "\x01\x01"s + "a" + "\x01\x02"s + "x__" + "\xff";
  CHECK(Decoded(rdb::kHashZipmap, "\x09"s + zipmap) == "hash\n3:a\0x"s);
}

TEST_CASE("Rdb values: a set that 7.2 packed keeps that form") {
  ListpackWriter block;
  block.Append("1");
  block.Append("2");
  RdbWriter writer;
  writer.String(block.Finish());
  RdbReader reader(writer.view());
  DecodedValue value;
  REQUIRE(DecodeRdbValue(reader, rdb::kSetListpack, {}, value));
  OwnedEntry entry(value.Take().Build("key", kNoExpiry));
  CHECK(entry.entry().As<Set>().encoding() == Set::Encoding::kListpack);
  CHECK(RdbTypeOf(entry.entry()) == rdb::kSet);
}

TEST_CASE("Rdb values: hashes of 7.4 load while no field has a time to live") {
  const std::string plain = "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01"s + "a" + "\x01" + "b";
  CHECK(Decoded(rdb::kHashFieldTtl, plain) == "hash\n3:a\0b"s);
  std::string with_ttl = plain;
  with_ttl[9] = 5;
  CHECK(Decoded(rdb::kHashFieldTtl, with_ttl).find("time to live") != std::string::npos);
  const std::string listpack = Written([](RdbWriter& writer) {
    ListpackWriter block;
    for (const char* text : {"a", "b", "0"}) block.Append(text);
    writer.Little64(0);
    writer.String(block.Finish());
  });
  CHECK(Decoded(rdb::kHashListpackTtl, listpack) == "hash\n3:a\0b"s);
}

TEST_CASE("Rdb values: an element that is there twice is refused") {
  CHECK(Decoded(rdb::kSet, "\x02\x01"s + "a" + "\x01" + "a") == "error: an element is there twice");
  CHECK(Decoded(rdb::kHash, "\x02\x01"s + "a" + "\x01" + "b" + "\x01" + "a" + "\x01" + "c") ==
        "error: an element is there twice");
  CHECK(Decoded(rdb::kZsetText, "\x02\x01"s + "a" + "\x01" + "1" + "\x01" + "a" + "\x01" + "2") ==
        "error: an element is there twice");
}

TEST_CASE("Rdb values: containers without elements are nothing") {
  for (const uint8_t type : {rdb::kList, rdb::kSet, rdb::kHash, rdb::kZset, rdb::kListQuicklist2}) {
    CHECK(Decoded(type, "\x00"s) == "void");
  }
}

TEST_CASE("Rdb values: a count that is not kept takes no memory") {
  for (const uint8_t type : {rdb::kList, rdb::kSet, rdb::kHash, rdb::kZset, rdb::kStream2, rdb::kListQuicklist2}) {
    CHECK(Decoded(type, "\x81\x7f\xff\xff\xff\xff\xff\xff\xff"s) == "error: unexpected end of data");
  }
}

TEST_CASE("Rdb values: values of modules are named as what they are") {
  CHECK(Decoded(rdb::kModule, "x").find("module") != std::string::npos);
  CHECK(Decoded(99, "x") == "error: unknown type of value");
}

}  // namespace
}  // namespace usher::engine
