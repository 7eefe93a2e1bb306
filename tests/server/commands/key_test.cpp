// Keys of any type through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("DEL, EXISTS: count keys, over all shards") {
  TestServer server;
  server.Run("MSET a 1 b 2 c 3");
  CHECK(server.Run("EXISTS a b c a nope") == Integer(4));
  CHECK(server.Run("TOUCH a b nope") == Integer(2));
  CHECK(server.Run("DEL a b nope a") == Integer(2));
  CHECK(server.Run("UNLINK c") == Integer(1));
  CHECK(server.Run("EXISTS a b c") == Integer(0));
}

TEST_CASE("TYPE: names the type, or none") {
  TestServer server;
  server.Run("SET s 1");
  server.Run("HSET h f v");
  CHECK(server.Run("TYPE s") == "string");
  CHECK(server.Run("TYPE h") == "hash");
  CHECK(server.Run("TYPE x") == "none");
}

TEST_CASE("RENAME: value and expiry move, over shards too") {
  TestServer server;
  server.Run("SET a 1 EX 100");
  server.Run("HSET b f v");
  CHECK(server.Run("RENAME a b") == "OK");
  CHECK(server.Run("GET b") == "1");
  CHECK(server.Run("TTL b") == Integer(100));
  CHECK(server.Run("EXISTS a") == Integer(0));
  CHECK(server.Run("RENAME a b") == "ERR no such key");
  CHECK(server.Run("RENAME b b") == "OK");
}

TEST_CASE("RENAMENX: a taken name is left alone") {
  TestServer server;
  server.Run("MSET a 1 b 2");
  CHECK(server.Run("RENAMENX a b") == Integer(0));
  CHECK(server.Run("RENAMENX a a") == Integer(0));
  CHECK(server.Run("RENAMENX a c") == Integer(1));
  CHECK(server.Run("GET c") == "1");
}

TEST_CASE("COPY: the copy is independent and keeps encoding and expiry") {
  TestServer server;
  server.Run("HSET h f v");
  server.Run("EXPIRE h 100");
  CHECK(server.Run("COPY h g") == Integer(1));
  server.Run("HSET g f w");
  CHECK(server.Run("HGET h f") == "v");
  CHECK(server.Run("TTL g") == Integer(100));
  server.Run("SET s a");
  server.Run("APPEND s b");
  CHECK(server.Run("COPY s t") == Integer(1));
  CHECK(server.Run("OBJECT ENCODING t") == "raw");
  CHECK(server.Run("GET t") == "ab");
}

TEST_CASE("COPY: replaces only when told to") {
  TestServer server;
  server.Run("MSET a 1 b 2");
  CHECK(server.Run("COPY a b") == Integer(0));
  CHECK(server.Run("COPY a b REPLACE") == Integer(1));
  CHECK(server.Run("GET b") == "1");
  CHECK(server.Run("COPY a a") == "ERR source and destination objects are the same");
  CHECK(server.Run("COPY a a DB 3") == Integer(1));
  CHECK(server.Run("COPY a b DB 99") == "ERR DB index is out of range");
}

TEST_CASE("MOVE: to a database where the name is free") {
  TestServer server;
  server.Run("SET a 1 EX 100");
  CHECK(server.Run("MOVE a 0") == "ERR source and destination objects are the same");
  CHECK(server.Run("MOVE a 1") == Integer(1));
  CHECK(server.Run("EXISTS a") == Integer(0));
  server.Run("SET a 2");
  CHECK(server.Run("MOVE a 1") == Integer(0));
  server.Run("SELECT 1");
  CHECK(server.Run("GET a") == "1");
  CHECK(server.Run("TTL a") == Integer(100));
}

}  // namespace
}  // namespace usher::tests
