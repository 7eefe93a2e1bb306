// Admission and expiry of many.
#include <doctest/doctest.h>

#include "engine/waiting_room.h"
#include "tests/support/engine_fixture.h"

namespace usher::engine::waiting_room {
namespace {

using tests::EngineFixture;

struct Count final : BatchSink {
  void Begin(size_t count) override { announced = count; }
  void User(std::string_view, std::string_view) override { ++users; }
  size_t announced = 0;
  size_t users = 0;
};

void EnterMany(EngineFixture& fixture, size_t count) {
  fixture.Run([&](EngineContext& context) {
    for (size_t i = 0; i < count; ++i) {
      static_cast<void>(Enter(context, MakeKey("q"), "user-" + std::to_string(i), {}));
    }
  });
}

TEST_CASE("Admit: a call is one slice of at most ten thousand, and one record of the journal") {
  EngineFixture fixture(size_t{64} << 20);
  EnterMany(fixture, 12'000);
  uint64_t position = fixture.engine.journal()->position();
  Count count;
  fixture.Run([&](EngineContext& context) {
    CHECK(Admit(context, MakeKey("q"), {.count = 50'000, .ttl_s = 10, .active_max = 50'000}, count));
    CHECK((*Inform(context, MakeKey("q"))).waiting == 2'000);
    CHECK((*Inform(context, MakeKey("q"))).active == 10'000);
  });
  CHECK(count.announced == 10'000);
  CHECK(count.users == 10'000);
  size_t records = 0;
  fixture.engine.journal()->Read(position, [&](const Journal::RecordInfo&, std::string_view bytes) {
    ++records;
    CHECK(bytes.starts_with("*1\r\n$5\r\nMULTI\r\n"));
    CHECK(bytes.ends_with("*1\r\n$4\r\nEXEC\r\n"));
  });
  CHECK(records == 1);
}

TEST_CASE("Admit: tokens are what HSET and PEXPIREAT would have made") {
  EngineFixture fixture;
  EnterMany(fixture, 40);
  Count count;
  fixture.Run([&](EngineContext& context) {
    CHECK(Admit(context, MakeKey("q"), {.count = 40, .ttl_s = 10}, count));
    for (size_t i = 0; i < 40; ++i) {
      const KeyEntry entry = context.Peek(MakeKey("active:token:{q}:user-" + std::to_string(i)));
      REQUIRE(entry);
      CHECK(entry.expiry_ms() == 1'010'000);
      const Hash& hash = entry.As<Hash>();
      PackedScratch scratch;
      CHECK(hash.size() == 4);
      CHECK(hash.encoding() == Hash::Encoding::kListpack);
      CHECK(hash.Get("status", scratch) == "READY");
      CHECK(hash.Get("extend_count", scratch) == "0");
      CHECK(hash.Get("expired_at", scratch) == "1010");
      CHECK(hash.ValueLength("token") == 32);
    }
  });
}

TEST_CASE("Admit: somebody who is in both sets by other commands ends up in one") {
  EngineFixture fixture;
  EnterMany(fixture, 2);
  Count count;
  fixture.Run([&](EngineContext& context) {
    (*context.ForWriteOrCreate<Zset>(MakeKey("queue:active:{q}")))->Add("user-0", 5'000, context.settings().zset);
    CHECK(Admit(context, MakeKey("q"), {.count = 2, .ttl_s = 10}, count));
    CHECK((*Inform(context, MakeKey("q"))).waiting == 0);
    CHECK((*Inform(context, MakeKey("q"))).active == 2);
    CHECK((*Look(context, MakeKey("q"), "user-0")).expires_at_s == 1010);
  });
}

TEST_CASE("Expire: the tokens go with the places, and memory is given back") {
  EngineFixture fixture;
  EnterMany(fixture, 3'000);
  Count admitted;
  Count expired;
  fixture.Run([&](EngineContext& context) {
    CHECK(Admit(context, MakeKey("q"), {.count = 3'000, .ttl_s = 10, .active_max = 9'999}, admitted));
  });
  fixture.now_ms += 10'000;
  fixture.Run([&](EngineContext& context) { CHECK(Expire(context, MakeKey("q"), 9'999, expired)); });
  CHECK(expired.users == 3'000);
  const Keyspace& keyspace = *fixture.ShardOf(MakeKey("q")).databases[0];
  CHECK(keyspace.size() == 0);
  CHECK(keyspace.entry_bytes() == 0);
}

}  // namespace
}  // namespace usher::engine::waiting_room
