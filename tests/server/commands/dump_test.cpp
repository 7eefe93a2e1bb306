// DUMP, RESTORE, RESTORE-ASKING.
#include <doctest/doctest.h>

#include <string>

#include "engine/rdb_dump.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using Args = std::vector<std::string>;

TEST_CASE("DUMP: a value of each type comes back by RESTORE") {
  TestServer server;
  server.Run("SET s hello");
  server.Run("SET n 12345");
  server.Run("RPUSH l a b 3");
  server.Run("SADD ints 1 2 3");
  server.Run("SADD set a b");
  server.Run("HSET h f v");
  server.Run("ZADD z 1.5 m");
  server.Run("XADD x 5-1 f v");
  for (const char* key : {"s", "n", "l", "ints", "set", "h", "z", "x"}) {
    const Reply payload = server.Run(Args{"DUMP", key});
    CHECK(server.Run(Args{"RESTORE", "copy", "0", payload.text, "REPLACE"}) == "OK");
    CHECK(server.Run(Args{"DUMP", "copy"}) == payload);
    CHECK(server.Run(Args{"TYPE", "copy"}) == server.Run(Args{"TYPE", key}));
  }
}

TEST_CASE("DUMP: nothing for a key that is not there") {
  TestServer server;
  CHECK(server.Run("DUMP nokey").is_null());
}

TEST_CASE("RESTORE: what is wrong is named, and changes nothing") {
  TestServer server;
  server.Run("SET k v");
  const std::string payload = server.Run("DUMP k").text;
  const auto restore = [&](const Args& more) {
    Args args = {"RESTORE"};
    args.insert(args.end(), more.begin(), more.end());
    return server.Run(args);
  };
  CHECK(restore({"k", "0", payload}) == "BUSYKEY Target key name already exists.");
  CHECK(restore({"k", "0", "garbage", "REPLACE"}) == "ERR DUMP payload version or checksum are wrong");
  CHECK(restore({"a", "-1", payload}) == "ERR Invalid TTL value, must be >= 0");
  CHECK(restore({"a", "x", payload}) == "ERR value is not an integer or out of range");
  CHECK(restore({"a", "0", payload, "IDLETIME", "-1"}) == "ERR Invalid IDLETIME value, must be >= 0");
  CHECK(restore({"a", "0", payload, "FREQ", "256"}) == "ERR Invalid FREQ value, must be >= 0 and <= 255");
  CHECK(restore({"a", "0", payload, "FREQ", "1", "IDLETIME", "1"}) == "ERR syntax error");
  CHECK(restore({"a", "0", payload, "NOSUCH"}) == "ERR syntax error");
  std::string nonsense = "\x63zzz";
  engine::AppendDumpFooter(nonsense);
  CHECK(restore({"k", "0", nonsense, "REPLACE"}) == "ERR Bad data format");
  std::string empty_list{'\x01', '\x00'};
  engine::AppendDumpFooter(empty_list);
  CHECK(restore({"a", "0", empty_list}) == "ERR Bad data format");
  CHECK(server.Run("GET k") == "v");
  CHECK(server.Run("EXISTS a") == Integer(0));
}

TEST_CASE("RESTORE: bytes behind the value go unread") {
  TestServer server;
  server.Run("HSET h f v");
  const std::string payload = server.Run("DUMP h").text;
  std::string longer = payload.substr(0, payload.size() - engine::kDumpFooterBytes) + "junk";
  engine::AppendDumpFooter(longer);
  CHECK(server.Run(Args{"RESTORE", "copy", "0", longer}) == "OK");
  CHECK(server.Run("DUMP copy") == payload);
}

TEST_CASE("RESTORE: times to live") {
  TestServer server{{.now_ms = 1'000'000}};
  server.Run("SET k v");
  const std::string payload = server.Run("DUMP k").text;
  CHECK(server.Run(Args{"RESTORE", "a", "5000", payload}) == "OK");
  CHECK(server.Run("PEXPIRETIME a") == Integer(1'005'000));
  CHECK(server.Run(Args{"RESTORE", "b", "2000000", payload, "ABSTTL"}) == "OK");
  CHECK(server.Run("PEXPIRETIME b") == Integer(2'000'000));
  CHECK(server.Run(Args{"RESTORE", "a", "1", payload, "ABSTTL", "REPLACE"}) == "OK");
  CHECK(server.Run("EXISTS a") == Integer(0));
}

TEST_CASE("RESTORE: idle time and use counter") {
  TestServer server{{.now_ms = 100'000'000}};
  server.Run("SET k v");
  const std::string payload = server.Run("DUMP k").text;
  CHECK(server.Run(Args{"RESTORE", "a", "0", payload, "IDLETIME", "1000"}) == "OK");
  CHECK(server.Run("OBJECT IDLETIME a") == Integer(1000));
  CHECK(server.Run("CONFIG SET maxmemory-policy allkeys-lfu") == "OK");
  CHECK(server.Run(Args{"RESTORE", "b", "0", payload, "FREQ", "200"}) == "OK");
  CHECK(server.Run("OBJECT FREQ b") == Integer(200));
}

TEST_CASE("RESTORE-ASKING: the same command") {
  TestServer server;
  server.Run("SET k v");
  const std::string payload = server.Run("DUMP k").text;
  CHECK(server.Run(Args{"RESTORE-ASKING", "a", "0", payload}) == "OK");
  CHECK(server.Run("GET a") == "v");
}

}  // namespace
}  // namespace usher::tests
