// Stepping over values: it ends where decoding ends (rdb_decode_test.cpp compares the older layouts as well), and says
// when something is missing.
#include "engine/rdb_skip.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/random.h"
#include "engine/rdb_encode.h"
#include "engine/rdb_format.h"
#include "engine/rdb_writer.h"
#include "tests/support/rdb_values.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;

/// Where a value ends, or -1.
int64_t EndOf(uint8_t type, std::string_view bytes) {
  RdbReader reader(bytes);
  return SkipRdbValue(reader, type) ? static_cast<int64_t>(reader.consumed()) : -1;
}

struct Sample {
  uint8_t type;
  std::string bytes;
};
Sample RandomSample(Random& random) {
  std::string text;
  OwnedEntry entry(tests::RandomRdbValue(random, {}, text).Build("key", kNoExpiry));
  RdbWriter writer;
  EncodeRdbValue(writer, entry.entry());
  return {RdbTypeOf(entry.entry()), writer.Take()};
}

TEST_CASE("SkipRdbValue: ends behind the value, whatever follows") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 1500; ++round) {
    const Sample sample = RandomSample(random);
    REQUIRE(EndOf(sample.type, sample.bytes + "more") == static_cast<int64_t>(sample.bytes.size()));
  }
}

TEST_CASE("SkipRdbValue: a value that is not all there has no end") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 500; ++round) {
    const Sample sample = RandomSample(random);
    REQUIRE(EndOf(sample.type, std::string_view(sample.bytes).substr(0, random.Below(sample.bytes.size()))) == -1);
  }
}

TEST_CASE("SkipRdbValue: layouts that we do not write") {
  const std::string strings = "\x02\x01"s + "a" + "\xc1\x00\x01"s;
  CHECK(EndOf(rdb::kList, strings) == 6);
  CHECK(EndOf(rdb::kSet, strings) == 6);
  CHECK(EndOf(rdb::kHash, "\x01\x01"s + "a" + "\xc2\x00\x00\x00\x01"s) == 8);
  CHECK(EndOf(rdb::kZsetText, "\x03\x01"s + "a" + "\x03" + "1.5" + "\x01" + "b" + "\xfe" + "\x01" + "c" + "\xff") ==
        13);
  CHECK(EndOf(rdb::kStream, "\x00\x00\x00\x00\x00"s) == 5);
  CHECK(EndOf(rdb::kString, "\xc3\x02\x05"s + "ab") == 5);
  CHECK(EndOf(rdb::kString, "\xc4"s) == -1);
  CHECK(EndOf(rdb::kModule, strings) == -1);
}

}  // namespace
}  // namespace usher::engine
