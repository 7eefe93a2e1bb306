// Sorted sets: adding, scores and ranks.
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::kNotifyZset;
using engine::Zset;

void ZRank(CommandContext& ctx) {
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  const auto ranked = *zset == nullptr ? std::nullopt : (*zset)->Rank(ctx.args[2]);
  if (!ranked) return ctx.reply.Null();
  ctx.reply.Integer(static_cast<int64_t>(ranked->rank));
}

constexpr CommandSpec kRows[] = {
    {.name = "zrank",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .categories = kCatSortedSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = ZRank},
};

}  // namespace

const CommandGroup kZsetCommands{"sorted-set", kRows};

}  // namespace usher::server
