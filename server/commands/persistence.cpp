// The data set on disk: SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE.
#include "server/persistence.h"

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"

namespace usher::server {

namespace {

void Save(CommandContext& ctx) {
  Persistence& persistence = ctx.server.persistence();
  if (persistence.saving_rdb()) return ctx.FailText("ERR Background save already in progress");
  if (!persistence.Save(ctx.engine)) return ctx.FailText("ERR");
  ctx.reply.Ok();
}

void BackgroundSave(CommandContext& ctx) {
  if (ctx.args.size() > 2 || (ctx.args.size() == 2 && !EqualsIgnoringCase(ctx.args[1], "SCHEDULE"))) {
    return ctx.Fail(engine::Error::kSyntax);
  }
  Persistence& persistence = ctx.server.persistence();
  if (persistence.saving_rdb()) return ctx.FailText("ERR Background save already in progress");
  if (ctx.client.in_exec() || (persistence.saving() && ctx.args.size() == 2)) {
    persistence.Schedule();
    return ctx.reply.SimpleString("Background saving scheduled");
  }
  if (!persistence.StartBackground(ctx.engine)) {
    return ctx.FailText(
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule "
        "a BGSAVE whenever possible.");
  }
  ctx.reply.SimpleString("Background saving started");
}

void RewriteAppendOnlyFile(CommandContext& ctx) {
  switch (ctx.server.aof().Rewrite(ctx.engine, /*later=*/ctx.client.in_exec())) {
    case Aof::Answer::kStarted:
      return ctx.reply.SimpleString("Background append only file rewriting started");
    case Aof::Answer::kScheduled:
      return ctx.reply.SimpleString("Background append only file rewriting scheduled");
    case Aof::Answer::kRunning:
      return ctx.FailText("ERR Background append only file rewriting already in progress");
    case Aof::Answer::kFailed:
      return ctx.FailText(
          "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.");
  }
}

void LastSave(CommandContext& ctx) {
  ctx.reply.Integer(ctx.server.persistence().last_save_s());
}

constexpr CommandSpec kRows[] = {
    {.name = "bgrewriteaof",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kAllShards,
     .handler = RewriteAppendOnlyFile},
    {.name = "bgsave",
     .arity = -1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kAllShards,
     .handler = BackgroundSave},
    {.name = "lastsave",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .categories = kCatAdmin | kCatDangerous,
     .handler = LastSave,
     .tips = "nondeterministic_output"},
    {.name = "save",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti | kAllShards | kLongWork,
     .handler = Save},
};

}  // namespace

const CommandGroup kPersistenceCommands{"server", kRows};

}  // namespace usher::server
