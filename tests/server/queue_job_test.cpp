// What waiting rooms do on their own, through the server's maintenance.
#include "server/queue_job.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void Tick(TestServer& server) {
  server.server().maintenance().SubmitDue(server.thread());
  server.DeliverMail();
}

int64_t InfoOf(TestServer& server, std::string_view field) {
  return server.Run("QUEUE INFO q")[field].integer;
}

void EnterMany(TestServer& server, int count) {
  for (int i = 0; i < count; ++i) server.Run({"ENTERQUEUE", "q", "u" + std::to_string(i)});
}

TEST_CASE("QueueJob: places whose time is up are removed without a command") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 3);
  server.Run("MOVEACTIVE q 3 TTL 10");
  server.clock().AdvanceMs(9'999);
  Tick(server);
  CHECK(InfoOf(server, "active") == 3);
  server.clock().AdvanceMs(1);
  Tick(server);
  CHECK(InfoOf(server, "active") == 0);
  CHECK(InfoOf(server, "expired") == 3);
}

TEST_CASE("QueueJob: thousands expire in steps, all of them in one tick") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 2500);
  server.Run("MOVEACTIVE q 2500 TTL 10 MAXACTIVE 9999");
  server.clock().AdvanceMs(10'000);
  for (int i = 0; i < 50 && InfoOf(server, "active") > 0; ++i) Tick(server);
  CHECK(InfoOf(server, "active") == 0);
  CHECK(InfoOf(server, "expired") == 2500);
}

TEST_CASE("QueueJob: admit on admits at each interval and does not make up for missed ones") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 100);
  server.Run("QUEUE CONFIG SET q rate 10 interval 1000 admit on");
  Tick(server);
  CHECK(InfoOf(server, "active") == 10);
  Tick(server);
  server.clock().AdvanceMs(999);
  Tick(server);
  CHECK(InfoOf(server, "active") == 10);
  server.clock().AdvanceMs(1);
  Tick(server);
  CHECK(InfoOf(server, "active") == 20);
  server.clock().AdvanceMs(5'500);
  Tick(server);
  Tick(server);
  CHECK(InfoOf(server, "active") == 30);
  server.clock().AdvanceMs(999);
  Tick(server);
  CHECK(InfoOf(server, "active") == 30);
  server.clock().AdvanceMs(1);
  Tick(server);
  CHECK(InfoOf(server, "active") == 40);
}

TEST_CASE("QueueJob: admission keeps to max-active, stops when paused or turned off") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 100);
  server.Run("QUEUE CONFIG SET q rate 30 interval 1000 max-active 40 admit on");
  for (int i = 0; i < 3; ++i) {
    Tick(server);
    server.clock().AdvanceMs(1000);
  }
  CHECK(InfoOf(server, "active") == 40);
  server.Run("QUEUE CONFIG SET q max-active 1000 state paused");
  Tick(server);
  CHECK(InfoOf(server, "active") == 40);
  server.Run("QUEUE CONFIG SET q state open");
  Tick(server);
  CHECK(InfoOf(server, "active") == 70);
  server.Run("QUEUE CONFIG SET q admit off");
  server.clock().AdvanceMs(1000);
  Tick(server);
  CHECK(InfoOf(server, "active") == 70);
}

TEST_CASE("QueueJob: a rate above a step's size is admitted in steps of one interval") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 3000);
  server.Run("QUEUE CONFIG SET q rate 2500 interval 1000 max-active 9999 admit on");
  for (int i = 0; i < 20; ++i) Tick(server);
  CHECK(InfoOf(server, "active") == 2500);
}

TEST_CASE("QueueJob: nothing happens while clients are paused") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 5);
  server.Run("QUEUE CONFIG SET q rate 5 admit on");
  server.server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
  Tick(server);
  server.server().pause().Unpause();
  CHECK(InfoOf(server, "active") == 0);
  Tick(server);
  CHECK(InfoOf(server, "active") == 5);
}

TEST_CASE("QueueJob: an idle queue is not looked at again") {
  TestServer server{{.now_ms = 1'000'000}};
  EnterMany(server, 5);
  Tick(server);
  const engine::Engine& engine = server.server().engine();
  for (size_t shard = 0; shard < engine.shard_count(); ++shard) {
    CHECK(engine.shards()[shard]->stats().queue_due_ms.Get() == 0);
  }
}

}  // namespace
}  // namespace usher::tests
