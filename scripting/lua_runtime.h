// LuaRuntime: a Lua 5.4 state that looks to scripts like the Lua 5.1 of Redis 7, with redis.*, cjson, cmsgpack, struct
// and bit. One runtime serves EVAL scripts or function libraries (Redis keeps these apart too), and one thread: a
// server has a pair per executing thread, compiles on first use there, and never shares ids between runtimes.
//
//   EVAL        Compile(body, sha) once per thread -> ScriptId;  Run(id, keys, args, host, reply)
//   FUNCTION    LoadLibrary(name, code) -> LibraryId and what it registered;  FindFunction(...);  RunFunction(...)
//
// A run writes exactly one value to `reply`: the script's result as Redis converts it (by reply.version()), or the
// error as Redis words it ("ERR ... script: <sha>, on @user_script:1."). Only an abandoned run writes nothing.
//
// Bounds: memory per state, C stack depth, nesting of replies; all end in errors that the script may see. What the host
// is asked for never fails for memory, so that no error unwinds through it.
// Complexity: a run costs what its script does plus O(keys + args). Thread safety: none; the owning thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_sink.h"
#include "scripting/script_host.h"

namespace usher::scripting {

/// What a runtime is for; the two differ in what redis.* holds and in the names errors mention.
enum class RuntimeKind : uint8_t { kEval, kFunctions };

struct LuaSettings {
  /// Above this an allocation fails with Lua's "not enough memory".
  size_t memory_bytes_max = size_t{1} << 30;
  /// How many jumps, calls and slow table accesses pass between two ScriptHost::Poll(): a fraction of a millisecond.
  int hook_instructions = 20'000;
  /// Loading a library may take so long (FUNCTION LOAD timeout).
  int library_load_ms_max = 500;
};

/// Names a compiled script of one runtime.
enum class ScriptId : uint32_t {};
enum class LibraryId : uint32_t {};
enum class FunctionId : uint32_t {};

/// Flags of a registered function, and of a script's shebang line (which the server reads, with ParseScriptFlag()).
inline constexpr uint32_t kFlagNoWrites = 1 << 0;
inline constexpr uint32_t kFlagAllowOom = 1 << 1;
inline constexpr uint32_t kFlagAllowStale = 1 << 2;
inline constexpr uint32_t kFlagNoCluster = 1 << 3;
inline constexpr uint32_t kFlagAllowCrossSlotKeys = 1 << 4;

/// "no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"; nothing for other texts.
std::optional<uint32_t> ParseScriptFlag(std::string_view name);
/// The flag names in `flags`, in the order FUNCTION LIST shows them.
std::vector<std::string_view> ScriptFlagNames(uint32_t flags);

/// One redis.register_function().
struct RegisteredFunction {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;
};

/// How a run ended.
struct RunOutcome {
  enum class Status : uint8_t {
    kDone,       // the script's value was written (it may be an error that the script returned)
    kFailed,     // the error that ended it was written
    kAbandoned,  // the host asked for it; nothing was written
  };
  Status status = Status::kDone;
  /// The error written is the reply of a command, which the host has counted already (INFO errorstats).
  bool error_counted = false;
};

class LuaRuntime {
 public:
  explicit LuaRuntime(RuntimeKind kind, const LuaSettings& settings = {});
  ~LuaRuntime();
  LuaRuntime(const LuaRuntime&) = delete;
  LuaRuntime& operator=(const LuaRuntime&) = delete;

  // ---- EVAL ----

  /// Compiles `body` as it was sent: a first line "#!..." is skipped, lines keep their numbers. `sha` appears in error
  /// texts. On failure nothing is kept and `error` is the compiler's message ("user_script:1: ..."), to which EVAL
  /// prepends "ERR Error compiling script (new function): ".
  std::optional<ScriptId> Compile(std::string_view body, std::string_view sha, std::string* error);
  /// Runs a compiled script. Not from within a run.
  RunOutcome Run(ScriptId script, std::span<const std::string_view> keys, std::span<const std::string_view> args,
                 ScriptHost& host, protocol::ReplySink& reply);
  /// Forgets one script; its id may be given out again.
  void Drop(ScriptId script);

  // ---- FUNCTION ----

  /// Runs `code` (as sent, "#!lua name=..." included), which must register functions. `registered` gets them in the
  /// order of their registration. On failure nothing is kept and `error` is what FUNCTION LOAD answers after "ERR ".
  std::optional<LibraryId> LoadLibrary(std::string_view name, std::string_view code,
                                       std::vector<RegisteredFunction>* registered, std::string* error);
  /// The function a library registered under `name`. Good until the library is dropped.
  std::optional<FunctionId> FindFunction(LibraryId library, std::string_view name) const;
  RunOutcome RunFunction(FunctionId function, std::span<const std::string_view> keys,
                         std::span<const std::string_view> args, ScriptHost& host, protocol::ReplySink& reply);
  /// Forgets a library and its functions.
  void Drop(LibraryId library);

  // ---- both ----

  /// Forgets everything and starts with a fresh Lua state (SCRIPT FLUSH, FUNCTION FLUSH). Not from within a run.
  void Reset();
  /// The state's memory, as INFO's used_memory_vm_eval (of all threads, added up).
  size_t MemoryUsedBytes() const;
  /// Compiled scripts, or registered functions.
  size_t size() const;
  /// Is a run or a library's loading under way?
  bool running() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace usher::scripting
