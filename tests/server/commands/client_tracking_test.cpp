// CLIENT TRACKING: who is told what, through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "server/tracking.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// The keys of the next invalidation, "*" for all, "" when there is none.
std::string Told(TestClient& client) {
  const Reply reply = client.Read();
  if (reply.type == 0) return "";
  if (reply.type != '>' || reply[0] != "invalidate") return "?";
  if (reply[1].is_null()) return "*";
  std::string keys;
  for (const Reply& key : reply[1].elements) keys += (keys.empty() ? "" : " ") + key.text;
  return keys;
}

/// A RESP3 client that tracks.
struct Tracking {
  explicit Tracking(TestServer& server, const std::string& options = "") : client(server) {
    client.Run("HELLO 3");
    REQUIRE(client.Run("CLIENT TRACKING ON" + options) == "OK");
  }
  TestClient client;
};

TEST_CASE("CLIENT TRACKING: a key that was read is announced once, when it changes") {
  TestServer server;
  server.Run("SET b 1");
  Tracking cache(server);
  cache.client.Run("MGET a b");
  server.Run("SET a 1");
  server.Run("SET a 2");
  CHECK(Told(cache.client) == "a");
  CHECK(Told(cache.client).empty());
  server.Run("SET other 1");
  CHECK(Told(cache.client).empty());
  cache.client.Run("GET a");
  server.Run("DEL a b");
  CHECK(Told(cache.client) == "a");
  CHECK(Told(cache.client) == "b");
}

TEST_CASE("CLIENT TRACKING: one's own change comes after its reply, unless NOLOOP") {
  TestServer server;
  Tracking cache(server);
  Tracking quiet(server, " NOLOOP");
  for (TestClient* client : {&cache.client, &quiet.client}) {
    client->Run("GET k");
    CHECK(client->Run("SET k 1") == "OK");
    CHECK(Told(*client) == (client == &cache.client ? "k" : ""));
  }
  quiet.client.Run("GET k");
  server.Run("SET k 2");
  CHECK(Told(quiet.client) == "k");
}

TEST_CASE("CLIENT TRACKING: in a pipeline one's own change is told right behind its reply") {
  TestServer server;
  Tracking cache(server);
  cache.client.Feed("GET k\r\nSET k 1\r\nPING\r\nFLUSHALL\r\nPING\r\n");
  CHECK(cache.client.Read().is_null());
  CHECK(cache.client.Read() == "OK");
  CHECK(Told(cache.client) == "k");
  CHECK(cache.client.Read() == "PONG");
  CHECK(cache.client.Read() == "OK");
  CHECK(cache.client.Read()[0] == "invalidate");
  CHECK(cache.client.Read() == "PONG");
}

TEST_CASE("CLIENT TRACKING: within EXEC what is told follows the whole reply") {
  TestServer server;
  Tracking cache(server);
  cache.client.Run("MULTI");
  cache.client.Run("GET a");
  cache.client.Run("SET a 1");
  cache.client.Run("PING");
  CHECK(cache.client.Run("EXEC").elements.size() == 3);
  CHECK(Told(cache.client) == "a");
}

TEST_CASE("CLIENT TRACKING: expired, evicted and flushed keys are announced") {
  TestServer server;
  Tracking cache(server);
  server.Run("SET e 1 PX 10");
  cache.client.Run("GET e");
  server.clock().AdvanceMs(100);
  server.Run("GET e");
  CHECK(Told(cache.client) == "e");
  cache.client.Run("GET e");
  server.Run("FLUSHALL");
  CHECK(Told(cache.client) == "*");
  server.Run("SET e 1");
  CHECK(Told(cache.client).empty());
  server.Run("FLUSHDB");
  CHECK(Told(cache.client) == "*");
}

TEST_CASE("CLIENT TRACKING: OPTIN and OPTOUT choose by CLIENT CACHING") {
  TestServer server;
  Tracking in(server, " OPTIN");
  Tracking out(server, " OPTOUT");
  in.client.Run("GET a");
  CHECK(in.client.Run("CLIENT CACHING YES") == "OK");
  in.client.Run("GET b");
  in.client.Run("GET c");
  CHECK(out.client.Run("CLIENT CACHING NO") == "OK");
  out.client.Run("GET a");
  out.client.Run("GET b");
  server.Run("MSET a 1 b 1 c 1");
  CHECK(Told(in.client) == "b");
  CHECK(Told(in.client).empty());
  CHECK(Told(out.client) == "b");
  CHECK(Told(out.client).empty());
  in.client.Run("CLIENT CACHING YES");
  in.client.Run("MULTI");
  in.client.Run("GET a");
  in.client.Run("GET b");
  in.client.Run("EXEC");
  server.Run("MSET a 2 b 2");
  CHECK(Told(in.client) == "a");
  CHECK(Told(in.client) == "b");
}

TEST_CASE("CLIENT TRACKING: BCAST hears of every key with its prefixes") {
  TestServer server;
  Tracking some(server, " BCAST PREFIX user: PREFIX job:");
  Tracking all(server, " BCAST");
  server.Run("SET user:1 x");
  server.Run("SET thing x");
  CHECK(Told(some.client) == "user:1");
  CHECK(Told(some.client).empty());
  CHECK(Told(all.client) == "user:1");
  CHECK(Told(all.client) == "thing");
  CHECK(server.server().tracking().prefixes() == 3);
  some.client.Run("CLIENT TRACKING OFF");
  server.Run("SET job:1 x");
  CHECK(Told(some.client).empty());
  CHECK(server.server().tracking().prefixes() == 1);
}

TEST_CASE("CLIENT TRACKING: BCAST hears of all keys of a command at once, in order, by prefix") {
  TestServer server;
  Tracking some(server, " BCAST PREFIX user: PREFIX job:");
  Tracking all(server, " BCAST");
  server.Run("MSET user:2 x job:1 x user:1 x thing x user:2 y");
  CHECK(Told(some.client) == "job:1");
  CHECK(Told(some.client) == "user:1 user:2");
  CHECK(Told(some.client).empty());
  CHECK(Told(all.client) == "job:1 thing user:1 user:2");
  CHECK(Told(all.client).empty());
  server.Run("MULTI");
  server.Run("SET b 1");
  server.Run("SET a 1");
  server.Run("DEL b");
  server.Run("EXEC");
  CHECK(Told(all.client) == "a b");
  CHECK(Told(all.client).empty());
  CHECK(Told(some.client).empty());
}

TEST_CASE("CLIENT TRACKING: BCAST with NOLOOP hears of all but its own changes, those of its waits included") {
  TestServer server;
  Tracking quiet(server, " BCAST NOLOOP PREFIX k");
  Tracking other(server, " BCAST PREFIX k");
  quiet.client.Run("MSET k1 1 k2 1");
  CHECK(Told(quiet.client).empty());
  CHECK(Told(other.client) == "k1 k2");
  quiet.client.Send({"BLMOVE", "k{q}1", "k{q}2", "LEFT", "LEFT", "0"});
  server.Run("RPUSH k{q}1 m");
  CHECK(quiet.client.Read() == "m");
  CHECK(Told(quiet.client) == "k{q}1");
  CHECK(Told(other.client) == "k{q}1 k{q}2");
}

TEST_CASE("CLIENT TRACKING: who was served after a wait hears of the next change as well") {
  TestServer server;
  Tracking cache(server);
  cache.client.Send({"XREAD", "BLOCK", "0", "STREAMS", "s", "$"});
  server.Run("XADD s 1-1 f v");
  CHECK(cache.client.Read().type == '%');
  CHECK(Told(cache.client) == "s");
  server.Run("XADD s 1-2 f v");
  CHECK(Told(cache.client) == "s");
}

TEST_CASE("CLIENT TRACKING: REDIRECT tells another client, and one that is gone is missed") {
  TestServer server;
  TestClient reader(server);
  auto listener = std::make_unique<TestClient>(server);
  const std::string id = std::to_string(listener->Run("CLIENT ID").integer);
  REQUIRE(reader.Run("CLIENT TRACKING ON REDIRECT " + id) == "OK");
  CHECK(reader.Run("CLIENT GETREDIR").integer == std::stoll(id));
  reader.Run("GET k");
  server.Run("SET k 1");
  CHECK(listener->Read().type == 0);  // RESP2 and not subscribed
  listener->Run("SUBSCRIBE __redis__:invalidate");
  reader.Run("GET k");
  server.Run("SET k 2");
  const Reply told = listener->Read();
  CHECK(told[0] == "message");
  CHECK(told[1] == "__redis__:invalidate");
  CHECK(told[2][0] == "k");
  CHECK(reader.Read().type == 0);
  listener.reset();
  reader.Run("HELLO 3");
  reader.Run("GET k");
  server.Run("SET k 3");
  CHECK(reader.Read()[0] == "tracking-redir-broken");
  CHECK(reader.Run("CLIENT INFO").text.find(" flags=tR ") != std::string::npos);
}

TEST_CASE("CLIENT TRACKING: a RESP2 client alone is told nothing") {
  TestServer server;
  TestClient client(server);
  client.Run("CLIENT TRACKING ON");
  client.Run("GET k");
  server.Run("SET k 1");
  CHECK(client.Read().type == 0);
}

TEST_CASE("CLIENT TRACKING: the table keeps to tracking-table-max-keys by forgetting keys") {
  TestServer server;
  server.Run("CONFIG SET tracking-table-max-keys 10");
  Tracking cache(server);
  for (int i = 0; i < 200; ++i) {
    CHECK(cache.client.Run({"GET", "k" + std::to_string(i)}).is_null());
    while (!Told(cache.client).empty()) {
    }
    REQUIRE(server.server().tracking().keys() <= 10);
  }
  CHECK(server.server().tracking().keys() > 0);
  CHECK(server.server().tracking().items() == server.server().tracking().keys());
}

TEST_CASE("CLIENT TRACKING: figures come back to nothing when clients leave or flush") {
  TestServer server;
  {
    Tracking cache(server);
    Tracking listener(server, " BCAST PREFIX a");
    cache.client.Run("MGET a b c");
    const std::string stats = server.Run("INFO stats").text;
    CHECK(stats.find("tracking_total_keys:3\r\n") != std::string::npos);
    CHECK(stats.find("tracking_total_items:3\r\n") != std::string::npos);
    CHECK(stats.find("tracking_total_prefixes:1\r\n") != std::string::npos);
    CHECK(server.Run("INFO clients").text.find("tracking_clients:2\r\n") != std::string::npos);
  }
  CHECK(server.server().tracking().clients() == 0);
  CHECK(server.server().tracking().prefixes() == 0);
  server.Run("SET a 1");  // the reader is gone
  server.Run("FLUSHALL");
  CHECK(server.server().tracking().keys() == 0);
  CHECK(server.server().tracking().items() == 0);
}

TEST_CASE("CLIENT TRACKING: modes cannot be switched while it is on") {
  TestServer server;
  Tracking cache(server, " OPTIN");
  CHECK(cache.client.Run("CLIENT TRACKING ON OPTOUT").is_error());
  CHECK(cache.client.Run("CLIENT TRACKING ON BCAST").is_error());
  CHECK(cache.client.Run("CLIENT TRACKING ON") == "OK");
  CHECK(cache.client.Run("CLIENT TRACKING OFF") == "OK");
  CHECK(cache.client.Run("CLIENT TRACKING ON BCAST PREFIX a PREFIX ab").is_error());
  CHECK(cache.client.Run("CLIENT TRACKING ON PREFIX a").is_error());
  CHECK(cache.client.Run("CLIENT TRACKINGINFO")["redirect"] == Integer(-1));
}

}  // namespace
}  // namespace usher::tests
