// Shard, Engine's array of them, and Turns: the proof that the turns of some shards are held, which is the one door to
// their keys. Only the dispatcher makes a Turns; it cannot be copied or kept.
// Thread safety: Shard's data belongs to whoever holds its turn; the counters may be read by anybody.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/assert.h"
#include "engine/base/owned_counter.h"
#include "engine/base/random.h"
#include "engine/blocked_index.h"
#include "engine/key_slot.h"
#include "engine/keyspace.h"
#include "engine/shard_set.h"
#include "engine/tracking_index.h"
#include "engine/watch_index.h"

namespace usher::server {
class Dispatcher;
}

namespace usher::engine {

class Evictor;
class ShardSnapshot;

/// Sizes of one logical database's part in a shard.
struct DatabaseStats {
  OwnedCounter keys;
  OwnedCounter expires;
  OwnedCounter expiry_ticks;  // Keyspace::expiry_ticks()
};

/// What one shard counts. Written under its turn, read by anybody.
struct ShardStats {
  explicit ShardStats(int database_count) : databases(static_cast<size_t>(database_count)) {}

  OwnedCounter hits;
  OwnedCounter misses;
  OwnedCounter expired;
  OwnedCounter evicted;
  OwnedCounter dirty;         // changes since start
  OwnedCounter memory_bytes;  // of all databases
  std::vector<DatabaseStats> databases;
  OwnedCounter queue_due_ms;  // when the first waiting room needs attention; 0: none does
};

/// Everything of one shard that the turn protects.
struct ShardData {
  ShardData(ShardIndex shard_index, int databases, uint64_t seed, const QueueKeyTemplates& queue_keys);
  ~ShardData();

  const ShardIndex index;
  std::vector<std::unique_ptr<Keyspace>> databases;
  BlockedIndex blocked;
  WatchIndex watched;
  TrackingIndex tracked;
  /// Somebody may want to hear of changed keys: set by whoever adds to one of the indexes above, taken back by
  /// EngineContext when a change finds them all empty. It is all that a change looks at as a rule.
  bool observed = false;
  ShardStats stats;
  Random random;
  int64_t last_now_us = 0;                  // time never goes back for a shard
  std::vector<size_t> accounted_bytes;      // per database, what stats.memory_bytes contains
  std::unique_ptr<Evictor> evictor;         // made when the shard first evicts
  std::unique_ptr<ShardSnapshot> snapshot;  // while one is written
};

class Shard {
 public:
  Shard(ShardIndex index, int databases, uint64_t seed, const QueueKeyTemplates& queue_keys)
      : data_(index, databases, seed, queue_keys) {}
  const ShardStats& stats() const { return data_.stats; }
  /// Only what it says is for anybody.
  const BlockedIndex& blocked() const { return data_.blocked; }

 private:
  friend class Turns;
  ShardData data_;
};

class Turns {
 public:
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  bool Holds(ShardIndex shard) const { return shard == one_ || (many_ != nullptr && many_->Contains(shard)); }
  bool HoldsAll(const ShardSet& shards) const {
    for (ShardIndex shard = shards.First(); shard != kNoShard; shard = shards.Next(shard + size_t{1})) {
      if (!Holds(shard)) return false;
    }
    return true;
  }
  /// Aborts unless the shard is held.
  ShardData& DataOf(ShardIndex shard) const {
    ASSERT(Holds(shard));
    return shards_[shard]->data_;
  }
  ShardData& DataOf(const Key& key) const { return DataOf(static_cast<ShardIndex>(key.slot & shard_mask_)); }
  Keyspace& KeyspaceOf(const Key& key, int db) const { return *DataOf(key).databases[static_cast<size_t>(db)]; }
  size_t shard_count() const { return shard_mask_ + size_t{1}; }
  /// The held shards in ascending order.
  template <class Fn>
  void ForEachHeld(Fn&& fn) const {
    if (many_ == nullptr) {
      if (one_ != kNoShard) fn(DataOf(one_));
      return;
    }
    many_->ForEach([&](ShardIndex shard) { fn(DataOf(shard)); });
  }

 private:
  friend class server::Dispatcher;
  Turns(const std::vector<std::unique_ptr<Shard>>& shards, ShardIndex one, const ShardSet* many)
      : shards_(shards.data()), shard_mask_(static_cast<uint16_t>(shards.size() - 1)), one_(one), many_(many) {}

  const std::unique_ptr<Shard>* shards_;
  uint16_t shard_mask_;
  ShardIndex one_;
  const ShardSet* many_;
};

}  // namespace usher::engine
