// See help_reply.h.
#include "server/commands/help_reply.h"

#include <string>

#include "server/command_context.h"

namespace usher::server {

namespace {
constexpr size_t kQuotedBytesMax = 128;
}

void ReplyHelp(CommandContext& ctx, std::span<const std::string_view> lines) {
  ctx.reply.Array(lines.size());
  for (const std::string_view line : lines) ctx.reply.SimpleString(line);
}

void ReplySubcommandSyntax(CommandContext& ctx) {
  std::string name(ctx.spec().name.substr(0, ctx.spec().name.find('|')));
  for (char& c : name) c = static_cast<char>(c & ~0x20);
  ctx.FailText("ERR unknown subcommand or wrong number of arguments for '" +
               std::string(ctx.args[1].substr(0, kQuotedBytesMax)) + "'. Try " + name + " HELP.");
}

}  // namespace usher::server
