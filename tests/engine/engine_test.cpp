// Engine: shards, settings and the memory sum.
#include "engine/engine.h"

#include <doctest/doctest.h>

#include "tests/support/engine_fixture.h"

namespace usher::tests {
namespace {

TEST_CASE("Engine: a slot belongs to the shard of its low bits") {
  const engine::Engine made({8, 16, 0}, {});
  CHECK(made.shard_count() == 8);
  CHECK(made.ShardOf(0) == 0);
  CHECK(made.ShardOf(13) == 5);
  CHECK(made.ShardOf(16383) == 7);
}

TEST_CASE("Engine: settings that were read stay valid after new ones are published") {
  engine::Engine made({2, 1, 0}, {});
  const engine::EngineSettings& before = made.settings();
  engine::EngineSettings changed;
  changed.string_bytes_max = 7;
  made.Publish(changed);
  CHECK(made.settings().string_bytes_max == 7);
  CHECK(before.string_bytes_max != 7);
}

TEST_CASE("Engine: the memory of keys is counted and given back") {
  EngineFixture fixture;
  const engine::Key key = engine::MakeKey("a-key");
  const uint64_t empty = fixture.engine.KeyMemoryBytes();
  fixture.Run([&](engine::EngineContext& context) {
    context.SetString(key, std::string(10'000, 'x'), engine::kNoExpiry);
    context.Modified(key, engine::kNotifyString, "set");
  });
  CHECK(fixture.engine.KeyMemoryBytes() >= empty + 10'000);
  fixture.Run([&](engine::EngineContext& context) {
    CHECK(context.Delete(key));
    context.Modified(key, engine::kNotifyGeneric, "del");
  });
  CHECK(fixture.engine.KeyMemoryBytes() < empty + 10'000);
}

}  // namespace
}  // namespace usher::tests
