// Whole databases through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("FLUSHDB: empties its own database only, FLUSHALL all") {
  TestServer server;
  server.Run("MSET a 1 b 2 c 3");
  server.Run("SELECT 1");
  server.Run("SET a 1");
  CHECK(server.Run("FLUSHDB") == "OK");
  CHECK(server.Run("DBSIZE") == Integer(0));
  server.Run("SET a 1");
  server.Run("SELECT 0");
  CHECK(server.Run("DBSIZE") == Integer(3));
  CHECK(server.Run("FLUSHALL ASYNC") == "OK");
  CHECK(server.Run("DBSIZE") == Integer(0));
  server.Run("SELECT 1");
  CHECK(server.Run("DBSIZE") == Integer(0));
}

TEST_CASE("FLUSHALL: the accounted memory is gone") {
  TestServer server;
  for (int i = 0; i < 1000; ++i) server.Run("SET key" + std::to_string(i) + " value EX 100");
  CHECK(server.server().engine().KeyMemoryBytes() > 10'000);
  CHECK(server.Run("FLUSHALL SYNC") == "OK");
  CHECK(server.server().engine().KeyMemoryBytes() == 0);
}

TEST_CASE("FLUSHALL: takes one of two words") {
  TestServer server;
  CHECK(server.Run("FLUSHALL FOO") == "ERR syntax error");
  CHECK(server.Run("FLUSHDB ASYNC SYNC") == "ERR syntax error");
}

TEST_CASE("SWAPDB: exchanges the keys of two databases") {
  TestServer server;
  server.Run("MSET a 1 b 2");
  CHECK(server.Run("SWAPDB 0 1") == "OK");
  CHECK(server.Run("DBSIZE") == Integer(0));
  server.Run("SELECT 1");
  CHECK(server.Run("GET b") == "2");
  CHECK(server.Run("SWAPDB x 1") == "ERR invalid first DB index");
  CHECK(server.Run("SWAPDB 1 x") == "ERR invalid second DB index");
  CHECK(server.Run("SWAPDB 0 16") == "ERR DB index is out of range");
}

TEST_CASE("SELECT: only databases that exist") {
  TestServer server;
  CHECK(server.Run("SELECT 15") == "OK");
  CHECK(server.Run("SELECT 16") == "ERR DB index is out of range");
  CHECK(server.Run("SELECT -1") == "ERR DB index is out of range");
  CHECK(server.Run("SELECT x") == "ERR value is not an integer or out of range");
  CHECK(server.Run("SELECT 4294967296") == "ERR value is out of range, value must between -2147483648 and 2147483647");
}

}  // namespace
}  // namespace usher::tests
