// Active expiry of one shard.
#include "engine/expiry_cycle.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/held_turns.h"
#include "tests/support/test_seed.h"

namespace usher::tests {
namespace {

using engine::EngineContext;

void Set(EngineContext& context, const std::string& name, int db, int64_t expiry_ms) {
  context.set_db(db);
  context.SetString(engine::MakeKey(name), "value", expiry_ms);
  context.Modified(engine::MakeKey(name), engine::kNotifyString, "set");
  context.AppendToJournal({});
}

TEST_CASE("ExpireSome: handles at most so many records, and says whether there are more") {
  HeldShards held;
  ExpireSome(held.At(1000), held.shard(), 100);
  for (int i = 0; i < 250; ++i) Set(held.At(1000), "key" + std::to_string(i), 0, 2000);
  while (ExpireSome(held.At(2000), held.shard(), 100)) {  // moves records closer, and deletes nothing yet
  }
  CHECK(held.shard().databases[0]->size() == 250);
  int steps = 1;
  while (ExpireSome(held.At(2001), held.shard(), 100)) {
    CHECK(held.shard().databases[0]->size() + 100 * static_cast<size_t>(steps) >= 250);
    REQUIRE(++steps < 50);
  }
  CHECK(steps >= 3);
  CHECK(held.shard().databases[0]->size() == 0);
  CHECK(held.shard().stats.expired.Get() == 250);
}

TEST_CASE("ExpireSome: databases expire alone, and the context's own stays") {
  HeldShards held;
  for (int db = 0; db < 16; ++db) Set(held.At(1000), "key", db, 2000 + db);
  EngineContext& context = held.At(2008);
  context.set_db(5);
  CHECK_FALSE(ExpireSome(context, held.shard(), 100));
  CHECK(context.db() == 5);
  for (size_t db = 0; db < 16; ++db) CHECK(held.shard().databases[db]->size() == (db < 8 ? 0 : 1));
}

TEST_CASE("NextExpiryMs: is never after the first expiry") {
  HeldShards held;
  CHECK_FALSE(engine::NextExpiryMs(held.shard()).has_value());
  engine::Random random(TestSeed());
  int64_t first_ms = INT64_MAX;
  for (int i = 0; i < 200; ++i) {
    const int64_t expiry_ms = 2000 + static_cast<int64_t>(random.Below(10'000'000));
    first_ms = std::min(first_ms, expiry_ms);
    Set(held.At(1000), "key" + std::to_string(i), i % 16, expiry_ms);
    REQUIRE(engine::NextExpiryMs(held.shard()).has_value());
    REQUIRE(*engine::NextExpiryMs(held.shard()) <= first_ms + 1);
  }
}

}  // namespace
}  // namespace usher::tests
