// Pushing, popping and reading lists through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("LPUSH and RPUSH: from either end, the last one outermost") {
  TestServer server;
  CHECK(server.Run("RPUSH l a b c") == Integer(3));
  CHECK(server.Run("LPUSH l x y") == Integer(5));
  const Reply all = server.Run("LRANGE l 0 -1");
  CHECK(all.elements.size() == 5);
  CHECK(all[0] == "y");
  CHECK(all[4] == "c");
  CHECK(server.Run("TYPE l") == "list");
}

TEST_CASE("LPUSHX: does not create a list") {
  TestServer server;
  CHECK(server.Run("LPUSHX l a") == Integer(0));
  CHECK(server.Run("EXISTS l") == Integer(0));
  server.Run("RPUSH l b");
  CHECK(server.Run("LPUSHX l a") == Integer(2));
  CHECK(server.Run("RPUSHX l c d") == Integer(4));
}

TEST_CASE("LPOP and RPOP: one, several, and the key goes with the last") {
  TestServer server;
  server.Run("RPUSH l a b c d e");
  CHECK(server.Run("LPOP l") == "a");
  CHECK(server.Run("RPOP l") == "e");
  const Reply two = server.Run("RPOP l 2");
  CHECK(two[0] == "d");
  CHECK(two[1] == "c");
  CHECK(server.Run("LPOP l 0").elements.empty());
  CHECK(server.Run("LPOP l 10").elements.size() == 1);
  CHECK(server.Run("EXISTS l") == Integer(0));
  CHECK(server.Run("LPOP l").is_null());
  CHECK(server.Run("LPOP l 1").is_null());
  CHECK(server.Run("LPOP l -1") == "ERR value is out of range, must be positive");
}

TEST_CASE("LINDEX and LRANGE: negative indexes count from the end") {
  TestServer server;
  server.Run("RPUSH l a b c d");
  CHECK(server.Run("LINDEX l -1") == "d");
  CHECK(server.Run("LINDEX l 1") == "b");
  CHECK(server.Run("LINDEX l 4").is_null());
  CHECK(server.Run("LINDEX l -5").is_null());
  CHECK(server.Run("LRANGE l -2 10").elements.size() == 2);
  CHECK(server.Run("LRANGE l 3 1").elements.empty());
  CHECK(server.Run("LRANGE l -9223372036854775808 9223372036854775807").elements.size() == 4);
  CHECK(server.Run("LRANGE nokey 0 -1").elements.empty());
}

TEST_CASE("OBJECT ENCODING: a list is a listpack while it fits a node") {
  TestServer server;
  server.Run("RPUSH l a");
  CHECK(server.Run("OBJECT ENCODING l") == "listpack");
  for (int i = 0; i < 100; ++i) server.Run({"RPUSH", "l", std::string(100, 'x')});
  CHECK(server.Run("OBJECT ENCODING l") == "quicklist");
  server.Run("LTRIM l 0 9");
  CHECK(server.Run("OBJECT ENCODING l") == "listpack");
}

TEST_CASE("COPY: a list of many nodes is copied, not shared") {
  TestServer server;
  for (int i = 0; i < 300; ++i) server.Run({"RPUSH", "{t}l", std::string(100, 'x') + std::to_string(i)});
  CHECK(server.Run("COPY {t}l {t}m") == Integer(1));
  server.Run("DEL {t}l");
  CHECK(server.Run("LLEN {t}m") == Integer(300));
  CHECK(server.Run("LINDEX {t}m 299") == std::string(100, 'x') + "299");
}

TEST_CASE("Lists: commands of lists refuse other types") {
  TestServer server;
  server.Run("SET s v");
  for (const char* line : {"LPUSH s a", "LPUSHX s a", "LPOP s", "LLEN s", "LINDEX s 0", "LRANGE s 0 1"}) {
    CHECK(server.Run(line) == "WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  CHECK(server.Run("EXISTS l") == Integer(0));
}

}  // namespace
}  // namespace usher::tests
