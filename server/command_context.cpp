// See command_context.h.
#include "server/command_context.h"

#include <algorithm>
#include <string>

#include "server/error_text.h"
#include "server/server.h"

namespace usher::server {

CommandContext::CommandContext(Session& of_session, ExecutionThread& on_thread)
    : CommandContext(of_session, on_thread, of_session.prepared, of_session.writer) {}

CommandContext::CommandContext(Session& of_session, ExecutionThread& on_thread, const PreparedCommand& command,
                               protocol::ReplySink& sink)
    : args(command.args),
      reply(sink),
      engine(on_thread.engine),
      client(of_session.client),
      session(of_session),
      thread(on_thread),
      server(on_thread.server),
      prepared(command) {}

engine::Key CommandContext::KeyAt(size_t arg_index) const {
  for (const CommandKey& key : prepared.keys) {
    if (key.arg_index == arg_index) return key.key;
  }
  return engine::MakeKey(args[arg_index]);
}

bool CommandContext::Holds(const engine::Key& key) const {
  return engine.turns().Holds(server.engine().ShardOf(key.slot));
}

void CommandContext::Fail(engine::Error error) {
  reply.Error(ErrorText(error, spec().name));
}

void CommandContext::FailArity() {
  reply.Error("ERR wrong number of arguments for '" + std::string(spec().name) + "' command");
}

void CommandContext::Block(std::span<const engine::Key> keys, ServeFunction serve, TimeoutFunction timeout,
                           std::optional<int64_t> deadline_ms) {
  if (client.in_exec()) return EndWaitAtOnce(timeout);
  blocked_ = true;
  auto waiter = std::make_shared<BlockedClient>(session, client.db, serve, timeout, deadline_ms);
  const bool takes = (spec().keys[0].flags & kKeyDelete) != 0;
  // A write that takes nothing away keeps something of the client's in the key (a consumer group).
  if ((spec().flags & kWrite) != 0 && !takes) waiter->set_ends_without_key();
  for (const engine::Key& key : keys) {
    waiter->keys().emplace_back(key.name);
    engine::ShardData& shard = engine.ShardOf(key);
    shard.blocked.Add(client.db, key.name, waiter, takes);
    shard.observed = true;
  }
  if (keys.size() != prepared.keys.size()) AddFurtherTurns(*waiter);
  session.blocked = std::move(waiter);
}

// Inside EXEC or a script nobody waits: it is as if the time were up.
void CommandContext::EndWaitAtOnce(TimeoutFunction timeout) {
  if (timeout != nullptr) return timeout(reply);
  session.wait_is_over = true;
  spec().handler(*this);
}

void CommandContext::AddFurtherTurns(BlockedClient& waiter) const {
  const std::vector<std::string>& waited_for = waiter.keys();
  for (const CommandKey& key : prepared.keys) {
    if (std::find(waited_for.begin(), waited_for.end(), key.key.name) != waited_for.end()) continue;
    waiter.further_turns().Add(server.engine().ShardOf(key.key.slot));
  }
}

}  // namespace usher::server
