// The way of a command: lookup, admission, batches.
#include "server/dispatcher.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("Dispatcher: an unknown command does not spoil the next one of a known name") {
  TestServer server;
  CHECK(server.Run("SET a 1") == "OK");
  CHECK(server.Run("GET a") == "1");
  CHECK(server.Run("NOSUCH x").is_error());
  CHECK(server.Run("GET a") == "1");
}

TEST_CASE("Dispatcher: a wrong number of arguments names the command") {
  TestServer server;
  CHECK(server.Run("GET") == "ERR wrong number of arguments for 'get' command");
}

TEST_CASE("Dispatcher: a line of HTTP ends the talk, unsent replies included") {
  for (const char* line : {"POST / HTTP/1.1", "Host: example.org"}) {
    CAPTURE(line);
    TestServer server;
    TestClient client(server);
    client.Feed(std::string("GET / HTTP/1.1\r\n") + line + "\r\nSET a 1\r\n");
    CHECK(client.Read().type == 0);
    CHECK(client.session().client.close_after_reply);
    CHECK(server.Run("EXISTS a") == Integer(0));
  }
}

}  // namespace
}  // namespace usher::tests
