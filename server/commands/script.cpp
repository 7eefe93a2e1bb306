// EVAL, EVALSHA and their read-only forms. The script comes from the thread's own cache; running it is script_run.h's.
#include "server/commands/script_args.h"

#include "server/commands/groups.h"
#include "server/script_run.h"
#include "server/server.h"
#include "server/thread_scripts.h"

namespace usher::server {

namespace {

constexpr std::string_view kNoMatch = "NOSCRIPT No matching script. Please use EVAL.";
constexpr size_t kFirstKey = 3;

enum class MayWrite : uint8_t { kYes, kNo };

void RunLocal(CommandContext& ctx, LocalScript& local, size_t key_count, MayWrite may_write) {
  Script& script = *local.script;
  ScriptCall call;
  call.kind = scripting::RuntimeKind::kEval;
  call.name = script.sha;
  call.flags = script.header.flags;
  call.has_flags = script.header.declared;
  call.read_only = may_write == MayWrite::kNo;
  call.history = &script.history;
  const auto keys = ctx.args.subspan(kFirstKey, key_count);
  const auto args = ctx.args.subspan(kFirstKey + key_count);
  scripting::LuaRuntime& lua = ctx.thread.scripts().eval();
  RunScript(ctx, call, [&](ScriptRun& run) { return lua.Run(local.id, keys, args, run, ctx.reply); });
}

template <MayWrite kMayWrite>
void Eval(CommandContext& ctx) {
  ctx.server.monitors().FeedCaller(ctx.session, ctx.thread);
  const std::optional<size_t> keys = ReadKeyCount(ctx, ErrorText(engine::Error::kNotAnInteger));
  if (!keys) return;
  std::string error;
  LocalScript* const local = ctx.thread.scripts().Add(ctx.args[1], &error);
  if (local == nullptr) return ctx.FailText("ERR " + error);
  RunLocal(ctx, *local, *keys, kMayWrite);
}

template <MayWrite kMayWrite>
void EvalSha(CommandContext& ctx) {
  ctx.server.monitors().FeedCaller(ctx.session, ctx.thread);
  if (ctx.args[1].size() != 40) return ctx.FailText(kNoMatch);
  const std::optional<size_t> keys = ReadKeyCount(ctx, ErrorText(engine::Error::kNotAnInteger));
  if (!keys) return;
  LocalScript* const local = ctx.thread.scripts().FindBySha(ctx.args[1]);
  if (local == nullptr) return ctx.FailText(kNoMatch);
  RunLocal(ctx, *local, *keys, kMayWrite);
}

void PlanEval(ExecutionThread& thread, PreparedCommand& prepared) {
  const LocalScript* const local = thread.scripts().FindByBody(prepared.args[1]);
  if (local == nullptr) return PlanUnknownScript(thread, prepared);
  PlanScript(thread, prepared, local->script->history, local->script->header);
}

// Nothing but an error comes of a SHA that nobody knows.
void PlanEvalSha(ExecutionThread& thread, PreparedCommand& prepared) {
  const LocalScript* const local = thread.scripts().FindBySha(prepared.args[1]);
  if (local != nullptr) PlanScript(thread, prepared, local->script->history, local->script->header);
}

// As Redis has it.
constexpr KeySpec WithoutNotes(KeySpec keys) {
  keys.notes = {};
  return keys;
}

constexpr CommandSpec kRows[] = {
    ScriptRow("eval", kMayReplicate, kAnyUseOfKeys, Eval<MayWrite::kYes>, PlanEval),
    ScriptRow("evalsha", kMayReplicate, WithoutNotes(kAnyUseOfKeys), EvalSha<MayWrite::kYes>, PlanEvalSha),
    ScriptRow("eval_ro", kReadOnly, kReadingOfKeys, Eval<MayWrite::kNo>, PlanEval),
    ScriptRow("evalsha_ro", kReadOnly, WithoutNotes(kReadingOfKeys), EvalSha<MayWrite::kNo>, PlanEvalSha),
};

}  // namespace

const CommandGroup kScriptCommands{"scripting", kRows};

}  // namespace usher::server
