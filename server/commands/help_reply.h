// Replies that every command with subcommands has: its help, and the error about a wrong subcommand.
// Thread safety: as the handler that calls.
#pragma once

#include <span>
#include <string_view>

namespace usher::server {

class CommandContext;

/// An array of simple strings.
void ReplyHelp(CommandContext& ctx, std::span<const std::string_view> lines);

/// "ERR unknown subcommand or wrong number of arguments for 'sub'. Try COMMAND HELP." for a subcommand at args[1].
void ReplySubcommandSyntax(CommandContext& ctx);

}  // namespace usher::server
