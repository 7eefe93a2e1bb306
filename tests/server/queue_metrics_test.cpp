// The waiting rooms' numbers on their way to a scrape.
#include "server/queue_metrics.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

class Source final : public server::MetricsSource {
 public:
  explicit Source(server::QueueMetricsJob& job) : job_(job) {}
  void Collect(server::MetricsSink& sink) override { job_.Report(sink); }

 private:
  server::QueueMetricsJob& job_;
};

void Tick(TestServer& server) {
  server.server().maintenance().SubmitDue(server.thread());
  server.DeliverMail();
}

TEST_CASE("QueueMetrics: a scrape sees each queue with keys, at most a second old") {
  TestServer server{{.now_ms = 1'000'000}};
  server::QueueMetricsJob job(server.server().engine().shard_count());
  server.server().maintenance().AddJob(job);
  Source source(job);
  const auto has = [&](const std::string& line) {
    return RenderMetrics(source, "concert_id").find(line + '\n') != std::string::npos;
  };
  for (const char* user : {"a", "b", "c"}) server.Run({"ENTERQUEUE", "q", user});
  server.clock().AdvanceMs(7'000);
  server.Run("MOVEACTIVE q 2");
  server.Run("ENTERQUEUE other a");
  Tick(server);
  CHECK(has("queue_wait_size{concert_id=\"q\"} 1"));
  CHECK(has("queue_active_size{concert_id=\"q\"} 2"));
  CHECK(has("queue_entered_total{concert_id=\"q\"} 3"));
  CHECK(has("queue_admitted_total{concert_id=\"q\"} 2"));
  CHECK(has("queue_wait_seconds_bucket{concert_id=\"q\",le=\"5\"} 0"));
  CHECK(has("queue_wait_seconds_bucket{concert_id=\"q\",le=\"10\"} 2"));
  CHECK(has("queue_wait_size{concert_id=\"other\"} 1"));
  server.Run("QUEUE DEL other");
  Tick(server);
  CHECK(has("queue_wait_size{concert_id=\"other\"} 1"));
  server.clock().AdvanceMs(1'000);
  Tick(server);
  CHECK_FALSE(has("queue_wait_size{concert_id=\"other\"} 1"));
}

}  // namespace
}  // namespace usher::tests
