// Members of sets through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

constexpr const char* kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

TEST_CASE("SADD: counts new members only") {
  TestServer server;
  CHECK(server.Run("SADD s a b a") == Integer(2));
  CHECK(server.Run("SADD s a c") == Integer(1));
  CHECK(server.Run("SCARD s") == Integer(3));
  CHECK(server.Run("TYPE s") == "set");
}

TEST_CASE("SADD: leaves the small forms at Redis's limits") {
  TestServer server{{.config = {{"set-max-intset-entries", "3"}, {"set-max-listpack-entries", "2"}}}};
  server.Run("SADD i 1 2 3");
  CHECK(server.Run("OBJECT ENCODING i") == "intset");
  server.Run("SADD i 4");
  CHECK(server.Run("OBJECT ENCODING i") == "hashtable");
  server.Run("SADD t a 1");
  CHECK(server.Run("OBJECT ENCODING t") == "listpack");
  server.Run("SADD t b");
  CHECK(server.Run("OBJECT ENCODING t") == "hashtable");
  server.Run({"SADD", "v", std::string(64, 'x')});
  CHECK(server.Run("OBJECT ENCODING v") == "listpack");
  server.Run({"SADD", "w", std::string(65, 'x')});
  CHECK(server.Run("OBJECT ENCODING w") == "hashtable");
}

TEST_CASE("SREM: the last member takes the key along") {
  TestServer server;
  server.Run("SADD s a b c");
  CHECK(server.Run("SREM s a nope") == Integer(1));
  CHECK(server.Run("SREM s b c c d") == Integer(2));
  CHECK(server.Run("EXISTS s") == Integer(0));
  CHECK(server.Run("SREM s a") == Integer(0));
}

TEST_CASE("SISMEMBER, SMISMEMBER: 1 for what is there") {
  TestServer server;
  server.Run("SADD s a 1");
  CHECK(server.Run("SISMEMBER s 1") == Integer(1));
  CHECK(server.Run("SISMEMBER s b") == Integer(0));
  CHECK(server.Run("SISMEMBER none b") == Integer(0));
  const Reply both = server.Run("SMISMEMBER s b a");
  CHECK(both[size_t{0}] == Integer(0));
  CHECK(both[1] == Integer(1));
  CHECK(server.Run("SMISMEMBER none a b").elements.size() == 2);
}

TEST_CASE("SMOVE: moves one member, and the key that it empties goes") {
  TestServer server;
  server.Run("SADD from a b");
  server.Run("SADD to b");
  CHECK(server.Run("SMOVE from to a") == Integer(1));
  CHECK(server.Run("SMOVE from to a") == Integer(0));
  CHECK(server.Run("SMOVE from to b") == Integer(1));
  CHECK(server.Run("EXISTS from") == Integer(0));
  CHECK(server.Run("SCARD to") == Integer(2));
  CHECK(server.Run("SMOVE to to a") == Integer(1));
  CHECK(server.Run("SMOVE to to z") == Integer(0));
  CHECK(server.Run("SMOVE to fresh a") == Integer(1));
  CHECK(server.Run("SISMEMBER fresh a") == Integer(1));
}

TEST_CASE("SMOVE: judges the source, then the destination, and changes nothing on error") {
  TestServer server;
  server.Run("SET text v");
  server.Run("SADD s a");
  CHECK(server.Run("SMOVE none text a") == Integer(0));
  CHECK(server.Run("SMOVE text s a") == kWrongType);
  CHECK(server.Run("SMOVE s text a") == kWrongType);
  CHECK(server.Run("SISMEMBER s a") == Integer(1));
}

TEST_CASE("Sets: another type is refused") {
  TestServer server;
  server.Run("SET text v");
  for (const char* command : {"SADD text a", "SREM text a", "SISMEMBER text a", "SMISMEMBER text a", "SCARD text"}) {
    CHECK(server.Run(command) == kWrongType);
  }
}

TEST_CASE("Sets: COPY, RENAME and DEBUG DIGEST know them") {
  TestServer server;
  server.Run("SADD ints 1 2 3");
  server.Run("SADD texts a b");
  for (int i = 0; i < 500; ++i) server.Run("SADD many m" + std::to_string(i));
  for (const std::string key : {"ints", "texts", "many"}) {
    CHECK(server.Run("COPY " + key + " copy REPLACE") == Integer(1));
    CHECK(server.Run("OBJECT ENCODING copy") == server.Run("OBJECT ENCODING " + key).text.c_str());
    CHECK(server.Run("DEBUG DIGEST-VALUE copy") == server.Run("DEBUG DIGEST-VALUE " + key));
    CHECK(server.Run("SCARD copy") == server.Run("SCARD " + key));
    server.Run("SADD copy extra");
    CHECK(server.Run("SISMEMBER " + key + " extra") == Integer(0));
    CHECK(server.Run("RENAME copy renamed") == "OK");
    CHECK(server.Run("MEMORY USAGE renamed").integer > 0);
  }
}

}  // namespace
}  // namespace usher::tests
