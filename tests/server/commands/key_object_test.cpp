// OBJECT through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("OBJECT ENCODING: by size and kind of the value") {
  TestServer server;
  server.Run({"SET", "short", std::string(44, 'x')});
  server.Run({"SET", "long", std::string(45, 'x')});
  server.Run("SET number 12");
  server.Run("HSET hash f v");
  CHECK(server.Run("OBJECT ENCODING short") == "embstr");
  CHECK(server.Run("OBJECT ENCODING long") == "raw");
  CHECK(server.Run("OBJECT ENCODING number") == "int");
  CHECK(server.Run("OBJECT ENCODING hash") == "listpack");
  CHECK(server.Run("OBJECT ENCODING nope").is_null());
}

TEST_CASE("OBJECT REFCOUNT: small numbers are shared") {
  TestServer server;
  server.Run("MSET a 9999 b 10000 c -1 d text");
  CHECK(server.Run("OBJECT REFCOUNT a") == Integer(2147483647));
  CHECK(server.Run("OBJECT REFCOUNT b") == Integer(1));
  CHECK(server.Run("OBJECT REFCOUNT c") == Integer(1));
  CHECK(server.Run("OBJECT REFCOUNT d") == Integer(1));
}

TEST_CASE("OBJECT IDLETIME: seconds since a command read the key; OBJECT itself does not count") {
  TestServer server;
  server.Run("SET a 1");
  server.clock().AdvanceMs(10'000);
  CHECK(server.Run("OBJECT IDLETIME a") == Integer(10));
  server.Run("EXISTS a");
  CHECK(server.Run("OBJECT IDLETIME a") == Integer(10));
  server.Run("TOUCH a");
  CHECK(server.Run("OBJECT IDLETIME a") == Integer(0));
}

TEST_CASE("OBJECT FREQ: needs an LFU policy, with which IDLETIME is refused") {
  TestServer lru;
  lru.Run("SET a 1");
  CHECK(lru.Run("OBJECT FREQ a").is_error());
  TestServer lfu{{.config = {{"maxmemory-policy", "allkeys-lfu"}}}};
  lfu.Run("SET a 1");
  CHECK(lfu.Run("OBJECT FREQ a") == Integer(5));
  CHECK(lfu.Run("OBJECT IDLETIME a").is_error());
}

TEST_CASE("OBJECT: unknown subcommands point to the help") {
  TestServer server;
  CHECK(server.Run("OBJECT FOO") == "ERR unknown subcommand 'FOO'. Try OBJECT HELP.");
  CHECK(server.Run("OBJECT ENCODING") == "ERR wrong number of arguments for 'object|encoding' command");
  CHECK(server.Run("OBJECT HELP").elements.size() == 15);
}

}  // namespace
}  // namespace usher::tests
