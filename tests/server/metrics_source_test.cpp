// ServerMetricsSource: the scrape holds the server's counters.
#include "server/metrics_source.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::server {
namespace {

TEST_CASE("ServerMetricsSource: a scrape shows what was counted") {
  tests::TestServer server;
  server.Run("SET a 1");
  server.Run("SET b 1 EX 100");
  server.Run("GET a");
  ServerMetricsSource source(server.server());
  const std::string text = RenderMetrics(source, "concert_id");
  CHECK(text.find("redis_commands_processed_total 3") != std::string::npos);
  CHECK(text.find("redis_keyspace_hits_total 1") != std::string::npos);
  CHECK(text.find("redis_db_keys{db=\"db0\"} 2") != std::string::npos);
  CHECK(text.find("redis_db_keys_expiring{db=\"db0\"} 1") != std::string::npos);
}

}  // namespace
}  // namespace usher::server
