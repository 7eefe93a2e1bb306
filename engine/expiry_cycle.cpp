// See expiry_cycle.h.
#include "engine/expiry_cycle.h"

#include <algorithm>

namespace usher::engine {

bool ExpireSome(EngineContext& context, ShardData& shard, size_t records) {
  const int db_before = context.db();
  bool more = false;
  for (size_t db = 0; db < shard.databases.size() && !more; ++db) {
    Keyspace& keyspace = *shard.databases[db];
    context.set_db(static_cast<int>(db));
    more = keyspace.ExpireDue(context.now_ms(), records, [&](KeyEntry entry) {
      context.Expire(MakeKey(entry.key()), static_cast<int>(db));
      context.AppendToJournal({});
    });
  }
  context.set_db(db_before);
  return more;
}

std::optional<int64_t> NextExpiryMs(const ShardData& shard) {
  std::optional<int64_t> next_ms;
  for (const auto& keyspace : shard.databases) {
    if (keyspace->keys_with_expiry() == 0) continue;
    const std::optional<int64_t> step_ms = keyspace->NextExpiryStepMs();
    if (step_ms) next_ms = std::min(next_ms.value_or(*step_ms), *step_ms);
  }
  return next_ms;
}

}  // namespace usher::engine
