// See zset_result.h.
#include "server/commands/zset_result.h"

namespace usher::server {

engine::ZsetLimits LimitsForResult(const engine::ZsetLimits& limits, size_t entries, size_t member_bytes_max) {
  if (entries <= limits.packed_entries_max && member_bytes_max <= limits.packed_value_bytes_max) return limits;
  engine::ZsetLimits table_at_once = limits;
  table_at_once.packed_entries_max = 0;
  return table_at_once;
}

void StoreZset(CommandContext& ctx, const engine::Key& key, const engine::Zset& result, std::string_view event) {
  const size_t size = result.size();
  if (size > 0) {
    ctx.engine.SetValue(key, result, engine::kNoExpiry);
    ctx.engine.Modified(key, engine::kNotifyZset, event);
  } else if (ctx.engine.Delete(key)) {
    ctx.engine.Modified(key, engine::kNotifyGeneric, "del");
  }
  ctx.reply.Integer(static_cast<int64_t>(size));
}

}  // namespace usher::server
