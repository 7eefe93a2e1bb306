// ScriptRun: one run of a script or function: the ScriptHost that its redis.call reaches. Commands that it calls run
// like those of EXEC: under the script's turns, at its frozen time, as steps of one record of the journal, each counted
// for itself; blocked clients are served when it is over.
//
// Turns (docs/design.md, section 4): under all turns the run notes whether the shards of its declared keys would have
// done. Under those alone, a command that needs another shard ends the run, which begins again under all turns, if
// nothing of it has left the server; else the missing turns are taken where it stands.
// Thread safety: the executing thread; lives on its stack for the run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/shard_set.h"
#include "scripting/lua_runtime.h"
#include "scripting/script_host.h"
#include "server/command_context.h"
#include "server/script_control.h"
#include "server/script_history.h"

namespace usher::server {

/// What a run is about.
struct ScriptCall {
  scripting::RuntimeKind kind = scripting::RuntimeKind::kEval;
  std::string_view name;  // SHA or function
  uint32_t flags = 0;     // scripting::kFlag...
  bool has_flags = true;  // false: an EVAL without a "#!" line, for which older rules hold
  bool read_only = false;
  ScriptHistory* history = nullptr;
};

class ScriptRun final : public scripting::ScriptHost {
 public:
  /// A run called by `outer` (EVAL, FCALL).
  ScriptRun(CommandContext& outer, const ScriptCall& call);
  ~ScriptRun() override;
  ScriptRun(const ScriptRun&) = delete;
  ScriptRun& operator=(const ScriptRun&) = delete;

  /// Whether the call may run as things are. False: the error is replied, or the command is to run under all turns.
  static bool MayRun(CommandContext& outer, const ScriptCall& call);
  /// After the run: journals it, or asks for another one.
  void Finish(const scripting::RunOutcome& outcome);

  // ScriptHost.
  CallStatus Call(std::span<const std::string_view> args, protocol::ReplySink& reply) override;
  Interrupt Poll() override;
  void Log(scripting::LogLevel level, std::string_view text) override;
  void SetReplication(uint32_t targets) override { replication_ = targets; }
  AclVerdict AclCheck(std::span<const std::string_view> args) override;

 private:
  static bool HoldsAll(const CommandContext& outer);
  std::string_view RefusalOf(const CommandRow* row, std::span<const std::string_view> args) const;
  void Refuse(const CommandRow* row, std::string_view error, protocol::ReplySink& reply);
  void PrepareCall(const CommandRow& row, std::span<const std::string_view> args);
  bool NeedsAllShards() const;
  bool IsInside() const;
  engine::ShardSet BeyondOf(const engine::ShardSet& enough) const;
  enum class Stray : uint8_t { kTaken, kBeginAgain, kFailed };
  Stray StrayTo(const engine::ShardSet& missing);
  bool TakeTurns(const engine::ShardSet& missing);
  engine::ShardSet HeldShards() const;
  void RunCall(protocol::ReplySink& reply);
  void BecomeSlow(int64_t now_ns);
  void BecomeBusy();

  CommandContext& outer_;
  const ScriptCall& call_;
  Session& session_;
  ExecutionThread& thread_;
  Server& server_;
  PreparedCommand& command_;  // what it calls at the moment
  ActiveScript& active_;
  engine::ShardSet declared_;
  const int db_before_;
  const bool holds_all_;
  const bool in_exec_;
  bool read_only_ = false;
  bool strayed_ = false;
  bool stray_ = false;  // it is the one that may take turns where it stands
  bool acted_ = false;  // something of it has left: it can't begin again
  bool wrote_ = false;
  bool slow_ = false;
  bool busy_ = false;
  int64_t serve_others_ns_ = 0;  // when its worker next looks after its other connections
  uint32_t replication_ = scripting::kReplAof | scripting::kReplReplica;
};

/// Runs `body` (a call of LuaRuntime::Run or RunFunction) as `call`, replying to ctx.
template <class Body>
void RunScript(CommandContext& ctx, const ScriptCall& call, Body&& body) {
  if (!ScriptRun::MayRun(ctx, call)) return;
  ScriptRun run(ctx, call);
  run.Finish(body(run));
}

}  // namespace usher::server
