// ExecutionThread: what a thread that executes commands has of its own: its side of the turn scheduler, its engine
// context, its statistics, the wake-ups it owes. A worker and a pool thread each have one, a worker that has met a slow
// script has two (Worker::ServeMeanwhile); so has an in-process test.
// Thread safety: its own thread only, but for stats, which anybody may read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/engine_context.h"
#include "engine/turn_scheduler.h"
#include "server/read_ahead.h"
#include "server/thread_stats.h"

namespace usher::server {

class Server;
class ThreadScripts;
class Worker;
struct ClientInfo;
struct HeldTurns;

/// A key that the command at hand has changed, and the client whose command that is.
struct ChangedKey {
  std::string name;
  const ClientInfo* writer = nullptr;
};

enum class ThreadKind : uint8_t {
  kWorker,
  kPool,
  kStandIn  // a worker's second one, for what it does for others while its first one is in the middle of a script
};

class ExecutionThread {
 public:
  ExecutionThread(Server& owner, size_t thread_index, ThreadKind thread_kind);
  ~ExecutionThread();
  ExecutionThread(const ExecutionThread&) = delete;
  ExecutionThread& operator=(const ExecutionThread&) = delete;

  /// The calling thread's; null on threads that execute no commands.
  static ExecutionThread* Current();
  /// Makes this the calling thread's.
  void BindToThread();

  /// Remembers that `home` has mail; it is woken by FlushWakes(), after the turns are released.
  void OweWake(Worker& home);
  void FlushWakes();
  /// Messages went to clients of `home`, of which the one whose command runs may be one.
  void NoteTold(const Worker& home);

  /// What the thread has of scripts: made at first use.
  ThreadScripts& scripts();

  /// Reads the wall clock; commands that start until the next call see this time.
  void RefreshNow();
  int64_t now_us() const { return now_us_; }

  Server& server;
  const size_t index;
  const ThreadKind kind;
  Worker* worker = nullptr;  // whose first one it is
  engine::TurnExecutor executor;
  engine::EngineContext engine;
  engine::Random random;
  ThreadStats stats;
  ReadAheadKeys ahead;                         // of the batch that runs
  const ClientInfo* running_client = nullptr;  // whose command changes keys now; null: the server itself
  std::vector<ChangedKey> changed_keys;        // while clients track by prefix: what they are to be told of
  const ClientInfo* told_itself = nullptr;     // whose command has pushed a message to its own client
  HeldTurns* script_turns = nullptr;           // those of the script that runs, if it is no part of an EXEC
  bool error_counted = false;                  // the error that is being replied is in the statistics already
  int64_t last_ns = 0;  // CycleClock at the end of the last command, which is the start of the next

 private:
  std::unique_ptr<ThreadScripts> scripts_;
  int64_t now_us_ = 0;
  std::array<Worker*, engine::TurnScheduler::kExecutorsMax> owed_{};
  size_t owed_count_ = 0;
};

}  // namespace usher::server
