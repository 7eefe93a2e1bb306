// MemoryGuard: maxmemory over all shards, by each policy.
#include "server/memory_guard.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

constexpr const char* kOutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";

uint64_t Evicted(TestServer& server) {
  uint64_t evicted = 0;
  for (const auto& shard : server.server().engine().shards()) evicted += shard->stats().evicted.Get();
  return evicted;
}

/// A server that may use `bytes` more than when it is empty.
TestServer MakeServer(const std::string& policy, uint64_t bytes, size_t shard_count = 4) {
  const std::string limit = std::to_string(server::MemoryGuard::kIdleServerBytes + bytes);
  return TestServer({.shard_count = shard_count,
                     .config = {{"maxmemory", limit}, {"maxmemory-policy", policy}, {"maxmemory-samples", "10"}}});
}

void SetConfig(TestServer& server, const std::string& name, const std::string& value) {
  const std::vector<server::ConfigPair> pairs = {{name, value}};
  REQUIRE(server.config().Set(pairs, server::Config::Caller::kLocal).empty());
}

const std::string kValue(100, 'v');

bool IsThere(TestServer& server, const std::string& key) {
  return !server.Run({"GET", key}).is_null();
}

TEST_CASE("MemoryGuard: noeviction refuses writes over the limit and nothing else") {
  TestServer server = MakeServer("noeviction", 200'000);
  int accepted = 0;
  while (accepted < 10'000 && server.Run({"SET", "key" + std::to_string(accepted), kValue}) == "OK") ++accepted;
  CHECK(accepted > 500);
  CHECK(accepted < 10'000);
  CHECK(server.Run({"SET", "one-more", kValue}) == kOutOfMemory);
  CHECK(IsThere(server, "key0"));
  CHECK(server.server().memory_guard().IsOutOfMemory());
  CHECK(Evicted(server) == 0);
  SetConfig(server, "maxmemory", "0");
  CHECK(server.Run({"SET", "one-more", kValue}) == "OK");
  CHECK_FALSE(server.server().memory_guard().IsOutOfMemory());
}

TEST_CASE("MemoryGuard: used memory stays at the limit under every evicting policy") {
  for (const std::string policy : {"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu",
                                   "volatile-random", "volatile-ttl"}) {
    CAPTURE(policy);
    TestServer server = MakeServer(policy, 300'000);
    for (int i = 0; i < 10'000; ++i) {
      REQUIRE(server.Run({"SET", "key" + std::to_string(i), kValue, "PX", "1000000"}) == "OK");
    }
    CHECK(Evicted(server) > 5000);
    CHECK(server.server().memory_guard().UsedBytes() < server::MemoryGuard::kIdleServerBytes + 300'000 + 1000);
  }
}

TEST_CASE("MemoryGuard: a watched key that is evicted has changed") {
  TestServer server = MakeServer("allkeys-random", 100'000);
  TestClient watcher(server);
  server.Run({"SET", "watched", kValue});
  watcher.Run("WATCH watched");
  watcher.Run("MULTI");
  watcher.Run("PING");
  for (int i = 0; i < 100'000 && IsThere(server, "watched"); ++i) {
    server.Run({"SET", "key" + std::to_string(i), kValue});
  }
  REQUIRE_FALSE(IsThere(server, "watched"));
  CHECK(watcher.Run("EXEC").is_null());
}

TEST_CASE("MemoryGuard: a transaction is not undone by the eviction of keys that it does not watch") {
  TestServer server = MakeServer("volatile-random", 100'000);
  TestClient watcher(server);
  server.Run({"SET", "watched", kValue});  // without an expiry it is no candidate
  watcher.Run("WATCH watched");
  watcher.Run("MULTI");
  watcher.Run("PING");
  for (int i = 0; i < 2'000; ++i) server.Run({"SET", "key" + std::to_string(i), kValue, "PX", "1000000"});
  REQUIRE(Evicted(server) > 0);
  CHECK(watcher.Run("EXEC")[0] == "PONG");
}

TEST_CASE("MemoryGuard: LRU keeps the keys that are used") {
  TestServer server = MakeServer("allkeys-lru", 400'000);
  for (int i = 0; i < 100; ++i) server.Run({"SET", "hot" + std::to_string(i), kValue});
  for (int i = 0; i < 10'000; ++i) {
    if (i % 50 == 0) {
      server.clock().AdvanceMs(1000);
      for (int hot = 0; hot < 100; ++hot) server.Run({"GET", "hot" + std::to_string(hot)});
    }
    server.Run({"SET", "cold" + std::to_string(i), kValue});
  }
  int left = 0;
  for (int hot = 0; hot < 100; ++hot) left += IsThere(server, "hot" + std::to_string(hot)) ? 1 : 0;
  CHECK(left >= 95);
  CHECK(Evicted(server) > 5000);
}

TEST_CASE("MemoryGuard: LFU keeps the keys that are used often though not lately") {
  TestServer server = MakeServer("allkeys-lfu", 400'000);
  for (int i = 0; i < 100; ++i) {
    server.Run({"SET", "hot" + std::to_string(i), kValue});
    for (int use = 0; use < 100; ++use) server.Run({"GET", "hot" + std::to_string(i)});
  }
  for (int i = 0; i < 10'000; ++i) server.Run({"SET", "cold" + std::to_string(i), kValue});
  int left = 0;
  for (int hot = 0; hot < 100; ++hot) left += IsThere(server, "hot" + std::to_string(hot)) ? 1 : 0;
  CHECK(left >= 95);
}

TEST_CASE("MemoryGuard: volatile-ttl takes the keys that expire soonest") {
  TestServer server = MakeServer("volatile-ttl", 400'000);
  for (int i = 0; i < 100; ++i) server.Run({"SET", "late" + std::to_string(i), kValue, "PX", "9000000"});
  for (int i = 0; i < 10'000; ++i) server.Run({"SET", "soon" + std::to_string(i), kValue, "PX", "1000000"});
  int left = 0;
  for (int i = 0; i < 100; ++i) left += IsThere(server, "late" + std::to_string(i)) ? 1 : 0;
  CHECK(left >= 95);
}

TEST_CASE("MemoryGuard: a volatile policy never takes a key without expiry, and finds the few that have one") {
  TestServer server = MakeServer("volatile-lru", 300'000);
  for (int i = 0; i < 5; ++i) server.Run({"SET", "rare" + std::to_string(i), kValue, "PX", "1000000"});
  int accepted = 0;
  while (accepted < 10'000 && server.Run({"SET", "key" + std::to_string(accepted), kValue}) == "OK") ++accepted;
  CHECK(accepted < 10'000);
  CHECK(Evicted(server) == 5);
  for (int i = 0; i < accepted; ++i) REQUIRE(IsThere(server, "key" + std::to_string(i)));
  CHECK(server.Run({"SET", "key", kValue}) == kOutOfMemory);
  CHECK(server.server().memory_guard().IsOutOfMemory());
}

TEST_CASE("MemoryGuard: keys of waiting rooms are never evicted") {
  TestServer server = MakeServer("allkeys-random", 300'000);
  for (int i = 0; i < 200; ++i) server.Run({"SET", "active:token:{concert}:user" + std::to_string(i), kValue});
  for (int i = 0; i < 5000; ++i) server.Run({"SET", "key" + std::to_string(i), kValue});
  for (int i = 0; i < 200; ++i) REQUIRE(IsThere(server, "active:token:{concert}:user" + std::to_string(i)));
  CHECK(Evicted(server) > 1000);
}

TEST_CASE("MemoryGuard: a write whose shard has no candidate makes the other shards evict") {
  TestServer server = MakeServer("volatile-random", 300'000, /*shard_count=*/4);
  const engine::Engine& engine = server.server().engine();
  const engine::ShardIndex crowded = engine.ShardOf(engine::KeySlot("{a}"));
  int others = 0;
  for (int i = 0; others < 100; ++i) {
    const std::string key = "other" + std::to_string(i);
    if (engine.ShardOf(engine::KeySlot(key)) == crowded) continue;
    server.Run({"SET", key, kValue, "PX", "1000000"});
    ++others;
  }
  int accepted = 0;
  while (accepted < 10'000 && server.Run({"SET", "{a}" + std::to_string(accepted), kValue}) == "OK") ++accepted;
  CHECK(accepted < 10'000);
  CHECK(Evicted(server) == 100);
}

TEST_CASE("MemoryGuard: maintenance reaches a limit that was lowered") {
  TestServer server = MakeServer("allkeys-lru", 1'000'000);
  for (int i = 0; i < 4000; ++i) server.Run({"SET", "key" + std::to_string(i), kValue});
  const uint64_t limit = server::MemoryGuard::kIdleServerBytes + 200'000;
  SetConfig(server, "maxmemory", std::to_string(limit));
  for (int tick = 0; tick < 200 && server.server().memory_guard().UsedBytes() > limit; ++tick) {
    server.server().maintenance().SubmitDue(server.thread());
    server.DeliverMail();
  }
  CHECK(server.server().memory_guard().UsedBytes() <= limit);
}

TEST_CASE("MemoryGuard: evictions are journaled before the write that caused them") {
  const std::string limit = std::to_string(server::MemoryGuard::kIdleServerBytes + 100'000);
  TestServer server({.shard_count = 1,
                     .config = {{"maxmemory", limit}, {"maxmemory-policy", "allkeys-random"}, {"journal", "memory"}}});
  int i = 0;
  while (Evicted(server) == 0 && i < 10'000) server.Run({"SET", "key" + std::to_string(i++), kValue});
  std::vector<std::string> records;
  server.server().engine().journal()->Read(
      0, [&](const engine::Journal::RecordInfo&, std::string_view text) { records.emplace_back(text); });
  REQUIRE(records.size() >= 2);
  CHECK(records.back().starts_with("*3\r\n$3\r\nSET"));
  CHECK(records[records.size() - 2].starts_with("*2\r\n$3\r\nDEL"));
}

TEST_CASE("MemoryGuard: a change of policy does not use the old policy's scores") {
  TestServer server = MakeServer("allkeys-lru", 300'000);
  for (int i = 0; i < 5000; ++i) server.Run({"SET", "key" + std::to_string(i), kValue});
  SetConfig(server, "maxmemory-policy", "volatile-ttl");
  const uint64_t evicted = Evicted(server);
  server.Run({"SET", "big", std::string(50'000, 'x')});
  CHECK(server.Run({"SET", "key", kValue}) == kOutOfMemory);
  CHECK(Evicted(server) == evicted);
  SetConfig(server, "maxmemory-policy", "allkeys-lfu");
  CHECK(server.Run({"SET", "key", kValue}) == "OK");
}

}  // namespace
}  // namespace usher::tests
