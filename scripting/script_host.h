// ScriptHost: all that a running script may ask of the server. The server implements it once per run (or once per
// session, as it likes); LuaRuntime calls it from the thread that runs the script, never after Run() has returned.
//
// Nothing of Lua shows here, and nothing of the server: commands go in as views, replies come back through a
// protocol::ReplySink. A Lua error never unwinds through a host's function, so hosts may hold objects with destructors.
// They must not throw. Thread safety: none; one run, one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/reply_sink.h"

namespace usher::scripting {

/// Levels of redis.log(), by Redis's numbers.
enum class LogLevel : uint8_t { kDebug = 0, kVerbose = 1, kNotice = 2, kWarning = 3 };

/// redis.set_repl(): any combination of kReplAof (1) and kReplReplica (2); 3 is ALL, 0 is NONE.
inline constexpr uint32_t kReplAof = 1;
inline constexpr uint32_t kReplReplica = 2;

class ScriptHost {
 public:
  /// How a command went.
  enum class CallStatus : uint8_t {
    kReplied,  // exactly one value was written to the sink, be it an error
    kAbandon,  // the run must end here and now (a restart, say): no script code runs any more, pcall does not catch it
  };
  /// What the count hook is told.
  enum class Interrupt : uint8_t {
    kNone,
    kKilled,   // SCRIPT KILL or FUNCTION KILL: the run ends with Redis's error; pcall does not catch it
    kAbandon,  // as CallStatus::kAbandon
  };
  enum class AclVerdict : uint8_t { kAllowed, kDenied, kUnknownCommand };

  virtual ~ScriptHost() = default;

  /// Runs one command (redis.call and redis.pcall). `args` has at least one element; its views are good for the call
  /// only. The reply goes to `reply`, errors too ("ERR ...", the code word included); reply.version() is what the
  /// script asked for by redis.setresp(), 2 at the start of every run. With kAbandon the sink need not be written.
  virtual CallStatus Call(std::span<const std::string_view> args, protocol::ReplySink& reply) = 0;

  /// Asked every LuaSettings::hook_instructions steps, between two instructions: the place to look at the clock,
  /// to tell others that the script is slow, and to let SCRIPT KILL in.
  virtual Interrupt Poll() = 0;

  /// redis.log().
  virtual void Log(LogLevel level, std::string_view text) = 0;

  /// redis.set_repl().
  virtual void SetReplication(uint32_t targets) = 0;

  /// redis.acl_check_cmd(): may the client that runs the script run `args`?
  virtual AclVerdict AclCheck(std::span<const std::string_view> args) = 0;
};

}  // namespace usher::scripting
