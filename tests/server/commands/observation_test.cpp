// SLOWLOG, LATENCY and MEMORY through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("SLOWLOG: logs what is slower than the threshold, passwords hidden") {
  TestServer server;
  CHECK(server.Run("SLOWLOG LEN") == Integer(0));
  server.Run("CONFIG SET slowlog-log-slower-than 0");
  server.Run("SET key value");
  server.Run("CONFIG SET requirepass secret");
  server.Run("CONFIG SET slowlog-log-slower-than -1");
  server.Run("SET key other");
  const Reply log = server.Run("SLOWLOG GET");
  REQUIRE(log.elements.size() == 3);
  CHECK(log[0][3][3] == "(redacted)");
  CHECK(log[1][3][0] == "SET");
  CHECK(log[1][3][2] == "value");
  CHECK(log[1][0] == Integer(1));
  CHECK(log[1][1] == Integer(1000));
  CHECK(log[2][3][2] == "slowlog-log-slower-than");
  CHECK(server.Run("SLOWLOG GET 1").elements.size() == 1);
  CHECK(server.Run("SLOWLOG GET -1").elements.size() == 3);
  CHECK(server.Run("SLOWLOG RESET") == "OK");
  CHECK(server.Run("SLOWLOG LEN") == Integer(0));
}

TEST_CASE("SLOWLOG: slowlog-max-len bounds it") {
  TestServer server;
  server.Run("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 2");
  for (int i = 0; i < 5; ++i) server.Run("GET a");
  CHECK(server.Run("SLOWLOG LEN") == Integer(2));
}

TEST_CASE("SLOWLOG: bad arguments") {
  TestServer server;
  CHECK(server.Run("SLOWLOG GET -2") == "ERR count should be greater than or equal to -1");
  CHECK(server.Run("SLOWLOG GET 1 2") ==
        "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.");
}

TEST_CASE("LATENCY: events of the threshold and more") {
  TestServer server;
  server.server().latency_monitor().Post("command", 900, 20);
  const Reply latest = server.Run("LATENCY LATEST");
  REQUIRE(latest.elements.size() == 1);
  CHECK(latest[0][0] == "command");
  CHECK(latest[0][2] == Integer(20));
  CHECK(server.Run("LATENCY HISTORY command")[0][0] == Integer(900));
  CHECK(server.Run("LATENCY GRAPH command").text.starts_with("command - high 20 ms, low 20 ms"));
  CHECK(server.Run("LATENCY GRAPH other") == "ERR No samples available for event 'other'");
  CHECK(server.Run("LATENCY RESET nosuch") == Integer(0));
  CHECK(server.Run("LATENCY RESET") == Integer(1));
  CHECK(server.Run("LATENCY LATEST").elements.empty());
}

TEST_CASE("LATENCY: a slow command is an event once monitoring is on") {
  TestServer server({.config = {{"enable-debug-command", "yes"}}});
  server.Run("DEBUG SLEEP 0.003");
  CHECK(server.Run("LATENCY LATEST").elements.empty());
  server.Run("CONFIG SET latency-monitor-threshold 2");
  server.Run("DEBUG SLEEP 0.003");
  CHECK(server.Run("LATENCY LATEST")[0][0] == "command");
}

TEST_CASE("LATENCY HISTOGRAM: counts add up") {
  TestServer server;
  for (int i = 0; i < 20; ++i) server.Run("GET a");
  const Reply histogram = server.Run("LATENCY HISTOGRAM get nosuch");
  REQUIRE(histogram.elements.size() == 2);
  CHECK(histogram["get"]["calls"] == Integer(20));
  CHECK(histogram["get"]["histogram_usec"].elements.back() == Integer(20));
  server.Run("CONFIG GET port");
  CHECK(server.Run("LATENCY HISTOGRAM config")["config|get"]["calls"] == Integer(1));
  CHECK(server.Run("LATENCY HISTOGRAM nosuch").elements.empty());
}

TEST_CASE("MEMORY USAGE: grows with the value; missing keys have none") {
  TestServer server;
  server.Run("SET small v");
  server.Run({"SET", "large", std::string(10'000, 'x')});
  const int64_t small = server.Run("MEMORY USAGE small").integer;
  CHECK(small > 0);
  CHECK(server.Run("MEMORY USAGE large SAMPLES 0").integer >= small + 9'000);
  CHECK(server.Run("MEMORY USAGE nokey").is_null());
  CHECK(server.Run("MEMORY USAGE small SAMPLES -1") == "ERR syntax error");
  CHECK(server.Run("MEMORY USAGE small FOO") == "ERR syntax error");
}

TEST_CASE("MEMORY STATS: names every database with keys") {
  TestServer server;
  server.Run("SET a 1");
  const Reply stats = server.Run("MEMORY STATS");
  CHECK(stats["keys.count"] == Integer(1));
  CHECK(stats["db.0"].elements.size() == 6);
  CHECK(stats["total.allocated"].integer > 0);
}

}  // namespace
}  // namespace usher::tests
