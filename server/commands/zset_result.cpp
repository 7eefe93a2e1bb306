// See zset_result.h.
#include "server/commands/zset_result.h"

namespace usher::server {

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
