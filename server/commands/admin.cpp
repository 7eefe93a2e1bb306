// The server as a whole: SHUTDOWN, TIME, ROLE, LOLWUT.
#include <span>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"
#include "server/version.h"

namespace usher::server {

namespace {

void Time(CommandContext& ctx) {
  const int64_t now_us = ctx.engine.now_us();
  ctx.reply.Array(2);
  ctx.reply.Bulk(std::to_string(now_us / 1'000'000));
  ctx.reply.Bulk(std::to_string(now_us % 1'000'000));
}

void Role(CommandContext& ctx) {
  ctx.reply.Array(3);
  ctx.reply.Bulk("master");
  ctx.reply.Integer(0);
  ctx.reply.Array(0);
}

struct ShutdownOptions {
  bool save = false;
  bool no_save = false;
  bool abort = false;
  bool now = false;    // changes nothing: there are no replicas to wait for
  bool force = false;  // stops even if the data set cannot be saved
};

bool ParseShutdown(std::span<const std::string_view> args, ShutdownOptions& options) {
  ArgReader reader(args, 1);
  while (!reader.done()) {
    if (!options.no_save && reader.Accept("SAVE")) {
      options.save = true;
    } else if (!options.save && reader.Accept("NOSAVE")) {
      options.no_save = true;
    } else if (reader.Accept("NOW")) {
      options.now = true;
    } else if (reader.Accept("FORCE")) {
      options.force = true;
    } else if (reader.Accept("ABORT")) {
      options.abort = true;
    } else {
      return false;
    }
  }
  return !options.abort || (!options.save && !options.no_save && !options.now && !options.force);
}

void Shutdown(CommandContext& ctx) {
  ShutdownOptions options;
  if (!ParseShutdown(ctx.args, options)) return ctx.Fail(engine::Error::kSyntax);
  if (options.abort) return ctx.FailText("ERR No shutdown in progress.");
  Persistence& persistence = ctx.server.persistence();
  const bool loading = (ctx.server.gate() & kGateLoading) != 0;
  if (ctx.server.aof().RefusesShutdown(options.force)) {
    return ctx.FailText("ERR Errors trying to SHUTDOWN. Check logs.");
  }
  const bool save = (options.save || (!options.no_save && persistence.SavesAtShutdown())) && !loading;
  if (save && !persistence.Save(ctx.engine) && !options.force) {
    return ctx.FailText("ERR Errors trying to SHUTDOWN. Check logs.");
  }
  // No reply, as in Redis: the connection closes.
  ctx.client.close_after_reply = true;
  ctx.server.RequestShutdown();
}

/// SHUTDOWN takes all turns, unless it is sure not to save.
bool NeedsNoTurns(std::span<const std::string_view> args, std::vector<CommandKey>*) {
  ShutdownOptions options;
  return !ParseShutdown(args, options) || options.no_save || options.abort;
}

constexpr std::string_view kDrawing =
    "\n"
    "    .----------------------.        o   o   o   o   o   o   o\n"
    "    |  T O N I G H T  2000 |       /|\\ /|\\ /|\\ /|\\ /|\\ /|\\ /|\\\n"
    "    |    o          ____   |===o===/ \\ / \\ / \\ / \\ / \\ / \\ / \\ . . .\n"
    "    |   /|\\        |    |  |  /|\\\n"
    "    |___/ \\________|____|__|__/ \\____________________________________\n"
    "\n"
    "    Everybody in, once each, in the order they came.\n"
    "\n";

void Lolwut(CommandContext& ctx) {
  const std::string version = "Usher ver. " + std::string(kUsherVersion) + ", Redis ver. " + std::string(kRedisVersion);
  if (ctx.args.size() > 2 && EqualsIgnoringCase(ctx.args[1], "VERSION")) {
    const auto wanted = ToInteger(ctx.args[2]);
    if (!wanted) return ctx.Fail(engine::Error::kNotAnInteger);
    // Only these two have a drawing in Redis.
    if (*wanted != 5 && *wanted != 6) return ctx.reply.Verbatim("txt", version + '\n');
  }
  ctx.reply.Verbatim("txt", std::string(kDrawing) + version + '\n');
}

constexpr CommandSpec kRows[] = {
    {.name = "lolwut", .arity = -1, .flags = kReadOnly | kFast, .handler = Lolwut},
    {.name = "role",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .categories = kCatAdmin | kCatDangerous,
     .handler = Role},
    {.name = "shutdown",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
     .handler = Shutdown,
     .further_keys = NeedsNoTurns},
    {.name = "time",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .handler = Time,
     .tips = "nondeterministic_output"},
};

}  // namespace

const CommandGroup kAdminCommands{"server", kRows};

}  // namespace usher::server
