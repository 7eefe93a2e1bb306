// Hash: both encodings against a std::map, conversion, scanning and drawing.
#include "engine/hash_value.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;
using Model = std::map<std::string, std::string>;

const HashLimits kLimits;

Model ContentsOf(const Hash& hash) {
  Model contents;
  hash.ForEach([&](std::string_view field, std::string_view value) {
    CHECK(contents.emplace(std::string(field), std::string(value)).second);
  });
  return contents;
}

std::optional<std::string> ValueOf(const Hash& hash, std::string_view field) {
  PackedScratch scratch;
  const std::optional<std::string_view> value = hash.Get(field, scratch);
  if (!value) return std::nullopt;
  return std::string(*value);
}

Hash HashOfSize(size_t fields, const HashLimits& limits = kLimits) {
  Hash hash;
  for (size_t i = 0; i < fields; ++i) hash.Set("field:" + std::to_string(i), std::to_string(i), limits);
  return hash;
}

std::string RandomValue(Random& random, size_t bytes_max) {
  if (random.Below(3) == 0) return std::to_string(random.Next() >> random.Below(64));
  std::string value(random.Below(random.Below(2'000) == 0 ? bytes_max : 60), ' ');
  const std::string_view alphabet = random.Below(2) == 0 ? "0123456789abcdef" : "READYactive_";
  for (char& c : value) c = alphabet[random.Below(alphabet.size())];
  return value;
}

void EditAtRandom(const HashLimits& limits, uint64_t field_count, size_t value_bytes_max, uint64_t seed) {
  Random random{seed};
  Hash hash;
  Model model;
  for (int step = 0; step < 30'000; ++step) {
    const std::string field = "f" + std::to_string(random.Below(field_count));
    if (random.Below(100) < (step / 5'000 % 2 == 0 ? 70 : 35)) {
      const std::string value = RandomValue(random, value_bytes_max);
      const bool created = model.insert_or_assign(field, value).second;
      CHECK(hash.Set(field, value, limits) == (created ? Hash::SetResult::kCreated : Hash::SetResult::kUpdated));
    } else {
      CHECK(hash.Delete(field) == (model.erase(field) == 1));
    }
    CHECK(hash.size() == model.size());
    CHECK(hash.empty() == model.empty());
    const auto expected = model.find("f" + std::to_string(random.Below(field_count)));
    if (expected != model.end()) {
      CHECK(ValueOf(hash, expected->first) == expected->second);
      CHECK(hash.ValueLength(expected->first) == expected->second.size());
      CHECK(hash.Contains(expected->first));
    }
    if (step % 1'000 == 0) CHECK(ContentsOf(hash) == model);
  }
  CHECK(ContentsOf(hash) == model);
  Hash copy = hash.Copy();
  CHECK(copy.encoding() == hash.encoding());
  hash.Destroy();
  CHECK(hash.empty());
  CHECK(ContentsOf(copy) == model);
  copy.Destroy();
}

TEST_CASE("Hash: agrees with a map while packed") {
  EditAtRandom(kLimits, 100, 64, TestSeed());
}

TEST_CASE("Hash: agrees with a map across the conversion") {
  EditAtRandom({.packed_entries_max = 40, .packed_value_bytes_max = 64}, 100, 64, TestSeed());
}

TEST_CASE("Hash: agrees with a map as a table, long values included") {
  EditAtRandom({.packed_entries_max = 0}, 5'000, 100'000, TestSeed());
}

TEST_CASE("Hash: an absent field is absent in both forms") {
  for (const size_t fields : {0u, 3u, 1'000u}) {
    Hash hash = HashOfSize(fields);
    CHECK_FALSE(ValueOf(hash, "nobody").has_value());
    CHECK_FALSE(hash.Contains("nobody"));
    CHECK(hash.ValueLength("nobody") == 0);
    CHECK_FALSE(hash.Delete("nobody"));
    CHECK_FALSE(hash.Contains("1"));  // a value is not a field
    hash.Destroy();
  }
}

TEST_CASE("Hash: leaves the packed form at Redis's thresholds and comes back only when empty") {
  Hash hash = HashOfSize(512);
  CHECK(hash.encoding() == Hash::Encoding::kListpack);
  hash.Set("field:0", "changed", kLimits);
  CHECK(hash.encoding() == Hash::Encoding::kListpack);
  hash.Set("one more", "x", kLimits);
  CHECK(hash.encoding() == Hash::Encoding::kHashtable);
  CHECK(hash.size() == 513);
  for (int i = 0; i < 512; ++i) CHECK(hash.Delete("field:" + std::to_string(i)));
  CHECK(hash.encoding() == Hash::Encoding::kHashtable);
  CHECK(hash.Delete("one more"));
  CHECK(hash.encoding() == Hash::Encoding::kListpack);
  CHECK(hash.MemoryBytes() == 0);

  hash.Set("a", std::string(64, 'v'), kLimits);
  CHECK(hash.encoding() == Hash::Encoding::kListpack);
  hash.Set("a", std::string(65, 'v'), kLimits);
  CHECK(hash.encoding() == Hash::Encoding::kHashtable);
  CHECK(ValueOf(hash, "a") == std::string(65, 'v'));
  hash.Destroy();

  hash.Set(std::string(65, 'f'), "", kLimits);
  CHECK(hash.encoding() == Hash::Encoding::kHashtable);
  hash.Destroy();
}

TEST_CASE("Hash: a packed hash keeps the order of creation") {
  Hash hash;
  for (const char* field : {"token", "status", "extend_count", "expired_at"}) hash.Set(field, "1", kLimits);
  hash.Set("status", "READY", kLimits);
  std::vector<std::string> fields;
  hash.ForEach([&](std::string_view field, std::string_view) { fields.emplace_back(field); });
  CHECK(fields == std::vector<std::string>{"token", "status", "extend_count", "expired_at"});
  hash.Destroy();
}

TEST_CASE("Hash: a scan reports what stays, whatever comes and goes meanwhile") {
  Random random{TestSeed()};
  Hash hash = HashOfSize(3'000);
  std::set<std::string> seen;
  uint64_t cursor = 0;
  do {
    cursor = hash.Scan(cursor, [&](std::string_view field, std::string_view) { seen.emplace(field); });
    for (int i = 0; i < 50; ++i) hash.Set("guest:" + std::to_string(random.Below(20'000)), "x", kLimits);
    for (int i = 0; i < 20; ++i) hash.Delete("guest:" + std::to_string(random.Below(20'000)));
  } while (cursor != 0);
  for (size_t i = 0; i < 3'000; ++i) CHECK(seen.contains("field:" + std::to_string(i)));
  hash.Destroy();

  Hash packed = HashOfSize(10);
  size_t reported = 0;
  CHECK(packed.Scan(0, [&](std::string_view, std::string_view) { ++reported; }) == 0);
  CHECK(reported == 10);
  packed.Destroy();
}

TEST_CASE("Hash: distinct draws are distinct, repeated draws are as many as asked, and every field is drawn") {
  Random random{TestSeed()};
  for (const size_t fields : {1u, 10u, 700u}) {
    Hash hash = HashOfSize(fields);
    for (const size_t count : {size_t{0}, size_t{1}, fields / 5, fields / 2, fields, fields + 5}) {
      Model drawn;
      hash.RandomDistinct(random, count, [&](std::string_view field, std::string_view value) {
        CHECK(drawn.emplace(std::string(field), std::string(value)).second);
      });
      CHECK(drawn.size() == std::min(count, fields));
      for (const auto& [field, value] : drawn) CHECK(ValueOf(hash, field) == value);
    }
    std::set<std::string> repeated;
    std::set<std::string> single;
    size_t calls = 0;
    hash.RandomRepeated(random, fields * 30, [&](std::string_view field, std::string_view) {
      repeated.emplace(field);
      ++calls;
    });
    for (size_t i = 0; i < fields * 30; ++i) {
      hash.RandomEntry(random, [&](std::string_view field, std::string_view) { single.emplace(field); });
    }
    CHECK(calls == fields * 30);
    CHECK(repeated.size() == fields);
    CHECK(single.size() == fields);
    hash.Destroy();
  }
}

TEST_CASE("Hash: a token costs at most 48 bytes, a field of a large hash at most 16 beside its text") {
  Hash token;
  token.Set("token", "9f86d081884c7d659a2feaa0c55ad015", kLimits);
  token.Set("status", "READY", kLimits);
  token.Set("extend_count", "0", kLimits);
  token.Set("expired_at", "1767225600", kLimits);
  CHECK(token.MemoryBytes() <= 48);
  token.Destroy();

  constexpr size_t kFields = 200'000;
  Hash hash;
  for (size_t i = 0; i < kFields; ++i) {
    const std::string text = std::to_string(1'000'000'000 + i);
    hash.Set(text, text, kLimits);
  }
  CHECK(hash.MemoryBytes() / kFields <= 20 + 16);
  hash.Destroy();
}

}  // namespace
}  // namespace usher::engine
