// See metrics_source.h.
#include "server/metrics_source.h"

#include "server/command_table.h"
#include "server/server.h"
#include "server/version.h"

namespace usher::server {

void ServerMetricsSource::Collect(MetricsSink& sink) {
  CollectServer(sink);
  CollectDatabases(sink);
  CollectCommands(sink);
  CollectWorkers(sink);
}

void ServerMetricsSource::CollectServer(MetricsSink& sink) {
  const Totals totals = server_.stats_reader().totals();
  const MemoryReport memory = server_.memory().Report(server_);
  ServerMetrics metrics;
  metrics.usher_version = kUsherVersion;
  metrics.uptime_seconds = static_cast<double>(server_.clock().NowUs() / 1000 - server_.start_ms()) / 1000;
  for (const auto& client : server_.clients().All()) {
    ++metrics.connected_clients;
    if ((client->flags.load(std::memory_order_relaxed) & kClientBlocked) != 0) ++metrics.blocked_clients;
  }
  metrics.connections_received = totals[Total::kConnections];
  metrics.rejected_connections = totals[Total::kConnectionsRejected];
  metrics.commands_processed = totals[Total::kCommands];
  metrics.memory_used_bytes = memory.used;
  metrics.memory_rss_bytes = memory.resident;
  metrics.memory_max_bytes = server_.config().maxmemory_bytes;
  metrics.keyspace_hits = totals[Total::kHits];
  metrics.keyspace_misses = totals[Total::kMisses];
  metrics.expired_keys = totals[Total::kExpired];
  metrics.evicted_keys = totals[Total::kEvicted];
  metrics.net_input_bytes = totals[Total::kNetInBytes];
  metrics.net_output_bytes = totals[Total::kNetOutBytes];
  sink.Server(metrics);
}

void ServerMetricsSource::CollectDatabases(MetricsSink& sink) {
  for (int db = 0; db < server_.engine().databases(); ++db) {
    const DatabaseTotals totals = server_.stats_reader().Database(db);
    if (db > 0 && totals.keys == 0) continue;
    sink.Db({static_cast<uint32_t>(db), totals.keys, totals.expires});
  }
}

void ServerMetricsSource::CollectCommands(MetricsSink& sink) {
  for (const CommandRow& row : CommandTable::Get().rows()) {
    const CommandTotals totals = server_.stats_reader().Command(row.index);
    if (totals.calls == 0 && totals.rejected == 0) continue;
    sink.Command({row.spec->name, totals.calls, totals.ns / 1000, totals.rejected, totals.failed});
  }
}

void ServerMetricsSource::CollectWorkers(MetricsSink& sink) {
  for (const auto& worker : server_.workers()) {
    const ThreadStats& stats = worker->stats();
    WorkerMetrics metrics;
    metrics.index = static_cast<uint32_t>(worker->index());
    metrics.connections = worker->connection_count();
    metrics.commands = stats.commands_processed.Get();
    metrics.parked_total = stats.parked.Get();
    metrics.loop_iterations = stats.loop_turns.Get();
    sink.Worker(metrics);
  }
}

}  // namespace usher::server
