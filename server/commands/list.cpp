// Lists: pushing, popping and reading. Changes inside are in list_edit.cpp, moves in list_move.cpp, what may wait in
// list_block.cpp.
#include <algorithm>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/list_pop.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::List;
using engine::ListEnd;

constexpr int64_t kElementNs = 30;  // to read one and reply it

template <ListEnd kEnd>
void Push(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteOrCreate<List>(key);
  if (!list) return ctx.Fail(list.error());
  PushTexts(ctx, key, **list, kEnd, ctx.args.subspan(2));
  ctx.reply.Integer(static_cast<int64_t>((*list)->size()));
}

template <ListEnd kEnd>
void PushIfExists(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteAs<List>(key);
  if (!list) return ctx.Fail(list.error());
  if (!*list) return ctx.reply.Integer(0);
  PushTexts(ctx, key, **list, kEnd, ctx.args.subspan(2));
  ctx.reply.Integer(static_cast<int64_t>((*list)->size()));
}

template <ListEnd kEnd>
void Pop(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ctx.FailArity();
  const bool counted = ctx.args.size() == 3;
  const std::optional<int64_t> wanted = counted ? ToInteger(ctx.args[2]) : 1;
  if (!wanted || *wanted < 0) return ctx.Fail(Error::kMustBePositive);
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteAs<List>(key);
  if (!list) return ctx.Fail(list.error());
  if (!*list) return counted ? ctx.reply.NullArray() : ctx.reply.Null();
  const uint64_t count = std::min(static_cast<uint64_t>(*wanted), (*list)->size());
  if (counted) ctx.reply.Array(count);
  if (count > 0) PopAndReply(ctx, key, *list, kEnd, count);
}

void LLen(CommandContext& ctx) {
  const auto list = ctx.engine.ReadAs<List>(ctx.KeyAt(1));
  if (!list) return ctx.Fail(list.error());
  ctx.reply.Integer(*list == nullptr ? 0 : static_cast<int64_t>((*list)->size()));
}

void LIndex(CommandContext& ctx) {
  const auto list = ctx.engine.ReadAs<List>(ctx.KeyAt(1));
  if (!list) return ctx.Fail(list.error());
  if (*list == nullptr) return ctx.reply.Null();
  const std::optional<int64_t> index = ToInteger(ctx.args[2]);
  if (!index) return ctx.Fail(Error::kNotAnInteger);
  const std::optional<uint64_t> found = ListIndex(*index, (*list)->size());
  if (!found) return ctx.reply.Null();
  engine::PackedScratch scratch;
  ctx.reply.Bulk((*list)->Get(*found, scratch));
}

void LRange(CommandContext& ctx) {
  const std::optional<int64_t> first = ToInteger(ctx.args[2]);
  const std::optional<int64_t> last = ToInteger(ctx.args[3]);
  if (!first || !last) return ctx.Fail(Error::kNotAnInteger);
  const auto list = ctx.engine.ReadAs<List>(ctx.KeyAt(1));
  if (!list) return ctx.Fail(list.error());
  if (*list == nullptr) return ctx.reply.Array(0);
  const ListRange range(*first, *last, (*list)->size());
  ctx.reply.Array(range.count);
  (*list)->ForRange(range.first, range.count, [&](std::string_view text) { ctx.reply.Bulk(text); });
}

/// What reading at most `count` elements of the key may take.
int64_t ReadCost(CommandContext& ctx, const Key& key, uint64_t count) {
  if (!HasList(ctx, key)) return 0;
  const uint64_t size = ctx.engine.Peek(key).As<List>().size();
  return static_cast<int64_t>(std::min(count, size)) * kElementNs;
}

int64_t RangeCost(CommandContext& ctx) {
  const std::optional<int64_t> first = ToInteger(ctx.args[2]);
  const std::optional<int64_t> last = ToInteger(ctx.args[3]);
  if (!first || !last) return 0;
  // Between indexes of different signs: at most as long as the list, which ReadCost knows.
  const bool same_sign = (*first < 0) == (*last < 0);
  if (same_sign && *last < *first) return 0;
  const uint64_t count = same_sign ? static_cast<uint64_t>(*last - *first) : ~uint64_t{0};
  return ReadCost(ctx, ctx.KeyAt(1), count);
}

int64_t PopCost(CommandContext& ctx) {
  const int64_t count = ToInteger(ctx.args[2]).value_or(0);
  return ReadCost(ctx, ctx.KeyAt(1), static_cast<uint64_t>(std::max<int64_t>(count, 0)));
}

constexpr CommandSpec PushRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -3,
          .flags = kWrite | kDenyOom | kFast,
          .categories = kCatList,
          .keys = OneKey(kKeyRw | kKeyInsert),
          .handler = handler};
}

constexpr CommandSpec PopRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -2,
          .flags = kWrite | kFast,
          .categories = kCatList,
          .keys = OneKey(kKeyRw | kKeyAccess | kKeyDelete),
          .handler = handler,
          .cost = PopCost,
          .cost_from_args = 3};
}

constexpr CommandSpec kRows[] = {
    PushRow("lpush", Push<ListEnd::kHead>),
    PushRow("rpush", Push<ListEnd::kTail>),
    PushRow("lpushx", PushIfExists<ListEnd::kHead>),
    PushRow("rpushx", PushIfExists<ListEnd::kTail>),
    PopRow("lpop", Pop<ListEnd::kHead>),
    PopRow("rpop", Pop<ListEnd::kTail>),
    {.name = "llen",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatList,
     .keys = OneKey(kKeyRo),
     .handler = LLen},
    {.name = "lindex",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kCatList,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = LIndex},
    {.name = "lrange",
     .arity = 4,
     .flags = kReadOnly,
     .categories = kCatList,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = LRange,
     .cost = RangeCost,
     .cost_from_args = 4},
};

}  // namespace

const CommandGroup kListCommands{"list", kRows};

}  // namespace usher::server
