// The data set on disk: SAVE, BGSAVE, LASTSAVE.
#include "server/persistence.h"

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"

namespace usher::server {

namespace {

void Save(CommandContext& ctx) {
  Persistence& persistence = ctx.server.persistence();
  if (persistence.saving()) return ctx.FailText("ERR Background save already in progress");
  if (!persistence.Save(ctx.engine)) return ctx.FailText("ERR");
  ctx.reply.Ok();
}

void BackgroundSave(CommandContext& ctx) {
  if (ctx.args.size() > 2 || (ctx.args.size() == 2 && !EqualsIgnoringCase(ctx.args[1], "SCHEDULE"))) {
    return ctx.Fail(engine::Error::kSyntax);
  }
  if (!ctx.server.persistence().StartBackground(ctx.engine)) {
    return ctx.FailText("ERR Background save already in progress");
  }
  ctx.reply.SimpleString("Background saving started");
}

void LastSave(CommandContext& ctx) {
  ctx.reply.Integer(ctx.server.persistence().last_save_s());
}

constexpr CommandSpec kRows[] = {
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
