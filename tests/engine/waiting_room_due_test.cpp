// What is due without a command. How it is called is tested with the server's maintenance.
#include <doctest/doctest.h>

#include "engine/waiting_room.h"
#include "tests/support/engine_fixture.h"

namespace usher::engine::waiting_room {
namespace {

using tests::EngineFixture;

const Key& Queue() {
  static const Key queue = MakeKey("q");
  return queue;
}

void RunAllDue(EngineFixture& fixture) {
  while (fixture.Run([](EngineContext& context) { return RunDue(context, context.ShardOf(Queue())); })) {
  }
}

TEST_CASE("RunDue: works in every database and journals under the right one") {
  EngineFixture fixture(1 << 20);
  fixture.Run(
      [](EngineContext& context) {
        static_cast<void>(Enter(context, Queue(), "a", {}));
        const FieldValue on[] = {{"admit", "on"}};
        CHECK(Configure(context, Queue(), on));
      },
      1);
  const uint64_t position = fixture.engine.journal()->position();
  RunAllDue(fixture);
  fixture.Run([](EngineContext& context) { CHECK((*Look(context, Queue(), "a")).standing == Standing::kReady); }, 1);
  std::string journaled;
  fixture.engine.journal()->Read(position,
                                 [&](const Journal::RecordInfo&, std::string_view bytes) { journaled += bytes; });
  CHECK(journaled.starts_with("*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n"));
  CHECK(journaled.ends_with("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$4\r\nEXEC\r\n"));
}

TEST_CASE("RunDue: what has nothing to do journals nothing and says when to come again") {
  EngineFixture fixture(1 << 20);
  class Nobody final : public BatchSink {
   public:
    void Begin(size_t) override {}
    void User(std::string_view, std::string_view) override {}
  } nobody;
  fixture.Run(
      [&](EngineContext& context) {
        static_cast<void>(Enter(context, Queue(), "a", {}));
        CHECK(Admit(context, Queue(), {.count = 1, .ttl_s = 30}, nobody));
      },
      1);
  const uint64_t position = fixture.engine.journal()->position();
  RunAllDue(fixture);
  CHECK(fixture.engine.journal()->position() == position);
  CHECK(fixture.ShardOf(Queue()).stats.queue_due_ms.Get() == 1'030'000);
}

TEST_CASE("RunDue: a queue without keys is forgotten after ten minutes") {
  EngineFixture fixture;
  fixture.Run([](EngineContext& context) {
    static_cast<void>(Enter(context, Queue(), "a", {}));
    CHECK(*Leave(context, Queue(), "a") == 1);
  });
  const Keyspace& keyspace = *fixture.ShardOf(Queue()).databases[0];
  RunAllDue(fixture);
  fixture.now_ms += 599'999;
  RunAllDue(fixture);
  CHECK(keyspace.waiting_rooms()->size() == 1);
  fixture.now_ms += 1;
  RunAllDue(fixture);
  CHECK(keyspace.waiting_rooms()->size() == 0);
  CHECK(fixture.ShardOf(Queue()).stats.queue_due_ms.Get() == 0);
}

TEST_CASE("RunDue: a queue of a wrong type is left alone until it is written to") {
  EngineFixture fixture;
  fixture.Run([](EngineContext& context) {
    const Key active = MakeKey("queue:active:{q}");
    context.SetString(active, "text", kNoExpiry);
    context.Modified(active, kNotifyString, "set");
  });
  RunAllDue(fixture);
  CHECK(fixture.ShardOf(Queue()).stats.queue_due_ms.Get() == 0);
}

TEST_CASE("Delete: takes tokens, sets and settings, and the totals") {
  EngineFixture fixture;
  fixture.Run([](EngineContext& context) {
    CHECK_FALSE(*Delete(context, Queue()));
    static_cast<void>(Enter(context, Queue(), "a", {}));
    CHECK(*Delete(context, Queue()));
    CHECK(context.KeyspaceOf(Queue()).size() == 0);
    CHECK((*Inform(context, Queue())).totals.entered == 0);
  });
}

}  // namespace
}  // namespace usher::engine::waiting_room
