// Pending entries through the dispatcher: acknowledged, claimed, listed.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void Deliver(TestServer& server, int entries) {
  server.Run("XGROUP CREATE s g 0 MKSTREAM");
  for (int i = 1; i <= entries; ++i) server.Run("XADD s " + std::to_string(i) + "-0 f v");
  server.Run("XREADGROUP GROUP g alice STREAMS s >");
}

TEST_CASE("XACK: what is acknowledged is pending no more") {
  TestServer server;
  Deliver(server, 3);
  CHECK(server.Run("XACK s g 1-0 1-0 9-9") == Integer(1));
  CHECK(server.Run("XPENDING s g")[0] == Integer(2));
}

TEST_CASE("XCLAIM: another consumer takes over what has been idle long enough") {
  TestServer server;
  Deliver(server, 2);
  CHECK(server.Run("XCLAIM s g bob 1000 1-0").elements.empty());
  CHECK(server.Run("XCLAIM s g bob 0 1-0 TIME 500 RETRYCOUNT 7")[0][0] == "1-0");
  const Reply pending = server.Run("XPENDING s g - + 10 bob");
  CHECK(pending[0][3] == Integer(7));
  CHECK(server.Run("XCLAIM s g bob 0 2-0 JUSTID")[0] == "2-0");
}

TEST_CASE("XAUTOCLAIM: goes on where it stopped and names what is no more in the stream") {
  TestServer server;
  Deliver(server, 3);
  server.Run("XDEL s 2-0");
  const Reply first = server.Run("XAUTOCLAIM s g bob 0 0 COUNT 1");
  CHECK(first[0] == "2-0");
  const Reply rest = server.Run("XAUTOCLAIM s g bob 0 2-0");
  CHECK(rest[0] == "0-0");
  CHECK(rest[1].elements.size() == 1);
  CHECK(rest[2][0] == "2-0");
}

TEST_CASE("XPENDING: a summary by consumer") {
  TestServer server;
  Deliver(server, 3);
  server.Run("XCLAIM s g bob 0 3-0");
  const Reply summary = server.Run("XPENDING s g");
  CHECK(summary[1] == "1-0");
  CHECK(summary[2] == "3-0");
  CHECK(summary[3][0][1] == "2");
  CHECK(summary[3][1][0] == "bob");
}

}  // namespace
}  // namespace usher::tests
