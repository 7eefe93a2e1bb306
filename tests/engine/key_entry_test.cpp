// Tests of the entry's forms: sizes, encodings, what a block holds after building, re-building and building in place.
#include "engine/key_entry.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/hash_value.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

StringEncoding EncodingOf(std::string_view bytes) {
  OwnedEntry owned(EntryBuilder::String(bytes).Build("key", kNoExpiry));
  return owned.entry().string_encoding();
}

TEST_CASE("KeyEntry: the common small string has two bytes of overhead") {
  const std::string key(14, 'k');
  OwnedEntry owned(EntryBuilder::String(std::string(16, 'v')).Build(key, kNoExpiry));
  CHECK(
      owned.entry().BlockMemoryBytes() ==
      UsableBytes(OwnedEntry(EntryBuilder::Text("").Build(std::string(30, 'k'), kNoExpiry)).entry().key().data() - 2));
#if defined(USHER_MIMALLOC)
  CHECK(owned.entry().BlockMemoryBytes() == 32);
#endif
  CHECK(owned.entry().ValueMemoryBytes() == 0);
}

TEST_CASE("KeyEntry: OBJECT ENCODING as Redis answers after SET") {
  for (const char* number : {"0", "-1", "9223372036854775807", "-9223372036854775808"}) {
    CHECK(EncodingOf(number) == StringEncoding::kInt);
  }
  for (const char* text : {"", "-", "+1", "01", "-0", " 1", "1 ", "9223372036854775808", "1.5", "abc"}) {
    CHECK(EncodingOf(text) == StringEncoding::kEmbstr);
  }
  CHECK(EncodingOf(std::string(44, '1')) == StringEncoding::kEmbstr);
  CHECK(EncodingOf(std::string(45, '1')) == StringEncoding::kRaw);
  CHECK(EncodingOf(std::string(4'500, 'x')) == StringEncoding::kRaw);
  OwnedEntry text(EntryBuilder::Text("5").Build("key", kNoExpiry));
  CHECK(text.entry().string_encoding() == StringEncoding::kEmbstr);
}

TEST_CASE("KeyEntry: every form holds key, value and expiry for any length") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 20'000; ++round) {
    const std::string key(random.Below(random.Below(8) == 0 ? 70'000 : 300), 'k');
    const std::string value = random.Below(3) == 0 ? std::to_string(static_cast<int64_t>(random.Next()))
                                                   : std::string(random.Below(300), 'v');
    const int64_t expiry_ms = random.Below(2) == 0 ? kNoExpiry : static_cast<int64_t>(random.Next() >> 1);
    OwnedEntry owned(EntryBuilder::String(value).Build(key, expiry_ms));
    const auto check = [&](const std::string& expected_key, const std::string& expected, int64_t expected_expiry_ms) {
      IntegerScratch scratch;
      REQUIRE(owned.entry().key() == expected_key);
      REQUIRE(owned.entry().StringBytes(scratch) == expected);
      REQUIRE(owned.entry().expiry_ms() == expected_expiry_ms);
      REQUIRE(owned.entry().access() == 0);
    };
    check(key, value, expiry_ms);
    const std::string other_value(random.Below(300), 'w');
    const int64_t other_expiry_ms = random.Below(2) == 0 ? kNoExpiry : 77;
    const bool in_place = EntryBuilder::String(other_value).BuildInPlace(owned.entry(), other_expiry_ms);
    if (in_place) check(key, other_value, other_expiry_ms);
    EntryBuilder::Rebuild(owned.entry(), "new", expiry_ms);
    check("new", in_place ? other_value : value, expiry_ms);
  }
}

TEST_CASE("KeyEntry: a container's word is aligned and keeps its mark") {
  Hash hash;
  hash.Set("field", "value", {});
  OwnedEntry owned(EntryBuilder::Value(hash).Build("odd", 1'000));
  const KeyEntry entry = owned.entry();
  CHECK(entry.type() == ValueType::kHash);
  CHECK(reinterpret_cast<uintptr_t>(&entry.As<Hash>()) % alignof(Hash) == 0);
  CHECK(entry.As<Hash>().size() == 1);
  CHECK(entry.ValueMemoryBytes() == hash.MemoryBytes());
  CHECK_FALSE(EntryBuilder::IsMarked(entry));
  EntryBuilder::SetMark(entry, true);
  EntryBuilder::Rebuild(entry, "renamed", 2'000);
  CHECK(EntryBuilder::IsMarked(entry));
  CHECK(entry.expiry_ms() == 2'000);
  CHECK(entry.As<Hash>().size() == 1);
}

TEST_CASE("KeyEntry: an expired key is one whose millisecond has passed") {
  OwnedEntry owned(EntryBuilder::Int(1).Build("k", 100));
  CHECK_FALSE(owned.entry().IsExpired(100));
  CHECK(owned.entry().IsExpired(101));
}

}  // namespace
}  // namespace usher::engine
