// CONFIG's subcommands through the dispatcher. What values mean is tested with server/config.h.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("CONFIG GET: patterns, several of them, and nothing") {
  TestServer server;
  CHECK(server.Run("CONFIG GET maxmemory")["maxmemory"] == "0");
  CHECK(server.Run("CONFIG GET maxmemory-pol* maxclients")["maxclients"] == "10000");
  CHECK(server.Run("CONFIG GET nosuch").elements.empty());
  CHECK(server.Run("CONFIG GET") == "ERR wrong number of arguments for 'config|get' command");
}

TEST_CASE("CONFIG SET: changes what commands read, all pairs or none") {
  TestServer server;
  CHECK(server.Run("CONFIG SET maxmemory 1mb maxmemory-policy allkeys-lru") == "OK");
  CHECK(server.server().config().maxmemory_bytes == 1 << 20);
  CHECK(server.server().engine().settings().maxmemory_bytes == 1 << 20);
  CHECK(server.Run("CONFIG SET maxmemory 2mb nosuch 1").is_error());
  CHECK(server.server().config().maxmemory_bytes == 1 << 20);
  CHECK(server.Run("CONFIG SET a b c") == "ERR syntax error");
}

TEST_CASE("CONFIG RESETSTAT: counters start again") {
  TestServer server;
  server.Run("GET a");
  server.Run("NOSUCH");
  CHECK(server.Run("CONFIG RESETSTAT") == "OK");
  CHECK(server.server().stats_reader().totals()[server::Total::kMisses] == 0);
  CHECK(server.server().error_stats().All().empty());
}

TEST_CASE("CONFIG REWRITE: needs a file") {
  TestServer server;
  CHECK(server.Run("CONFIG REWRITE") == "ERR The server is running without a config file");
}

TEST_CASE("CONFIG: unknown subcommands are named") {
  TestServer server;
  CHECK(server.Run("CONFIG FOO") == "ERR unknown subcommand 'FOO'. Try CONFIG HELP.");
  CHECK(server.Run("CONFIG HELP").elements.size() == 11);
}

}  // namespace
}  // namespace usher::tests
