// Moving elements between lists through the dispatcher, also to other shards, also for clients that wait.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("LMOVE: between two lists, of other shards too") {
  TestServer server;
  for (int i = 0; i < 8; ++i) {
    const std::string target = "target" + std::to_string(i);
    server.Run("RPUSH source a b c");
    CHECK(server.Run("LMOVE source " + target + " LEFT RIGHT") == "a");
    CHECK(server.Run("RPOPLPUSH source " + target) == "c");
    CHECK(server.Run("LINDEX " + target + " 0") == "c");
    CHECK(server.Run("RPOP source") == "b");
    CHECK(server.Run("EXISTS source") == Integer(0));
  }
}

TEST_CASE("LMOVE: around in one list, be it of one element") {
  TestServer server;
  server.Run("RPUSH l a b c");
  CHECK(server.Run("RPOPLPUSH l l") == "c");
  CHECK(server.Run("LMOVE l l LEFT LEFT") == "c");
  CHECK(server.Run("LINDEX l 0") == "c");
  server.Run("RPUSH one x");
  CHECK(server.Run("RPOPLPUSH one one") == "x");
  CHECK(server.Run("LLEN one") == Integer(1));
}

TEST_CASE("LMOVE: nothing to move, or nowhere to") {
  TestServer server;
  server.Run("SET s v");
  CHECK(server.Run("LMOVE nokey s LEFT LEFT").is_null());
  server.Run("RPUSH l a");
  CHECK(server.Run("LMOVE l s LEFT LEFT") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("LLEN l") == Integer(1));
  CHECK(server.Run("LMOVE l m LEFT UP") == "ERR syntax error");
}

TEST_CASE("BLMOVE: moves what there is, or waits for its source") {
  TestServer server;
  server.Run("RPUSH l a");
  CHECK(server.Run("BLMOVE l m LEFT LEFT 0") == "a");
  TestClient waiter(server);
  waiter.Send({"BLMOVE", "{t}l", "{t}m", "RIGHT", "LEFT", "0"});
  CHECK(waiter.blocked());
  server.Run("RPUSH {t}m x");
  CHECK(waiter.blocked());
  server.Run("RPUSH {t}l b c");
  CHECK(waiter.Read() == "c");
  CHECK(server.Run("LINDEX {t}m 0") == "c");
  CHECK(server.Run("LLEN {t}l") == Integer(1));
}

TEST_CASE("BRPOPLPUSH: an element goes on from list to list while somebody waits") {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  TestClient third(server);
  first.Send({"BRPOPLPUSH", "{c}1", "{c}2", "0"});
  second.Send({"BRPOPLPUSH", "{c}2", "{c}3", "0"});
  third.Send({"BLPOP", "{c}3", "0"});
  CHECK(server.Run("LPUSH {c}1 m") == Integer(1));
  CHECK(first.Read() == "m");
  CHECK(second.Read() == "m");
  CHECK(third.Read()[1] == "m");
  CHECK(server.Run("EXISTS {c}1 {c}2 {c}3") == Integer(0));
}

TEST_CASE("BLMOVE: when its target has another type, the next client gets the element") {
  TestServer server;
  TestClient mover(server);
  TestClient popper(server);
  server.Run("SET {w}target v");
  mover.Send({"BLMOVE", "{w}source", "{w}target", "LEFT", "LEFT", "0"});
  popper.Send({"BLPOP", "{w}source", "0"});
  server.Run("RPUSH {w}source m");
  CHECK(mover.Read().is_error());
  CHECK(popper.Read()[1] == "m");
}

}  // namespace
}  // namespace usher::tests
