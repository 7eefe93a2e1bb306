// See stats_reader.h.
#include "server/stats_reader.h"

#include <algorithm>

namespace usher::server {

using engine::MutexLock;

void LatencyCounts::Add(const LatencyHistogram& histogram) {
  buckets.resize(LatencyHistogram::kBuckets);
  for (int bucket = 0; bucket < LatencyHistogram::kBuckets; ++bucket) {
    const uint64_t count = histogram.CountOf(bucket);
    buckets[static_cast<size_t>(bucket)] += count;
    total += count;
  }
}

void LatencyCounts::Subtract(const LatencyCounts& other) {
  for (size_t i = 0; i < other.buckets.size(); ++i) buckets[i] -= other.buckets[i];
  total -= other.total;
}

int64_t LatencyCounts::Percentile(double percent) const {
  const double wanted = percent / 100.0 * static_cast<double>(total);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    seen += buckets[bucket];
    if (seen > 0 && static_cast<double>(seen) >= wanted)
      return LatencyHistogram::UpperBoundOf(static_cast<int>(bucket));
  }
  return 0;
}

uint64_t LatencyCounts::CountUpTo(int bucket) const {
  uint64_t count = 0;
  const auto end = std::min(buckets.size(), static_cast<size_t>(bucket) + 1);
  for (size_t i = 0; i < end; ++i) count += buckets[i];
  return count;
}

StatsReader::StatsReader(const engine::Engine& of_engine, ServerStats& of_server)
    : engine_(of_engine), server_(of_server) {}

void StatsReader::AddThread(const ThreadStats& thread) {
  const MutexLock lock(mutex_);
  threads_.push_back(&thread);
}

void StatsReader::RemoveThread(const ThreadStats& thread) {
  const MutexLock lock(mutex_);
  std::erase(threads_, &thread);
}

Totals StatsReader::Sum() const {
  Totals sum;
  for (const ThreadStats* thread : threads_) {
    sum.Add(Total::kCommands, thread->commands_processed.Get());
    sum.Add(Total::kNetInBytes, thread->net_in_bytes.Get());
    sum.Add(Total::kNetOutBytes, thread->net_out_bytes.Get());
    sum.Add(Total::kReads, thread->reads.Get());
    sum.Add(Total::kWrites, thread->writes.Get());
    sum.Add(Total::kParked, thread->parked.Get());
    sum.Add(Total::kForeignRuns, thread->foreign_runs.Get());
    sum.Add(Total::kErrorReplies, thread->error_replies.Get());
  }
  for (const auto& shard : engine_.shards()) {
    const engine::ShardStats& stats = shard->stats();
    sum.Add(Total::kHits, stats.hits.Get());
    sum.Add(Total::kMisses, stats.misses.Get());
    sum.Add(Total::kExpired, stats.expired.Get());
    sum.Add(Total::kEvicted, stats.evicted.Get());
  }
  sum.Add(Total::kConnections, server_.connections_received.load());
  sum.Add(Total::kConnectionsRejected, server_.connections_rejected.load());
  sum.Add(Total::kQueryLimitDisconnections, server_.query_buffer_limit_disconnections.load());
  sum.Add(Total::kOutputLimitDisconnections, server_.output_buffer_limit_disconnections.load());
  return sum;
}

CommandTotals StatsReader::SumCommand(size_t row_index) const {
  CommandTotals sum;
  for (const ThreadStats* thread : threads_) {
    const CommandCounters& counters = thread->commands[row_index];
    sum.calls += counters.calls.Get();
    sum.ns += counters.ns.Get();
    sum.rejected += counters.rejected.Get();
    sum.failed += counters.failed.Get();
  }
  return sum;
}

LatencyCounts StatsReader::SumLatencies(size_t row_index) const {
  LatencyCounts sum;
  for (const ThreadStats* thread : threads_) {
    const LatencyHistogram* latencies = thread->commands[row_index].latencies.load(std::memory_order_acquire);
    if (latencies != nullptr) sum.Add(*latencies);
  }
  return sum;
}

Totals StatsReader::totals() const {
  const MutexLock lock(mutex_);
  Totals totals = Sum();
  totals.Subtract(baseline_.totals);
  return totals;
}

CommandTotals StatsReader::Command(size_t row_index) const {
  const MutexLock lock(mutex_);
  CommandTotals totals = SumCommand(row_index);
  const CommandTotals& base = baseline_.commands[row_index];
  return {totals.calls - base.calls, totals.ns - base.ns, totals.rejected - base.rejected, totals.failed - base.failed};
}

LatencyCounts StatsReader::Latencies(size_t row_index) const {
  const MutexLock lock(mutex_);
  LatencyCounts counts = SumLatencies(row_index);
  counts.Subtract(baseline_.latencies[row_index]);
  return counts;
}

DatabaseTotals StatsReader::Database(int db) const {
  DatabaseTotals totals;
  for (const auto& shard : engine_.shards()) {
    const engine::DatabaseStats& stats = shard->stats().databases[static_cast<size_t>(db)];
    totals.keys += stats.keys.Get();
    totals.expires += stats.expires.Get();
    totals.expiry_ticks += stats.expiry_ticks.Get();
  }
  return totals;
}

int64_t DatabaseTotals::MeanTtlMs(int64_t now_ms) const {
  if (expires == 0) return 0;
  const auto mean_ms = static_cast<int64_t>(expiry_ticks / expires) * engine::Keyspace::kTickMs;
  return std::max<int64_t>(mean_ms - now_ms, 0);
}

uint64_t StatsReader::Dirty() const {
  uint64_t total = 0;
  for (const auto& shard : engine_.shards()) total += shard->stats().dirty.Get();
  return total;
}

uint64_t StatsReader::ParkedNow() const {
  const MutexLock lock(mutex_);
  uint64_t granted = 0;
  for (const ThreadStats* thread : threads_) granted += thread->foreign_runs.Get();
  uint64_t parked = 0;  // read later, so the difference is not negative
  for (const ThreadStats* thread : threads_) parked += thread->parked.Get();
  return parked > granted ? parked - granted : 0;
}

StatsReader::LuaBytes StatsReader::Lua() const {
  const MutexLock lock(mutex_);
  LuaBytes bytes;
  for (const ThreadStats* thread : threads_) {
    bytes.eval += thread->lua_eval_bytes.Get();
    bytes.functions += thread->lua_function_bytes.Get();
  }
  return bytes;
}

void StatsReader::Reset() {
  const MutexLock lock(mutex_);
  baseline_.totals = Sum();
  for (size_t row = 0; row < kCommandsMax; ++row) {
    baseline_.commands[row] = SumCommand(row);
    baseline_.latencies[row] = SumLatencies(row);
  }
}

void StatsReader::Sample(int64_t now_ns) {
  const MutexLock lock(mutex_);
  samples_[samples_taken_ % kSamples] = {now_ns, Sum()};
  ++samples_taken_;
}

double StatsReader::PerSecond(Total which) const {
  const MutexLock lock(mutex_);
  if (samples_taken_ < 2) return 0;
  const RateSample& newest = samples_[(samples_taken_ - 1) % kSamples];
  const RateSample& oldest = samples_[samples_taken_ > kSamples ? samples_taken_ % kSamples : 0];
  const double seconds = static_cast<double>(newest.at_ns - oldest.at_ns) / 1e9;
  return seconds <= 0 ? 0 : static_cast<double>(newest.totals[which] - oldest.totals[which]) / seconds;
}

}  // namespace usher::server
