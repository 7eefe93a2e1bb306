// DEBUG: who may use it, which turns its parts take, and digests equal to redis-server's.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TestServerOptions WithDebug() {
  return {.config = {{"enable-debug-command", "yes"}}};
}

TEST_CASE("DEBUG: is refused unless the configuration allows it") {
  TestServer server;
  CHECK(server.Run("DEBUG SLEEP 0").text.starts_with("ERR DEBUG command not allowed."));
  CHECK(server.Run("DEBUG NOSUCH").text.starts_with("ERR DEBUG command not allowed."));
  TestServer local({.config = {{"enable-debug-command", "local"}}});
  CHECK(local.Run("DEBUG SLEEP 0").is_error());  // a test's client has no address
}

TEST_CASE("DEBUG: wrong subcommands and counts of arguments are named as they were written") {
  TestServer server(WithDebug());
  CHECK(server.Run("DEBUG Nosuch") ==
        "ERR unknown subcommand or wrong number of arguments for 'Nosuch'. Try DEBUG HELP.");
  CHECK(server.Run("DEBUG SLEEP") ==
        "ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP.");
  CHECK(server.Run("DEBUG SLEEP 0 1").is_error());
  CHECK(server.Run("DEBUG") == "ERR wrong number of arguments for 'debug' command");
}

TEST_CASE("DEBUG SLEEP: takes all turns, or only that of a key") {
  TestServer server(WithDebug());
  CHECK(server.Run("DEBUG SLEEP 0") == "OK");
  CHECK(server.Run("DEBUG SLEEP 0 KEY k") == "OK");
  const auto row = server::CommandTable::Get().FindFull("debug|sleep");
  REQUIRE(row != nullptr);
  const std::vector<std::string_view> args = {"DEBUG", "SLEEP", "0", "key", "k"};
  std::vector<server::CommandKey> keys;
  REQUIRE(server::ExtractKeys(*row->spec, args, keys));
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].key.name == "k");
}

TEST_CASE("DEBUG: its parts are not commands of their own") {
  TestServer server;
  CHECK(server.Run("COMMAND INFO debug|sleep")[0].is_null());
  CHECK(server.Run("COMMAND INFO debug")[0][9].elements.empty());
  CHECK(server.Run("COMMAND LIST FILTERBY PATTERN debug*").elements.size() == 1);
}

TEST_CASE("DEBUG OBJECT: names the encoding") {
  TestServer server(WithDebug());
  server.Run("SET n 12");
  CHECK(server.Run("DEBUG OBJECT n").text.find(" encoding:int ") != std::string::npos);
  CHECK(server.Run("DEBUG OBJECT nokey") == "ERR no such key");
  CHECK(server.Run("DEBUG LISTPACK n") == "ERR Not a listpack encoded object.");
}

TEST_CASE("DEBUG POPULATE: creates what is missing") {
  TestServer server(WithDebug());
  server.Run("SET p:1 mine");
  CHECK(server.Run("DEBUG POPULATE 3 p 10") == "OK");
  CHECK(server.Run("GET p:1") == "mine");
  CHECK(server.Run("GET p:2").text == "value:2" + std::string(3, '\0'));
  CHECK(server.server().stats_reader().Database(0).keys == 3);
}

TEST_CASE("DEBUG DIGEST: ignores order, sees values and expiry") {
  TestServer one(WithDebug());
  TestServer two(WithDebug());
  CHECK(one.Run("DEBUG DIGEST") == std::string(40, '0'));
  one.Run("SET a 1");
  one.Run("SET b 2");
  two.Run("SET b 2");
  CHECK(one.Run("DEBUG DIGEST") != two.Run("DEBUG DIGEST"));
  two.Run("SET a 1");
  CHECK(one.Run("DEBUG DIGEST") == two.Run("DEBUG DIGEST"));
  two.Run("SET a 1 EX 10");
  CHECK(one.Run("DEBUG DIGEST") != two.Run("DEBUG DIGEST"));
}

TEST_CASE("DEBUG DIGEST-VALUE: as redis-server") {
  TestServer server(WithDebug());
  server.Run("SET a b");
  server.Run("SET n 12345");
  CHECK(server.Run("DEBUG DIGEST-VALUE a nokey")[0] == "b78559cd22bce6e6df712eb99ce7f3b08e8f8f1f");
  CHECK(server.Run("DEBUG DIGEST-VALUE a nokey")[1] == std::string(40, '0'));
}

TEST_CASE("DEBUG DIGEST: one string, as redis-server") {
  TestServer server(WithDebug());
  server.Run("SET a b");
  CHECK(server.Run("DEBUG DIGEST") == "479783d7290f02957dfbe3408a858ba13eea1709");
}

TEST_CASE("DEBUG: small ones") {
  TestServer server(WithDebug());
  CHECK(server.Run("DEBUG ERROR FOO") == "FOO");
  const std::string before = server.server().replication_id().Get();
  CHECK(server.Run("DEBUG CHANGE-REPL-ID") == "OK");
  CHECK(server.server().replication_id().Get() != before);
  CHECK(server.Run("DEBUG SET-ACTIVE-EXPIRE 0") == "OK");
  CHECK_FALSE(server.server().expiry().active());
  CHECK(server.Run("DEBUG PROTOCOL map").elements.size() == 6);
  CHECK(server.Run("DEBUG PROTOCOL push") == "ERR RESP2 is not supported by this command");
  CHECK(server.Run("DEBUG QUICKLIST-PACKED-THRESHOLD 100x").is_error());
  CHECK(server.Run("DEBUG LOADAOF").is_error());
}

}  // namespace
}  // namespace usher::tests
