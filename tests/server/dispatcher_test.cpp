// The way of a command: lookup, admission, batches.
#include "server/dispatcher.h"

#include <doctest/doctest.h>

#include "engine/key_slot.h"
#include "server/blocked_client.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("Dispatcher: an unknown command does not spoil the next one of a known name") {
  TestServer server;
  CHECK(server.Run("SET a 1") == "OK");
  CHECK(server.Run("GET a") == "1");
  CHECK(server.Run("NOSUCH x").is_error());
  CHECK(server.Run("GET a") == "1");
}

TEST_CASE("Dispatcher: a wrong number of arguments names the command") {
  TestServer server;
  CHECK(server.Run("GET") == "ERR wrong number of arguments for 'get' command");
}

TEST_CASE("Dispatcher: a line of HTTP ends the talk, unsent replies included") {
  for (const char* line : {"POST / HTTP/1.1", "Host: example.org"}) {
    CAPTURE(line);
    TestServer server;
    TestClient client(server);
    client.Feed(std::string("GET / HTTP/1.1\r\n") + line + "\r\nSET a 1\r\n");
    CHECK(client.Read().type == 0);
    CHECK(client.session().client.close_after_reply);
    CHECK(server.Run("EXISTS a") == Integer(0));
  }
}

TEST_CASE("Blocked clients: one that cannot be served does not hold up those behind it") {
  TestServer server;
  server.Run("QUEUE CREATE q MAXACTIVE 0");
  server.Run("ENTERQUEUE q u1");
  TestClient for_admission(server);
  for_admission.Send({"QUEUE", "WAIT", "q", "u1", "0"});
  REQUIRE(for_admission.blocked());
  const std::string token = for_admission.session().blocked->keys().front();
  TestClient first(server);
  TestClient second(server);
  first.Send({"BZPOPMIN", token, "0"});
  second.Send({"BZPOPMIN", token, "0"});
  CHECK(server.Run({"ZADD", token, "1", "m"}) == Integer(1));
  CHECK(first.Read()[1] == "m");
  CHECK(for_admission.blocked());
  CHECK(second.blocked());
}

TEST_CASE("Blocked clients: serving in another database leaves the writer in its own") {
  TestServer server;
  TestClient waiter(server);
  waiter.Run("SELECT 1");
  waiter.Send({"BZPOPMIN", "z", "0"});
  server.Run("ZADD z 1 m");
  CHECK(waiter.blocked());
  CHECK(server.Run("MOVE z 1") == Integer(1));
  CHECK(waiter.Read()[1] == "m");
  CHECK(server.Run("DBSIZE") == Integer(0));
  CHECK(server.Run("INFO keyspace").text.find("db") == std::string::npos);
  server.Run("SET a 1");
  CHECK(server.Run("INFO keyspace").text.find("db0:keys=1,") != std::string::npos);
}

/// A client that waits for sorted set "z", but needs the turn of another shard as well when it is served.
struct NeedsAnotherTurn {
  NeedsAnotherTurn() : waiter(server), behind(server) {
    waiter.Send({"BZPOPMIN", "z", "0"});
    other = static_cast<engine::ShardIndex>(server.server().engine().ShardOf(engine::KeySlot("z")) ^ 1);
    waiter.session().blocked->further_turns().Add(other);
    behind.Send({"BZPOPMIN", "z", "0"});
    REQUIRE(server.thread().executor.TryTake(other));
  }
  void ReleaseOther() {
    server.thread().executor.Release(other);
    server.DeliverMail();
  }

  TestServer server;
  TestClient waiter;
  TestClient behind;
  engine::ShardIndex other = 0;
};

TEST_CASE("Blocked clients: one that needs more turns comes back with them, and later ones wait behind it") {
  NeedsAnotherTurn test;
  test.server.Run("ZADD z 1 a");
  test.server.Run("ZADD z 2 b");
  CHECK(test.waiter.blocked());
  CHECK(test.behind.blocked());
  test.ReleaseOther();
  CHECK(test.waiter.Read()[1] == "a");
  CHECK(test.behind.Read()[1] == "b");
}

TEST_CASE("Blocked clients: one that finds nothing left when it comes back keeps its place") {
  NeedsAnotherTurn test;
  test.server.Run("ZADD z 1 a");
  test.server.Run("DEL z");
  test.ReleaseOther();
  CHECK(test.waiter.blocked());
  CHECK(test.behind.blocked());
  test.server.Run("ZADD z 1 b");
  test.server.DeliverMail();
  CHECK(test.waiter.Read()[1] == "b");
  CHECK(test.behind.blocked());
}

TEST_CASE("Blocked clients: one that gives up before it comes back lets those behind it through") {
  NeedsAnotherTurn test;
  test.server.Run("ZADD z 1 a");
  CHECK(test.waiter.EndWait().is_null());
  CHECK(test.behind.blocked());
  test.ReleaseOther();
  CHECK(test.behind.Read()[1] == "a");
}

}  // namespace
}  // namespace usher::tests
