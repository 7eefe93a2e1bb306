// INFO. The text is server/info.h.
#include "server/info.h"

#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"

namespace usher::server {

namespace {

void Info(CommandContext& ctx) {
  ctx.reply.Verbatim("txt", InfoText(ctx.server, ctx.args.subspan(1)));
}

constexpr CommandSpec kRows[] = {
    {.name = "info",
     .arity = -1,
     .flags = kLoading | kStale,
     .categories = kCatDangerous,
     .handler = Info,
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
};

}  // namespace

const CommandGroup kInfoCommands{"server", kRows};

}  // namespace usher::server
