// Strings through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("SET: NX and XX decide by the key's presence") {
  TestServer server;
  CHECK(server.Run("SET a 1 XX").is_null());
  CHECK(server.Run("SET a 1 NX") == "OK");
  CHECK(server.Run("SET a 2 NX").is_null());
  CHECK(server.Run("GET a") == "1");
  CHECK(server.Run("SET a 3 XX GET") == "1");
  CHECK(server.Run("GET a") == "3");
}

TEST_CASE("SET: an expiry ends the key on time") {
  TestServer server;
  CHECK(server.Run("SET a 1 PX 100") == "OK");
  server.clock().AdvanceMs(100);
  CHECK(server.Run("GET a") == "1");
  server.clock().AdvanceMs(1);
  CHECK(server.Run("GET a").is_null());
}

TEST_CASE("SET: bad options change nothing") {
  TestServer server;
  CHECK(server.Run("SET a 1 EX 0") == "ERR invalid expire time in 'set' command");
  CHECK(server.Run("SET a 1 NX XX") == "ERR syntax error");
  CHECK(server.Run("GET a").is_null());
}

}  // namespace
}  // namespace usher::tests
