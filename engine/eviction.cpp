// See eviction.h.
#include "engine/eviction.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/access_clock.h"

namespace usher::engine {

namespace {
constexpr int kDrawRounds = 3;
constexpr size_t kWalkEntries = 512;
constexpr size_t kWalkEntriesWhenBarren = 64;

bool IsVolatile(EvictionPolicy policy) {
  return policy == EvictionPolicy::kVolatileLru || policy == EvictionPolicy::kVolatileLfu ||
         policy == EvictionPolicy::kVolatileRandom || policy == EvictionPolicy::kVolatileTtl;
}
}  // namespace

Evictor& Evictor::Of(ShardData& shard, const EngineContext& context) {
  if (shard.evictor == nullptr) shard.evictor = std::make_unique<Evictor>(context.engine().queue_keys());
  return *shard.evictor;
}

EvictResult Evictor::EvictOne(EngineContext& context, ShardData& shard) {
  FollowPolicy(context.settings());
  if (policy_ == EvictionPolicy::kNoEviction) return EvictResult::kNoCandidate;
  if (barren_ && shard.stats.dirty.Get() == barren_dirty_) return EvictResult::kNoCandidate;
  for (int round = 0; round < kDrawRounds; ++round) {
    Draw(context, shard);
    if (EvictBest(context, shard)) return EvictResult::kEvicted;
  }
  Walk(context, shard);
  if (EvictBest(context, shard)) return EvictResult::kEvicted;
  return barren_ ? EvictResult::kNoCandidate : EvictResult::kSearching;
}

// Scores of one policy mean nothing under another.
void Evictor::FollowPolicy(const EngineSettings& settings) {
  if (settings.policy == policy_) return;
  policy_ = settings.policy;
  only_volatile_ = IsVolatile(policy_);
  pool_size_ = 0;
  barren_ = false;
  walk_db_ = 0;
  walk_cursor_ = 0;
  found_in_walk_ = false;
}

bool Evictor::IsCandidate(KeyEntry entry) const {
  return (!only_volatile_ || entry.HasExpiry()) && !queue_keys_.IsQueueKey(entry.key());
}

uint64_t Evictor::ScoreOf(KeyEntry entry, const EngineContext& context, Random& random) const {
  switch (policy_) {
    case EvictionPolicy::kVolatileLru:
    case EvictionPolicy::kAllkeysLru:
      return LruIdleSeconds(entry.access(), context.now_ms());
    case EvictionPolicy::kVolatileLfu:
    case EvictionPolicy::kAllkeysLfu: {
      const LfuSettings lfu{static_cast<uint32_t>(context.settings().lfu_log_factor),
                            static_cast<uint32_t>(context.settings().lfu_decay_minutes)};
      return 255 - LfuFrequency(entry.access(), context.now_ms(), lfu);
    }
    case EvictionPolicy::kVolatileTtl:
      return UINT64_MAX - static_cast<uint64_t>(entry.expiry_ms());
    case EvictionPolicy::kVolatileRandom:
    case EvictionPolicy::kAllkeysRandom:
    case EvictionPolicy::kNoEviction:
      break;
  }
  return random.Next();
}

void Evictor::Offer(KeyEntry entry, int db, uint64_t score) {
  const auto end = pool_.begin() + static_cast<ptrdiff_t>(pool_size_);
  const bool full = pool_size_ == kPoolSize;
  if (full && score <= pool_.front().score) return;
  const bool known = std::any_of(pool_.begin(), end, [&](const Candidate& candidate) {
    return candidate.db == db && candidate.key == entry.key();
  });
  if (known) return;
  // A full pool loses its worst; the names' memory is reused.
  Candidate* place = full ? pool_.data() : pool_.data() + pool_size_++;
  place->score = score;
  place->db = db;
  place->key.assign(entry.key());
  for (; place > pool_.data() && place[-1].score > score; --place) std::swap(place[-1], place[0]);
  const Candidate* last = pool_.data() + pool_size_ - 1;
  for (; place < last && place[1].score < score; ++place) std::swap(place[1], place[0]);
}

void Evictor::Draw(const EngineContext& context, ShardData& shard) {
  for (size_t db = 0; db < shard.databases.size(); ++db) {
    const Keyspace& keyspace = *shard.databases[db];
    if (keyspace.size() == 0 || (only_volatile_ && keyspace.keys_with_expiry() == 0)) continue;
    for (int i = 0; i < context.settings().eviction_samples; ++i) {
      const KeyEntry entry = keyspace.RandomKey(shard.random);
      if (!IsCandidate(entry)) continue;
      Offer(entry, static_cast<int>(db), ScoreOf(entry, context, shard.random));
    }
  }
}

void Evictor::Walk(const EngineContext& context, ShardData& shard) {
  size_t entries = barren_ ? kWalkEntriesWhenBarren : kWalkEntries;
  size_t found = 0;
  while (found == 0 && entries > 0) {
    const Keyspace& keyspace = *shard.databases[walk_db_];
    const bool worth_it = keyspace.size() > 0 && (!only_volatile_ || keyspace.keys_with_expiry() > 0);
    if (worth_it) {
      walk_cursor_ = keyspace.Scan(walk_cursor_, [&](KeyEntry entry) {
        entries -= entries > 0 ? 1 : 0;
        if (!IsCandidate(entry)) return;
        Offer(entry, static_cast<int>(walk_db_), ScoreOf(entry, context, shard.random));
        ++found;
      });
    }
    if (found > 0) found_in_walk_ = true;
    if (worth_it && walk_cursor_ != 0) continue;
    walk_cursor_ = 0;
    if (++walk_db_ < shard.databases.size()) continue;
    walk_db_ = 0;
    const bool nothing = !std::exchange(found_in_walk_, false);
    if (nothing) {
      barren_ = true;
      barren_dirty_ = shard.stats.dirty.Get();
      return;
    }
  }
}

bool Evictor::EvictBest(EngineContext& context, ShardData& shard) {
  while (pool_size_ > 0) {
    const Candidate& best = pool_[--pool_size_];
    const Key key = MakeKey(best.key);
    const KeyEntry entry = shard.databases[static_cast<size_t>(best.db)]->Find(key);
    if (!entry || !IsCandidate(entry)) continue;
    barren_ = false;
    const int db_before = context.db();
    context.set_db(best.db);
    context.Evict(key, best.db);
    context.AppendToJournal({});
    context.set_db(db_before);
    return true;
  }
  return false;
}

}  // namespace usher::engine
