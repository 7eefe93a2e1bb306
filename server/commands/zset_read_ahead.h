// Read-ahead for commands whose requests name members of one sorted set (ZADD, ZRANK, ZSCORE ...).
#pragma once

#include <span>
#include <string_view>

#include "engine/engine_context.h"

namespace usher::server {

/// Loads the members at argument `kMember` of each request.
template <size_t kMember>
void ReadAheadMembers(engine::EngineContext& engine, const engine::Key& key,
                      std::span<const std::span<const std::string_view>> requests) {
  const engine::KeyEntry entry = engine.KeyspaceOf(key).Find(key);
  if (!entry || entry.type() != engine::ValueType::kZset) return;
  std::array<uint64_t, 32> hashes;
  size_t count = 0;
  for (const std::span<const std::string_view> args : requests) {
    if (args.size() > kMember && count < hashes.size()) hashes[count++] = engine::Zset::HashOf(args[kMember]);
  }
  entry.As<engine::Zset>().PrefetchAll({hashes.data(), count});
}

}  // namespace usher::server
