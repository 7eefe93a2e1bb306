// AppendToStream: what is stored, reported and journaled.
#include "engine/stream_append.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/support/engine_fixture.h"

namespace usher::tests {
namespace {

using engine::AppendToStream;
using engine::EngineContext;
using engine::Key;
using engine::MakeKey;
using engine::Stream;
using engine::StreamTrim;

constexpr std::array<std::string_view, 2> kFields = {"f", "v"};

std::string LastRecord(EngineFixture& fixture) {
  std::string record;
  fixture.engine.journal()->Read(0, [&](const auto&, std::string_view payload) { record = payload; });
  return record;
}

TEST_CASE("AppendToStream: makes the stream and journals the ID that was chosen") {
  EngineFixture fixture(1 << 20);
  const Key key = MakeKey("s");
  fixture.Run([&](EngineContext& context) {
    auto id = AppendToStream(context, key, {}, kFields, {});
    REQUIRE(id);
    CHECK(id->ms == static_cast<uint64_t>(fixture.now_ms));
  });
  fixture.Run([&](EngineContext& context) { CHECK((*context.ReadAs<Stream>(key))->size() == 1); });
  const std::string id = std::to_string(fixture.now_ms) + "-0";
  CHECK(LastRecord(fixture) ==
        "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$" + std::to_string(id.size()) + "\r\n" + id + "\r\n$1\r\nf\r\n$1\r\nv\r\n");
}

TEST_CASE("AppendToStream: a trim by whole nodes is journaled as the exact one it was") {
  EngineFixture fixture(1 << 20);
  const Key key = MakeKey("s");
  const StreamTrim trim{.by = StreamTrim::By::kLength, .whole_nodes = true, .length_max = 1};
  for (uint64_t i = 1; i <= 3; ++i) {
    fixture.Run([&](EngineContext& context) {
      CHECK(AppendToStream(context, key, {{i, 0}, true, true}, kFields, trim));
    });
  }
  CHECK(LastRecord(fixture).find("$6\r\nMAXLEN\r\n$1\r\n=\r\n$1\r\n3\r\n$3\r\n3-0\r\n") != std::string::npos);
}

TEST_CASE("AppendToStream: an error changes nothing") {
  EngineFixture fixture(1 << 20);
  const Key key = MakeKey("s");
  fixture.Run([&](EngineContext& context) {
    CHECK(AppendToStream(context, key, {{0, 0}, true, true}, kFields, {}).error() == engine::Error::kStreamIdTooSmall);
  });
  fixture.Run([&](EngineContext& context) { CHECK(!context.Read(key)); });
}

}  // namespace
}  // namespace usher::tests
