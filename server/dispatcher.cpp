// Batches, turns and execution. Admission rules are in admission.cpp, accounting in accounting.cpp.
#include "server/dispatcher.h"

#include <algorithm>
#include <utility>

#include "engine/base/cycle_clock.h"
#include "server/accounting.h"
#include "server/admission.h"
#include "server/command_context.h"
#include "server/error_text.h"
#include "server/server.h"

namespace usher::server {

using engine::kNoShard;
using engine::ShardIndex;
using engine::ShardSet;
using engine::Turns;

namespace {
constexpr size_t kReplyBytesBeforeFlush = size_t{1} << 20;
constexpr int64_t kLongWorkNs = 1'000'000;
}  // namespace

bool HeldTurns::Covers(const PreparedCommand& prepared) const {
  if (!prepared.many_shards) return one == prepared.shard || (has_many && many.Contains(prepared.shard));
  return has_many && many.ContainsAll(prepared.shards);
}

void HeldTurns::Widen() {
  if (has_many) return;
  many = one == kNoShard ? ShardSet() : ShardSet::Of(one);
  one = kNoShard;
  has_many = true;
}

RunEnd Dispatcher::RunBatch(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns held) {
  if (place == RunPlace::kHome) {
    ReadAheadBatch(session, thread);
  } else {
    thread.ahead.Begin(nullptr);
  }
  if (session.carries_turns) [[unlikely]]
    held = TakeCarried(session);
  while (session.next_request < session.batch.size()) {
    if (!session.is_prepared) {
      const Admission admission = Prepare(session, thread);
      if (admission == Admission::kHeld) {
        ReleaseTurns(thread, place, held);
        return RunEnd::kPaused;
      }
      if (admission == Admission::kDone) {
        ++session.next_request;
        continue;
      }
    }
    const uint32_t flags = session.prepared.row->spec->flags;
    RunEnd end = RunEnd::kBatchDone;
    const size_t reply_mark = session.replies.size();
    if (place == RunPlace::kGranted && MustRunAtHome(session, held)) {
      end = RunEnd::kNeedsHome;
      if (session.prepared.needs_turns()) Carry(session, held);
    } else if ((flags & (kBlocking | kMayWait)) != 0 && session.replies.size() > 0) {
      // Once the client waits its replies belong to whoever serves it, so the earlier ones leave first.
      end = place == RunPlace::kHome ? RunEnd::kFlush : RunEnd::kNeedsHome;
    } else {
      end = RunOne(session, thread, place, held);
    }
    if (end == RunEnd::kParked) return end;
    if (end == RunEnd::kRefused) {
      AccountRejected(server_, session, thread, reply_mark);
      end = RunEnd::kBatchDone;
    } else if (end == RunEnd::kBatchDone || end == RunEnd::kBlocked) {
      AccountCommand(server_, session, thread, reply_mark);
    }
    if (end == RunEnd::kBlocked && place == RunPlace::kGranted) {
      // Home must hear that the client waits before anybody can serve it, which the turns still prevent.
      session.ReturnHome(end);
      end = RunEnd::kParked;
    }
    if (end != RunEnd::kBatchDone) {
      ReleaseTurns(thread, place, held);
      return end;
    }
    session.is_prepared = false;
    ++session.next_request;
    if (session.client.close_after_reply) break;
    if (thread.told_itself != nullptr) [[unlikely]] {
      if (std::exchange(thread.told_itself, nullptr) == session.client.info.get()) {
        ReleaseTurns(thread, place, held);
        return RunEnd::kOwnPush;
      }
    }
    if (session.replies.size() > kReplyBytesBeforeFlush) {
      ReleaseTurns(thread, place, held);
      return RunEnd::kFlush;
    }
  }
  ReleaseTurns(thread, place, held);
  return RunEnd::kBatchDone;
}

// What needs both its turns and its home takes them there: to give them up and try again at home might never end.
void Dispatcher::Carry(Session& session, HeldTurns& held) {
  if (!held.Covers(session.prepared)) return;
  session.carried = held.has_many ? held.many : ShardSet::Of(held.one);
  session.carries_turns = true;
  held = HeldTurns();
}

HeldTurns Dispatcher::TakeCarried(Session& session) {
  HeldTurns held;
  held.many = session.carried;
  held.has_many = true;
  session.carries_turns = false;
  return held;
}

void Dispatcher::ReleaseCarried(Session& session, ExecutionThread& thread) {
  if (!session.carries_turns) return;
  HeldTurns held = TakeCarried(session);
  ReleaseTurns(thread, RunPlace::kGranted, held);
}

RunEnd Dispatcher::RunOne(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns& held) {
  const PreparedCommand& prepared = session.prepared;
  if ((prepared.row->spec->flags & kVisitShards) != 0) return RunVisits(session, thread, place, held);
  if (!prepared.needs_turns()) {
    ReleaseTurns(thread, place, held);
    return ExecuteHolding(session, thread, place, held);
  }
  const bool to_pool = MustRunOnPool(session) && thread.kind != ThreadKind::kPool;
  if (to_pool || !held.Covers(prepared)) {
    ReleaseTurns(thread, place, held);
    if (to_pool) return Park(session, thread);
    if (!TakeTurns(thread, prepared, held)) {
      return place == RunPlace::kHome ? Park(session, thread) : RunEnd::kNeedsHome;
    }
  }
  if (HasCost(prepared) && IsCostly(session, thread, held)) return MoveToPool(session, thread, held);
  if (server_.memory_guard().must_check()) [[unlikely]] {
    switch (MakeRoom(session, thread, held)) {
      case RoomAnswer::kFound:
        break;
      case RoomAnswer::kNotAsked:
        ReleaseTurns(thread, place, held);
        return AskForRoom(session, thread);
      case RoomAnswer::kNone:
        WriteRefusal(session, ErrorText(engine::Error::kOutOfMemory));
        return RunEnd::kRefused;
    }
  }
  return ExecuteHolding(session, thread, place, held);
}

// A script may take further turns while it runs, or find that it wants all of them from the start.
RunEnd Dispatcher::ExecuteHolding(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns& held) {
  if ((session.prepared.row->spec->flags & kRunsScript) == 0) return ExecuteUnlessPaused(session, thread, held);
  held.Widen();
  thread.script_turns = &held;
  const RunEnd end = ExecuteUnlessPaused(session, thread, held);
  thread.script_turns = nullptr;
  if (end != RunEnd::kRestart) return end;
  session.prepared.AddAllShards(server_.engine().shard_count());
  session.prepared.long_work = true;  // it is not proven any more
  return RunOne(session, thread, place, held);
}

// Over maxmemory a command first evicts under the turns it holds. Only one that may need memory is held up by that.
RoomAnswer Dispatcher::MakeRoom(Session& session, ExecutionThread& thread, const HeldTurns& held) {
  const uint32_t flags = FlagsOf(session);
  if (server_.pause().mode() != PauseMode::kNone) return RoomAnswer::kFound;  // evictions are writes
  const Turns turns(server_.engine().shards(), held.one, held.has_many ? &held.many : nullptr);
  thread.engine.Begin(&turns, session.client.db, thread.now_us());
  const Room room = server_.memory_guard().MakeRoom(thread.engine);
  if (thread.engine.has_effects()) FinishWrite({}, thread);
  EndCommand(thread);
  if (room != Room::kNotFound || (flags & kDenyOom) == 0) return RoomAnswer::kFound;
  if (server_.engine().settings().policy == engine::EvictionPolicy::kNoEviction) return RoomAnswer::kNone;
  return session.prepared.room;
}

RunEnd Dispatcher::AskForRoom(Session& session, ExecutionThread& thread) {
  PrepareToPark(session, thread);
  server_.memory_guard().AskOthers(session, thread.executor);
  return RunEnd::kParked;
}

// Looked at under the turns: whoever sets a pause takes all turns once, so that afterwards nothing older runs.
RunEnd Dispatcher::ExecuteUnlessPaused(Session& session, ExecutionThread& thread, const HeldTurns& held) {
  if (const PauseMode mode = server_.pause().mode(); mode != PauseMode::kNone) [[unlikely]] {
    if (PauseApplies(mode, FlagsOf(session))) return RunEnd::kPaused;
  }
  return Execute(session, thread, held);
}

// Of EXEC, what its commands' rows say counts as well.
uint32_t Dispatcher::FlagsOf(const Session& session) {
  const uint32_t flags = session.prepared.flags;
  const bool runs_queued = (flags & kRunsQueued) != 0 && session.client.transaction != nullptr;
  return runs_queued ? flags | session.client.transaction->flags() : flags;
}

bool Dispatcher::MustRunOnPool(const Session& session) {
  const uint32_t flags = session.prepared.row->spec->flags;
  if ((flags & (kLongWork | kRunsQueued | kRunsScript)) == 0) [[likely]]
    return false;
  return (session.prepared.long_work || (FlagsOf(session) & kLongWork) != 0) && !IsBoundHome(session);
}

// A transaction with a command that only the home worker may run.
bool Dispatcher::IsBoundHome(const Session& session) {
  return (session.prepared.row->spec->flags & kRunsQueued) != 0 && session.client.transaction != nullptr &&
         session.client.transaction->at_home();
}

// Commands without turns may touch what only the home worker may, unless they are about the session's own transaction;
// long ones are parked from there.
bool Dispatcher::MustRunAtHome(const Session& session, const HeldTurns& held) {
  const PreparedCommand& prepared = session.prepared;
  const CommandSpec& spec = *prepared.row->spec;
  if ((spec.flags & kVisitShards) != 0) return false;
  if (IsBoundHome(session)) return true;
  if (!prepared.needs_turns()) return (spec.categories & kCatTransaction) == 0;
  return MustRunOnPool(session) && !held.Covers(prepared);
}

bool Dispatcher::HasCost(const PreparedCommand& prepared) {
  const CommandSpec& spec = *prepared.row->spec;
  return spec.cost != nullptr && prepared.args.size() >= spec.cost_from_args;
}

// A pool thread has nobody waiting behind it, so it never asks.
bool Dispatcher::IsCostly(Session& session, ExecutionThread& thread, const HeldTurns& held) {
  if (thread.kind == ThreadKind::kPool) return false;
  const Turns turns(server_.engine().shards(), held.one, held.has_many ? &held.many : nullptr);
  CommandContext context(session, thread);
  thread.engine.Begin(&turns, session.client.db, thread.now_us());
  const int64_t cost_ns = session.prepared.row->spec->cost(context);
  if (thread.engine.has_effects()) FinishWrite({}, thread);  // a key that expired
  EndCommand(thread);
  return cost_ns > kLongWorkNs;
}

bool Dispatcher::TakeTurns(ExecutionThread& thread, const PreparedCommand& prepared, HeldTurns& held) {
  if (!prepared.many_shards) {
    if (!thread.executor.TryTake(prepared.shard)) return false;
    held.one = prepared.shard;
    return true;
  }
  if (!thread.executor.TryTakeAll(prepared.shards)) return false;
  held.many = prepared.shards;
  held.has_many = true;
  return true;
}

void Dispatcher::ReleaseTurns(ExecutionThread& thread, RunPlace place, HeldTurns& held) {
  if (held.empty()) return;
  if (held.has_many) {
    thread.executor.Release(held.many);
  } else {
    thread.executor.Release(held.one);
  }
  held = HeldTurns();
  // Whoever waited for these turns runs next, so that a hot shard is not held idle. Inside a task the drain that runs
  // it goes on by itself.
  if (place == RunPlace::kHome && thread.executor.has_work()) thread.executor.Drain();
}

RunEnd Dispatcher::Park(Session& session, ExecutionThread& thread) {
  if (server_.script_control().busy() && RefuseBusy(session)) return RunEnd::kRefused;
  PrepareToPark(session, thread);
  thread.executor.Submit(session);
  return RunEnd::kParked;
}

// Whoever comes while a script is over busy-reply-threshold is not made to wait for it.
bool Dispatcher::RefuseBusy(Session& session) {
  const PreparedCommand& prepared = session.prepared;
  const auto kind =
      server_.script_control().BusyWith(prepared.many_shards ? prepared.shards : ShardSet::Of(prepared.shard));
  if (kind) WriteRefusal(session, BusyText(*kind));
  return kind.has_value();
}

void Dispatcher::TurnAway(const ShardSet& held, std::string_view error, ExecutionThread& thread) {
  thread.executor.TakeOutWaiters(
      held, [](engine::TurnTask& task) { return dynamic_cast<Session*>(&task) != nullptr; },
      [&](engine::TurnTask& task) {
        Session& session = static_cast<Session&>(task);
        session.long_work = false;
        thread.stats.foreign_runs.Add(1);
        if (session.TryStart()) {
          const size_t reply_mark = session.replies.size();
          WriteRefusal(session, error);
          AccountRejected(server_, session, thread, reply_mark);
          session.is_prepared = false;
          ++session.next_request;
        }
        session.ReturnHome(RunEnd::kBatchDone);
      });
}

void Dispatcher::PrepareToPark(Session& session, ExecutionThread& thread) {
  const PreparedCommand& prepared = session.prepared;
  session.wanted = prepared.many_shards ? prepared.shards : ShardSet::Of(prepared.shard);
  session.long_work = MustRunOnPool(session);
  session.admission_generation = server_.admission_generation();
  session.MarkParked();
  thread.stats.parked.Add(1);
}

RunEnd Dispatcher::MoveToPool(Session& session, ExecutionThread& thread, HeldTurns& held) {
  session.wanted = held.has_many ? held.many : ShardSet::Of(held.one);
  session.long_work = true;
  session.admission_generation = server_.admission_generation();
  session.MarkParked();
  thread.stats.parked.Add(1);
  held = HeldTurns();
  thread.executor.SubmitHeld(session);
  return RunEnd::kParked;
}

void Dispatcher::RunGranted(Session& session, ExecutionThread& thread) {
  HeldTurns held;
  held.many = session.wanted;
  held.has_many = true;
  session.long_work = false;
  thread.stats.foreign_runs.Add(1);
  if (!session.TryStart()) {  // killed while it waited
    ReleaseTurns(thread, RunPlace::kGranted, held);
    return session.ReturnHome(RunEnd::kBatchDone);
  }
  thread.RefreshNow();
  thread.last_ns = engine::CycleClock::NowNs();
  if (session.admission_generation != server_.admission_generation()) session.is_prepared = false;
  const RunEnd end = RunBatch(session, thread, RunPlace::kGranted, held);
  if (end != RunEnd::kParked) session.ReturnHome(end);
}

RunEnd Dispatcher::RunVisits(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns& held) {
  VisitState& visit = session.visit;
  for (;;) {
    session.prepared.shard = visit.shard;
    if (!held.Covers(session.prepared)) {
      ReleaseTurns(thread, place, held);
      if (!TakeTurns(thread, session.prepared, held)) return Park(session, thread);
    }
    if (HasCost(session.prepared) && IsCostly(session, thread, held)) return MoveToPool(session, thread, held);
    const RunEnd end = ExecuteUnlessPaused(session, thread, held);
    if (visit.done || end != RunEnd::kBatchDone) return end;
    ++visit.visited;
    visit.shard = static_cast<ShardIndex>((visit.shard + size_t{1}) % server_.engine().shard_count());
  }
}

Admission Dispatcher::Prepare(Session& session, ExecutionThread& thread) {
  PreparedCommand& prepared = session.prepared;
  prepared.args = session.batch[session.next_request].args;
  prepared.keys.clear();
  prepared.shard = kNoShard;
  prepared.many_shards = false;
  prepared.long_work = false;
  prepared.room = RoomAnswer::kNotAsked;
  if (const Admission admission = Admit(server_, session, thread); admission != Admission::kRuns) return admission;
  session.is_prepared = true;
  const CommandSpec& spec = *prepared.row->spec;
  prepared.flags = spec.flags;
  if (const size_t at = prepared.row->only_key; at != 0) [[likely]] {
    const engine::Key key = thread.ahead.KeyOf(session, session.next_request, prepared.args[at]);
    prepared.keys.push_back({key, static_cast<uint32_t>(at), spec.keys[0].flags});
    prepared.shard = server_.engine().ShardOf(key.slot);
  } else if ((spec.flags & kVisitShards) != 0) {
    session.visit.Reset();
    if (spec.visit_start != nullptr) spec.visit_start(prepared.args, server_.engine().shard_count(), session.visit);
  } else {
    ChooseShards(prepared);
    if ((spec.flags & kRunsQueued) != 0 && session.client.transaction != nullptr) {
      session.client.transaction->Plan(server_.engine(), prepared);
    }
    if (spec.plan != nullptr) spec.plan(thread, prepared);
    if ((spec.flags & kAllShards) != 0 && !prepared.needs_turns()) {
      prepared.AddAllShards(server_.engine().shard_count());
    }
  }
  return Admission::kRuns;
}

void Dispatcher::ChooseShards(PreparedCommand& prepared) {
  const CommandSpec& spec = *prepared.row->spec;
  if (spec.keys[0].begin == KeySpec::Begin::kNone && spec.further_keys == nullptr) return;
  ExtractKeys(spec, prepared.args, prepared.keys);
  const engine::Engine& engine = server_.engine();
  for (const CommandKey& key : prepared.keys) {
    if ((key.flags & kKeyNotKey) != 0) continue;  // a shard channel: names a slot, touches no shard
    prepared.AddShard(engine.ShardOf(key.key.slot));
  }
  if (spec.further_keys != nullptr && !spec.further_keys(prepared.args, nullptr)) {
    prepared.AddAllShards(engine.shard_count());
  }
}

RunEnd Dispatcher::Execute(Session& session, ExecutionThread& thread, const HeldTurns& held) {
  const Turns turns(server_.engine().shards(), held.one, held.has_many ? &held.many : nullptr);
  CommandContext context(session, thread);
  thread.engine.Begin(held.empty() ? nullptr : &turns, session.client.db, thread.now_us());
  thread.engine.set_no_touch(session.client.no_touch);
  const CommandSpec& spec = *session.prepared.row->spec;
  if (spec.read_ahead != nullptr && session.next_request >= session.read_ahead_until) {
    ReadAheadValue(session, thread.engine);
  }
  thread.running_client = session.client.info.get();
  spec.handler(context);
  if (session.client.tracking != 0) [[unlikely]]
    server_.tracking().AfterCommand(session, thread.engine);
  if (thread.engine.has_effects()) FinishWrite(session.prepared.args, thread);
  EndCommand(thread);
  if (context.wants_all_turns()) [[unlikely]]
    return RunEnd::kRestart;
  return context.blocked() ? RunEnd::kBlocked : RunEnd::kBatchDone;
}

void Dispatcher::FinishWrite(std::span<const std::string_view> command, ExecutionThread& thread) {
  thread.engine.AppendToJournal(command);
  if (thread.engine.has_ready_keys()) ServeBlocked(thread);
}

void Dispatcher::EndCommand(ExecutionThread& thread) {
  if (!thread.changed_keys.empty()) [[unlikely]]
    server_.tracking().TellChanges(thread.changed_keys);
  thread.running_client = nullptr;
  thread.engine.End();
}

void Dispatcher::RunOwnWork(ShardIndex held, ExecutionThread& thread,
                            const std::function<void(engine::ShardData&)>& fn) {
  const Turns turns(server_.engine().shards(), held, nullptr);
  thread.running_client = nullptr;
  thread.engine.Begin(&turns, /*db=*/0, thread.now_us());
  fn(turns.DataOf(held));
  if (thread.engine.has_effects()) FinishWrite({}, thread);
  EndCommand(thread);
}

void Dispatcher::RunOwnWorkUnderAll(ExecutionThread& thread, const std::function<void(engine::EngineContext&)>& fn) {
  const ShardSet all = ShardSet::All(server_.engine().shard_count());
  const Turns turns(server_.engine().shards(), kNoShard, &all);
  thread.running_client = nullptr;
  thread.engine.Begin(&turns, /*db=*/0, thread.now_us());
  fn(thread.engine);
  if (thread.engine.has_effects()) FinishWrite({}, thread);
  thread.engine.End();
}

// The writer that makes a key ready serves its waiters oldest first under the same turns. Serving may make more keys
// ready; the loop ends because every round serves somebody or passes everybody by.
void Dispatcher::ServeBlocked(ExecutionThread& thread) {
  const int db_before = thread.engine.db();
  engine::ReadyKey ready;
  while (thread.engine.PopReadyKey(ready)) {
    thread.engine.set_db(ready.db);
    ServeKey(thread, ready);
  }
  thread.engine.set_db(db_before);
}

// One client that cannot be served (it wants another type, or a later entry) does not hold up those behind it.
void Dispatcher::ServeKey(ExecutionThread& thread, const engine::ReadyKey& ready) {
  const engine::Key key = engine::MakeKey(ready.name);
  engine::BlockedIndex& index = thread.engine.ShardOf(key).blocked;
  engine::BlockedIndex::Waiters* const waiters = index.Find(ready.db, key.name);
  if (waiters == nullptr) return;
  for (size_t at = 0; at < waiters->size();) {
    if (waiters->need_key && !thread.engine.Peek(key)) break;
    const Serving serving = ServeOne(thread, std::static_pointer_cast<BlockedClient>((*waiters)[at]), key);
    if (serving == Serving::kComesBack) break;
    if (serving == Serving::kNotYet) {
      ++at;
    } else {
      index.RemoveAt(*waiters, at);
    }
  }
  index.DropIfEmpty(ready.db, key.name);
  if (thread.engine.has_unjournaled_effects()) thread.engine.AppendToJournal({});  // a key that expired
}

Dispatcher::Serving Dispatcher::ServeOne(ExecutionThread& thread, const std::shared_ptr<BlockedClient>& waiter,
                                         const engine::Key& key) {
  if (!waiter->BeginLook()) return Serving::kOver;
  if (waiter->comes_back()) return EndLook(*waiter, Serving::kComesBack);
  Session& session = waiter->session();
  CommandContext context(session, thread);
  if (!waiter->serve()(context, key, ServeStep::kCheck)) return EndLook(*waiter, Serving::kNotYet);
  if (!thread.engine.turns().HoldsAll(waiter->further_turns())) {
    ComeBack(thread, waiter, key);
    return EndLook(*waiter, Serving::kComesBack);
  }
  waiter->ClaimLooked();
  const ClientInfo* const writer = std::exchange(thread.running_client, session.client.info.get());
  waiter->serve()(context, key, ServeStep::kServe);
  if (session.client.tracking != 0) server_.tracking().AfterCommand(session, thread.engine);
  thread.running_client = writer;
  thread.engine.AppendToJournal(session.prepared.args);
  if (waiter->keys().size() > 1) ForgetBlocked(waiter, thread);
  session.is_prepared = false;
  ++session.next_request;
  session.ReportServed();
  return Serving::kOver;
}

Dispatcher::Serving Dispatcher::EndLook(BlockedClient& waiter, Serving serving) {
  const std::optional<uint8_t> wish = waiter.EndLook();
  if (!wish) return serving;
  waiter.session().ReportWaitEnd(static_cast<WaitEnd>(*wish));
  return Serving::kOver;
}

namespace {

/// Removes a waiter's registrations from shards whose turns were not held when it stopped waiting.
class ForgetTask final : public engine::TurnTask {
 public:
  ForgetTask(Server& server, std::shared_ptr<BlockedClient> waiter) : server_(server), waiter_(std::move(waiter)) {
    for (const std::string& key : waiter_->keys()) wanted.Add(server_.engine().ShardOf(engine::KeySlot(key)));
  }
  void Run(engine::TurnExecutor& executor) override {
    const std::unique_ptr<ForgetTask> self(this);
    server_.dispatcher().ForgetUnder(wanted, *waiter_);
    executor.Release(wanted);
  }

 private:
  Server& server_;
  const std::shared_ptr<BlockedClient> waiter_;
};

}  // namespace

namespace {

/// Serves a key's waiters again under all the turns that its oldest one needs (BLMOVE to another shard).
class ServeTask final : public engine::TurnTask {
 public:
  ServeTask(Server& server, std::shared_ptr<BlockedClient> waiter, const engine::Key& key)
      : server_(server), waiter_(std::move(waiter)), key_name_(key.name) {
    wanted = waiter_->further_turns();
    wanted.Add(server.engine().ShardOf(key.slot));
  }
  void Run(engine::TurnExecutor& executor) override {
    const std::unique_ptr<ServeTask> self(this);
    server_.dispatcher().ServeUnder(wanted, *waiter_, engine::MakeKey(key_name_));
    executor.Release(wanted);
  }

 private:
  Server& server_;
  const std::shared_ptr<BlockedClient> waiter_;
  const std::string key_name_;
};

}  // namespace

void Dispatcher::ComeBack(ExecutionThread& thread, const std::shared_ptr<BlockedClient>& waiter,
                          const engine::Key& key) {
  waiter->set_comes_back(true);
  thread.executor.Submit(*new ServeTask(server_, waiter, key));
}

void Dispatcher::ServeUnder(const ShardSet& held, BlockedClient& waiter, const engine::Key& key) {
  ExecutionThread& thread = *ExecutionThread::Current();
  thread.RefreshNow();
  const Turns turns(server_.engine().shards(), kNoShard, &held);
  thread.engine.Begin(&turns, waiter.db(), thread.now_us());
  thread.running_client = nullptr;
  waiter.set_comes_back(false);
  thread.engine.Signal(key, waiter.db());
  ServeBlocked(thread);
  EndCommand(thread);
}

void Dispatcher::ForgetUnder(const ShardSet& held, BlockedClient& waiter) {
  const Turns turns(server_.engine().shards(), kNoShard, &held);
  for (const std::string& name : waiter.keys()) {
    turns.DataOf(engine::MakeKey(name)).blocked.Remove(waiter.db(), name, waiter);
  }
}

void Dispatcher::ForgetWatches(const ShardSet& held, const engine::Watcher& watcher,
                               std::span<const WatchList::Watch> watches) {
  const Turns turns(server_.engine().shards(), kNoShard, &held);
  for (const WatchList::Watch& watch : watches) {
    turns.DataOf(engine::MakeKey(watch.key)).watched.Remove(watch.db, watch.key, watcher);
  }
}

void Dispatcher::ForgetBlocked(const std::shared_ptr<BlockedClient>& waiter, ExecutionThread& thread) {
  thread.executor.Submit(*new ForgetTask(server_, waiter));
}

}  // namespace usher::server
