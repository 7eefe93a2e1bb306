// CommandContext: what a command handler sees: its arguments, where to reply, the engine under its turns, its client.
// A handler reads arguments, calls the engine and writes exactly one reply. Lives for one command.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/result.h"
#include "engine/engine_context.h"
#include "protocol/resp_writer.h"
#include "server/blocked_client.h"
#include "server/execution_thread.h"
#include "server/session.h"

namespace usher::server {

class Server;

class CommandContext {
 public:
  CommandContext(Session& of_session, ExecutionThread& on_thread);
  /// For a command that a script calls: not the session's own, and replying elsewhere.
  CommandContext(Session& of_session, ExecutionThread& on_thread, const PreparedCommand& command,
                 protocol::ReplySink& sink);

  std::span<const std::string_view> args;  // args[0] is the command's name
  protocol::ReplySink& reply;
  engine::EngineContext& engine;
  ClientState& client;
  Session& session;
  ExecutionThread& thread;
  Server& server;
  const PreparedCommand& prepared;

  const CommandSpec& spec() const { return *prepared.row->spec; }
  /// The key at an argument's place, hashed already when the row's key spec names it.
  engine::Key KeyAt(size_t arg_index) const;
  /// Whether the key may be touched now. Always, but for a client that waited: it is served under the turns of whoever
  /// made one of its keys ready.
  bool Holds(const engine::Key& key) const;

  /// Replies the error's text (server/error_text.h).
  void Fail(engine::Error error);
  /// Replies "-" + text, which starts with its code ("ERR ...").
  void FailText(std::string_view text) { reply.Error(text); }
  /// "ERR wrong number of arguments for 'name' command".
  void FailArity();

  /// Makes the client wait until one of the keys is ready or the deadline passes. The handler writes no reply.
  void Block(std::span<const engine::Key> keys, ServeFunction serve, TimeoutFunction timeout,
             std::optional<int64_t> deadline_ms);
  bool blocked() const { return blocked_; }

  /// For scripts: the command shall run again from its start, under all turns. Nothing was replied, nothing changed.
  void RestartUnderAllTurns() { wants_all_turns_ = true; }
  bool wants_all_turns() const { return wants_all_turns_; }

  /// For rows that visit shards (kVisitShards): the state carried along.
  VisitState& visit() { return session.visit; }

 private:
  void EndWaitAtOnce(TimeoutFunction timeout);
  void AddFurtherTurns(BlockedClient& waiter) const;
  bool blocked_ = false;
  bool wants_all_turns_ = false;
};

}  // namespace usher::server
