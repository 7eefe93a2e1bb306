// AofReplay: runs the commands of an append-only file again, under the turns of all shards. They go through the
// ordinary handlers, with a client of their own whose replies nobody reads; what MULTI opens is kept until its EXEC has
// come. For as long as one exists, nothing expires and nobody hears of what happens (EngineContext::BeginReplay).
// Complexity: that of the commands. Thread safety: the thread that holds the turns.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/aof_reader.h"
#include "server/execution_thread.h"
#include "server/prepared_command.h"
#include "server/session.h"

namespace usher::server {

class AofReplay {
 public:
  enum class End : uint8_t {
    kWhole,
    kTruncated,  // it ends inside a command or a transaction: what is before that was run
    kMalformed,
    kUnreadable,
    kUnknownCommand
  };

  AofReplay(Server& server, engine::EngineContext& context);
  ~AofReplay();
  AofReplay(const AofReplay&) = delete;
  AofReplay& operator=(const AofReplay&) = delete;

  /// Runs what `reader` gives.
  End Run(engine::AofReader& reader);
  /// Up to where the file was run: behind the last command that is in no open transaction.
  uint64_t whole_bytes() const { return whole_bytes_; }
  /// The command that is not known.
  const std::string& unknown() const { return unknown_; }
  uint64_t commands() const { return commands_; }

 private:
  class NoReply;
  class NoHome;

  /// A command of an open transaction.
  struct Kept {
    std::string text;
    std::vector<size_t> sizes;
  };

  bool Take(std::span<const std::string_view> args);
  bool RunCommand(std::span<const std::string_view> args);
  bool RunKept();
  bool FindRow(std::span<const std::string_view> args);
  void Keep(std::span<const std::string_view> args);

  Server& server_;
  engine::EngineContext& context_;
  ExecutionThread& thread_;
  std::unique_ptr<NoReply> reply_;
  std::unique_ptr<NoHome> home_;
  std::unique_ptr<Session> session_;
  PreparedCommand command_;
  RecentName last_name_;  // of command_.row
  bool in_transaction_ = false;
  std::deque<Kept> kept_;
  uint64_t whole_bytes_ = 0;
  uint64_t commands_ = 0;
  std::string unknown_;
};

}  // namespace usher::server
