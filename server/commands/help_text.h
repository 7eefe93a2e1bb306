// HELP of the commands with subcommands. Thread safety: writes a reply.
#pragma once

#include <span>
#include <string_view>

namespace usher::server {

class CommandContext;

/// Replies `lines` between the two parts that every HELP has: the headline and the line about HELP itself.
void ReplyHelp(CommandContext& ctx, std::string_view command, std::span<const std::string_view> lines);

/// Replies that the subcommand (args[1]) does not take these arguments.
void FailSubcommand(CommandContext& ctx, std::string_view command);

}  // namespace usher::server
