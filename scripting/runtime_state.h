// RuntimeState: what the C functions of one Lua state share. It is found from any lua_State (coroutines too) in O(1).
//
// Functions called by Lua may be left by a Lua error, which runs no destructors: they keep growing buffers here, where
// they are reused, instead of on their own frame. Thread safety: none; one thread per state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <lua5.4/lua.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_sink.h"
#include "scripting/cjson.h"
#include "scripting/lua_number.h"
#include "scripting/lua_runtime.h"
#include "scripting/script_host.h"

namespace usher::scripting {

struct LibraryLoading;

/// Set once a run must end whatever the script does; pcall and its like pass it on.
enum class Unwinding : uint8_t { kNone, kKilled, kAbandoned };

/// An aggregate that LuaReply has begun and not yet filled.
struct ReplyFrame {
  enum class Kind : uint8_t { kArray, kMap, kSet, kDiscard };
  Kind kind;
  bool deferred;
  size_t expected;
  size_t filled;
};

using NumberText = std::array<char, 32>;

struct RuntimeState {
  RuntimeKind kind = RuntimeKind::kEval;
  LuaSettings settings;
  lua_State* lua = nullptr;
  size_t bytes_used = 0;
  /// Above 0, memory has no limit: the host is on the C++ stack and no error may pass it.
  int unlimited_depth = 0;
  int ticks_left = 0;
  /// The calls were nested too deeply; until that is caught, a little more is allowed.
  bool calls_overflown = false;

  // The run. `host` is null outside of one.
  ScriptHost* host = nullptr;
  Unwinding unwinding = Unwinding::kNone;
  protocol::RespVersion version = protocol::RespVersion::kResp2;
  CjsonSettings cjson;
  LibraryLoading* loading = nullptr;

  /// Of math.random(), which goes on from run to run.
  uint64_t random = 0x1234ABCD330E;

  // Buffers, reused.
  std::vector<std::string_view> call_args;
  std::vector<NumberText> number_texts;
  std::vector<ReplyFrame> reply_frames;
  std::string scratch;
};

/// The state that `lua`, or the coroutine's main state, belongs to.
inline RuntimeState& StateOf(lua_State* lua) {
  return **static_cast<RuntimeState**>(lua_getextraspace(lua));
}

/// Lifts the memory limit while the host may be called. No Lua error may leave the scope.
class UnlimitedMemory {
 public:
  explicit UnlimitedMemory(RuntimeState& state) : state_(state) { ++state_.unlimited_depth; }
  ~UnlimitedMemory() { --state_.unlimited_depth; }
  UnlimitedMemory(const UnlimitedMemory&) = delete;
  UnlimitedMemory& operator=(const UnlimitedMemory&) = delete;

 private:
  RuntimeState& state_;
};

/// Raises the run's end again where something has caught it. Call after catching any error.
inline void PassOnUnwinding(lua_State* lua) {
  if (StateOf(lua).unwinding != Unwinding::kNone) lua_error(lua);
}

}  // namespace usher::scripting
