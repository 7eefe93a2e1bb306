// Strings as numbers through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("INCR: counts from zero and keeps the expiry") {
  TestServer server;
  CHECK(server.Run("INCR a") == Integer(1));
  server.Run("EXPIRE a 100");
  CHECK(server.Run("INCRBY a 10") == Integer(11));
  CHECK(server.Run("DECRBY a 2") == Integer(9));
  CHECK(server.Run("DECR a") == Integer(8));
  CHECK(server.Run("TTL a") == Integer(100));
}

TEST_CASE("INCR: text that is a number becomes one again") {
  TestServer server;
  server.Run("SET a 1");
  server.Run("APPEND a 2");
  CHECK(server.Run("OBJECT ENCODING a") == "raw");
  CHECK(server.Run("INCR a") == Integer(13));
  CHECK(server.Run("OBJECT ENCODING a") == "int");
}

TEST_CASE("INCRBY: overflow changes nothing") {
  TestServer server;
  server.Run("SET a 9223372036854775807");
  CHECK(server.Run("INCR a") == "ERR increment or decrement would overflow");
  CHECK(server.Run("DECRBY a -9223372036854775808") == "ERR decrement would overflow");
  CHECK(server.Run("GET a") == "9223372036854775807");
}

TEST_CASE("INCRBY: what is no canonical number is refused") {
  TestServer server;
  server.Run({"SET", "a", " 5"});
  CHECK(server.Run("INCR a") == "ERR value is not an integer or out of range");
  CHECK(server.Run("INCRBY b 05") == "ERR value is not an integer or out of range");
  CHECK(server.Run("EXISTS b") == Integer(0));
}

TEST_CASE("INCRBYFLOAT: the result is text and keeps the expiry") {
  TestServer server;
  server.Run("SET a 10 EX 100");
  CHECK(server.Run("INCRBYFLOAT a 0.1") == "10.1");
  CHECK(server.Run("INCRBYFLOAT a -0.1") == "10");
  CHECK(server.Run("OBJECT ENCODING a") == "embstr");
  CHECK(server.Run("TTL a") == Integer(100));
}

TEST_CASE("INCRBYFLOAT: the type is judged before the increment") {
  TestServer server;
  server.Run("HSET h f v");
  CHECK(server.Run("INCRBYFLOAT h abc") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("INCRBYFLOAT a abc") == "ERR value is not a valid float");
  CHECK(server.Run("INCRBYFLOAT a inf") == "ERR increment would produce NaN or Infinity");
}

}  // namespace
}  // namespace usher::tests
