// Evictor: chooses and deletes the keys of one shard that maxmemory-policy gives up first. As in Redis the choice is
// sampled: each round draws maxmemory-samples random keys per database, keeps the best of all rounds in a small pool,
// and takes the best of the pool. Keys of waiting rooms are never taken.
//
//   draw samples -> score (idle time, rarity of use, nearness of expiry) -> pool of 16, best last -> evict the last
//                                                                             that is still a candidate
//
// Where candidates are rare (few keys with expiry under a volatile policy, a shard full of waiting rooms) draws find
// none; then the tables are walked, a bounded part per call. Only a whole walk that found nothing makes the shard
// "barren"; it stays so, at little cost per call, until a candidate turns up.
// Complexity: EvictOne O(databases + samples) usually; a call never looks at more than about 1000 entries.
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/engine_context.h"
#include "engine/waiting_room_keys.h"

namespace usher::engine {

enum class EvictResult : uint8_t {
  kEvicted,
  kSearching,    // no candidate found yet; call again
  kNoCandidate,  // there is none
};

class Evictor {
 public:
  explicit Evictor(const QueueKeyTemplates& queue_keys) : queue_keys_(queue_keys) {}

  /// The shard's evictor, made at first use.
  static Evictor& Of(ShardData& shard, const EngineContext& context);

  /// Deletes one key, and journals that. Must be called outside a command's own changes: between Begin() and the
  /// handler, or in a context of its own.
  EvictResult EvictOne(EngineContext& context, ShardData& shard);

 private:
  struct Candidate {
    uint64_t score = 0;  // the higher, the sooner
    int db = 0;
    std::string key;
  };
  static constexpr size_t kPoolSize = 16;

  void FollowPolicy(const EngineSettings& settings);
  bool IsCandidate(KeyEntry entry) const;
  uint64_t ScoreOf(KeyEntry entry, const EngineContext& context, Random& random) const;
  void Offer(KeyEntry entry, int db, uint64_t score);
  void Draw(const EngineContext& context, ShardData& shard);
  void Walk(const EngineContext& context, ShardData& shard);
  bool EvictBest(EngineContext& context, ShardData& shard);

  const QueueKeyTemplates& queue_keys_;
  EvictionPolicy policy_ = EvictionPolicy::kNoEviction;
  bool only_volatile_ = false;
  std::array<Candidate, kPoolSize> pool_;  // ascending by score
  size_t pool_size_ = 0;

  // The walk.
  size_t walk_db_ = 0;
  uint64_t walk_cursor_ = 0;
  bool found_in_walk_ = false;
  bool barren_ = false;
  uint64_t barren_dirty_ = 0;  // the shard's changes when it was found barren
};

}  // namespace usher::engine
