// INFO: which sections are shown, and that the values are the server's.
#include "server/info.h"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "server/memory_report.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::vector<std::string> TitlesOf(const Reply& reply) {
  std::vector<std::string> titles;
  std::istringstream lines(reply.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) titles.push_back(line.substr(2, line.size() - 3));
  }
  return titles;
}

/// The value of a field; "(none)" when INFO has no such field.
std::string FieldOf(const Reply& reply, const std::string& name) {
  std::istringstream lines(reply.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1, line.size() - name.size() - 2);
  }
  return "(none)";
}

TEST_CASE("INFO: sections are shown as Redis shows them") {
  TestServer server;
  using Titles = std::vector<std::string>;
  CHECK(TitlesOf(server.Run("INFO")) == Titles{"Server", "Clients", "Memory", "Persistence", "Stats", "Replication",
                                               "CPU", "Modules", "Errorstats", "Cluster", "Keyspace"});
  CHECK(TitlesOf(server.Run("INFO default")) == TitlesOf(server.Run("INFO")));
  CHECK(TitlesOf(server.Run("INFO keyspace SERVER nosuch")) == Titles{"Server", "Keyspace"});
  CHECK(TitlesOf(server.Run("INFO everything")).size() == 14);
  CHECK(server.Run("INFO nosuch") == "");
}

TEST_CASE("INFO: says which Redis it stands for") {
  TestServer server;
  const Reply info = server.Run("INFO server");
  CHECK(FieldOf(info, "redis_version") == "7.2.4");
  CHECK(FieldOf(info, "usher_version") != "(none)");
  CHECK(FieldOf(info, "usher_shards") == "4");
  CHECK(FieldOf(info, "run_id").size() == 40);
}

TEST_CASE("INFO: counters follow the commands") {
  TestServer server;
  server.Run("SET a 1");
  server.Run("SET b 1 EX 10");
  server.Run("GET a");
  server.Run("GET nokey");
  server.Run("NOSUCH");
  server.Run("GET");
  server.Run("SET a 1 FOO");
  CHECK(FieldOf(server.Run("INFO keyspace"), "db0").starts_with("keys=2,expires=1,avg_ttl="));
  const Reply stats = server.Run("INFO stats");
  CHECK(FieldOf(stats, "keyspace_hits") == "1");
  CHECK(FieldOf(stats, "keyspace_misses") == "1");
  CHECK(FieldOf(stats, "total_error_replies") == "3");
  CHECK(FieldOf(server.Run("INFO errorstats"), "errorstat_ERR") == "count=3");
  const Reply commands = server.Run("INFO commandstats");
  CHECK(FieldOf(commands, "cmdstat_set").starts_with("calls=3,"));
  CHECK(FieldOf(commands, "cmdstat_set").ends_with("rejected_calls=0,failed_calls=1"));
  CHECK(FieldOf(commands, "cmdstat_get").ends_with("rejected_calls=1,failed_calls=0"));
  CHECK(FieldOf(server.Run("INFO latencystats"), "latency_percentiles_usec_set").starts_with("p50="));
}

TEST_CASE("INFO: keys that are waited for, and those whose waits end with them") {
  TestServer server;
  const auto figures = [&] {
    const Reply info = server.Run("INFO clients");
    return FieldOf(info, "total_blocking_keys") + " " + FieldOf(info, "total_blocking_keys_on_nokey");
  };
  CHECK(figures() == "0 0");
  server.Run("XGROUP CREATE s g $ MKSTREAM");
  TestClient lists(server);
  TestClient group(server);
  lists.Send({"BLPOP", "a", "b", "a", "0"});
  group.Send({"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"});
  CHECK(figures() == "3 1");
  server.Run("RPUSH b x");
  CHECK(lists.Read()[0] == "b");
  CHECK(figures() == "1 1");
  server.Run("DEL s");
  CHECK(group.Read().is_error());
  CHECK(figures() == "0 0");
}

TEST_CASE("INFO: avg_ttl is the mean of all expiries, to the tick") {
  TestServer server;
  const auto mean_ms = [&] {
    const std::string field = FieldOf(server.Run("INFO keyspace"), "db0");
    return std::stoll(field.substr(field.find("avg_ttl=") + 8));
  };
  server.Run("SET stays v");
  CHECK(mean_ms() == 0);
  server.Run("SET a v PX 100000");
  server.Run("SET b v PX 500000");
  server.Run("PEXPIRE b 300000");
  CHECK(mean_ms() > 200'000 - 32);
  CHECK(mean_ms() <= 200'000);
  server.Run("RENAME b c");
  server.clock().AdvanceMs(50'000);
  CHECK(mean_ms() > 150'000 - 32);
  CHECK(mean_ms() <= 150'000);
  server.Run("PERSIST c");
  CHECK(mean_ms() > 50'000 - 32);
  server.Run("DEL a");
  CHECK(mean_ms() == 0);
}

TEST_CASE("INFO: what the allocator holds lies between what was given out and what the process occupies") {
  TestServer server;
  server.Run({"SET", "big", std::string(1 << 22, 'x')});
  const Reply memory = server.Run("INFO memory");
  CHECK(std::stoll(FieldOf(memory, "allocator_resident")) > 1 << 22);
  CHECK(std::stoll(FieldOf(memory, "allocator_resident")) < std::stoll(FieldOf(memory, "used_memory_rss")));
  CHECK(std::stod(FieldOf(memory, "rss_overhead_ratio")) > 1);
}

TEST_CASE("INFO: used_memory grows with the keys") {
  TestServer server;
  const int64_t before = std::stoll(FieldOf(server.Run("INFO memory"), "used_memory"));
  server.Run({"SET", "big", std::string(1 << 20, 'x')});
  const Reply after = server.Run("INFO memory");
  CHECK(std::stoll(FieldOf(after, "used_memory")) >= before + (1 << 20));
  CHECK(std::stoll(FieldOf(after, "used_memory_peak")) >= std::stoll(FieldOf(after, "used_memory")));
  CHECK(std::stoll(FieldOf(after, "used_memory_dataset")) >= 1 << 20);
}

TEST_CASE("INFO: Usher's section has a line per worker and shard") {
  TestServer server;
  const Reply info = server.Run("INFO usher");
  CHECK(FieldOf(info, "usher_parked_now") == "0");
  CHECK(FieldOf(info, "usher_worker0").starts_with("connections="));
  CHECK(FieldOf(info, "usher_shard3").starts_with("keys=0,"));
  CHECK(FieldOf(info, "usher_shard4") == "(none)");
}

TEST_CASE("HumanBytes: one letter and two decimals") {
  CHECK(server::HumanBytes(0) == "0B");
  CHECK(server::HumanBytes(1023) == "1023B");
  CHECK(server::HumanBytes(1024) == "1.00K");
  CHECK(server::HumanBytes(1'572'864) == "1.50M");
  CHECK(server::HumanBytes(uint64_t{5} << 30) == "5.00G");
}

}  // namespace
}  // namespace usher::tests
