// Whole databases: FLUSHDB, FLUSHALL, SWAPDB; SELECT.
#include <limits>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/db_index.h"
#include "server/commands/groups.h"
#include "server/server.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::FreeWhere;

/// Flushes `count` databases from `first` on. Nobody can run while all turns are held, so the keys are freed in the
/// background unless SYNC asks for the memory at once.
void Flush(CommandContext& ctx, int first, int count) {
  const bool in_place = ctx.args.size() == 2 && EqualsIgnoringCase(ctx.args[1], "SYNC");
  const bool in_background = ctx.args.size() == 1 || (ctx.args.size() == 2 && EqualsIgnoringCase(ctx.args[1], "ASYNC"));
  if (!in_place && !in_background) return ctx.Fail(Error::kSyntax);
  const FreeWhere where = in_place ? FreeWhere::kHere : FreeWhere::kBackground;
  for (int db = first; db < first + count; ++db) ctx.engine.FlushDatabase(db, where);
  ctx.server.tracking().OnFlush(ctx.engine);
  ctx.reply.Ok();
}

void FlushDb(CommandContext& ctx) {
  Flush(ctx, ctx.engine.db(), 1);
}
void FlushAll(CommandContext& ctx) {
  Flush(ctx, 0, ctx.engine.engine().databases());
}

void SwapDb(CommandContext& ctx) {
  constexpr int64_t kIntMax = std::numeric_limits<int>::max();
  constexpr int64_t kIntMin = std::numeric_limits<int>::min();
  int64_t indexes[2] = {};
  for (size_t i = 0; i < 2; ++i) {
    const std::optional<int64_t> number = ToInteger(ctx.args[i + 1]);
    if (!number || *number < kIntMin || *number > kIntMax) {
      return ctx.FailText(i == 0 ? "ERR invalid first DB index" : "ERR invalid second DB index");
    }
    indexes[i] = *number;
  }
  for (const int64_t index : indexes) {
    if (index < 0 || index >= ctx.engine.engine().databases()) return ctx.Fail(Error::kDbIndexOutOfRange);
  }
  if (indexes[0] != indexes[1]) {
    ctx.engine.SwapDatabases(static_cast<int>(indexes[0]), static_cast<int>(indexes[1]));
  }
  ctx.reply.Ok();
}

void Select(CommandContext& ctx) {
  int db = 0;
  if (!ReadDbIndex(ctx, ctx.args[1], db)) return;
  ctx.client.db = db;
  ctx.client.info->db.store(db, std::memory_order_relaxed);
  ctx.reply.Ok();
}

constexpr CommandSpec kServerRows[] = {
    {.name = "flushall",
     .arity = -1,
     .flags = kWrite | kAllShards,
     .categories = kCatKeyspace | kCatDangerous,
     .handler = FlushAll,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "flushdb",
     .arity = -1,
     .flags = kWrite | kAllShards,
     .categories = kCatKeyspace | kCatDangerous,
     .handler = FlushDb,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "swapdb",
     .arity = 3,
     .flags = kWrite | kFast | kAllShards,
     .categories = kCatKeyspace | kCatDangerous,
     .handler = SwapDb},
};

constexpr CommandSpec kConnectionRows[] = {
    {.name = "select", .arity = 2, .flags = kLoading | kStale | kFast, .categories = kCatConnection, .handler = Select},
};

}  // namespace

const CommandGroup kKeyDatabaseCommands{"server", kServerRows};
const CommandGroup kSelectCommands{"connection", kConnectionRows};

}  // namespace usher::server
