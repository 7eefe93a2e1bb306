// CONFIG GET, SET, REWRITE, RESETSTAT and HELP. What they mean is server/config.h; here are only arguments and replies.
#include "server/config.h"

#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/server.h"

namespace usher::server {
namespace {

constexpr std::string_view kHelpLines[] = {
    "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
    "HELP",
    "    Prints this help.",
};

void ReplyOutcome(CommandContext& ctx, const std::string& error) {
  if (!error.empty()) return ctx.FailText(error);
  ctx.reply.Ok();
}

void ConfigGet(CommandContext& ctx) {
  const std::vector<ConfigPair> found = ctx.server.mutable_config().Get(ctx.args.subspan(2));
  ctx.reply.Map(found.size());
  for (const ConfigPair& pair : found) {
    ctx.reply.Bulk(pair.name);
    ctx.reply.Bulk(pair.value);
  }
}

void ConfigSet(CommandContext& ctx) {
  const auto args = ctx.args.subspan(2);
  if (args.size() % 2 != 0) return ctx.Fail(engine::Error::kSyntax);
  std::vector<ConfigPair> pairs;
  for (size_t i = 0; i < args.size(); i += 2) pairs.push_back({std::string(args[i]), std::string(args[i + 1])});
  const auto caller = IsLocalClient(*ctx.client.info) ? Config::Caller::kLocal : Config::Caller::kRemote;
  ReplyOutcome(ctx, ctx.server.mutable_config().Set(pairs, caller));
}

void ConfigResetStat(CommandContext& ctx) {
  ctx.server.stats_reader().Reset();
  ctx.server.error_stats().Reset();
  ctx.reply.Ok();
}

void ConfigRewrite(CommandContext& ctx) {
  ReplyOutcome(ctx, ctx.server.mutable_config().Rewrite());
}

void ConfigHelp(CommandContext& ctx) {
  ReplyHelp(ctx, kHelpLines);
}

constexpr uint32_t kConfigFlags = kAdmin | kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.name = "config", .arity = -2, .flags = kContainer},
    {.name = "config|get", .arity = -3, .flags = kConfigFlags, .handler = ConfigGet},
    {.name = "config|set",
     .arity = -4,
     .flags = kConfigFlags,
     .handler = ConfigSet,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "config|resetstat", .arity = 2, .flags = kConfigFlags, .handler = ConfigResetStat},
    {.name = "config|rewrite", .arity = 2, .flags = kConfigFlags, .handler = ConfigRewrite},
    {.name = "config|help", .arity = 2, .flags = kLoading | kStale, .handler = ConfigHelp},
};

}  // namespace

const CommandGroup kConfigCommands{"server", kRows};

}  // namespace usher::server
