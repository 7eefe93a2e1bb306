// See expiry_job.h.
#include "server/expiry_job.h"

#include "engine/base/cycle_clock.h"
#include "engine/expiry_cycle.h"

namespace usher::server {

namespace {
constexpr size_t kRecordsPerStep = 128;
constexpr int64_t kLookAfterChangeMs = 100;
}  // namespace

ExpiryJob::ExpiryJob(engine::Engine& of_engine)
    : engine_(of_engine), next_expiry_(of_engine.shard_count()), seen_(of_engine.shard_count()) {}

bool ExpiryJob::IsDue(engine::ShardIndex shard, int64_t now_ms) {
  if (!active()) return false;
  if (next_expiry_.IsDue(shard, now_ms)) return true;
  const Seen& seen = seen_[shard];
  return engine_.shards()[shard]->stats().dirty.Get() != seen.dirty.load(std::memory_order_relaxed) &&
         now_ms - seen.visited_ms.load(std::memory_order_relaxed) >= kLookAfterChangeMs;
}

bool ExpiryJob::RunStep(engine::EngineContext& context, engine::ShardData& shard) {
  const int64_t start_ns = engine::CycleClock::NowNs();
  const bool more = engine::ExpireSome(context, shard, kRecordsPerStep);
  next_expiry_.Set(shard.index, engine::NextExpiryMs(shard).value_or(DueTimes::kNever));
  seen_[shard.index].dirty.store(shard.stats.dirty.Get(), std::memory_order_relaxed);
  seen_[shard.index].visited_ms.store(context.now_ms(), std::memory_order_relaxed);
  if (more) steps_cut_short_.fetch_add(1, std::memory_order_relaxed);
  spent_ns_.fetch_add(static_cast<uint64_t>(engine::CycleClock::NowNs() - start_ns), std::memory_order_relaxed);
  return more;
}

}  // namespace usher::server
