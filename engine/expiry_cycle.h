// Active expiry of one shard: deletes keys that have expired without anybody asking for them, a bounded number per
// call. Each deletion is journaled and reported like that of a key met by a command.
// Complexity: O(records handled). Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/engine_context.h"

namespace usher::engine {

/// Handles up to `records` index records of `shard` that are due. True if that was not all.
bool ExpireSome(EngineContext& context, ShardData& shard, size_t records);

/// A time not after the first expiry of the shard's keys; none without expiries. O(databases).
std::optional<int64_t> NextExpiryMs(const ShardData& shard);

}  // namespace usher::engine
