// Evictor: which key of a shard goes first.
#include "engine/eviction.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/held_turns.h"

namespace usher::tests {
namespace {

using engine::EngineContext;
using engine::EvictionPolicy;
using engine::Evictor;
using engine::EvictResult;
using engine::kNoExpiry;

engine::EngineSettings Settings(EvictionPolicy policy) {
  engine::EngineSettings settings;
  settings.policy = policy;
  return settings;
}

void Set(EngineContext& context, const std::string& name, int64_t expiry_ms = kNoExpiry) {
  context.SetString(engine::MakeKey(name), "value", expiry_ms);
  context.Modified(engine::MakeKey(name), engine::kNotifyString, "set");
  context.AppendToJournal({});
}

bool Has(HeldShards& held, const std::string& name, int db = 0) {
  return static_cast<bool>(held.shard().databases[static_cast<size_t>(db)]->Find(engine::MakeKey(name)));
}

EvictResult EvictOne(HeldShards& held, int64_t now_ms) {
  EngineContext& context = held.At(now_ms);
  return Evictor::Of(held.shard(), context).EvictOne(context, held.shard());
}

TEST_CASE("Evictor: of few keys the longest unused goes first") {
  HeldShards held(Settings(EvictionPolicy::kAllkeysLru));
  for (int i = 0; i < 4; ++i) Set(held.At(1000 * (i + 1)), "key" + std::to_string(i));
  held.At(10'000).Read(engine::MakeKey("key0"));
  // Each round draws five of four keys; some rounds in a row see them all.
  int correct = 0;
  for (int expected = 1; expected < 4; ++expected) {
    REQUIRE(EvictOne(held, 20'000) == EvictResult::kEvicted);
    correct += Has(held, "key" + std::to_string(expected)) ? 0 : 1;
  }
  CHECK(correct >= 1);
  CHECK(held.shard().stats.evicted.Get() == 3);
}

TEST_CASE("Evictor: without evictable keys there is no candidate, until there is one") {
  HeldShards held(Settings(EvictionPolicy::kVolatileTtl));
  CHECK(EvictOne(held, 1000) == EvictResult::kNoCandidate);
  for (int i = 0; i < 300; ++i) Set(held.At(1000), "key" + std::to_string(i));
  EvictResult result = EvictOne(held, 1000);
  CHECK(result != EvictResult::kEvicted);
  while (result == EvictResult::kSearching) result = EvictOne(held, 1000);
  CHECK(result == EvictResult::kNoCandidate);
  Set(held.At(1000), "volatile", 100'000);
  int tries = 0;
  while (EvictOne(held, 1000) != EvictResult::kEvicted) REQUIRE(++tries < 100);
  CHECK_FALSE(Has(held, "volatile"));
  CHECK(held.shard().databases[0]->size() == 300);
}

TEST_CASE("Evictor: a search among keys that are none ends, whatever their number") {
  HeldShards held(Settings(EvictionPolicy::kAllkeysLru));
  for (int i = 0; i < 20'000; ++i) Set(held.At(1000), "active:token:{q}:" + std::to_string(i));
  int calls = 0;
  EvictResult result = EvictResult::kSearching;
  for (; result == EvictResult::kSearching; ++calls) result = EvictOne(held, 1000);
  CHECK(result == EvictResult::kNoCandidate);
  CHECK(calls >= 20'000 / 1000);
  CHECK(calls < 1000);
  CHECK(held.shard().databases[0]->size() == 20'000);
}

TEST_CASE("Evictor: keys of every database are candidates, and the journal names the database") {
  HeldShards held(Settings(EvictionPolicy::kAllkeysRandom));
  EngineContext& context = held.At(1000);
  context.set_db(3);
  context.SetString(engine::MakeKey("key"), "value", kNoExpiry);
  context.Modified(engine::MakeKey("key"), engine::kNotifyString, "set");
  context.AppendToJournal({});
  const uint64_t before = held.engine().journal()->position();
  CHECK(EvictOne(held, 1000) == EvictResult::kEvicted);
  CHECK_FALSE(Has(held, "key", 3));
  std::string text;
  held.engine().journal()->Read(before, [&](const auto& info, std::string_view payload) {
    CHECK(info.db == 3);
    text += payload;
  });
  CHECK(text == "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*2\r\n$3\r\nDEL\r\n$3\r\nkey\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
}

}  // namespace
}  // namespace usher::tests
