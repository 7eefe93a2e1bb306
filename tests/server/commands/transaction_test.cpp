// MULTI, EXEC, DISCARD, WATCH, UNWATCH through the dispatcher.
#include <doctest/doctest.h>

#include "engine/key_slot.h"
#include "server/dispatcher.h"
#include "server/pubsub.h"
#include "server/transaction.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// Records of the journal so far, one string each.
std::vector<std::string> Journal(TestServer& server) {
  std::vector<std::string> records;
  server.server().engine().journal()->Read(
      0, [&](const engine::Journal::RecordInfo&, std::string_view payload) { records.emplace_back(payload); });
  return records;
}

TestServer WithJournal() {
  return TestServer({.config = {{"journal", "memory"}}});
}

/// The words of some RESP commands, separated by spaces.
std::string Words(std::string_view resp) {
  std::string words;
  while (!resp.empty()) {
    const size_t end = resp.find("\r\n");
    if (resp[0] != '*' && resp[0] != '$')
      words += std::string(words.empty() ? "" : " ") + std::string(resp.substr(0, end));
    resp.remove_prefix(end + 2);
  }
  return words;
}

/// A key of another shard than `key`.
std::string ElsewhereThan(TestServer& server, std::string_view key) {
  const engine::Engine& engine = server.server().engine();
  for (int i = 0;; ++i) {
    std::string name = "e" + std::to_string(i);
    if (engine.ShardOf(engine::KeySlot(name)) != engine.ShardOf(engine::KeySlot(key))) return name;
  }
}

TEST_CASE("MULTI: commands are queued and EXEC runs them") {
  TestServer server;
  CHECK(server.Run("MULTI") == "OK");
  CHECK(server.Run("SET a 1") == "QUEUED");
  CHECK(server.Run("INCR b") == "QUEUED");
  TestClient other(server);
  CHECK(other.Run("EXISTS a b") == Integer(0));
  const Reply reply = server.Run("EXEC");
  REQUIRE(reply.elements.size() == 2);
  CHECK(reply[0] == "OK");
  CHECK(reply[1] == Integer(1));
  CHECK(server.Run("EXEC") == "ERR EXEC without MULTI");
}

TEST_CASE("MULTI: an error when queueing aborts, one when running does not") {
  TestServer server;
  server.Run("MULTI");
  CHECK(server.Run("GET").is_error());
  server.Run("SET a 1");
  CHECK(server.Run("EXEC") == "EXECABORT Transaction discarded because of previous errors.");
  CHECK(server.Run("EXISTS a") == Integer(0));
  server.Run("MULTI");
  server.Run("SET a x");
  server.Run("INCR a");
  server.Run("SET b 1");
  const Reply reply = server.Run("EXEC");
  CHECK(reply[1].is_error());
  CHECK(server.Run("GET b") == "1");
}

TEST_CASE("MULTI: queued arguments outlive the buffer they came in") {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  for (int i = 0; i < 500; ++i) CHECK(client.Run({"RPUSHX", "l", std::string(200, 'x')}).type != 0);
  for (int i = 0; i < 500; ++i)
    client.Run({"SET", "k" + std::to_string(i), std::string(100, static_cast<char>('a' + i % 26))});
  client.Run("DISCARD");
  client.Run("MULTI");
  for (int i = 0; i < 500; ++i)
    client.Run({"SET", "k" + std::to_string(i), std::string(100, static_cast<char>('a' + i % 26))});
  CHECK(client.Run("EXEC").elements.size() == 500);
  CHECK(client.Run("GET k27") == std::string(100, 'b').c_str());
}

TEST_CASE("MULTI: a pipeline of transactions is answered in order") {
  TestServer server;
  TestClient client(server);
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += "MULTI\r\nINCR n\r\nEXEC\r\n";
  client.Feed(bytes);
  for (int i = 1; i <= 50; ++i) {
    CHECK(client.Read() == "OK");
    CHECK(client.Read() == "QUEUED");
    CHECK(client.Read()[0] == Integer(i));
  }
}

TEST_CASE("EXEC: waits parked for the turns of all its keys") {
  TestServer server;
  const std::string far = ElsewhereThan(server, "a");
  TestClient client(server);
  client.Run("MULTI");
  client.Run("SET a 1");
  client.Run({"SET", far, "2"});
  const engine::ShardIndex busy = server.server().engine().ShardOf(engine::KeySlot(far));
  REQUIRE(server.thread().executor.TryTake(busy));
  client.Send({"EXEC"});
  CHECK(client.away());
  CHECK(client.Read().type == 0);
  server.thread().executor.Release(busy);
  server.DeliverMail();
  CHECK(client.Read().elements.size() == 2);
  CHECK(server.Run({"GET", far}) == "2");
}

TEST_CASE("EXEC: what must run at home comes home with its turns") {
  TestServer server;
  TestClient client(server);
  client.Run("MULTI");
  client.Run("SET a 1");
  client.Run("SUBSCRIBE c");
  const engine::ShardIndex busy = server.server().engine().ShardOf(engine::KeySlot("a"));
  REQUIRE(server.thread().executor.TryTake(busy));
  client.Send({"EXEC"});
  CHECK(client.away());
  server.thread().executor.Release(busy);
  server.DeliverMail();
  client.Feed("PING\r\n");
  const Reply reply = client.Read();
  REQUIRE(reply.elements.size() == 2);
  CHECK(reply[1][0] == "subscribe");
  CHECK(client.Read()[0] == "pong");
  CHECK(server.server().pubsub().SubscribersOf(server::ChannelKind::kChannel, "c") == 1);
  REQUIRE(server.thread().executor.TryTake(busy));  // nothing is left held
  server.thread().executor.Release(busy);
}

TEST_CASE("EXEC: commands of all shards see one state") {
  TestServer server;
  for (int i = 0; i < 20; ++i) server.Run({"SET", "k" + std::to_string(i), "v"});
  server.Run("MULTI");
  server.Run("DBSIZE");
  server.Run("KEYS *");
  server.Run("RANDOMKEY");
  server.Run("FLUSHALL");
  server.Run("DBSIZE");
  const Reply reply = server.Run("EXEC");
  CHECK(reply[0] == Integer(20));
  CHECK(reply[1].elements.size() == 20);
  CHECK(reply[2].text.starts_with("k"));
  CHECK(reply[4] == Integer(0));
}

TEST_CASE("EXEC: one time for all commands") {
  TestServer server;
  server.Run("MULTI");
  server.Run("SET a 1 PX 100");
  server.Run("PTTL a");
  CHECK(server.Run("EXEC")[1] == Integer(100));
}

TEST_CASE("EXEC: blocking commands do not wait, and clients blocked on its keys are served afterwards") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BZPOPMIN", "z", "0"});
  server.Run("MULTI");
  server.Run("BZPOPMIN none 0");
  server.Run("ZADD z 2 b");
  server.Run("ZADD z 1 a");
  server.Run("ZCARD z");
  const Reply reply = server.Run("EXEC");
  CHECK(reply[0].is_null());
  CHECK(reply[3] == Integer(2));
  CHECK(waiter.Read()[1] == "a");
}

TEST_CASE("EXEC: QUEUE WAIT inside answers at once") {
  TestServer server;
  server.Run("QUEUE CREATE q MAXACTIVE 0");
  server.Run("ENTERQUEUE q u");
  server.Run("MULTI");
  server.Run("QUEUE WAIT q u 0");
  server.Run("PING");
  const Reply reply = server.Run("EXEC");
  REQUIRE(reply.elements.size() == 2);
  CHECK(reply[1] == "PONG");
  TestClient waiter(server);
  waiter.Send({"QUEUE", "WAIT", "q", "u", "0"});
  CHECK(waiter.blocked());
}

TEST_CASE("EXEC: is one record of the journal, even of a single command") {
  TestServer server = WithJournal();
  server.Run("MULTI");
  server.Run("SET a 1");
  server.Run("GET a");
  server.Run("EXEC");
  server.Run("MULTI");
  server.Run("SET b 1");
  server.Run("SELECT 2");
  server.Run("SET c 1");
  server.Run("EXEC");
  server.Run("MULTI");
  server.Run("GET c");
  server.Run("EXEC");
  server.Run("SET d 1");
  const std::vector<std::string> records = Journal(server);
  REQUIRE(records.size() == 3);
  CHECK(Words(records[0]) == "MULTI SET a 1 EXEC");
  CHECK(Words(records[1]) == "MULTI SET b 1 SELECT 2 SET c 1 EXEC SELECT 0");
  CHECK(Words(records[2]) == "SELECT 2 SET d 1 SELECT 0");
}

TEST_CASE("EXEC: sizes of all its databases are accounted") {
  TestServer server;
  server.Run("MULTI");
  server.Run("SET a 1");
  server.Run("SELECT 1");
  server.Run("SET b 1");
  server.Run("SET c 1");
  server.Run("SELECT 0");
  server.Run("EXEC");
  const std::string info = server.Run("INFO keyspace").text;
  CHECK(info.find("db0:keys=1,") != std::string::npos);
  CHECK(info.find("db1:keys=2,") != std::string::npos);
}

TEST_CASE("EXEC: counts its commands and itself") {
  TestServer server;
  server.Run("CONFIG RESETSTAT");
  server.Run("MULTI");
  server.Run("SET a 1");
  server.Run("INCR b");
  server.Run("EXEC");
  const std::string info = server.Run("INFO commandstats").text;
  for (const char* name :
       {"cmdstat_set:calls=1", "cmdstat_incr:calls=1", "cmdstat_exec:calls=1", "cmdstat_multi:calls=1"}) {
    CAPTURE(name);
    CHECK(info.find(name) != std::string::npos);
  }
}

TEST_CASE("CLIENT REPLY: counts a transaction as one command") {
  TestServer server;
  TestClient client(server);
  client.Feed("MULTI\r\nCLIENT REPLY SKIP\r\nECHO in\r\nEXEC\r\nECHO skipped\r\nECHO after\r\n");
  CHECK(client.Read() == "OK");
  CHECK(client.Read() == "QUEUED");
  CHECK(client.Read() == "QUEUED");
  server.DeliverMail();
  // As in Redis the array announces two replies of which one is missing: what follows takes its place.
  const Reply reply = client.Read();
  CHECK(reply[0] == "in");
  CHECK(reply[1] == "after");
}

TEST_CASE("CLIENT REPLY: OFF silences queueing and EXEC") {
  TestServer server;
  TestClient client(server);
  client.Feed("CLIENT REPLY OFF\r\nMULTI\r\nSET a 1\r\nEXEC\r\nEXEC\r\nCLIENT REPLY ON\r\nGET a\r\n");
  CHECK(client.Read() == "OK");
  CHECK(client.Read() == "1");
}

TEST_CASE("WATCH: a change of any kind by anybody fails EXEC, once") {
  TestServer server;
  TestClient other(server);
  for (const char* change : {"SET k 2", "DEL k", "EXPIRE k 100", "RENAME k j", "FLUSHALL", "FLUSHDB", "SWAPDB 0 1",
                             "MOVE k 1", "COPY x k REPLACE"}) {
    CAPTURE(change);
    other.Run("FLUSHALL");
    other.Run("MSET k 1 x 1");
    CHECK(server.Run("WATCH k") == "OK");
    other.Run(change);
    server.Run("MULTI");
    server.Run("PING");
    CHECK(server.Run("EXEC").is_null());
    server.Run("MULTI");
    CHECK(server.Run("EXEC").elements.empty());
  }
}

TEST_CASE("WATCH: what does not change the key does not fail EXEC") {
  TestServer server;
  TestClient other(server);
  for (const char* harmless : {"GET k", "SET j 1", "DEL none", "SELECT 1", "SWAPDB 2 3"}) {
    CAPTURE(harmless);
    server.Run("SET k 1");
    server.Run("WATCH k none");
    other.Run(harmless);
    server.Run("MULTI");
    server.Run("PING");
    CHECK(server.Run("EXEC").elements.size() == 1);
  }
}

TEST_CASE("WATCH: expiry since then fails EXEC, expiry before does not") {
  TestServer server;
  server.Run("SET k 1 PX 100");
  server.Run("WATCH k");
  server.clock().AdvanceMs(200);
  server.Run("MULTI");
  CHECK(server.Run("EXEC").is_null());
  server.Run("SET k 1 PX 100");
  server.clock().AdvanceMs(200);
  server.Run("WATCH k");
  CHECK(server.Run("GET k").is_null());
  server.Run("MULTI");
  CHECK(server.Run("EXEC").elements.empty());
  CHECK(server.Run("EXEC") == "ERR EXEC without MULTI");
}

TEST_CASE("WATCH: registrations go with EXEC, UNWATCH, DISCARD, RESET and the client") {
  TestServer server;
  const auto watched = [&] {
    size_t keys = 0;
    for (engine::ShardIndex shard = 0; shard < server.server().engine().shard_count(); ++shard) {
      REQUIRE(server.thread().executor.TryTake(shard));
      server.server().dispatcher().RunOwnWork(shard, server.thread(),
                                              [&](engine::ShardData& data) { keys += data.watched.keys(); });
      server.thread().executor.Release(shard);
    }
    return keys;
  };
  for (const char* end : {"EXEC", "UNWATCH", "DISCARD", "RESET", "leaves"}) {
    CAPTURE(end);
    {
      TestClient client(server);
      client.Run("WATCH a b c d");
      client.Run("SELECT 1");
      client.Run("WATCH a");
      CHECK(watched() == 5);
      if (end != std::string_view("UNWATCH")) client.Run("MULTI");
      if (end != std::string_view("leaves")) {
        client.Run(end);
        CHECK(watched() == 0);
      }
    }
    CHECK(watched() == 0);
  }
}

TEST_CASE("WATCH: is refused inside MULTI, without harm") {
  TestServer server;
  server.Run("MULTI");
  CHECK(server.Run("WATCH k") == "ERR WATCH inside MULTI is not allowed");
  CHECK(server.Run("MULTI") == "ERR MULTI calls can not be nested");
  CHECK(server.Run("EXEC").elements.empty());
}

TEST_CASE("CLIENT INFO: shows what is queued and whether a watched key has changed") {
  TestServer server;
  server.Run("WATCH k");
  TestClient other(server);
  other.Run("SET k 1");
  CHECK(server.Run("CLIENT INFO").text.find(" flags=d ") != std::string::npos);
  server.Run("MULTI");
  server.Run("PING");
  const std::string list = other.Run("CLIENT LIST").text;
  CHECK(list.find(" flags=xd ") != std::string::npos);
  CHECK(list.find(" multi=1 ") != std::string::npos);
  server.Run("DISCARD");
  CHECK(server.Run("CLIENT INFO").text.find(" multi=-1 ") != std::string::npos);
}

}  // namespace
}  // namespace usher::tests
