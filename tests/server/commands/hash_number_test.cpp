// Hash fields as numbers through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("HINCRBY: counts from zero") {
  TestServer server;
  CHECK(server.Run("HINCRBY h n 5") == Integer(5));
  CHECK(server.Run("HINCRBY h n -7") == Integer(-2));
  CHECK(server.Run("HGET h n") == "-2");
}

TEST_CASE("HINCRBY: what cannot be added changes nothing") {
  TestServer server;
  server.Run("HSET h n 9223372036854775807 t text");
  CHECK(server.Run("HINCRBY h n 1") == "ERR increment or decrement would overflow");
  CHECK(server.Run("HINCRBY h t 1") == "ERR hash value is not an integer");
  CHECK(server.Run("HINCRBY none t x") == "ERR value is not an integer or out of range");
  CHECK(server.Run("EXISTS none") == Integer(0));
  CHECK(server.Run("HGET h n") == "9223372036854775807");
}

TEST_CASE("HINCRBYFLOAT: adds decimals") {
  TestServer server;
  CHECK(server.Run("HINCRBYFLOAT h f 10.5") == "10.5");
  CHECK(server.Run("HINCRBYFLOAT h f 0.1") == "10.6");
  CHECK(server.Run("HINCRBYFLOAT h f inf") == "ERR value is NaN or Infinity");
  server.Run("HSET h t text");
  CHECK(server.Run("HINCRBYFLOAT h t 1") == "ERR hash value is not a float");
}

}  // namespace
}  // namespace usher::tests
