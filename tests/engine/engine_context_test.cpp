// EngineContext: what reads see, what writes report, and what the journal gets.
#include "engine/engine_context.h"

#include <doctest/doctest.h>

#include "tests/support/engine_fixture.h"

namespace usher::tests {
namespace {

using engine::EngineContext;
using engine::IntegerScratch;
using engine::Key;
using engine::MakeKey;

void Set(EngineContext& context, const Key& key, std::string_view value, int64_t expiry_ms = engine::kNoExpiry) {
  context.SetString(key, value, expiry_ms);
  context.Modified(key, engine::kNotifyString, "set");
}

TEST_CASE("EngineContext: an expired key is gone before anybody sees it, and the journal knows") {
  EngineFixture fixture(1 << 20);
  const Key key = MakeKey("k");
  fixture.Run([&](EngineContext& context) {
    Set(context, key, "v", fixture.now_ms + 10);
    context.Effect({"SET", "k", "v", "PXAT", std::to_string(fixture.now_ms + 10)});
  });
  fixture.now_ms += 11;
  fixture.Run([&](EngineContext& context) { CHECK(!context.Read(key)); });
  std::vector<std::string> payloads;
  fixture.engine.journal()->Read(0, [&](const auto&, std::string_view payload) { payloads.emplace_back(payload); });
  REQUIRE(payloads.size() == 2);
  CHECK(payloads[1] == "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n");
}

TEST_CASE("EngineContext: a record of another database selects it and goes back") {
  EngineFixture fixture(1 << 20);
  const Key key = MakeKey("k");
  fixture.Run(
      [&](EngineContext& context) {
        Set(context, key, "v");
        context.Effect({"SET", "k", "v"});
        context.Effect({"PERSIST", "k"});
      },
      1);
  std::string record;
  fixture.engine.journal()->Read(0, [&](const auto&, std::string_view payload) { record = payload; });
  CHECK(record.starts_with("*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n*1\r\n$5\r\nMULTI\r\n"));
  CHECK(record.ends_with("*1\r\n$4\r\nEXEC\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"));
}

TEST_CASE("EngineContext: a container that is emptied takes its key along") {
  EngineFixture fixture;
  const Key key = MakeKey("h");
  fixture.Run([&](EngineContext& context) {
    const auto hash = *context.ForWriteOrCreate<engine::Hash>(key);
    hash->Set("f", "v", context.settings().hash);
  });
  fixture.Run([&](EngineContext& context) {
    const auto hash = *context.ForWriteAs<engine::Hash>(key);
    hash->Delete("f");
  });
  fixture.Run([&](EngineContext& context) { CHECK(!context.Peek(key)); });
}

TEST_CASE("EngineContext: a value of another type is an error and stays") {
  EngineFixture fixture;
  const Key key = MakeKey("s");
  fixture.Run([&](EngineContext& context) { Set(context, key, "v"); });
  fixture.Run([&](EngineContext& context) {
    CHECK(context.ReadAs<engine::Hash>(key).error() == engine::Error::kWrongType);
    CHECK(context.ForWriteOrCreate<engine::Zset>(key).error() == engine::Error::kWrongType);
    IntegerScratch scratch;
    CHECK(**context.ReadString(key, scratch) == "v");
  });
}

TEST_CASE("EngineContext: time never goes back for a shard") {
  EngineFixture fixture;
  fixture.Run([&](EngineContext& context) { CHECK(context.now_ms() == fixture.now_ms); });
  const int64_t seen = fixture.now_ms;
  fixture.now_ms -= 5'000;
  fixture.Run([&](EngineContext& context) { CHECK(context.now_ms() == seen); });
}

}  // namespace
}  // namespace usher::tests
