// See script_run.h.
#include "server/script_run.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/cycle_clock.h"
#include "server/accounting.h"
#include "server/dispatcher.h"
#include "server/error_text.h"
#include "server/server.h"
#include "server/slowlog.h"
#include "server/thread_scripts.h"
#include "server/transaction_run.h"
#include "server/worker.h"

namespace usher::server {

using engine::ShardSet;

namespace {

constexpr int64_t kStrayWaitNs = 2'000'000'000;
constexpr std::chrono::microseconds kStrayPause{50};
constexpr int64_t kOwnTimeNs = 2'000'000;  // a slow script has its worker for so long between two looks at the others
constexpr uint32_t kActs = kWrite | kPubSub | kMayReplicate;
constexpr std::string_view kStrayed =
    "ERR Script needs a key that it did not declare while another script holds on to it for the same reason; what it "
    "did so far stays. It will not meet this again";

/// Passes a reply on and remembers an error in it.
class ErrorSpy final : public protocol::ReplySink {
 public:
  explicit ErrorSpy(ReplySink& to) : to_(to) {}
  const std::string& error() const { return error_; }

  protocol::RespVersion version() const override { return to_.version(); }
  void SimpleString(std::string_view text) override { to_.SimpleString(text); }
  void Error(std::string_view text) override {
    error_ = text;
    to_.Error(text);
  }
  void Integer(int64_t value) override { to_.Integer(value); }
  void Bulk(std::string_view bytes) override { to_.Bulk(bytes); }
  void Null() override { to_.Null(); }
  void NullArray() override { to_.NullArray(); }
  void Double(double value) override { to_.Double(value); }
  void Boolean(bool value) override { to_.Boolean(value); }
  void BigNumber(std::string_view digits) override { to_.BigNumber(digits); }
  void Verbatim(std::string_view format, std::string_view text) override { to_.Verbatim(format, text); }
  void Array(size_t elements) override { to_.Array(elements); }
  void Map(size_t pairs) override { to_.Map(pairs); }
  void Set(size_t elements) override { to_.Set(elements); }
  void Push(size_t elements) override { to_.Push(elements); }
  void Attribute(size_t pairs) override { to_.Attribute(pairs); }
  Deferred BeginDeferred() override { return to_.BeginDeferred(); }
  void EndArray(Deferred start, size_t elements) override { to_.EndArray(start, elements); }
  void EndMap(Deferred start, size_t pairs) override { to_.EndMap(start, pairs); }
  void EndSet(Deferred start, size_t elements) override { to_.EndSet(start, elements); }

 private:
  ReplySink& to_;
  std::string error_;
};

}  // namespace

bool ScriptRun::HoldsAll(const CommandContext& outer) {
  const HeldTurns* const held = outer.thread.script_turns;
  return held == nullptr || held->many.size() == outer.server.engine().shard_count();
}

bool ScriptRun::MayRun(CommandContext& outer, const ScriptCall& call) {
  const bool may_write = (call.flags & scripting::kFlagNoWrites) == 0;
  if (call.has_flags && may_write && call.read_only) {
    outer.FailText("ERR Can not execute a script with write flag using *_ro command.");
    return false;
  }
  if (call.has_flags && may_write && (call.flags & scripting::kFlagAllowOom) == 0 &&
      outer.server.memory_guard().IsOutOfMemory()) {
    outer.FailText("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'");
    return false;
  }
  if (call.history->StaysInside() || HoldsAll(outer)) return true;
  outer.RestartUnderAllTurns();
  return false;
}

ScriptRun::ScriptRun(CommandContext& outer, const ScriptCall& call)
    : outer_(outer),
      call_(call),
      session_(outer.session),
      thread_(outer.thread),
      server_(outer.server),
      command_(outer.thread.scripts().call),
      active_(outer.thread.scripts().active),
      db_before_(outer.client.db),
      holds_all_(HoldsAll(outer)),
      in_exec_(outer.engine.in_transaction()) {
  read_only_ = call.read_only || (call.has_flags && (call.flags & scripting::kFlagNoWrites) != 0);
  for (const CommandKey& key : outer.prepared.keys) declared_.Add(server_.engine().ShardOf(key.key.slot));
  active_.start_ns = thread_.last_ns;
  active_.wrote.store(false, std::memory_order_relaxed);
  outer.client.in_script = true;
  if (!in_exec_) thread_.engine.BeginTransaction();
}

ScriptRun::~ScriptRun() {
  if (slow_) server_.script_control().Finished(active_);
  if (stray_) server_.script_control().StrayIsOver(active_);
}

void ScriptRun::Finish(const scripting::RunOutcome& outcome) {
  ClientState& client = outer_.client;
  client.in_script = false;
  if (client.db != db_before_) {
    client.db = db_before_;
    client.info->db.store(db_before_, std::memory_order_relaxed);
    thread_.engine.set_db(db_before_);
  }
  if (!in_exec_) thread_.engine.CommitTransaction();
  thread_.error_counted = outcome.error_counted;
  thread_.scripts().CountMemory();
  call_.history->NoteDuration(engine::CycleClock::NowNs() - active_.start_ns);
  if (outcome.status == scripting::RunOutcome::Status::kAbandoned) {
    call_.history->NoteStray();
    server_.script_control().restarts.fetch_add(1, std::memory_order_relaxed);
    outer_.RestartUnderAllTurns();
  } else if (strayed_) {
    call_.history->NoteStray();
  } else if (holds_all_ && !in_exec_) {
    call_.history->NoteInside();
  }
}

std::string_view ScriptRun::RefusalOf(const CommandRow* row, std::span<const std::string_view> args) const {
  if (row == nullptr) return "ERR Unknown Redis command called from script";
  const CommandSpec& spec = *row->spec;
  if (!ArityFits(spec, args.size()) || spec.handler == nullptr) {
    return "ERR Wrong number of args calling Redis command from script";
  }
  if ((spec.flags & kNoScript) != 0) return "ERR This Redis command is not allowed from script";
  if (read_only_ && (spec.flags & (kWrite | kMayReplicate)) != 0) {
    return "ERR Write commands are not allowed from read-only scripts.";
  }
  // What has begun to write cannot be stopped half-way.
  const bool may_grow = wrote_ || (call_.has_flags && (call_.flags & scripting::kFlagAllowOom) != 0);
  if ((spec.flags & kDenyOom) != 0 && !may_grow && server_.memory_guard().IsOutOfMemory()) {
    return "OOM command not allowed when used memory > 'maxmemory'.";
  }
  return {};
}

void ScriptRun::Refuse(const CommandRow* row, std::string_view error, protocol::ReplySink& reply) {
  if (row != nullptr) thread_.stats.commands[row->index].rejected.Add(1);
  thread_.stats.error_replies.Add(1);
  server_.error_stats().Count(error);
  reply.Error(error);
}

void ScriptRun::PrepareCall(const CommandRow& row, std::span<const std::string_view> args) {
  command_.row = &row;
  command_.args = args;
  command_.keys.clear();
  if (const size_t at = row.only_key; at != 0) {
    command_.keys.push_back({engine::MakeKey(args[at]), static_cast<uint32_t>(at), row.spec->keys[0].flags});
  } else if (row.spec->keys[0].begin != KeySpec::Begin::kNone) {
    ExtractKeys(*row.spec, args, command_.keys);
  }
}

bool ScriptRun::NeedsAllShards() const {
  const CommandSpec& spec = *command_.row->spec;
  if ((spec.flags & kVisitShards) != 0) return true;
  if ((spec.flags & kAllShards) != 0 && command_.keys.empty()) return true;
  return spec.further_keys != nullptr && !spec.further_keys(command_.args, nullptr);
}

// Once a run under all turns has strayed nothing more is to be learnt of it.
bool ScriptRun::IsInside() const {
  if (holds_all_ && (in_exec_ || strayed_)) return true;
  const ShardSet& enough = holds_all_ ? declared_ : thread_.script_turns->many;
  for (const CommandKey& key : command_.keys) {
    if ((key.flags & kKeyNotKey) == 0 && !enough.Contains(server_.engine().ShardOf(key.key.slot))) return false;
  }
  return !NeedsAllShards();
}

/// The shards that the command needs beside these.
ShardSet ScriptRun::BeyondOf(const ShardSet& enough) const {
  ShardSet beyond;
  for (const CommandKey& key : command_.keys) {
    if ((key.flags & kKeyNotKey) == 0) beyond.Add(server_.engine().ShardOf(key.key.slot));
  }
  if (NeedsAllShards()) beyond = ShardSet::All(server_.engine().shard_count());
  enough.ForEach([&](engine::ShardIndex shard) { beyond.Remove(shard); });
  return beyond;
}

ShardSet ScriptRun::HeldShards() const {
  return thread_.script_turns == nullptr ? ShardSet::All(server_.engine().shard_count()) : thread_.script_turns->many;
}

ScriptRun::Stray ScriptRun::StrayTo(const ShardSet& missing) {
  if (!acted_) return Stray::kBeginAgain;
  call_.history->MarkForEver();
  ScriptControl& control = server_.script_control();
  const bool taken = TakeTurns(missing);
  (taken ? control.strays_taken : control.strays_failed).fetch_add(1, std::memory_order_relaxed);
  return taken ? Stray::kTaken : Stray::kFailed;
}

// One script at a time takes turns where it stands; another one waits, unless the first needs what this one holds.
bool ScriptRun::TakeTurns(const ShardSet& missing) {
  ShardSet& held = thread_.script_turns->many;
  ScriptControl& control = server_.script_control();
  const int64_t deadline_ns = engine::CycleClock::NowNs() + kStrayWaitNs;
  const auto pause = [&] {
    std::this_thread::sleep_for(kStrayPause);
    return !server_.stopping() && engine::CycleClock::NowNs() < deadline_ns;
  };
  for (;;) {
    const StrayAnswer answer = control.AskToStray(active_, held, missing);
    if (answer == StrayAnswer::kGoOn) break;
    if (answer == StrayAnswer::kConflict || !pause()) {
      control.StrayIsOver(active_);
      return false;
    }
    thread_.executor.LetGo(held);
  }
  stray_ = true;
  if (!thread_.executor.TakeFurther(held, missing, pause)) return false;
  missing.ForEach([&](engine::ShardIndex shard) {
    held.Add(shard);
    int64_t& last_now_us = thread_.engine.turns().DataOf(shard).last_now_us;
    last_now_us = std::max(last_now_us, thread_.engine.now_us());
  });
  return true;
}

ScriptRun::CallStatus ScriptRun::Call(std::span<const std::string_view> args, protocol::ReplySink& reply) {
  const CommandRow* const row = CommandTable::Get().FindRequested(args);
  if (const std::string_view refusal = RefusalOf(row, args); !refusal.empty()) {
    Refuse(row, refusal, reply);
    return CallStatus::kReplied;
  }
  if ((row->spec->flags & kLongWork) != 0 && thread_.kind != ThreadKind::kPool && !acted_ && !in_exec_) {
    call_.history->NoteDuration(ScriptHistory::kShortRunNs + 1);
    return CallStatus::kAbandon;  // and begins again on the pool
  }
  PrepareCall(*row, args);
  if (!IsInside()) {
    const Stray stray = holds_all_ ? Stray::kTaken : StrayTo(BeyondOf(HeldShards()));
    strayed_ = true;
    if (stray == Stray::kBeginAgain) return CallStatus::kAbandon;
    if (stray == Stray::kFailed) {
      Refuse(row, kStrayed, reply);
      return CallStatus::kReplied;
    }
  }
  acted_ = acted_ || (row->spec->flags & kActs) != 0;
  if ((row->spec->flags & kWrite) != 0 && !wrote_) {
    wrote_ = true;
    active_.wrote.store(true, std::memory_order_relaxed);
  }
  RunCall(reply);
  return CallStatus::kReplied;
}

void ScriptRun::RunCall(protocol::ReplySink& reply) {
  const int64_t start_ns = engine::CycleClock::NowNs();
  ErrorSpy spy(reply);
  CommandContext ctx(session_, thread_, command_, spy);
  engine::EngineContext& engine = thread_.engine;
  if ((ctx.spec().flags & kVisitShards) != 0) {
    RunVisits(ctx);
  } else {
    ctx.spec().handler(ctx);
  }
  if (replication_ != 0) {
    engine.EndStep(command_.args);
  } else {
    engine.EndStepUnjournaled();
  }
  engine.set_db(session_.client.db);
  AccountScriptCall(server_, session_, thread_, command_, start_ns, spy.error());
}

ScriptRun::Interrupt ScriptRun::Poll() {
  if (server_.stopping()) return Interrupt::kKilled;
  const int64_t now_ns = engine::CycleClock::NowNs();
  const int64_t elapsed_ns = now_ns - active_.start_ns;
  if (elapsed_ns < ScriptControl::kSlowNs) return Interrupt::kNone;
  if (!slow_) BecomeSlow(now_ns);
  if (active_.killed_ns.load(std::memory_order_relaxed) == active_.start_ns && !wrote_) return Interrupt::kKilled;
  const int64_t threshold_ms = server_.config().busy_reply_threshold_ms;
  if (threshold_ms > 0 && elapsed_ns / 1'000'000 >= threshold_ms) BecomeBusy();
  thread_.executor.ShareWork();
  thread_.FlushWakes();
  if (thread_.worker != nullptr && now_ns >= serve_others_ns_) {
    thread_.worker->ServeMeanwhile();
    serve_others_ns_ = engine::CycleClock::NowNs() + kOwnTimeNs;
  }
  return Interrupt::kNone;
}

void ScriptRun::BecomeSlow(int64_t now_ns) {
  slow_ = true;
  SlowScript slow;
  slow.run = &active_;
  slow.kind = call_.kind;
  slow.start_ns = active_.start_ns;
  slow.name = call_.name;
  for (const std::string_view arg : outer_.args) slow.command.emplace_back(arg);
  slow.held =
      thread_.script_turns == nullptr ? ShardSet::All(server_.engine().shard_count()) : thread_.script_turns->many;
  call_.history->NoteDuration(now_ns - active_.start_ns);
  server_.script_control().ReportSlow(std::move(slow));
}

// Whoever waits for its turns is told so, now and each time that this is called again.
void ScriptRun::BecomeBusy() {
  const ShardSet held =
      thread_.script_turns == nullptr ? ShardSet::All(server_.engine().shard_count()) : thread_.script_turns->many;
  if (!busy_) {
    busy_ = true;
    server_.script_control().ReportBusy(active_, held);
    Log(scripting::LogLevel::kWarning,
        "Slow script detected: still in execution after " +
            std::to_string((engine::CycleClock::NowNs() - active_.start_ns) / 1'000'000) +
            " milliseconds. You can try killing the script using the " +
            (call_.kind == scripting::RuntimeKind::kEval ? "SCRIPT KILL" : "FUNCTION KILL") +
            " command. Script name is: " + std::string(call_.name) + ".");
  }
  server_.dispatcher().TurnAway(held, BusyText(call_.kind), thread_);
}

// The log is written by a worker that holds no turns for it.
void ScriptRun::Log(scripting::LogLevel level, std::string_view text) {
  acted_ = true;
  Worker& worker = *server_.workers().front();
  worker.PostCall([&log = server_.log(), level, line = std::string(text)] {
    switch (level) {
      case scripting::LogLevel::kDebug:
        return log.Debug(line);
      case scripting::LogLevel::kVerbose:
        return log.Verbose(line);
      case scripting::LogLevel::kNotice:
        return log.Notice(line);
      case scripting::LogLevel::kWarning:
        return log.Warning(line);
    }
  });
}

ScriptRun::AclVerdict ScriptRun::AclCheck(std::span<const std::string_view> args) {
  return CommandTable::Get().FindRequested(args) == nullptr ? AclVerdict::kUnknownCommand : AclVerdict::kAllowed;
}

}  // namespace usher::server
