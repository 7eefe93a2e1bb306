// KEYS, SCAN, RANDOMKEY and DBSIZE through the dispatcher.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::set<std::string> ScanAll(TestServer& server, const std::string& options, size_t* calls = nullptr) {
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const Reply reply = server.Run("SCAN " + cursor + options);
    cursor = reply[size_t{0}].text;
    CHECK(std::stoull(cursor) < (uint64_t{1} << 53));
    for (const Reply& name : reply[1].elements) seen.insert(name.text);
    if (calls != nullptr) ++*calls;
  } while (cursor != "0");
  return seen;
}

TEST_CASE("SCAN: one call with a large count returns a small database whole") {
  TestServer server{{.shard_count = 16}};
  for (int i = 0; i < 300; ++i) server.Run("SET key" + std::to_string(i) + " v");
  const Reply reply = server.Run("SCAN 0 COUNT 1000");
  CHECK(reply[size_t{0}] == "0");
  CHECK(reply[1].elements.size() == 300);
}

TEST_CASE("SCAN: finds every key that stays while others come and go, however many shards there are") {
  for (const size_t shard_count : {1, 4, 128}) {
    TestServer server{{.shard_count = shard_count}};
    for (int i = 0; i < 2000; ++i) server.Run("SET stay" + std::to_string(i) + " v");
    std::set<std::string> seen;
    std::string cursor = "0";
    int step = 0;
    do {
      const Reply reply = server.Run("SCAN " + cursor + " COUNT 7");
      cursor = reply[size_t{0}].text;
      CHECK(std::stoull(cursor) < (uint64_t{1} << 53));
      for (const Reply& name : reply[1].elements) seen.insert(name.text);
      for (int i = 0; i < 20; ++i) server.Run("SET new" + std::to_string(step) + "-" + std::to_string(i) + " v");
      if (step > 5) server.Run("DEL new" + std::to_string(step - 5) + "-1");
      ++step;
    } while (cursor != "0");
    size_t stayed = 0;
    for (const std::string& name : seen) stayed += name.starts_with("stay") ? 1 : 0;
    CHECK(stayed == 2000);
  }
}

TEST_CASE("SCAN: MATCH and TYPE choose, COUNT goes by what is looked at") {
  TestServer server;
  for (int i = 0; i < 100; ++i) server.Run("SET key" + std::to_string(i) + " v");
  server.Run("HSET hash f v");
  CHECK(ScanAll(server, " TYPE hash") == std::set<std::string>{"hash"});
  CHECK(ScanAll(server, " MATCH key1?").size() == 10);
  CHECK(ScanAll(server, " TYPE unheard-of").empty());
  size_t calls = 0;
  ScanAll(server, " MATCH hash COUNT 10", &calls);
  CHECK(calls > 3);
}

TEST_CASE("SCAN: expired keys are not shown") {
  TestServer server;
  server.Run("SET a 1 PX 5");
  server.Run("SET b 1");
  server.clock().AdvanceMs(10);
  CHECK(ScanAll(server, "") == std::set<std::string>{"b"});
  CHECK(server.Run("DBSIZE") == Integer(1));
}

TEST_CASE("SCAN: bad arguments") {
  TestServer server;
  CHECK(server.Run("SCAN x") == "ERR invalid cursor");
  CHECK(server.Run("SCAN 99999999999999999999") == "ERR invalid cursor");
  CHECK(server.Run("SCAN 0 COUNT 0") == "ERR syntax error");
  CHECK(server.Run("SCAN 0 COUNT x") == "ERR value is not an integer or out of range");
  CHECK(server.Run("SCAN 0 MATCH") == "ERR syntax error");
}

TEST_CASE("KEYS, DBSIZE: see all shards, not what has expired") {
  TestServer server;
  server.Run("MSET hello 1 hallo 2 other 3");
  server.Run("SET hullo 1 PX 5");
  server.clock().AdvanceMs(10);
  CHECK(server.Run("KEYS h?llo").elements.size() == 2);
  CHECK(server.Run("KEYS *").elements.size() == 3);
  CHECK(server.Run("DBSIZE") == Integer(4));
}

TEST_CASE("RANDOMKEY: every key is drawn about equally often") {
  TestServer server;
  for (int i = 0; i < 10; ++i) server.Run("SET key" + std::to_string(i) + " v");
  std::map<std::string, int> draws;
  for (int i = 0; i < 5000; ++i) ++draws[server.Run("RANDOMKEY").text];
  CHECK(draws.size() == 10);
  for (const auto& [name, count] : draws) {
    CHECK(count > 300);
    CHECK(count < 700);
  }
}

TEST_CASE("RANDOMKEY: expired keys are not drawn") {
  TestServer server;
  server.Run("SET a 1 PX 5");
  server.clock().AdvanceMs(10);
  CHECK(server.Run("RANDOMKEY").is_null());
}

}  // namespace
}  // namespace usher::tests
