// AllShardsTask: the server's own work under the turns of all shards (the start of a snapshot, loading, a save at
// shutdown), for threads that execute no commands: it is mailed to a worker, which takes the turns like everybody else.
// It deletes itself. Thread safety: Post() from any thread.
#pragma once

#include <functional>

#include "engine/engine_context.h"
#include "engine/turn_scheduler.h"
#include "server/mailbox.h"

namespace usher::server {

class Server;

class AllShardsTask final : public Message, public engine::TurnTask {
 public:
  using Work = std::function<void(engine::EngineContext&)>;
  enum class Length : uint8_t { kShort, kLong };  // long work runs on the pool

  /// Has `work` done as soon as all turns are there.
  static void Post(Server& server, Length length, Work work);

  void Deliver() override;
  void Discard() override { delete this; }
  void Run(engine::TurnExecutor& executor) override;

 private:
  AllShardsTask(Server& server, Length length, Work work);

  Server& server_;
  const Work work_;
};

}  // namespace usher::server
