// Pops through the dispatcher, with several clients where they block.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("ZPOPMIN and ZPOPMAX: from either end, in its order") {
  TestServer server;
  server.Run("ZADD z 1 a 2 b 3 c 4 d");
  CHECK(server.Run("ZPOPMIN z")[0] == "a");
  const Reply two = server.Run("ZPOPMAX z 2");
  CHECK(two.elements.size() == 4);
  CHECK(two[0] == "d");
  CHECK(two[2] == "c");
  CHECK(server.Run("ZPOPMIN z 0").elements.empty());
  CHECK(server.Run("ZPOPMIN z 10").elements.size() == 2);
  CHECK(server.Run("SET z v NX") == "OK");
}

TEST_CASE("ZPOPMIN: errors") {
  TestServer server;
  CHECK(server.Run("ZPOPMIN z x") == "ERR value is out of range, must be positive");
  CHECK(server.Run("ZPOPMIN z -1") == "ERR value is out of range, must be positive");
  CHECK(server.Run("ZPOPMIN z 1 2") == "ERR syntax error");
  server.Run("ZADD z 1 a");
  CHECK(server.Run("ZPOPMIN z -9223372036854775808") == "ERR value is out of range, must be positive");
}

TEST_CASE("ZMPOP: from the first key that has something") {
  TestServer server;
  server.Run("ZADD y 1 a 2 b 3 c");
  const Reply reply = server.Run("ZMPOP 2 x y MAX COUNT 2");
  CHECK(reply[0] == "y");
  CHECK(reply[1][0][0] == "c");
  CHECK(reply[1][1][1] == "2");
  CHECK(server.Run("ZMPOP 1 x MIN").is_null());
}

TEST_CASE("ZMPOP: errors") {
  TestServer server;
  CHECK(server.Run("ZMPOP 0 x MIN") == "ERR numkeys should be greater than 0");
  CHECK(server.Run("ZMPOP 2 x MIN") == "ERR syntax error");
  CHECK(server.Run("ZMPOP 1 x SIDE") == "ERR syntax error");
  CHECK(server.Run("ZMPOP 1 x MIN COUNT 0") == "ERR count should be greater than 0");
  CHECK(server.Run("ZMPOP 1 x MIN COUNT 1 COUNT 1") == "ERR syntax error");
}

TEST_CASE("BZPOPMIN: does not wait when there is something") {
  TestServer server;
  server.Run("ZADD b 1 m");
  const Reply reply = server.Run("BZPOPMIN a b 0");
  CHECK(reply[0] == "b");
  CHECK(reply[1] == "m");
  CHECK(reply[2] == "1");
}

TEST_CASE("BZPOPMIN: waiters are served in the order of their arrival, as far as there is something") {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  TestClient third(server);
  for (TestClient* client : {&first, &second, &third}) client->Send({"BZPOPMIN", "z", "0"});
  CHECK(third.blocked());
  CHECK(server.Run("ZADD z 1 a 2 b") == Integer(2));
  CHECK(first.Read()[1] == "a");
  CHECK(second.Read()[1] == "b");
  CHECK(third.Read().type == 0);
  CHECK(third.blocked());
  CHECK(server.Run("ZCARD z") == Integer(0));
  server.Run("ZINCRBY z 3 c");
  CHECK(third.Read()[1] == "c");
}

TEST_CASE("BZPOPMAX: keys of several shards, one answer") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BZPOPMAX", "k1", "k2", "k3", "k4", "k5", "0"});
  CHECK(waiter.blocked());
  server.Run("ZADD k3 1 a 2 b");
  const Reply reply = waiter.Read();
  CHECK(reply[0] == "k3");
  CHECK(reply[1] == "b");
  server.Run("ZADD k5 1 x");
  CHECK(waiter.Read().type == 0);
  CHECK(server.Run("ZCARD k5") == Integer(1));
  CHECK(waiter.Run("BZPOPMAX k5 0")[1] == "x");
}

TEST_CASE("BZMPOP: takes up to COUNT when woken, by whatever made the key") {
  TestServer server;
  TestClient waiter(server);
  server.Run("ZADD source 1 a 2 b 3 c");
  waiter.Send({"BZMPOP", "0", "2", "x", "y", "MAX", "COUNT", "2"});
  CHECK(waiter.blocked());
  CHECK(server.Run("ZUNIONSTORE y 1 source") == Integer(3));
  const Reply reply = waiter.Read();
  CHECK(reply[0] == "y");
  CHECK(reply[1].elements.size() == 2);
  CHECK(reply[1][0][0] == "c");
  CHECK(server.Run("ZCARD y") == Integer(1));
}

TEST_CASE("BZPOPMIN: a key of another type does not wake, and the waiter goes on waiting") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BZPOPMIN", "z", "0"});
  server.Run("SET z v");
  CHECK(waiter.blocked());
  CHECK(server.Run("BZPOPMIN z 0") == "WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_CASE("BZPOPMIN: commands sent while it waited run afterwards") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BZPOPMIN", "z", "0"});
  server.Run("ZADD z 1 a");
  CHECK(waiter.Read()[1] == "a");
  CHECK(waiter.Run("ZCARD z") == Integer(0));
}

TEST_CASE("BZPOPMIN: a bad timeout is refused before the keys are looked at") {
  TestServer server;
  server.Run("SET s v");
  CHECK(server.Run("BZPOPMIN s x") == "ERR timeout is not a float or out of range");
  CHECK(server.Run("BZPOPMIN s -1") == "ERR timeout is negative");
  CHECK(server.Run("BZMPOP x 1 s MIN OTHER") == "ERR syntax error");
  CHECK(server.Run("BZMPOP x 1 s MIN") == "ERR timeout is not a float or out of range");
}

}  // namespace
}  // namespace usher::tests
