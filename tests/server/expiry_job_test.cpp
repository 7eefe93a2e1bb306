// ExpiryJob: keys go away by themselves, in small steps, with all that belongs to it.
#include "server/expiry_job.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void Tick(TestServer& server) {
  server.server().maintenance().SubmitDue(server.thread());
  server.DeliverMail();
}

size_t KeyCount(TestServer& server) {
  size_t keys = 0;
  for (const auto& shard : server.server().engine().shards()) keys += shard->stats().databases[0].keys.Get();
  return keys;
}

uint64_t ExpiredCount(TestServer& server) {
  uint64_t expired = 0;
  for (const auto& shard : server.server().engine().shards()) expired += shard->stats().expired.Get();
  return expired;
}

void SetExpiring(TestServer& server, int count, int ttl_ms) {
  for (int i = 0; i < count; ++i) {
    server.Run({"SET", "key" + std::to_string(i), "value", "PX", std::to_string(ttl_ms)});
  }
}

TEST_CASE("ExpiryJob: an expired key is deleted though nobody asks for it") {
  TestServer server;
  SetExpiring(server, 10, 500);
  server.Run("SET stays 1");
  Tick(server);
  server.clock().AdvanceMs(500);
  Tick(server);
  CHECK(KeyCount(server) == 11);  // still there in the very millisecond
  server.clock().AdvanceMs(1);
  Tick(server);
  CHECK(KeyCount(server) == 1);
  CHECK(ExpiredCount(server) == 10);
}

TEST_CASE("ExpiryJob: an expiry that is set after the last visit is seen") {
  TestServer server;
  SetExpiring(server, 1, 1'000'000);
  Tick(server);
  server.Run("SET early 1 PX 50");
  server.clock().AdvanceMs(100);
  Tick(server);
  CHECK(KeyCount(server) == 1);
}

TEST_CASE("ExpiryJob: many keys that expire together are gone within a few ticks") {
  TestServer server({.shard_count = 2});
  SetExpiring(server, 5000, 1000);
  server.clock().AdvanceMs(1001);
  int ticks = 0;
  while (KeyCount(server) > 0 && ticks < 50) {
    Tick(server);
    ++ticks;
  }
  CHECK(KeyCount(server) == 0);
  CHECK(server.server().expiry().steps_cut_short() >= 5000 / 128 - 2);
}

TEST_CASE("ExpiryJob: DEBUG SET-ACTIVE-EXPIRE 0 stops it") {
  TestServer server;
  SetExpiring(server, 3, 10);
  server.clock().AdvanceMs(1000);
  server.server().expiry().set_active(false);
  Tick(server);
  CHECK(KeyCount(server) == 3);
  server.server().expiry().set_active(true);
  Tick(server);
  CHECK(KeyCount(server) == 0);
}

TEST_CASE("ExpiryJob: each expiry is journaled as a DEL of its own") {
  TestServer server({.shard_count = 2, .config = {{"journal", "memory"}}});
  SetExpiring(server, 2, 10);
  const uint64_t before = server.server().engine().journal()->position();
  server.clock().AdvanceMs(1000);
  Tick(server);
  std::vector<std::string> records;
  server.server().engine().journal()->Read(before, [&](const engine::Journal::RecordInfo& info, std::string_view text) {
    CHECK(info.slot == engine::KeySlot(text.substr(text.find("key"), 4)));
    records.emplace_back(text);
  });
  std::sort(records.begin(), records.end());
  CHECK(records == std::vector<std::string>{"*2\r\n$3\r\nDEL\r\n$4\r\nkey0\r\n", "*2\r\n$3\r\nDEL\r\n$4\r\nkey1\r\n"});
}

}  // namespace
}  // namespace usher::tests
