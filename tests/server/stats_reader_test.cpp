// StatsReader: sums, baselines and rates.
#include "server/stats_reader.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::server {
namespace {

TEST_CASE("StatsReader: sums threads and forgets what RESETSTAT found") {
  tests::TestServer server;
  StatsReader& reader = server.server().stats_reader();
  server.Run("SET a 1");
  server.Run("GET a");
  server.Run("GET b");
  CHECK(reader.totals()[Total::kCommands] == 3);
  CHECK(reader.totals()[Total::kHits] == 1);
  CHECK(reader.totals()[Total::kMisses] == 1);
  const size_t get = CommandTable::Get().Find("get")->index;
  CHECK(reader.Command(get).calls == 2);
  CHECK(reader.Latencies(get).total == 2);
  reader.Reset();
  CHECK(reader.totals()[Total::kCommands] == 0);
  CHECK(reader.Command(get).calls == 0);
  CHECK(reader.Latencies(get).total == 0);
  server.Run("GET a");
  CHECK(reader.Command(get).calls == 1);
  CHECK(reader.Dirty() == 1);
}

TEST_CASE("StatsReader: counts the keys of each database over all shards") {
  tests::TestServer server;
  StatsReader& reader = server.server().stats_reader();
  for (int i = 0; i < 20; ++i) server.Run("SET key" + std::to_string(i) + " v");
  server.Run("SET key0 v EX 100");
  CHECK(reader.Database(0).keys == 20);
  CHECK(reader.Database(0).expires == 1);
  CHECK(reader.Database(1).keys == 0);
}

TEST_CASE("StatsReader: a rate is the difference over the sampled time") {
  tests::TestServer server;
  StatsReader& reader = server.server().stats_reader();
  CHECK(reader.PerSecond(Total::kCommands) == 0);
  for (int sample = 0; sample <= 40; ++sample) {
    reader.Sample(sample * 100'000'000LL);
    for (int i = 0; i < 5; ++i) server.Run("GET a");
  }
  CHECK(reader.PerSecond(Total::kCommands) == doctest::Approx(50));
}

TEST_CASE("LatencyCounts: percentiles are upper bounds of buckets") {
  LatencyHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.Record(1'000);
  histogram.Record(1'000'000);
  LatencyCounts counts;
  CHECK(counts.Percentile(50) == 0);
  counts.Add(histogram);
  CHECK(counts.total == 100);
  CHECK(counts.Percentile(50) == LatencyHistogram::UpperBoundOf(LatencyHistogram::BucketOf(1'000)));
  CHECK(counts.Percentile(100) == LatencyHistogram::UpperBoundOf(LatencyHistogram::BucketOf(1'000'000)));
  CHECK(counts.CountUpTo(LatencyHistogram::BucketOf(500'000)) == 99);
}

}  // namespace
}  // namespace usher::server
