// FCALL, FCALL_RO, and FUNCTION but for LIST, DUMP and RESTORE (function_list.cpp, function_dump.cpp).
#include <memory>
#include <string>
#include <vector>

#include "engine/base/cycle_clock.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/function_library.h"
#include "server/commands/groups.h"
#include "server/commands/help_text.h"
#include "server/commands/script_args.h"
#include "server/commands/script_kill.h"
#include "server/script_run.h"
#include "server/server.h"
#include "server/thread_scripts.h"

namespace usher::server {

namespace {

constexpr size_t kFirstKey = 3;

void Call(CommandContext& ctx, bool read_only) {
  ctx.server.monitors().FeedCaller(ctx.session, ctx.thread);
  std::string error;
  LocalFunction* const local = ctx.thread.scripts().FindFunction(ctx.args[1], &error);
  if (local == nullptr) return ctx.FailText("ERR " + (error.empty() ? "Function not found" : error));
  const std::optional<size_t> key_count = ReadKeyCount(ctx, "ERR Bad number of keys provided");
  if (!key_count) return;
  ScriptCall call;
  call.kind = scripting::RuntimeKind::kFunctions;
  call.name = local->function->info.name;
  call.flags = local->function->info.flags;
  call.read_only = read_only;
  call.history = &local->function->history;
  const auto keys = ctx.args.subspan(kFirstKey, *key_count);
  const auto args = ctx.args.subspan(kFirstKey + *key_count);
  scripting::LuaRuntime& lua = ctx.thread.scripts().functions();
  RunScript(ctx, call, [&](ScriptRun& run) { return lua.RunFunction(local->id, keys, args, run, ctx.reply); });
}

void FCall(CommandContext& ctx) {
  Call(ctx, false);
}

void FCallRo(CommandContext& ctx) {
  Call(ctx, true);
}

// Nothing but an error comes of a name that nobody knows.
void PlanFCall(ExecutionThread& thread, PreparedCommand& prepared) {
  const LibraryFunction* const function = thread.scripts().FindKnown(prepared.args[1]);
  if (function != nullptr) PlanScript(thread, prepared, function->history, {function->info.flags, true});
}

void FunctionLoad(CommandContext& ctx) {
  ArgReader reader(ctx.args, 2);
  bool replace = false;
  while (reader.left() > 1) {
    if (reader.Accept("REPLACE")) {
      replace = true;
    } else {
      return ctx.FailText("ERR Unknown option given: " + std::string(reader.Next()));
    }
  }
  const std::string_view code = reader.Next();
  std::string name;
  std::string error = ParseLibraryHeader(code, name);
  if (!error.empty()) return ctx.FailText("ERR " + error);
  const std::shared_ptr<const FunctionTable> table = ctx.server.functions().table();
  if (!replace && table->libraries.contains(name)) {
    return ctx.FailText("ERR Library '" + name + "' already exists");
  }
  std::shared_ptr<FunctionLibrary> library;
  error = MakeLibrary(ctx.thread, name, code, library);
  if (error.empty()) {
    error = ctx.server.functions().Add({library}, replace ? LibraryConflict::kIsReplaced : LibraryConflict::kFails);
  }
  if (!error.empty()) return ctx.FailText("ERR " + error);
  ctx.engine.Effect({"FUNCTION", "LOAD", "REPLACE", code});
  ctx.reply.Bulk(name);
}

void FunctionDelete(CommandContext& ctx) {
  if (!ctx.server.functions().Delete(ctx.args[2])) return ctx.FailText("ERR Library not found");
  ctx.engine.Effect(ctx.args);
  ctx.reply.Ok();
}

void FunctionFlush(CommandContext& ctx) {
  const bool known =
      ctx.args.size() == 2 ||
      (ctx.args.size() == 3 && (EqualsIgnoringCase(ctx.args[2], "SYNC") || EqualsIgnoringCase(ctx.args[2], "ASYNC")));
  if (ctx.args.size() > 3) return FailSubcommand(ctx, "FUNCTION");
  if (!known) return ctx.FailText("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  ctx.server.functions().Flush();
  ctx.engine.Effect({"FUNCTION", "FLUSH"});
  ctx.reply.Ok();
}

void FunctionKill(CommandContext& ctx) {
  KillScript(ctx, scripting::RuntimeKind::kFunctions);
}

void ReplyRunningScript(CommandContext& ctx) {
  const std::optional<SlowScript> script = ctx.server.script_control().Longest();
  if (!script) return ctx.reply.Null();
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(script->name);
  ctx.reply.Bulk("command");
  ctx.reply.Array(script->command.size());
  for (const std::string& word : script->command) ctx.reply.Bulk(word);
  ctx.reply.Bulk("duration_ms");
  ctx.reply.Integer((engine::CycleClock::NowNs() - script->start_ns) / 1'000'000);
}

void FunctionStats(CommandContext& ctx) {
  const std::shared_ptr<const FunctionTable> table = ctx.server.functions().table();
  ctx.reply.Map(2);
  ctx.reply.Bulk("running_script");
  ReplyRunningScript(ctx);
  ctx.reply.Bulk("engines");
  ctx.reply.Map(1);
  ctx.reply.Bulk("LUA");
  ctx.reply.Map(2);
  ctx.reply.Bulk("libraries_count");
  ctx.reply.Integer(static_cast<int64_t>(table->libraries.size()));
  ctx.reply.Bulk("functions_count");
  ctx.reply.Integer(static_cast<int64_t>(table->functions.size()));
}

void FunctionHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "LOAD [REPLACE] <FUNCTION CODE>",
      "    Create a new library with the given library name and code.",
      "DELETE <LIBRARY NAME>",
      "    Delete the given library.",
      "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
      "    Return general information on all the libraries:",
      "    * Library name",
      "    * The engine used to run the Library",
      "    * Library description",
      "    * Functions list",
      "    * Library code (if WITHCODE is given)",
      "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
      "STATS",
      "    Return information about the current function running:",
      "    * Function name",
      "    * Command used to run the function",
      "    * Duration in MS that the function is running",
      "    If no function is running, return nil",
      "    In addition, returns a list of available engines.",
      "KILL",
      "    Kill the current running function.",
      "FLUSH [ASYNC|SYNC]",
      "    Delete all the libraries.",
      "    When called without the optional mode argument, the behavior is determined by the",
      "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
      "    * ASYNC: Asynchronously flush the libraries.",
      "    * SYNC: Synchronously flush the libraries.",
      "DUMP",
      "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE "
      "command",
      "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
      "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
      "    control how to handle existing libraries (default APPEND):",
      "    * FLUSH: delete all existing libraries.",
      "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
      "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
      "      libraries with the new libraries (notice that even on this option there is a chance of failure",
      "      in case of functions name collision with another library).",
  };
  ReplyHelp(ctx, "FUNCTION", kLines);
}

constexpr CommandSpec Row(std::string_view name, int16_t arity, uint32_t flags, CommandHandler handler,
                          std::string_view tips = {}) {
  return {.name = name, .arity = arity, .flags = flags, .categories = kCatScripting, .handler = handler, .tips = tips};
}

constexpr std::string_view kOnAllShards = "request_policy:all_shards response_policy:all_succeeded";

constexpr CommandSpec kRows[] = {
    ScriptRow("fcall", kMayReplicate, kAnyUseOfKeys, FCall, PlanFCall),
    ScriptRow("fcall_ro", kReadOnly, kReadingOfKeys, FCallRo, PlanFCall),
    {.name = "function", .arity = -2, .flags = kContainer},
    Row("function|delete", 3, kWrite | kNoScript, FunctionDelete, kOnAllShards),
    Row("function|dump", 2, kNoScript, FunctionDump),
    Row("function|flush", -2, kWrite | kNoScript, FunctionFlush, kOnAllShards),
    Row("function|help", 2, kLoading | kStale, FunctionHelp),
    Row("function|kill", 2, kNoScript | kAllowBusy, FunctionKill,
        "request_policy:all_shards response_policy:one_succeeded"),
    Row("function|list", -2, kNoScript, FunctionList, "nondeterministic_output_order"),
    Row("function|load", -3, kWrite | kDenyOom | kNoScript, FunctionLoad, kOnAllShards),
    Row("function|restore", -3, kWrite | kDenyOom | kNoScript, FunctionRestore, kOnAllShards),
    Row("function|stats", 2, kNoScript | kAllowBusy, FunctionStats,
        "nondeterministic_output request_policy:all_shards response_policy:special"),
};

}  // namespace

std::string MakeLibrary(ExecutionThread& thread, std::string_view name, std::string_view code,
                        std::shared_ptr<FunctionLibrary>& library) {
  library = std::make_shared<FunctionLibrary>();
  library->name = name;
  library->code = code;
  return thread.scripts().TryLibrary(*library);
}

const CommandGroup kFunctionCommands{"scripting", kRows};

}  // namespace usher::server
