// XREAD and XREADGROUP through the dispatcher, with several clients where they wait.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void Wait(TestClient& client, const std::vector<std::string>& args) {
  client.Send(args);
  REQUIRE(client.blocked());
}

TEST_CASE("XREAD: every reader gets what is new to it") {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  server.Run("XADD s 1-1 f v");
  Wait(first, {"XREAD", "BLOCK", "0", "STREAMS", "s", "$"});
  Wait(second, {"XREAD", "BLOCK", "0", "STREAMS", "s", "5-0"});
  server.Run("XADD s 2-1 f v");
  CHECK(first.Read()[0][1][0][0] == "2-1");
  CHECK(second.blocked());
  server.Run("XADD s 6-1 f v");
  CHECK(second.Read()[0][1][0][0] == "6-1");
}

TEST_CASE("XREAD: who waited for several streams gets all that one transaction wrote, in the order of the arguments") {
  TestServer server;
  TestClient reader(server);
  Wait(reader, {"XREAD", "BLOCK", "0", "STREAMS", "a", "b", "c", "$", "$", "$"});
  server.Run("MULTI");
  server.Run("XADD c 3-1 f v");
  server.Run("XADD a 1-1 f v");
  server.Run("XADD a 1-2 f v");
  server.Run("EXEC");
  const Reply reply = reader.Read();
  REQUIRE(reply.elements.size() == 2);
  CHECK(reply[0][0] == "a");
  CHECK(reply[0][1].elements.size() == 2);
  CHECK(reply[1][0] == "c");
  CHECK(reply[1][1][0][0] == "3-1");
}

TEST_CASE("XREAD: who is woken is told of another stream whose type changed in the same transaction") {
  TestServer server;
  TestClient reader(server);
  Wait(reader, {"XREAD", "BLOCK", "0", "STREAMS", "a", "b", "$", "$"});
  server.Run("SET b v");
  CHECK(reader.blocked());
  server.Run("MULTI");
  server.Run("SET b w");
  server.Run("XADD a 1-1 f v");
  server.Run("EXEC");
  CHECK(reader.Read() == "WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_CASE("XREADGROUP: who waited for several streams is given all that one transaction wrote") {
  TestServer server;
  for (const char* stream : {"a", "b"}) server.Run({"XGROUP", "CREATE", stream, "g", "$", "MKSTREAM"});
  TestClient reader(server);
  Wait(reader, {"XREADGROUP", "GROUP", "g", "alice", "BLOCK", "0", "STREAMS", "a", "b", ">", ">"});
  server.Run("MULTI");
  server.Run("XADD b 2-1 f v");
  server.Run("XADD a 1-1 f v");
  server.Run("EXEC");
  const Reply reply = reader.Read();
  REQUIRE(reply.elements.size() == 2);
  CHECK(reply[0][1][0][0] == "1-1");
  CHECK(reply[1][1][0][0] == "2-1");
  CHECK(server.Run("XPENDING a g")[0] == Integer(1));
  CHECK(server.Run("XPENDING b g")[0] == Integer(1));
}

TEST_CASE("XREAD: the word STREAMS as an option's value names no keys") {
  TestServer server;
  server.Run("XADD k 1-1 f v");
  CHECK(server.Run("XREAD COUNT STREAMS STREAMS k 0").is_error());
  CHECK(server.Run("XREADGROUP COUNT 1 GROUP STREAMS c STREAMS k 0").is_error());
}

TEST_CASE("XREAD: nobody waits inside EXEC") {
  TestServer server;
  server.Run("MULTI");
  server.Run("XREAD BLOCK 0 STREAMS s $");
  CHECK(server.Run("EXEC")[0].is_null());
}

TEST_CASE("XREADGROUP: an entry goes to one consumer, and again to that one") {
  TestServer server;
  server.Run("XGROUP CREATE s g $ MKSTREAM");
  server.Run("XADD s 1-1 f v");
  CHECK(server.Run("XREADGROUP GROUP g alice STREAMS s >")[0][1][0][0] == "1-1");
  CHECK(server.Run("XREADGROUP GROUP g bob STREAMS s >").is_null());
  CHECK(server.Run("XREADGROUP GROUP g alice STREAMS s 0")[0][1][0][0] == "1-1");
  CHECK(server.Run("XREADGROUP GROUP g bob STREAMS s 0")[0][1].elements.empty());
  CHECK(server.Run("XPENDING s g - + 10")[0][3] == Integer(2));
  server.Run("XDEL s 1-1");
  CHECK(server.Run("XREADGROUP GROUP g alice STREAMS s 0")[0][1][0][1].is_null());
}

TEST_CASE("XREADGROUP: a consumer is there once it has asked") {
  TestServer server;
  server.Run("XGROUP CREATE s g $ MKSTREAM");
  server.Run("XREADGROUP GROUP g alice STREAMS s >");
  const Reply consumer = server.Run("XINFO CONSUMERS s g")[0];
  CHECK(consumer["name"] == "alice");
  CHECK(consumer["inactive"] == Integer(-1));
}

TEST_CASE("XREADGROUP: waiting ends when the group, the stream or its type is gone") {
  TestServer server;
  for (const char* end : {"XGROUP DESTROY s g", "DEL s", "SET s v", "FLUSHALL", "RENAME s t"}) {
    CAPTURE(end);
    server.Run("DEL s");
    server.Run("XGROUP CREATE s g $ MKSTREAM");
    TestClient client(server);
    Wait(client, {"XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">"});
    server.Run(end);
    CHECK(client.Read().is_error());
  }
}

TEST_CASE("XREADGROUP: one entry wakes one of two that wait") {
  TestServer server;
  server.Run("XGROUP CREATE s g $ MKSTREAM");
  TestClient first(server);
  TestClient second(server);
  Wait(first, {"XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">"});
  Wait(second, {"XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "s", ">"});
  server.Run("XADD s 1-1 f v");
  CHECK(first.Read()[0][1][0][0] == "1-1");
  CHECK(second.blocked());
}

}  // namespace
}  // namespace usher::tests
