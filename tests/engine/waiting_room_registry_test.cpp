// The queues of a keyspace: which there are, what their settings are, when they are due - whoever writes their keys.
#include "engine/waiting_room_registry.h"

#include <doctest/doctest.h>

#include "engine/waiting_room.h"
#include "tests/support/engine_fixture.h"

namespace usher::engine {
namespace {

using tests::EngineFixture;

void PlainZAdd(EngineContext& context, std::string_view name, double score, std::string_view member) {
  const Key key = MakeKey(name);
  (*context.ForWriteOrCreate<Zset>(key))->Add(member, score, context.settings().zset);
  context.Modified(key, kNotifyZset, "zadd");
}

void PlainHSet(EngineContext& context, std::string_view name, std::string_view field, std::string_view value) {
  const Key key = MakeKey(name);
  (*context.ForWriteOrCreate<Hash>(key))->Set(field, value, context.settings().hash);
  context.Modified(key, kNotifyHash, "hset");
}

int64_t MaxActive(EngineFixture& fixture) {
  return fixture.Run(
      [](EngineContext& context) { return (*waiting_room::Settings(context, MakeKey("q"))).max_active; });
}

TEST_CASE("WaitingRooms: a plain write makes a queue known") {
  EngineFixture fixture;
  fixture.Run([](EngineContext& context) {
    CHECK(context.KeyspaceOf(MakeKey("x")).waiting_rooms() == nullptr);
    PlainZAdd(context, "queue:wait:{x}", 1, "a");
    REQUIRE(context.KeyspaceOf(MakeKey("x")).waiting_rooms() != nullptr);
    CHECK(context.KeyspaceOf(MakeKey("x")).waiting_rooms()->Find(MakeKey("x")) != nullptr);
    CHECK((*waiting_room::Look(context, MakeKey("x"), "a")).standing == waiting_room::Standing::kWaiting);
  });
}

TEST_CASE("WaitingRooms: settings follow HSET, DEL, expiry and replacement of the config key") {
  EngineFixture fixture;
  const Key config = MakeKey("queue:config:{q}");
  CHECK(MaxActive(fixture) == 1000);
  fixture.Run([](EngineContext& context) { PlainHSet(context, "queue:config:{q}", "max-active", "5"); });
  CHECK(MaxActive(fixture) == 5);
  fixture.Run([](EngineContext& context) { PlainHSet(context, "queue:config:{q}", "max-active", "nonsense"); });
  CHECK(MaxActive(fixture) == 1000);
  fixture.Run([](EngineContext& context) { PlainHSet(context, "queue:config:{q}", "max-active", "6"); });
  fixture.Run([&](EngineContext& context) {
    context.SetExpiry(config, 1'000'500);
    context.Modified(config, kNotifyGeneric, "expire");
  });
  CHECK(MaxActive(fixture) == 6);
  fixture.now_ms += 501;
  CHECK(MaxActive(fixture) == 1000);
  fixture.Run([](EngineContext& context) { PlainHSet(context, "queue:config:{q}", "max-active", "7"); });
  CHECK(MaxActive(fixture) == 7);
  fixture.Run([&](EngineContext& context) {
    context.SetString(config, "text", kNoExpiry);
    context.Modified(config, kNotifyString, "set");
    CHECK(waiting_room::Settings(context, MakeKey("q")).error() == Error::kWrongType);
    context.Delete(config);
    context.Modified(config, kNotifyGeneric, "del");
  });
  CHECK(MaxActive(fixture) == 1000);
}

TEST_CASE("WaitingRooms: queues go where their keys go") {
  EngineFixture fixture;
  fixture.Run([](EngineContext& context) {
    static_cast<void>(waiting_room::Enter(context, MakeKey("q"), "a", {}));
    ShardData& shard = context.ShardOf(MakeKey("q"));
    shard.databases[0]->Swap(*shard.databases[1]);
    CHECK((*waiting_room::Look(context, MakeKey("q"), "a")).standing == waiting_room::Standing::kNone);
    shard.databases[0]->Swap(*shard.databases[1]);
    CHECK((*waiting_room::Look(context, MakeKey("q"), "a")).standing == waiting_room::Standing::kWaiting);
    Keyspace emptied;
    shard.databases[0]->Swap(emptied);
    CHECK((*waiting_room::Look(context, MakeKey("q"), "a")).standing == waiting_room::Standing::kNone);
    CHECK((*waiting_room::Enter(context, MakeKey("q"), "b", {})).position == 0);
  });
}

TEST_CASE("WaitingRooms: totals count what other commands did by its net effect") {
  EngineFixture fixture;
  const auto totals = [&] {
    return fixture.Run([](EngineContext& context) { return (*waiting_room::Inform(context, MakeKey("q"))).totals; });
  };
  fixture.Run([](EngineContext& context) {
    for (const char* user : {"a", "b", "c"}) PlainZAdd(context, "queue:wait:{q}", 5, user);
  });
  CHECK(totals().entered == 3);
  fixture.Run([](EngineContext& context) {
    static_cast<void>(waiting_room::Enter(context, MakeKey("q"), "d", {}));
    (*context.ForWriteAs<Zset>(MakeKey("queue:wait:{q}")))->Remove("a");
  });
  CHECK(totals().entered == 4);
  CHECK(totals().left == 1);
}

}  // namespace
}  // namespace usher::engine
