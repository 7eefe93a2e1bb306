// The server as a whole: SHUTDOWN, TIME, ROLE, LASTSAVE, LOLWUT.
#include <string>

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

// Nothing is ever saved, so the last time is the start, as it is for a redis-server that has not saved yet.
void LastSave(CommandContext& ctx) {
  ctx.reply.Integer(ctx.server.start_ms() / 1000);
}

struct ShutdownOptions {
  bool save = false;
  bool no_save = false;
  bool abort = false;
  bool hurry = false;  // NOW or FORCE, which change nothing while there is nothing to wait for
};

bool ParseShutdown(CommandContext& ctx, ShutdownOptions& options) {
  ArgReader reader(ctx.args, 1);
  while (!reader.done()) {
    if (!options.no_save && reader.Accept("SAVE")) {
      options.save = true;
    } else if (!options.save && reader.Accept("NOSAVE")) {
      options.no_save = true;
    } else if (reader.Accept("NOW") || reader.Accept("FORCE")) {
      options.hurry = true;
    } else if (reader.Accept("ABORT")) {
      options.abort = true;
    } else {
      return false;
    }
  }
  return !options.abort || (!options.save && !options.no_save && !options.hurry);
}

void Shutdown(CommandContext& ctx) {
  ShutdownOptions options;
  if (!ParseShutdown(ctx, options)) return ctx.Fail(engine::Error::kSyntax);
  if (options.abort) return ctx.FailText("ERR No shutdown in progress.");
  if (options.save) return ctx.FailText("ERR SHUTDOWN SAVE is not possible: this server keeps nothing on disk");
  // No reply, as in Redis: the connection closes.
  ctx.client.close_after_reply = true;
  ctx.server.RequestShutdown();
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
    {.name = "lastsave",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .categories = kCatAdmin | kCatDangerous,
     .handler = LastSave,
     .tips = "nondeterministic_output"},
    {.name = "lolwut", .arity = -1, .flags = kReadOnly | kFast, .handler = Lolwut},
    {.name = "role",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .categories = kCatAdmin | kCatDangerous,
     .handler = Role},
    {.name = "shutdown",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
     .handler = Shutdown},
    {.name = "time",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .handler = Time,
     .tips = "nondeterministic_output"},
};

}  // namespace

const CommandGroup kAdminCommands{"server", kRows};

}  // namespace usher::server
