// SCRIPT: what is cached, and ending what runs.
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_text.h"
#include "server/commands/script_kill.h"
#include "server/server.h"
#include "server/thread_scripts.h"

namespace usher::server {

namespace {

void ScriptLoad(CommandContext& ctx) {
  std::string error;
  const LocalScript* const local = ctx.thread.scripts().Add(ctx.args[2], &error);
  if (local == nullptr) return ctx.FailText("ERR " + error);
  ctx.reply.Bulk(local->script->sha);
}

void ScriptExists(CommandContext& ctx) {
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view sha : ctx.args.subspan(2)) {
    ctx.reply.Integer(ctx.thread.scripts().FindBySha(sha) != nullptr ? 1 : 0);
  }
}

void ScriptFlush(CommandContext& ctx) {
  const bool known =
      ctx.args.size() == 2 ||
      (ctx.args.size() == 3 && (EqualsIgnoringCase(ctx.args[2], "SYNC") || EqualsIgnoringCase(ctx.args[2], "ASYNC")));
  if (!known) return ctx.FailText("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  ctx.server.scripts().Flush();
  ctx.reply.Ok();
}

void ScriptKill(CommandContext& ctx) {
  KillScript(ctx, scripting::RuntimeKind::kEval);
}

// The debugger is never on.
void ScriptDebug(CommandContext& ctx) {
  if (EqualsIgnoringCase(ctx.args[2], "NO")) return ctx.reply.Ok();
  if (EqualsIgnoringCase(ctx.args[2], "YES") || EqualsIgnoringCase(ctx.args[2], "SYNC")) {
    return ctx.FailText("ERR The Lua debugger is not available");
  }
  ctx.FailText("ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

void ScriptHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "DEBUG (YES|SYNC|NO)",
      "    Set the debug mode for subsequent scripts executed.",
      "EXISTS <sha1> [<sha1> ...]",
      "    Return information about the existence of the scripts in the script cache.",
      "FLUSH [ASYNC|SYNC]",
      "    Flush the Lua scripts cache. Very dangerous on replicas.",
      "    When called without the optional mode argument, the behavior is determined by the",
      "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
      "    * ASYNC: Asynchronously flush the scripts cache.",
      "    * SYNC: Synchronously flush the scripts cache.",
      "KILL",
      "    Kill the currently executing Lua script.",
      "LOAD <script>",
      "    Load a script into the scripts cache without executing it.",
  };
  ReplyHelp(ctx, "SCRIPT", kLines);
}

constexpr CommandSpec Row(std::string_view name, int16_t arity, uint32_t flags, CommandHandler handler,
                          std::string_view tips = {}) {
  return {.name = name, .arity = arity, .flags = flags, .categories = kCatScripting, .handler = handler, .tips = tips};
}

constexpr CommandSpec kRows[] = {
    {.name = "script", .arity = -2, .flags = kContainer},
    Row("script|debug", 3, kNoScript, ScriptDebug),
    Row("script|exists", -3, kNoScript, ScriptExists, "request_policy:all_shards response_policy:agg_logical_and"),
    Row("script|flush", -2, kNoScript, ScriptFlush, "request_policy:all_nodes response_policy:all_succeeded"),
    Row("script|help", 2, kLoading | kStale, ScriptHelp),
    Row("script|kill", 2, kNoScript | kAllowBusy, ScriptKill,
        "request_policy:all_shards response_policy:one_succeeded"),
    Row("script|load", 3, kNoScript | kStale, ScriptLoad, "request_policy:all_nodes response_policy:all_succeeded"),
};

}  // namespace

const CommandGroup kScriptAdminCommands{"scripting", kRows};

}  // namespace usher::server
