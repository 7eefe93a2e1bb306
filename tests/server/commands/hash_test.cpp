// Hash fields through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("HSET: counts new fields only") {
  TestServer server;
  CHECK(server.Run("HSET h a 1 b 2 a 3") == Integer(2));
  CHECK(server.Run("HGET h a") == "3");
  CHECK(server.Run("HMSET h a 4") == "OK");
  CHECK(server.Run("HGET h a") == "4");
  CHECK(server.Run("HSET h a") == "ERR wrong number of arguments for 'hset' command");
}

TEST_CASE("HSET: leaves the packed form at Redis's limits") {
  TestServer server{{.config = {{"hash-max-listpack-entries", "3"}}}};
  server.Run("HSET h a 1 b 2 c 3");
  CHECK(server.Run("OBJECT ENCODING h") == "listpack");
  server.Run("HSET h d 4");
  CHECK(server.Run("OBJECT ENCODING h") == "hashtable");
  server.Run({"HSET", "v", "f", std::string(64, 'x')});
  CHECK(server.Run("OBJECT ENCODING v") == "listpack");
  server.Run({"HSET", "v", "f", std::string(65, 'x')});
  CHECK(server.Run("OBJECT ENCODING v") == "hashtable");
  CHECK(server.Run("HSET repeated a 1 a 2 a 3 a 4") == Integer(1));
  CHECK(server.Run("OBJECT ENCODING repeated") == "hashtable");
  CHECK(server.Run("HGET repeated a") == "4");
}

TEST_CASE("HSETNX: a field that is there stays") {
  TestServer server;
  CHECK(server.Run("HSETNX h a 1") == Integer(1));
  CHECK(server.Run("HSETNX h a 2") == Integer(0));
  CHECK(server.Run("HGET h a") == "1");
}

TEST_CASE("HDEL: the last field takes the key along") {
  TestServer server;
  server.Run("HSET h a 1 b 2");
  CHECK(server.Run("HDEL h a nope") == Integer(1));
  CHECK(server.Run("HLEN h") == Integer(1));
  CHECK(server.Run("HDEL h b b c") == Integer(1));
  CHECK(server.Run("EXISTS h") == Integer(0));
}

TEST_CASE("HMGET, HEXISTS, HSTRLEN: what is missing is null, 0, 0") {
  TestServer server;
  server.Run("HSET h a 12345");
  const Reply values = server.Run("HMGET h a b");
  CHECK(values[size_t{0}] == "12345");
  CHECK(values[1].is_null());
  CHECK(server.Run("HMGET none a")[size_t{0}].is_null());
  CHECK(server.Run("HEXISTS h a") == Integer(1));
  CHECK(server.Run("HEXISTS h b") == Integer(0));
  CHECK(server.Run("HSTRLEN h a") == Integer(5));
  CHECK(server.Run("HSTRLEN h b") == Integer(0));
}

TEST_CASE("Hash commands: refuse other types, and change nothing then") {
  TestServer server;
  server.Run("SET s 1");
  for (const char* line :
       {"HSET s a 1", "HGET s a", "HDEL s a", "HLEN s", "HGETALL s", "HINCRBY s a 1", "HRANDFIELD s"}) {
    CHECK(server.Run(line) == "WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  CHECK(server.Run("GET s") == "1");
}

}  // namespace
}  // namespace usher::tests
