// Dispatcher: the way of a command from parsed request to reply: look up, admit, take turns, run, account. It is the
// only maker of Turns. Commands of clients, EXEC with what it runs, and blocked clients being served all enter here.
//
//   RunBatch: for each request: Prepare (row, arity, admission, keys) -> turns held already? -> TryTake, else park
//             -> Execute (handler, journal, blocked clients, accounting) -> turns are kept while the next request of
//             the batch needs the same ones
// Thread safety: RunBatch runs on the thread that owns the session; the members it reads are constant or atomic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "engine/engine_context.h"
#include "server/session.h"
#include "server/transaction.h"

namespace usher::server {

class BlockedClient;
enum class Admission : uint8_t;
class CommandContext;
class ExecutionThread;
class Server;

/// Turns held by the running batch: one shard in the common case.
struct HeldTurns {
  engine::ShardIndex one = engine::kNoShard;
  engine::ShardSet many;
  bool has_many = false;

  bool empty() const { return one == engine::kNoShard && !has_many; }
  bool Covers(const PreparedCommand& prepared) const;
  /// Makes them a set, to which a running script may add.
  void Widen();
};

enum class RunPlace : uint8_t {
  kHome,    // the home worker's outermost loop
  kGranted  // a turn task: on whichever thread was granted the turns
};

class Dispatcher {
 public:
  explicit Dispatcher(Server& server) : server_(server) {}

  /// Executes the session's parsed requests until something stops it. After kParked the session must not be touched.
  RunEnd RunBatch(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns held = {});

  /// A parked session was granted its turns (Session::Run).
  void RunGranted(Session& session, ExecutionThread& thread);

  /// Replies `error` to the clients whose commands wait for these turns, which `thread` holds, and sends them home.
  void TurnAway(const engine::ShardSet& held, std::string_view error, ExecutionThread& thread);

  /// Gives up the turns with which a session came home that is going to be closed.
  void ReleaseCarried(Session& session, ExecutionThread& thread);

  /// Takes a waiter that was claimed (served, timed out, killed) off its keys, by work that is queued for their shards.
  void ForgetBlocked(const std::shared_ptr<BlockedClient>& waiter, ExecutionThread& thread);
  /// The same under turns that cover all its keys.
  void ForgetUnder(const engine::ShardSet& held, BlockedClient& waiter);
  /// Removes what a client watched, under turns that cover it.
  void ForgetWatches(const engine::ShardSet& held, const engine::Watcher& watcher,
                     std::span<const WatchList::Watch> watches);
  /// Serves the waiters of `key` under turns that suffice for `waiter`, which had to come back for them.
  void ServeUnder(const engine::ShardSet& held, BlockedClient& waiter, const engine::Key& key);
  /// Calls fn(ShardData&) for the server's own work (expiry, eviction, waiting rooms) under a turn that `thread` holds,
  /// with thread.engine as its context; then journals what it did and serves whom it made ready.
  void RunOwnWork(engine::ShardIndex held, ExecutionThread& thread, const std::function<void(engine::ShardData&)>& fn);
  /// The same under the turns of all shards, which `thread` holds: calls fn(thread.engine).
  void RunOwnWorkUnderAll(ExecutionThread& thread, const std::function<void(engine::EngineContext&)>& fn);

 private:
  Admission Prepare(Session& session, ExecutionThread& thread);
  void ChooseShards(PreparedCommand& prepared);
  RunEnd RunOne(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns& held);
  RunEnd RunVisits(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns& held);
  static uint32_t FlagsOf(const Session& session);
  static bool MustRunOnPool(const Session& session);
  static bool IsBoundHome(const Session& session);
  static bool MustRunAtHome(const Session& session, const HeldTurns& held);
  static void Carry(Session& session, HeldTurns& held);
  static HeldTurns TakeCarried(Session& session);
  static bool HasCost(const PreparedCommand& prepared);
  bool IsCostly(Session& session, ExecutionThread& thread, const HeldTurns& held);
  bool TakeTurns(ExecutionThread& thread, const PreparedCommand& prepared, HeldTurns& held);
  void ReleaseTurns(ExecutionThread& thread, RunPlace place, HeldTurns& held);
  void PrepareToPark(Session& session, ExecutionThread& thread);
  RunEnd Park(Session& session, ExecutionThread& thread);
  bool RefuseBusy(Session& session);
  RoomAnswer MakeRoom(Session& session, ExecutionThread& thread, const HeldTurns& held);
  RunEnd AskForRoom(Session& session, ExecutionThread& thread);
  RunEnd MoveToPool(Session& session, ExecutionThread& thread, HeldTurns& held);
  RunEnd ExecuteHolding(Session& session, ExecutionThread& thread, RunPlace place, HeldTurns& held);
  RunEnd ExecuteUnlessPaused(Session& session, ExecutionThread& thread, const HeldTurns& held);
  RunEnd Execute(Session& session, ExecutionThread& thread, const HeldTurns& held);
  void ReadAheadBatch(Session& session, ExecutionThread& thread);
  void ReadAheadValue(Session& session, engine::EngineContext& engine);
  void EndCommand(ExecutionThread& thread);
  void FinishWrite(std::span<const std::string_view> command, ExecutionThread& thread);
  void ServeBlocked(ExecutionThread& thread);
  void ServeKey(ExecutionThread& thread, const engine::ReadyKey& ready);
  /// What came of trying to serve a waiter: its wait is over; it waits on; it will be served under more turns.
  enum class Serving : uint8_t { kOver, kNotYet, kComesBack };
  Serving ServeOne(ExecutionThread& thread, const std::shared_ptr<BlockedClient>& waiter, const engine::Key& key);
  static Serving EndLook(BlockedClient& waiter, Serving serving);
  void ComeBack(ExecutionThread& thread, const std::shared_ptr<BlockedClient>& waiter, const engine::Key& key);

  Server& server_;
};

}  // namespace usher::server
