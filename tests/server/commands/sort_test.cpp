// SORT through the dispatcher, over keys of all shards.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::string Joined(const Reply& reply) {
  std::string text;
  for (const Reply& element : reply.elements) text += (element.is_null() ? "nil" : element.text) + " ";
  return text;
}

TEST_CASE("SORT: by number, by text, a part of it") {
  TestServer server;
  server.Run("RPUSH l 3 10 1 2.5");
  CHECK(Joined(server.Run("SORT l")) == "1 2.5 3 10 ");
  CHECK(Joined(server.Run("SORT l DESC LIMIT 1 2")) == "3 2.5 ");
  CHECK(Joined(server.Run("SORT l ALPHA")) == "1 10 2.5 3 ");
  CHECK(Joined(server.Run("SORT_RO l LIMIT -1 1")) == "1 ");
  CHECK(server.Run("SORT nokey").elements.empty());
  server.Run("RPUSH l x");
  CHECK(server.Run("SORT l") == "ERR One or more scores can't be converted into double");
}

TEST_CASE("SORT: by the values of other keys, which may be in any shard") {
  TestServer server;
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i);
    server.Run({"RPUSH", "l", name});
    server.Run({"SET", "weight_" + name, std::to_string(100 - i)});
    server.Run({"HSET", "h_" + name, "f", "value" + name});
  }
  const Reply sorted = server.Run("SORT l BY weight_* GET # GET h_*->f");
  CHECK(sorted.elements.size() == 40);
  CHECK(sorted[0] == "19");
  CHECK(sorted[1] == "value19");
  CHECK(sorted[38] == "0");
  CHECK(Joined(server.Run("SORT l BY nosort LIMIT 0 3")) == "0 1 2 ");
  CHECK(Joined(server.Run("SORT l LIMIT 0 1 GET missing_* GET plain")) == "nil nil ");
}

TEST_CASE("SORT STORE: makes a list, or deletes the key when there is nothing") {
  TestServer server;
  server.Run("RPUSH l 2 1");
  server.Run("SET target v EX 100");
  CHECK(server.Run("SORT l STORE target") == Integer(2));
  CHECK(Joined(server.Run("LRANGE target 0 -1")) == "1 2 ");
  CHECK(server.Run("TTL target") == Integer(-1));
  CHECK(server.Run("SORT l GET missing_* STORE target") == Integer(2));
  CHECK(Joined(server.Run("LRANGE target 0 -1")) == "  ");
  CHECK(server.Run("SORT nokey STORE target") == Integer(0));
  CHECK(server.Run("EXISTS target") == Integer(0));
}

TEST_CASE("SORT: a sorted set without an order of ours keeps its own") {
  TestServer server;
  server.Run("ZADD z 3 a 1 b 2 c");
  CHECK(Joined(server.Run("SORT z BY nosort")) == "b c a ");
  CHECK(Joined(server.Run("SORT z BY nosort DESC")) == "a c b ");
  CHECK(Joined(server.Run("SORT z ALPHA")) == "a b c ");
}

TEST_CASE("SORT: a set is ordered when it is stored, whatever BY says") {
  TestServer server;
  server.Run("SADD s c a b");
  CHECK(Joined(server.Run("SORT s ALPHA")) == "a b c ");
  CHECK(server.Run("SORT s BY nosort STORE target") == Integer(3));
  CHECK(Joined(server.Run("LRANGE target 0 -1")) == "a b c ");
}

TEST_CASE("SORT: weights are read as C reads numbers") {
  TestServer server;
  server.Run("RPUSH l a b");
  server.Run("SET w_a 7");
  for (const char* fine : {" 5", "", "0x10", "1e3"}) {
    server.Run({"SET", "w_b", fine});
    CHECK(server.Run("SORT l BY w_*").elements.size() == 2);
  }
  for (const char* bad : {"5 ", "nan", "1e999", "abc"}) {
    server.Run({"SET", "w_b", bad});
    CHECK(server.Run("SORT l BY w_*").is_error());
  }
}

TEST_CASE("SORT: errors") {
  TestServer server;
  server.Run("SET s v");
  CHECK(server.Run("SORT s") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("SORT s FOO") == "ERR syntax error");
  CHECK(server.Run("SORT l LIMIT a b") == "ERR value is not an integer or out of range");
  CHECK(server.Run("SORT l LIMIT 1") == "ERR syntax error");
  CHECK(server.Run("SORT_RO l STORE d") == "ERR syntax error");
}

TEST_CASE("COMMAND GETKEYS: SORT names its source and where it stores") {
  TestServer server;
  CHECK(Joined(server.Run("COMMAND GETKEYS SORT l BY STORE GET x_* STORE a STORE d")) == "l d ");
  CHECK(Joined(server.Run("COMMAND GETKEYS SORT_RO l ALPHA")) == "l ");
}

}  // namespace
}  // namespace usher::tests
