// Pops from several lists through the dispatcher, with several clients where they wait.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("LMPOP: from the first key that has something") {
  TestServer server;
  server.Run("RPUSH y a b c");
  const Reply reply = server.Run("LMPOP 2 x y RIGHT COUNT 2");
  CHECK(reply[0] == "y");
  CHECK(reply[1][0] == "c");
  CHECK(reply[1][1] == "b");
  CHECK(server.Run("LMPOP 1 x LEFT").is_null());
  CHECK(server.Run("LMPOP 0 x LEFT") == "ERR numkeys should be greater than 0");
  CHECK(server.Run("LMPOP 1 x MIDDLE") == "ERR syntax error");
}

TEST_CASE("BLPOP: does not wait when there is something") {
  TestServer server;
  server.Run("RPUSH b m");
  const Reply reply = server.Run("BLPOP a b 0");
  CHECK(reply[0] == "b");
  CHECK(reply[1] == "m");
}

TEST_CASE("BLPOP: waiters are served in the order of their arrival, as far as there is something") {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  TestClient third(server);
  first.Send({"BLPOP", "l", "0"});
  second.Send({"BRPOP", "l", "0"});
  third.Send({"BLPOP", "l", "0"});
  CHECK(server.Run("RPUSH l a b") == Integer(2));
  CHECK(first.Read()[1] == "a");
  CHECK(second.Read()[1] == "b");
  CHECK(third.Read().type == 0);
  server.Run("LPUSH l c");
  CHECK(third.Read()[1] == "c");
  CHECK(server.Run("EXISTS l") == Integer(0));
}

TEST_CASE("BLPOP: keys of several shards, one answer") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BLPOP", "k1", "k2", "k3", "k4", "k5", "0"});
  server.Run("RPUSH k3 a b");
  CHECK(waiter.Read()[0] == "k3");
  server.Run("RPUSH k5 x");
  CHECK(waiter.Read().type == 0);
  CHECK(server.Run("LLEN k5") == Integer(1));
}

TEST_CASE("BLPOP: of two keys that one transaction wrote, the first argument is served") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BLPOP", "k1", "k2", "0"});
  server.Run("MULTI");
  server.Run("RPUSH k2 b");
  server.Run("RPUSH k1 a");
  server.Run("EXEC");
  const Reply reply = waiter.Read();
  CHECK(reply[0] == "k1");
  CHECK(reply[1] == "a");
  CHECK(server.Run("LLEN k2") == Integer(1));
}

TEST_CASE("BLPOP: a key of another type that one transaction wrote before is an error") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BLPOP", "k1", "k2", "0"});
  server.Run("MULTI");
  server.Run("SET k1 v");
  server.Run("RPUSH k2 b");
  server.Run("EXEC");
  CHECK(waiter.Read() == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("LLEN k2") == Integer(1));
}

TEST_CASE("BLPOP: nobody is served from a key before those who have waited longer for it") {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  first.Send({"BLPOP", "k1", "0"});
  second.Send({"BLPOP", "k1", "k2", "0"});
  server.Run("MULTI");
  server.Run("RPUSH k2 b");
  server.Run("RPUSH k1 a");
  server.Run("EXEC");
  CHECK(first.Read()[1] == "a");
  CHECK(second.Read()[1] == "b");
}

TEST_CASE("BLPOP: nobody overtakes a move to another shard that was there first") {
  for (const std::string target : {"t1", "t2", "t3", "t4", "t5", "t6"}) {  // one of them is in another shard
    CAPTURE(target);
    TestServer server;
    TestClient mover(server);
    TestClient popper(server);
    mover.Send({"BRPOPLPUSH", "k1", target, "0"});
    popper.Send({"BRPOP", "k1", "k2", "0"});
    server.Run("MULTI");
    server.Run("RPUSH k1 a b");
    server.Run("RPUSH k2 c");
    server.Run("EXEC");
    CHECK(mover.Read() == "b");
    const Reply popped = popper.Read();
    CHECK((popped[1] == "a" || popped[1] == "c"));
    CHECK(server.Run("LLEN k1").integer + server.Run("LLEN k2").integer == 1);
  }
}

TEST_CASE("BLMPOP: takes up to COUNT when woken, by whatever made the list") {
  TestServer server;
  TestClient waiter(server);
  server.Run("RPUSH source 3 1 2");
  waiter.Send({"BLMPOP", "0", "2", "x", "y", "RIGHT", "COUNT", "2"});
  CHECK(waiter.blocked());
  CHECK(server.Run("SORT source STORE y") == Integer(3));
  const Reply reply = waiter.Read();
  CHECK(reply[0] == "y");
  CHECK(reply[1][0] == "3");
  CHECK(server.Run("LLEN y") == Integer(1));
}

TEST_CASE("BLPOP: a bad timeout is refused before the keys are looked at") {
  TestServer server;
  server.Run("SET s v");
  CHECK(server.Run("BLPOP s x") == "ERR timeout is not a float or out of range");
  CHECK(server.Run("BLPOP s -1") == "ERR timeout is negative");
  CHECK(server.Run("BLPOP s 0") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("BLMPOP x 1 s UP") == "ERR syntax error");
}

}  // namespace
}  // namespace usher::tests
