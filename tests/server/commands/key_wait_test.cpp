// WAIT through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("WAIT: answers at once when nobody need be waited for") {
  TestServer server;
  CHECK(server.Run("WAIT 0 0") == Integer(0));
  CHECK(server.Run("WAIT -1 0") == Integer(0));
}

TEST_CASE("WAIT: for replicas that do not exist the client blocks") {
  TestServer server;
  TestClient client(server);
  client.Send({"WAIT", "1", "100"});
  CHECK(client.blocked());
}

TEST_CASE("WAIT: bad arguments") {
  TestServer server;
  CHECK(server.Run("WAIT x 0") == "ERR value is not an integer or out of range");
  CHECK(server.Run("WAIT 0 x") == "ERR timeout is not an integer or out of range");
  CHECK(server.Run("WAIT 0 -1") == "ERR timeout is negative");
}

}  // namespace
}  // namespace usher::tests
