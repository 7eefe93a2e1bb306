// CLIENT through the dispatcher. KILL and PAUSE need sockets: redis-compat-tests/cases/connections.py.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::string IdOf(TestClient& client) {
  return std::to_string(client.session().client.info->id);
}

bool Contains(const Reply& reply, std::string_view part) {
  return reply.text.find(part) != std::string::npos;
}

TEST_CASE("CLIENT INFO: shows the client's state in Redis's fields") {
  TestServer server;
  TestClient client(server);
  client.Run("CLIENT SETNAME me");
  client.Run("CLIENT SETINFO lib-name lettuce");
  client.Run("CLIENT NO-TOUCH on");
  client.Run("HELLO 3");
  const Reply info = client.Run("CLIENT INFO");
  CHECK(info.type == '=');
  CHECK(Contains(info, "id=" + IdOf(client) + " addr="));
  CHECK(Contains(info, " name=me age="));
  CHECK(Contains(info, " flags=T db=0 sub=0 psub=0 ssub=0 multi=-1 "));
  CHECK(Contains(info, " cmd=client|info user=default redir=-1 resp=3 lib-name=lettuce lib-ver=\n"));
}

TEST_CASE("CLIENT LIST: filters by type and id") {
  TestServer server;
  TestClient listener(server);
  listener.Run("SUBSCRIBE a");
  const std::string subscriber = "id=" + IdOf(listener) + ' ';
  CHECK(Contains(server.Run("CLIENT LIST"), subscriber));
  CHECK(Contains(server.Run("CLIENT LIST TYPE pubsub"), subscriber));
  CHECK(Contains(server.Run("CLIENT LIST TYPE pubsub"), " flags=P db=0 sub=1 "));
  CHECK_FALSE(Contains(server.Run("CLIENT LIST TYPE normal"), subscriber));
  CHECK(Contains(server.Run("CLIENT LIST ID 9999 " + IdOf(listener)), subscriber));
  CHECK(server.Run("CLIENT LIST TYPE replica") == "");
  CHECK(server.Run("CLIENT LIST TYPE x") == "ERR Unknown client type 'x'");
}

TEST_CASE("CLIENT KILL: a killed client is no longer listed or killed again") {
  TestServer server;
  TestClient victim(server);
  CHECK(server.Run("CLIENT KILL ID " + IdOf(victim)) == Integer(1));
  CHECK_FALSE(Contains(server.Run("CLIENT LIST"), "id=" + IdOf(victim) + ' '));
  CHECK(server.Run("CLIENT KILL ID " + IdOf(victim)) == Integer(0));
}

TEST_CASE("CLIENT KILL: whoever kills itself gets the reply first") {
  TestServer server;
  TestClient client(server);
  CHECK(client.Run("CLIENT KILL ID " + IdOf(client)) == Integer(0));
  CHECK(client.Run("CLIENT KILL ID " + IdOf(client) + " SKIPME no") == Integer(1));
  CHECK(client.session().client.close_after_reply);
}

TEST_CASE("CLIENT UNBLOCK: ends a wait once, as a timeout or as an error") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BZPOPMIN", "z", "0"});
  REQUIRE(waiter.blocked());
  CHECK(server.Run("CLIENT UNBLOCK " + IdOf(waiter)) == Integer(1));
  CHECK(waiter.Read().is_null());
  CHECK(server.Run("CLIENT UNBLOCK " + IdOf(waiter)) == Integer(0));
  waiter.Send({"BZPOPMIN", "z", "0"});
  CHECK(server.Run("CLIENT UNBLOCK " + IdOf(waiter) + " ERROR") == Integer(1));
  CHECK(waiter.Read() == "UNBLOCKED client unblocked via CLIENT UNBLOCK");
  // The wait is off the key: what comes now stays.
  CHECK(server.Run("ZADD z 1 a") == Integer(1));
  CHECK(server.Run("ZSCORE z a") == "1");
}

TEST_CASE("CLIENT PAUSE: holds what it is about back from being queued by MULTI, and nothing else") {
  TestServer server;
  TestClient writer(server);
  TestClient reader(server);
  CHECK(writer.Run("MULTI") == "OK");
  CHECK(reader.Run("MULTI") == "OK");
  server.server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
  writer.Send({"SET", "k", "v"});
  writer.Send({"GET", "k"});
  CHECK(writer.Read().type == 0);
  CHECK(reader.Run("GET k") == "QUEUED");
  CHECK(reader.Run("SET k") == "ERR wrong number of arguments for 'set' command");
  CHECK(reader.Run("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
  server.server().pause().Unpause();
  writer.OnTick(0);
  CHECK(writer.Read() == "QUEUED");
  CHECK(writer.Read() == "QUEUED");
  const Reply reply = writer.Run("EXEC");
  CHECK(reply[0] == "OK");
  CHECK(reply[1] == "v");
}

}  // namespace
}  // namespace usher::tests
