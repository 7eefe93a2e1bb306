// SHUTDOWN, TIME, ROLE, LASTSAVE, LOLWUT.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("TIME: the server's clock in seconds and microseconds") {
  TestServer server({.now_ms = 1'700'000'000'123});
  const Reply time = server.Run("TIME");
  CHECK(time[0] == "1700000000");
  CHECK(time[1] == "123000");
}

TEST_CASE("ROLE and LASTSAVE: a master that has not saved since its start") {
  TestServer server({.now_ms = 5'000});
  CHECK(server.Run("ROLE")[0] == "master");
  CHECK(server.Run("LASTSAVE") == Integer(5));
}

TEST_CASE("SHUTDOWN: its arguments") {
  TestServer server;
  CHECK(server.Run("SHUTDOWN FOO") == "ERR syntax error");
  CHECK(server.Run("SHUTDOWN SAVE NOSAVE") == "ERR syntax error");
  CHECK(server.Run("SHUTDOWN ABORT NOW") == "ERR syntax error");
  CHECK(server.Run("SHUTDOWN ABORT") == "ERR No shutdown in progress.");
}

TEST_CASE("SHUTDOWN: replies nothing and ends the connection") {
  TestServer server;
  CHECK(server.Run("SHUTDOWN NOSAVE NOW") == Reply());
}

TEST_CASE("LOLWUT: ends with the version") {
  TestServer server;
  CHECK(server.Run("LOLWUT").text.find("Redis ver. 7.2.4\n") != std::string::npos);
  CHECK(server.Run("LOLWUT VERSION 9").text.starts_with("Usher ver. "));
  CHECK(server.Run("LOLWUT VERSION x") == "ERR value is not an integer or out of range");
}

}  // namespace
}  // namespace usher::tests
