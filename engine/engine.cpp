// See engine.h and turns.h.
#include "engine/engine.h"

#include "engine/eviction.h"
#include "engine/snapshot.h"

namespace usher::engine {

namespace {
uint64_t DrawSeed() {
  uint64_t seed = 0;
  FillSecure(&seed, sizeof seed);
  return seed;
}
}  // namespace

ShardData::ShardData(ShardIndex shard_index, int database_count, uint64_t seed, const QueueKeyTemplates& queue_keys)
    : index(shard_index), stats(database_count), random(seed) {
  accounted_bytes.resize(static_cast<size_t>(database_count));
  for (int db = 0; db < database_count; ++db) {
    databases.push_back(std::make_unique<Keyspace>(QueueKeyWatch{&queue_keys, &stats.queue_due_ms}));
  }
}

ShardData::~ShardData() = default;

Engine::Engine(Options options, EngineSettings settings)
    : options_(options),
      queue_keys_(settings.queue_wait_key, settings.queue_active_key, settings.queue_config_key,
                  settings.queue_token_key) {
  ASSERT(options.shard_count >= 1 && options.shard_count <= kShardsMax);
  ASSERT((options.shard_count & (options.shard_count - 1)) == 0);
  for (size_t i = 0; i < options.shard_count; ++i) {
    shards_.push_back(std::make_unique<Shard>(static_cast<ShardIndex>(i), options.databases, DrawSeed(), queue_keys_));
  }
  if (options.journal_bytes_max > 0) StartJournal(options.journal_bytes_max);
  Publish(std::move(settings));
}

Engine::~Engine() = default;

Journal& Engine::StartJournal(size_t bytes_max) {
  if (!journal_) journal_ = std::make_unique<Journal>(bytes_max);
  journaling_.store(journal_.get(), std::memory_order_release);
  return *journal_;
}

void Engine::Publish(EngineSettings settings) {
  const MutexLock lock(mutex_);
  all_settings_.push_back(std::make_unique<const EngineSettings>(std::move(settings)));
  settings_.store(all_settings_.back().get(), std::memory_order_release);
}

uint64_t Engine::KeyMemoryBytes() const {
  uint64_t total = 0;
  for (const auto& shard : shards_) total += shard->stats().memory_bytes.Get();
  return total;
}

}  // namespace usher::engine
