// RdbReader: what RdbWriter wrote, in pieces of any size; claims that are not kept.
#include "engine/rdb_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/base/random.h"
#include "engine/crc64.h"
#include "engine/rdb_writer.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;

/// Gives its text in random portions.
struct TestSource : RdbSource {
  TestSource(std::string_view all, Random& of) : rest(all), random(of) {}
  size_t Read(char* to, size_t size) override {
    const size_t count = std::min({size, rest.size(), size_t{1} + random.Below(50'000)});
    std::copy_n(rest.data(), count, to);
    rest.remove_prefix(count);
    return count;
  }
  std::string_view rest;
  Random& random;
};

std::string RandomText(Random& random) {
  if (random.Below(3) == 0) return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
  std::string text(random.Below(random.Below(30) == 0 ? 600'000 : 60), 'x');
  for (char& c : text) c = static_cast<char>('a' + random.Below(2 + random.Below(20)));
  return text;
}

TEST_CASE("RdbReader: reads what was written, from memory and from a source") {
  Random random{tests::TestSeed()};
  std::vector<std::string> texts;
  std::vector<uint64_t> numbers;
  RdbWriter writer;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(RandomText(random));
    numbers.push_back(random.Next() >> random.Below(64));
    writer.String(texts.back());
    writer.Length(numbers.back());
    writer.Double(0.25);
    writer.Big64(numbers.back());
    writer.Little32(7);
  }
  TestSource source(writer.view(), random);
  RdbReader from_source(source, /*checked=*/true);
  RdbReader from_memory(writer.view());
  for (RdbReader* reader : {&from_source, &from_memory}) {
    for (size_t i = 0; i < texts.size(); ++i) {
      REQUIRE(reader->String() == texts[i]);
      REQUIRE(reader->Length() == numbers[i]);
      REQUIRE(reader->Double() == 0.25);
      REQUIRE(reader->Big64() == numbers[i]);
      REQUIRE(reader->Little32() == 7);
    }
    CHECK(reader->ok());
    CHECK(reader->consumed() == writer.view().size());
  }
  CHECK(from_source.Checksum() == Crc64(0, writer.view()));
  CHECK(from_memory.AtEnd());
  from_memory.Byte();
  CHECK_FALSE(from_memory.ok());
}

TEST_CASE("RdbReader: what is cut off is an error wherever it is cut") {
  RdbWriter writer;
  writer.String(std::string(200, 'x'));
  writer.Length(70'000);
  writer.String("12345");
  for (size_t size = 0; size < writer.view().size(); ++size) {
    RdbReader reader(writer.view().substr(0, size));
    reader.String();
    reader.Length();
    reader.String();
    CHECK_FALSE(reader.ok());
    CHECK(reader.error() == "unexpected end of data");
  }
}

TEST_CASE("RdbReader: a length beyond what is there takes no memory") {
  const std::string claim = "\x81\x00\x00\x00\xff\xff\xff\xff\xff"s + "abc";
  RdbReader reader(claim);
  CHECK(reader.String().empty());
  CHECK_FALSE(reader.ok());
  Random random{1};
  TestSource source(claim, random);
  RdbReader from_source(source, false);
  CHECK(from_source.String().empty());
  CHECK_FALSE(from_source.ok());
}

TEST_CASE("RdbReader: the first error is kept, and then everything is empty") {
  RdbReader reader("\xc9");
  CHECK(reader.String().empty());
  CHECK(reader.error() == "unknown encoding of a string");
  CHECK_FALSE(reader.Fail("something else"));
  CHECK(reader.error() == "unknown encoding of a string");
  CHECK(reader.Byte() == 0);
  CHECK(reader.Length() == 0);
  CHECK(reader.Bytes(10).empty());
  RdbReader length("\xc0\x01");
  CHECK(length.Length() == 0);
  CHECK_FALSE(length.ok());
}

}  // namespace
}  // namespace usher::engine
