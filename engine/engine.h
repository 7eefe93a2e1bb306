// Engine: the shards, the settings, the journal and the clock: what exists once per process below the server.
// Thread safety: shards only through Turns; settings() is one atomic load; the rest is constant after construction.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/background_free.h"
#include "engine/base/clock.h"
#include "engine/base/mutex.h"
#include "engine/engine_settings.h"
#include "engine/journal.h"
#include "engine/turns.h"

namespace usher::engine {

class Engine {
 public:
  struct Options {
    size_t shard_count = 8;  // a power of two
    int databases = 16;
    size_t journal_bytes_max = 0;  // 0: no journal, until StartJournal()
  };

  Engine(Options options, EngineSettings settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// The current settings. The snapshot stays valid until the engine is destroyed.
  const EngineSettings& settings() const { return *settings_.load(std::memory_order_acquire); }
  void Publish(EngineSettings settings);

  /// How the keys of waiting rooms are named; fixed at start.
  const QueueKeyTemplates& queue_keys() const { return queue_keys_; }

  const std::vector<std::unique_ptr<Shard>>& shards() const { return shards_; }
  size_t shard_count() const { return shards_.size(); }
  ShardIndex ShardOf(uint16_t slot) const { return static_cast<ShardIndex>(slot & (shards_.size() - 1)); }
  int databases() const { return options_.databases; }
  BackgroundFree& background_free() { return background_free_; }
  /// Null when journaling is off.
  Journal* journal() { return journaling_.load(std::memory_order_acquire); }
  /// Starts and stops journaling, under the turns of all shards. A journal that is stopped keeps its place; about
  /// `bytes_max` of what everybody has read stay in memory.
  Journal& StartJournal(size_t bytes_max);
  void StopJournal() { journaling_.store(nullptr, std::memory_order_release); }

  /// Whether somebody wants to hear of every key that is changed (CLIENT TRACKING BCAST). To be raised under all turns,
  /// with ShardData::observed.
  bool broadcasting() const { return broadcasts_.load(std::memory_order_relaxed) != 0; }
  void AddBroadcast() { broadcasts_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveBroadcast() { broadcasts_.fetch_sub(1, std::memory_order_relaxed); }

  /// Memory of all keys, as accounted by the shards. O(shards).
  uint64_t KeyMemoryBytes() const;

 private:
  const Options options_;
  const QueueKeyTemplates queue_keys_;
  BackgroundFree background_free_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Journal> journal_;  // made once, under all turns
  std::atomic<Journal*> journaling_{nullptr};
  std::atomic<const EngineSettings*> settings_;
  std::atomic<uint32_t> broadcasts_{0};
  Mutex mutex_;
  std::vector<std::unique_ptr<const EngineSettings>>
      all_settings_;  // guarded by mutex_; kept, so readers need no count
};

}  // namespace usher::engine
