// Tests of Keyspace against a std::map model: values of every form, expiry, memory, moves between keyspaces.
#include "engine/keyspace.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/hash_value.h"
#include "engine/zset.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

struct ModelValue {
  std::string bytes;
  int64_t expiry_ms = kNoExpiry;
  bool is_container = false;
};
using Model = std::map<std::string, ModelValue>;

std::string RandomName(Random& random) {
  std::string name = "key:" + std::to_string(random.Below(400));
  // Some keys have lengths around and above what one byte can say.
  if (name.back() == '7') name.append(240 + random.Below(2) * 30, 'k');
  return name;
}

std::string RandomBytes(Random& random) {
  constexpr size_t kSizes[] = {0, 1, 16, 44, 45, 190, 191, 192, 193, 255, 256, 1000, 5000};
  if (random.Below(4) == 0) return std::to_string(static_cast<int64_t>(random.Next() >> random.Below(64)));
  return std::string(kSizes[random.Below(std::size(kSizes))], static_cast<char>('a' + random.Below(26)));
}

void CheckEntry(KeyEntry entry, const std::string& name, const ModelValue& expected) {
  REQUIRE(entry);
  REQUIRE(entry.key() == name);
  REQUIRE(entry.expiry_ms() == expected.expiry_ms);
  if (expected.is_container) {
    REQUIRE(entry.type() == ValueType::kHash);
    PackedScratch scratch;
    REQUIRE(entry.As<Hash>().Get("field", scratch) == expected.bytes);
    return;
  }
  REQUIRE(entry.type() == ValueType::kString);
  IntegerScratch scratch;
  REQUIRE(entry.StringBytes(scratch) == expected.bytes);
  REQUIRE(entry.StringSize() == expected.bytes.size());
}

// What memory_bytes() counts incrementally, counted afresh.
void CheckMemory(const Keyspace& keyspace) {
  size_t entries = 0;
  size_t expiring = 0;
  keyspace.ForEach([&](KeyEntry entry) {
    entries += Keyspace::MemoryBytesOf(entry);
    expiring += entry.HasExpiry() ? 1 : 0;
  });
  REQUIRE(keyspace.keys_with_expiry() == expiring);
  REQUIRE(keyspace.entry_bytes() == entries);
  REQUIRE(keyspace.expiry_record_count() <= 3 * expiring + 1024 * 2);
}

int64_t RandomExpiry(Random& random, int64_t now_ms) {
  return now_ms + 1 + static_cast<int64_t>(random.Next() >> (30 + random.Below(30)));
}

void EditOnce(Random& random, Keyspace& keyspace, Model& model, int64_t now_ms) {
  const std::string name = RandomName(random);
  const Key key = MakeKey(name);
  const KeyEntry entry = keyspace.Find(key);
  REQUIRE(static_cast<bool>(entry) == model.contains(name));
  const std::string bytes = RandomBytes(random);
  ModelValue& expected = model[name];
  const uint64_t choice = random.Below(10);
  if (choice < 4) {
    constexpr int kWays = 3;
    const uint64_t way = random.Below(kWays);
    const int64_t expiry_ms = way == 0 ? RandomExpiry(random, now_ms) : way == 1 ? kNoExpiry : kKeepExpiry;
    keyspace.SetString(key, bytes, expiry_ms);
    expected = {bytes, expiry_ms == kKeepExpiry ? expected.expiry_ms : expiry_ms, false};
  } else if (choice == 4 && entry) {
    keyspace.Erase(entry);
    model.erase(name);
  } else if (choice == 5 && entry) {
    expected.expiry_ms = random.Below(3) == 0 ? kNoExpiry : RandomExpiry(random, now_ms);
    keyspace.SetExpiry(entry, expected.expiry_ms);
  } else if (choice == 6 && entry && !expected.is_container) {
    keyspace.UpdateString(entry, [&](RawString& raw) { raw.Append(bytes); });
    expected.bytes += bytes;
    REQUIRE(keyspace.Find(key).string_encoding() == StringEncoding::kRaw);
  } else if (choice == 7 && entry && !expected.is_container) {
    keyspace.SetInt(entry, -42);
    expected.bytes = "-42";
    REQUIRE(keyspace.Find(key).string_encoding() == StringEncoding::kInt);
  } else if (choice == 8 && !entry) {
    Hash& hash = keyspace.Create<Hash>(key, kNoExpiry);
    const size_t before = hash.MemoryBytes();
    hash.Set("field", bytes, {});
    keyspace.AdjustMemory(static_cast<ptrdiff_t>(hash.MemoryBytes() - before));
    expected = {bytes, kNoExpiry, true};
  } else if (!entry) {
    model.erase(name);
  }
  const KeyEntry after = keyspace.Find(key);
  REQUIRE(static_cast<bool>(after) == model.contains(name));
  if (after) CheckEntry(after, name, model[name]);
}

TEST_CASE("Keyspace: agrees with the model under random edits and expiries") {
  Random random{tests::TestSeed()};
  Keyspace keyspace;
  Model model;
  int64_t now_ms = 1'700'000'000'000;
  keyspace.ExpireDue(now_ms, 1, [](KeyEntry) {});
  for (int step = 0; step < 60'000; ++step) {
    EditOnce(random, keyspace, model, now_ms);
    if (step % 50 == 0) {
      now_ms += static_cast<int64_t>(random.Next() >> (34 + random.Below(28)));
      const auto expire = [&](KeyEntry entry) {
        const std::string name(entry.key());
        REQUIRE(model.at(name).expiry_ms < now_ms);
        model.erase(name);
        keyspace.Erase(entry);
      };
      while (keyspace.ExpireDue(now_ms, 64, expire)) continue;
      for (const auto& [name, value] : model) REQUIRE((value.expiry_ms == kNoExpiry || value.expiry_ms >= now_ms));
    }
    if (step % 997 == 0) CheckMemory(keyspace);
  }
  CHECK(keyspace.size() == model.size());
  for (const auto& [name, value] : model) CheckEntry(keyspace.Find(MakeKey(name)), name, value);
  CheckMemory(keyspace);
}

TEST_CASE("Keyspace: setting a key again keeps its memory") {
  Keyspace keyspace;
  const Key key = MakeKey("session:1");
  for (const size_t size : {1u, 16u, 100u, 191u, 192u, 5'000u}) {
    for (const int64_t expiry_ms : {kNoExpiry, int64_t{5'000}}) {
      const KeyEntry entry = keyspace.SetString(key, std::string(size, 'x'), expiry_ms);
      const uint64_t slot = *entry.slot();
      const size_t memory = keyspace.memory_bytes();
      CHECK(*keyspace.SetString(key, std::string(size, 'y'), expiry_ms).slot() == slot);
      CHECK(keyspace.memory_bytes() == memory);
    }
  }
}

TEST_CASE("Keyspace: a replaced or erased container is handed over") {
  Keyspace keyspace;
  const Key key = MakeKey("h");
  keyspace.Create<Zset>(key);
  CHECK(keyspace.Find(key).type() == ValueType::kZset);
  OwnedEntry old = keyspace.Replace(keyspace.Find(key), EntryBuilder::String("text"), kNoExpiry);
  REQUIRE(old);
  CHECK(old.entry().type() == ValueType::kZset);
  CHECK(old.entry().key() == "h");
  CHECK(keyspace.Find(key).type() == ValueType::kString);
  OwnedEntry erased = keyspace.Erase(keyspace.Find(key));
  IntegerScratch scratch;
  CHECK(erased.entry().StringBytes(scratch) == "text");
  CHECK_FALSE(keyspace.Find(key));
}

TEST_CASE("Keyspace: a renamed entry keeps value and expiry") {
  Keyspace from;
  Keyspace to;
  for (const std::string& bytes : {std::string("7"), std::string("short"), std::string(900, 'l')}) {
    from.SetString(MakeKey("old"), bytes, 12'345);
    const KeyEntry moved =
        to.Insert(MakeKey("a much longer new name"), from.Erase(from.Find(MakeKey("old"))), kKeepExpiry);
    CheckEntry(moved, "a much longer new name", {bytes, 12'345, false});
    CHECK(to.keys_with_expiry() == 1);
    CHECK(from.keys_with_expiry() == 0);
    to.Erase(moved);
  }
}

TEST_CASE("Keyspace: the access word survives every change of the value") {
  Keyspace keyspace;
  const Key key = MakeKey("k");
  keyspace.SetString(key, "v").set_access(kAccessMask - 7);
  keyspace.SetString(key, std::string(300, 'v'));
  keyspace.SetExpiry(keyspace.Find(key), 99);
  keyspace.SetString(key, "12");
  keyspace.UpdateString(keyspace.Find(key), [](RawString& raw) { raw.Append("3"); });
  CHECK(keyspace.Find(key).access() == kAccessMask - 7);
}

TEST_CASE("Keyspace: shortening and lengthening expiries does not pile up records") {
  Keyspace keyspace;
  for (int key = 0; key < 100; ++key) keyspace.SetString(MakeKey(std::to_string(key)), "v", 1'000'000);
  Random random{tests::TestSeed()};
  for (int step = 0; step < 50'000; ++step) {
    const std::string name = std::to_string(random.Below(100));
    keyspace.SetExpiry(keyspace.Find(MakeKey(name)), 1'000 + static_cast<int64_t>(random.Below(1'000'000)));
    REQUIRE(keyspace.expiry_record_count() <= 2'048);
  }
  size_t expired = 0;
  while (keyspace.ExpireDue(2'000'000, 1'000, [&](KeyEntry entry) { ++expired, keyspace.Erase(entry); })) continue;
  CHECK(expired == 100);
  CHECK(keyspace.size() == 0);
}

TEST_CASE("Keyspace: scan, random key, swap and clear") {
  Keyspace keyspace;
  Random random{tests::TestSeed()};
  CHECK_FALSE(keyspace.RandomKey(random));
  for (int key = 0; key < 5'000; ++key) keyspace.SetString(MakeKey(std::to_string(key)), "v");
  std::set<std::string> seen;
  uint64_t cursor = 0;
  do {
    cursor = keyspace.Scan(cursor, [&](KeyEntry entry) { seen.emplace(entry.key()); });
  } while (cursor != 0);
  CHECK(seen.size() == 5'000);
  CHECK(seen.contains(std::string(keyspace.RandomKey(random).key())));
  Keyspace other;
  other.SetString(MakeKey("alone"), "v", 5);
  keyspace.Swap(other);
  CHECK(keyspace.size() == 1);
  CHECK(keyspace.keys_with_expiry() == 1);
  CHECK(other.size() == 5'000);
  other.Clear();
  CHECK(other.size() == 0);
  CHECK(other.memory_bytes() == 0);
  CHECK(keyspace.Find(MakeKey("alone")));
}

}  // namespace
}  // namespace usher::engine
