// See help_text.h.
#include "server/commands/help_text.h"

#include <string>

#include "server/command_context.h"

namespace usher::server {

void ReplyHelp(CommandContext& ctx, std::string_view command, std::span<const std::string_view> lines) {
  ctx.reply.Array(lines.size() + 3);
  ctx.reply.SimpleString(std::string(command) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const std::string_view line : lines) ctx.reply.SimpleString(line);
  ctx.reply.SimpleString("HELP");
  ctx.reply.SimpleString("    Prints this help.");
}

void FailSubcommand(CommandContext& ctx, std::string_view command) {
  ctx.FailText("ERR unknown subcommand or wrong number of arguments for '" + std::string(ctx.args[1]) + "'. Try " +
               std::string(command) + " HELP.");
}

}  // namespace usher::server
