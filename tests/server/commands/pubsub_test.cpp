// Publish and subscribe, keyspace events and MONITOR through the dispatcher.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "server/subscriptions.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// The texts of a reply's elements, joined; integers as digits.
std::string Joined(const Reply& reply) {
  std::string text(1, reply.type == 0 ? '?' : reply.type);
  for (const Reply& element : reply.elements) {
    text += ' ';
    text += element.type == ':' ? std::to_string(element.integer) : (element.is_null() ? "null" : element.text);
  }
  return text;
}

TEST_CASE("SUBSCRIBE: confirms each channel and receives what is published on it, in order") {
  TestServer server;
  TestClient listener(server);
  CHECK(Joined(listener.Run("SUBSCRIBE a b a")) == "* subscribe a 1");
  CHECK(Joined(listener.Read()) == "* subscribe b 2");
  CHECK(Joined(listener.Read()) == "* subscribe a 2");
  CHECK(server.Run("PUBLISH a one") == Integer(1));
  CHECK(server.Run("PUBLISH b two") == Integer(1));
  CHECK(server.Run("PUBLISH c three") == Integer(0));
  CHECK(Joined(listener.Read()) == "* message a one");
  CHECK(Joined(listener.Read()) == "* message b two");
  CHECK(listener.Read().type == 0);
}

TEST_CASE("PSUBSCRIBE: a client gets a message once per subscription that fits") {
  TestServer server;
  TestClient listener(server);
  listener.Run("HELLO 3");
  listener.Run("SUBSCRIBE news");
  listener.Run("PSUBSCRIBE n*");
  listener.Run("PSUBSCRIBE *s");
  CHECK(server.Run("PUBLISH news x") == Integer(3));
  CHECK(Joined(listener.Read()) == "> message news x");
  std::vector<std::string> rest = {Joined(listener.Read()), Joined(listener.Read())};
  std::sort(rest.begin(), rest.end());
  CHECK(rest == std::vector<std::string>{"> pmessage *s news x", "> pmessage n* news x"});
  CHECK(server.Run("PUBSUB NUMPAT") == Integer(2));
}

TEST_CASE("PUBLISH: a message to oneself comes right behind the command's reply, in a pipeline too") {
  TestServer server{{.config = {{"notify-keyspace-events", "E$"}}}};
  TestClient client(server);
  client.Run("HELLO 3");
  client.Run("SUBSCRIBE c");
  client.Run("SUBSCRIBE __keyevent@0__:set");
  client.Feed("PUBLISH c 1\r\nPING\r\nSET k v\r\nPING\r\nMULTI\r\nPUBLISH c 2\r\nPING\r\nEXEC\r\nPING\r\n");
  CHECK(client.Read() == Integer(1));
  CHECK(Joined(client.Read()) == "> message c 1");
  CHECK(client.Read() == "PONG");
  CHECK(client.Read() == "OK");
  CHECK(Joined(client.Read()) == "> message __keyevent@0__:set k");
  CHECK(client.Read() == "PONG");
  CHECK(client.Read() == "OK");
  CHECK(client.Read() == "QUEUED");
  CHECK(client.Read() == "QUEUED");
  CHECK(Joined(client.Read()) == "* 1 PONG");
  CHECK(Joined(client.Read()) == "> message c 2");
  CHECK(client.Read() == "PONG");
}

TEST_CASE("UNSUBSCRIBE: without arguments leaves all, and says so even when there is nothing to leave") {
  TestServer server;
  TestClient listener(server);
  listener.Run("SUBSCRIBE a");
  CHECK(Joined(listener.Run("UNSUBSCRIBE")) == "* unsubscribe a 0");
  CHECK(Joined(listener.Run("UNSUBSCRIBE")) == "* unsubscribe null 0");
  CHECK(Joined(listener.Run("UNSUBSCRIBE x")) == "* unsubscribe x 0");
  CHECK(server.Run("PUBLISH a one") == Integer(0));
  CHECK(listener.Read().type == 0);
}

TEST_CASE("SSUBSCRIBE: shard channels are apart from channels and patterns") {
  TestServer server;
  TestClient listener(server);
  CHECK(Joined(listener.Run("SSUBSCRIBE a")) == "* ssubscribe a 1");
  CHECK(Joined(listener.Run("PSUBSCRIBE *")) == "* psubscribe * 1");
  CHECK(server.Run("SPUBLISH a one") == Integer(1));
  CHECK(server.Run("PUBLISH a two") == Integer(1));
  CHECK(Joined(listener.Read()) == "* smessage a one");
  CHECK(Joined(listener.Read()) == "* pmessage * a two");
  CHECK(server.Run("PUBSUB SHARDCHANNELS").elements.size() == 1);
  CHECK(server.Run("PUBSUB CHANNELS").elements.empty());
  CHECK(server.Run("PUBSUB SHARDNUMSUB a b").elements ==
        std::vector<Reply>{{'$', "a", 0, {}}, Integer(1), {'$', "b", 0, {}}, Integer(0)});
}

TEST_CASE("Subscriber mode: RESP2 clients are held to it, RESP3 clients are not") {
  TestServer server;
  TestClient listener(server);
  listener.Run("SUBSCRIBE a");
  CHECK(listener.Run("GET k").text.starts_with("ERR Can't execute 'get': only (P|S)SUBSCRIBE"));
  CHECK(Joined(listener.Run("PING hi")) == "* pong hi");
  listener.Run("RESET");
  CHECK(listener.Run("GET k").is_null());
  CHECK(server.Run("PUBLISH a x") == Integer(0));
  listener.Run("HELLO 3");
  listener.Run("SUBSCRIBE a");
  CHECK(listener.Run("GET k").is_null());
  listener.Run("HELLO 2");
  CHECK(listener.Run("GET k").is_error());
}

TEST_CASE("Subscriptions: end with their client") {
  TestServer server;
  {
    TestClient listener(server);
    listener.Run("SUBSCRIBE a");
    listener.Run("PSUBSCRIBE *");
    CHECK(server.Run("PUBSUB NUMSUB a")[1] == Integer(1));
  }
  CHECK(server.Run("PUBSUB NUMSUB a")[1] == Integer(0));
  CHECK(server.Run("PUBSUB NUMPAT") == Integer(0));
  CHECK(server.Run("PUBLISH a x") == Integer(0));
}

TEST_CASE("A message published before the subscription is not delivered to it") {
  TestServer server;
  TestClient early(server);
  TestClient late(server);
  early.Run("SUBSCRIBE a");
  // Posted, but not yet delivered when the second client subscribes.
  CHECK(server.server().pubsub().Publish(server::ChannelKind::kChannel, "a", "old") == 1);
  late.session().client.subscriptions =
      std::make_unique<server::Subscriptions>(server.server(), late, late.session().client.info);
  late.session().client.subscriptions->Add(server::ChannelKind::kChannel, "a");
  CHECK(Joined(early.Read()) == "* message a old");
  CHECK(late.Read().type == 0);
  CHECK(server.Run("PUBLISH a new") == Integer(2));
  CHECK(Joined(late.Read()) == "* message a new");
}

TEST_CASE("Keyspace events: the selected classes, on both kinds of channels") {
  TestServer server({.config = {{"notify-keyspace-events", "KE$"}}});
  TestClient listener(server);
  listener.Run("PSUBSCRIBE __key*");
  server.Run("SET k v");
  CHECK(Joined(listener.Read()) == "* pmessage __key* __keyspace@0__:k set");
  CHECK(Joined(listener.Read()) == "* pmessage __key* __keyevent@0__:set k");
  const server::ConfigPair only_sorted_sets{"notify-keyspace-events", "Ez"};
  CHECK(server.config().Set({&only_sorted_sets, 1}, server::Config::Caller::kRemote).empty());
  server.Run("SET k w");
  CHECK(listener.Read().type == 0);
}

TEST_CASE("MONITOR: shows commands quoted, with secrets and administration left out") {
  TestServer server;
  TestClient monitor(server);
  CHECK(monitor.Run("MONITOR") == "OK");
  CHECK(monitor.Run("MONITOR").type == 0);
  server.Run({"SET", "k\n\"", std::string("\0\xff", 2)});
  CHECK(monitor.Read().text.ends_with(R"line(] "SET" "k\n\"" "\x00\xff")line"));
  server.Run("CLIENT LIST");
  server.Run("NOSUCH");
  server.Run("HELLO 2 AUTH default secret SETNAME n");
  CHECK(monitor.Read().text.ends_with(R"line(] "HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "n")line"));
  server.Run("AUTH default secret");
  CHECK(monitor.Read().text.ends_with(R"line(] "AUTH" "(redacted)" "(redacted)")line"));
  CHECK(monitor.Run("GET k") == "ERR Replica can't interact with the keyspace");
  CHECK(monitor.Run("RESET") == "RESET");
  server.Run("PING");
  CHECK(monitor.Run("GET k").is_null());
}

TEST_CASE("CLIENT REPLY: OFF and SKIP hold replies back, but not messages and confirmations") {
  TestServer server;
  TestClient client(server);
  CHECK(client.Run("CLIENT REPLY SKIP").type == 0);
  CHECK(client.Run("PING").type == 0);
  CHECK(client.Run("PING") == "PONG");
  CHECK(client.Run("CLIENT REPLY OFF").type == 0);
  CHECK(client.Run("PING").type == 0);
  CHECK(Joined(client.Run("SUBSCRIBE a")) == "* subscribe a 1");
  server.Run("PUBLISH a x");
  CHECK(Joined(client.Read()) == "* message a x");
  client.Run("UNSUBSCRIBE");
  CHECK(client.Run("CLIENT REPLY ON") == "OK");
}

}  // namespace
}  // namespace usher::tests
