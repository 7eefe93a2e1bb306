// SLOWLOG GET, LEN, RESET and HELP. The log is server/slowlog.h.
#include "server/slowlog.h"

#include <limits>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr int64_t kCountDefault = 10;

constexpr std::string_view kHelpLines[] = {
    "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
    "HELP",
    "    Prints this help.",
};

Slowlog& CollectedLog(const CommandContext& ctx) {
  Slowlog& log = ctx.server.slowlog();
  log.Collect(ctx.server.config().slowlog_length_max);
  return log;
}

void SlowlogGet(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ReplySubcommandSyntax(ctx);
  int64_t count = kCountDefault;
  if (ctx.args.size() == 3) {
    const auto wanted = ToInteger(ctx.args[2]);
    if (!wanted || *wanted < -1) return ctx.FailText("ERR count should be greater than or equal to -1");
    count = *wanted == -1 ? std::numeric_limits<int64_t>::max() : *wanted;
  }
  const std::vector<SlowlogEntry> entries = CollectedLog(ctx).Newest(static_cast<size_t>(count));
  ctx.reply.Array(entries.size());
  for (const SlowlogEntry& entry : entries) {
    ctx.reply.Array(6);
    ctx.reply.Integer(static_cast<int64_t>(entry.id));
    ctx.reply.Integer(entry.time_s);
    ctx.reply.Integer(entry.duration_us);
    ctx.reply.Array(entry.args.size());
    for (const std::string& arg : entry.args) ctx.reply.Bulk(arg);
    ctx.reply.Bulk(entry.client_address);
    ctx.reply.Bulk(entry.client_name);
  }
}

void SlowlogLen(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(CollectedLog(ctx).size()));
}

void SlowlogReset(CommandContext& ctx) {
  ctx.server.slowlog().Reset();
  ctx.reply.Ok();
}

void SlowlogHelp(CommandContext& ctx) {
  ReplyHelp(ctx, kHelpLines);
}

constexpr uint32_t kFlags = kAdmin | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.name = "slowlog", .arity = -2, .flags = kContainer},
    {.name = "slowlog|get",
     .arity = -2,
     .flags = kFlags,
     .handler = SlowlogGet,
     .tips = "request_policy:all_nodes nondeterministic_output"},
    {.name = "slowlog|help", .arity = 2, .flags = kLoading | kStale, .handler = SlowlogHelp},
    {.name = "slowlog|len",
     .arity = 2,
     .flags = kFlags,
     .handler = SlowlogLen,
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "slowlog|reset",
     .arity = 2,
     .flags = kFlags,
     .handler = SlowlogReset,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
};

}  // namespace

const CommandGroup kSlowlogCommands{"server", kRows};

}  // namespace usher::server
