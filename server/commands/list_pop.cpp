// See list_pop.h.
#include "server/commands/list_pop.h"

#include <algorithm>

namespace usher::server {

using engine::Key;
using engine::kNotifyList;
using engine::List;
using engine::ListEnd;

ListRange::ListRange(int64_t first_index, int64_t last_index, uint64_t size) {
  const auto length = static_cast<int64_t>(size);
  if (first_index < 0) first_index = std::max<int64_t>(first_index + length, 0);
  if (last_index < 0) last_index += length;
  last_index = std::min(last_index, length - 1);
  if (first_index > last_index) return;
  first = static_cast<uint64_t>(first_index);
  count = static_cast<uint64_t>(last_index - first_index + 1);
}

void PushTexts(CommandContext& ctx, const Key& key, List& list, ListEnd end, std::span<const std::string_view> texts) {
  const engine::ListLimits& limits = ctx.engine.settings().list;
  size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  list.PrepareToGrow(bytes, texts.size(), limits);
  for (const std::string_view text : texts) list.Push(end, text, limits);
  ctx.engine.Modified(key, kNotifyList, end == ListEnd::kHead ? "lpush" : "rpush");
}

void FinishListRemoval(CommandContext& ctx, const Key& key, engine::Writable<List>& list, std::string_view event) {
  if (!list->empty()) list->ShrinkIfSmall(ctx.engine.settings().list);
  ctx.engine.Modified(key, kNotifyList, event);
  list.Finish();
}

void PopAndReply(CommandContext& ctx, const Key& key, engine::Writable<List>& list, ListEnd end, uint64_t count) {
  list->Pop(end, count, [&](std::string_view text) { ctx.reply.Bulk(text); });
  FinishListRemoval(ctx, key, list, end == ListEnd::kHead ? "lpop" : "rpop");
}

}  // namespace usher::server
