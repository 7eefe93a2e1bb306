// ValueSnapshot: what is begun, and that a record holds the value of the epoch. snapshot_test.cpp plays with all types.
#include "engine/value_snapshot.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "engine/rdb_load.h"
#include "engine/set_value.h"
#include "engine/zset.h"
#include "tests/support/rdb_values.h"

namespace usher::tests {
namespace {

using namespace engine;

constexpr size_t kLargeBytes = 30'000;

struct OneKey : RdbTarget {
  std::string OnDatabase(int64_t) override { return {}; }
  std::string OnKey(const RdbKey& key, DecodedValue& value) override {
    OwnedEntry entry(value.Take().Build(key.name, key.expiry_ms));
    found += std::string(key.name) + ' ' + DescribeValue(entry.entry());
    return {};
  }
  void OnAux(std::string_view, std::string_view) override {}
  std::string OnFunction(std::string_view) override { return {}; }
  std::string found;
};

std::string Loaded(std::string record) {
  const std::string file = "REDIS0010" + std::move(record) + '\xff' + std::string(8, '\0');
  RdbReader reader(file);
  OneKey key;
  CHECK(LoadRdb(reader, {}, key, {}) == "");
  return key.found;
}

OwnedEntry ZsetOf(int members) {
  Zset zset;
  for (int i = 0; i < members; ++i) zset.Add("member" + std::to_string(i), i, {});
  return OwnedEntry(EntryBuilder::Value(zset).Build("key", kNoExpiry));
}

std::unique_ptr<ValueSnapshot> Begin(OwnedEntry& entry, size_t large_bytes = kLargeBytes) {
  return ValueSnapshot::Begin(entry.entry(), {}, large_bytes, nullptr);
}

TEST_CASE("ValueSnapshot: begins with large tables only, and belongs to the value until it is written") {
  OwnedEntry small = ZsetOf(200);
  CHECK(!Begin(small));
  OwnedEntry packed = ZsetOf(100);
  CHECK(!Begin(packed, 1));
  OwnedEntry large = ZsetOf(2000);
  {
    const auto snapshot = Begin(large);
    CHECK(ValueSnapshot::Of(large.entry()) == snapshot.get());
    CHECK(snapshot->Step(100));
  }
  CHECK(ValueSnapshot::Of(large.entry()) == nullptr);
  const auto snapshot = Begin(large);
  snapshot->WriteRest();
  CHECK(ValueSnapshot::Of(large.entry()) == nullptr);
}

TEST_CASE("ValueSnapshot: members that change between the slices are written as they were") {
  OwnedEntry entry = ZsetOf(2000);
  const std::string before = "key " + DescribeValue(entry.entry());
  const auto snapshot = Begin(entry);
  Zset& zset = entry.entry().As<Zset>();
  int next = 0;
  int slices = 0;
  do {
    zset.Add("member" + std::to_string(next), 5000, {});
    zset.Remove("member" + std::to_string(next + 1));
    zset.Add("new" + std::to_string(next), 1, {});
    next += 20;
    ++slices;
  } while (snapshot->Step(500));
  CHECK(slices > 10);
  CHECK(Loaded(snapshot->writer().Take()) == before);
}

TEST_CASE("ValueSnapshot: a value that loses everything between two slices is written whole") {
  OwnedEntry entry = ZsetOf(2000);
  const std::string before = "key " + DescribeValue(entry.entry());
  const auto snapshot = Begin(entry);
  CHECK(snapshot->Step(500));
  Zset& zset = entry.entry().As<Zset>();
  zset.PopMin(zset.size(), [](std::string_view, double) {});
  CHECK(!snapshot->Step(500));
  CHECK(Loaded(snapshot->writer().Take()) == before);
}

TEST_CASE("ValueSnapshot: a value that is dropped is taken over and given back") {
  OwnedEntry entry = ZsetOf(2000);
  const std::string before = "key " + DescribeValue(entry.entry());
  const auto snapshot = Begin(entry);
  snapshot->TakeOver(std::move(entry));
  while (snapshot->Step(500)) {
  }
  CHECK(Loaded(snapshot->writer().Take()) == before);
  CHECK(snapshot->GiveUp());
  CHECK(!snapshot->GiveUp());
}

}  // namespace
}  // namespace usher::tests
