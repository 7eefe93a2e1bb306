// ServerMetricsSource: the running server's numbers for the metrics endpoint (server/metrics.h), read from the counters
// where they are counted. Complexity: O(threads x commands + shards + clients) a scrape. Thread safety: any thread; no
// turn is needed.
#pragma once

#include "server/metrics.h"

namespace usher::server {

class Server;

class ServerMetricsSource final : public MetricsSource {
 public:
  explicit ServerMetricsSource(Server& server) : server_(server) {}
  void Collect(MetricsSink& sink) override;

 private:
  void CollectServer(MetricsSink& sink);
  void CollectDatabases(MetricsSink& sink);
  void CollectCommands(MetricsSink& sink);
  void CollectWorkers(MetricsSink& sink);

  Server& server_;
};

}  // namespace usher::server
