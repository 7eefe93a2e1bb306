// The bytes that redis-server 7.0 writes too.
#include "engine/rdb_encode.h"

#include <doctest/doctest.h>

#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/rdb_format.h"
#include "engine/set_value.h"
#include "engine/zset.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;

std::string Encoded(const EntryBuilder& value, uint8_t type) {
  OwnedEntry entry(value.Build("key", kNoExpiry));
  CHECK(RdbTypeOf(entry.entry()) == type);
  RdbWriter writer;
  EncodeRdbValue(writer, entry.entry());
  return writer.Take();
}

TEST_CASE("Rdb encoding: strings") {
  CHECK(Encoded(EntryBuilder::String("abc"), rdb::kString) == "\x03"s + "abc");
  CHECK(Encoded(EntryBuilder::String("12"), rdb::kString) == "\xc0\x0c");
}

TEST_CASE("Rdb encoding: a small hash and a small sorted set are listpacks") {
  Hash hash;
  hash.Set("a", "1", {});
  CHECK(Encoded(EntryBuilder::Value(hash), rdb::kHashListpack) ==
        "\x0c\x0c\x00\x00\x00\x02\x00\x81"s + "a" + "\x02\x01\x01\xff");
  Zset zset;
  zset.Add("m", 1.5, {});
  CHECK(Encoded(EntryBuilder::Value(zset), rdb::kZsetListpack) ==
        "\x0f\x0f\x00\x00\x00\x02\x00\x81"s + "m" + "\x02\x83" + "1.5" + "\x04\xff");
}

TEST_CASE("Rdb encoding: a set of integers is an intset") {
  Set set;
  set.Add("1", {});
  set.Add("-300", {});
  CHECK(Encoded(EntryBuilder::Value(set), rdb::kSetIntset) == "\x0c\x02\x00\x00\x00\x02\x00\x00\x00\xd4\xfe\x01\x00"s);
}

TEST_CASE("Rdb encoding: a list is nodes of listpacks, a long element a node of its own") {
  List list;
  list.Push(ListEnd::kTail, "a", {});
  CHECK(Encoded(EntryBuilder::Value(list), rdb::kListQuicklist2) ==
        "\x01\x02\x0a\x0a\x00\x00\x00\x01\x00\x81"s + "a" + "\x02\xff");
  List long_list;
  const std::string element(2'000'000, 'x');
  for (int i = 0; i < 3; ++i) {
    long_list.PrepareToGrow(element.size(), 1, {});
    long_list.Push(ListEnd::kTail, element, {});
  }
  CHECK(Encoded(EntryBuilder::Value(long_list), rdb::kListQuicklist2).substr(0, 3) == "\x03\x01\xc3");
}

}  // namespace
}  // namespace usher::engine
