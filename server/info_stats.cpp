// INFO's sections of counters: stats, commandstats, errorstats, latencystats, keyspace and Usher's own.
#include <cmath>

#include "server/command_table.h"
#include "server/info.h"
#include "server/server.h"

namespace usher::server {

namespace {

void WriteStatsRates(const StatsReader& reader, InfoWriter& out) {
  out.Number("instantaneous_ops_per_sec", std::llround(reader.PerSecond(Total::kCommands)));
}

void WriteKilobyteRates(const StatsReader& reader, InfoWriter& out) {
  out.Real("instantaneous_input_kbps", reader.PerSecond(Total::kNetInBytes) / 1024, 2);
  out.Real("instantaneous_output_kbps", reader.PerSecond(Total::kNetOutBytes) / 1024, 2);
  out.Real("instantaneous_input_repl_kbps", 0, 2);
  out.Real("instantaneous_output_repl_kbps", 0, 2);
}

/// "50", "99.9": a percentile as Redis prints it, without trailing zeros.
std::string PercentileName(double percentile) {
  std::string text = FixedText(percentile, 6);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

void WriteWorkers(Server& server, InfoWriter& out) {
  for (const auto& worker : server.workers()) {
    const ThreadStats& stats = worker->stats();
    out.Text("usher_worker" + std::to_string(worker->index()),
             "connections=" + std::to_string(worker->connection_count()) + ",commands=" +
                 std::to_string(stats.commands_processed.Get()) + ",parked=" + std::to_string(stats.parked.Get()) +
                 ",granted_runs=" + std::to_string(stats.foreign_runs.Get()) +
                 ",loop_turns=" + std::to_string(stats.loop_turns.Get()));
  }
  for (const auto& thread : server.pool().threads()) {
    out.Text("usher_pool" + std::to_string(thread->index - server.workers().size()),
             "commands=" + std::to_string(thread->stats.commands_processed.Get()) +
                 ",granted_runs=" + std::to_string(thread->stats.foreign_runs.Get()));
  }
}

void WriteShards(Server& server, InfoWriter& out) {
  size_t index = 0;
  for (const auto& shard : server.engine().shards()) {
    const engine::ShardStats& stats = shard->stats();
    uint64_t keys = 0;
    for (const engine::DatabaseStats& database : stats.databases) keys += database.keys.Get();
    out.Text("usher_shard" + std::to_string(index++), "keys=" + std::to_string(keys) +
                                                          ",memory=" + std::to_string(stats.memory_bytes.Get()) +
                                                          ",changes=" + std::to_string(stats.dirty.Get()));
  }
}

}  // namespace

void WriteStatsInfo(Server& server, InfoWriter& out) {
  const StatsReader& reader = server.stats_reader();
  const Totals totals = reader.totals();
  out.Unsigned("total_connections_received", totals[Total::kConnections]);
  out.Unsigned("total_commands_processed", totals[Total::kCommands]);
  WriteStatsRates(reader, out);
  out.Unsigned("total_net_input_bytes", totals[Total::kNetInBytes]);
  out.Unsigned("total_net_output_bytes", totals[Total::kNetOutBytes]);
  out.Zeros({"total_net_repl_input_bytes", "total_net_repl_output_bytes"});
  WriteKilobyteRates(reader, out);
  out.Unsigned("rejected_connections", totals[Total::kConnectionsRejected]);
  out.Zeros({"sync_full", "sync_partial_ok", "sync_partial_err"});
  out.Unsigned("expired_keys", totals[Total::kExpired]);
  out.Real("expired_stale_perc", 0, 2);
  out.Unsigned("expired_time_cap_reached_count", server.expiry().steps_cut_short());
  out.Unsigned("expire_cycle_cpu_milliseconds", server.expiry().spent_ns() / 1'000'000);
  out.Unsigned("evicted_keys", totals[Total::kEvicted]);
  out.Number("evicted_clients", 0);
  out.Number("total_eviction_exceeded_time", server.memory_guard().TotalExceededMs());
  out.Number("current_eviction_exceeded_time", server.memory_guard().CurrentExceededMs());
  out.Unsigned("keyspace_hits", totals[Total::kHits]);
  out.Unsigned("keyspace_misses", totals[Total::kMisses]);
  out.Unsigned("pubsub_channels", server.pubsub().Count(ChannelKind::kChannel));
  out.Unsigned("pubsub_patterns", server.pubsub().Count(ChannelKind::kPattern));
  out.Unsigned("pubsubshard_channels", server.pubsub().Count(ChannelKind::kShardChannel));
  out.Zeros({"latest_fork_usec", "total_forks"});
  out.Unsigned("migrate_cached_sockets", server.migrate_links().size());
  out.Zeros({"slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits",
             "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time"});
  out.Unsigned("tracking_total_keys", server.tracking().keys());
  out.Unsigned("tracking_total_items", server.tracking().items());
  out.Unsigned("tracking_total_prefixes", server.tracking().prefixes());
  out.Number("unexpected_error_replies", 0);
  out.Unsigned("total_error_replies", totals[Total::kErrorReplies]);
  out.Number("dump_payload_sanitizations", 0);
  out.Unsigned("total_reads_processed", totals[Total::kReads]);
  out.Unsigned("total_writes_processed", totals[Total::kWrites]);
  out.Zeros(
      {"io_threaded_reads_processed", "io_threaded_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands"});
  out.Unsigned("client_query_buffer_limit_disconnections", totals[Total::kQueryLimitDisconnections]);
  out.Unsigned("client_output_buffer_limit_disconnections", totals[Total::kOutputLimitDisconnections]);
}

void WriteCommandStatsInfo(Server& server, InfoWriter& out) {
  for (const CommandRow& row : CommandTable::Get().rows()) {
    const CommandTotals totals = server.stats_reader().Command(row.index);
    if (totals.calls == 0 && totals.rejected == 0 && totals.failed == 0) continue;
    const uint64_t usec = totals.ns / 1000;
    const double per_call =
        totals.calls == 0 ? 0 : static_cast<double>(totals.ns) / 1e3 / static_cast<double>(totals.calls);
    out.Text("cmdstat_" + std::string(row.spec->name),
             "calls=" + std::to_string(totals.calls) + ",usec=" + std::to_string(usec) +
                 ",usec_per_call=" + FixedText(per_call, 2) + ",rejected_calls=" + std::to_string(totals.rejected) +
                 ",failed_calls=" + std::to_string(totals.failed));
  }
}

void WriteErrorStatsInfo(Server& server, InfoWriter& out) {
  for (const auto& [code, count] : server.error_stats().All()) {
    out.Text("errorstat_" + code, "count=" + std::to_string(count));
  }
}

void WriteLatencyStatsInfo(Server& server, InfoWriter& out) {
  for (const CommandRow& row : CommandTable::Get().rows()) {
    const LatencyCounts counts = server.stats_reader().Latencies(row.index);
    if (counts.total == 0) continue;
    std::string values;
    for (const double percentile : server.config().latency_percentiles) {
      if (!values.empty()) values += ',';
      values += 'p' + PercentileName(percentile) + '=' +
                FixedText(static_cast<double>(counts.Percentile(percentile)) / 1e3, 3);
    }
    out.Text("latency_percentiles_usec_" + std::string(row.spec->name), values);
  }
}

void WriteKeyspaceInfo(Server& server, InfoWriter& out) {
  const int64_t now_ms = server.clock().NowUs() / 1000;
  for (int db = 0; db < server.engine().databases(); ++db) {
    const DatabaseTotals totals = server.stats_reader().Database(db);
    if (totals.keys == 0) continue;
    out.Text("db" + std::to_string(db), "keys=" + std::to_string(totals.keys) +
                                            ",expires=" + std::to_string(totals.expires) +
                                            ",avg_ttl=" + std::to_string(totals.MeanTtlMs(now_ms)));
  }
}

void WriteUsherInfo(Server& server, InfoWriter& out) {
  const Totals totals = server.stats_reader().totals();
  out.Unsigned("usher_parked_total", totals[Total::kParked]);
  out.Unsigned("usher_parked_now", server.stats_reader().ParkedNow());
  out.Unsigned("usher_granted_runs", totals[Total::kForeignRuns]);
  out.Unsigned("usher_ready_list", server.scheduler().ready_count());
  const ScriptControl& scripts = server.script_control();
  out.Unsigned("usher_script_restarts", scripts.restarts.load(std::memory_order_relaxed));
  out.Unsigned("usher_script_strays_taken", scripts.strays_taken.load(std::memory_order_relaxed));
  out.Unsigned("usher_script_strays_failed", scripts.strays_failed.load(std::memory_order_relaxed));
  WriteWorkers(server, out);
  WriteShards(server, out);
}

}  // namespace usher::server
