// The functions of the table `redis`. Arguments are handed to the host as views of the Lua strings on the stack,
// numbers as texts in a buffer of the state: a call allocates nothing of its own.
#include "scripting/redis_api.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "engine/base/assert.h"
#include "engine/base/sha1.h"
#include "protocol/number_text.h"
#include "scripting/library_loading.h"
#include "scripting/lua_reply.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

/// Writes a number as a command's argument: 17 digits, so that nothing is lost.
std::string_view ArgumentText(double value, NumberText& to) {
  constexpr double kPlainMax = 1e17;  // above, %.17g writes an exponent
  if (value > -kPlainMax && value < kPlainMax) {
    const auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value && (integer != 0 || !std::signbit(value))) {
      return {to.data(), protocol::FormatInteger(integer, to.data())};
    }
  }
  return {to.data(), static_cast<size_t>(std::snprintf(to.data(), to.size(), "%.17g", value))};
}

/// Collects the arguments on the stack as views. Returns an error's text if that cannot be.
const char* GatherArguments(lua_State* lua, RuntimeState& state) {
  const int count = lua_gettop(lua);
  if (count == 0) return "Please specify at least one argument for this redis lib call";
  state.call_args.clear();
  size_t numbers = 0;
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(lua, i);
    if (type == LUA_TSTRING) {
      size_t length = 0;
      const char* text = lua_tolstring(lua, i, &length);
      state.call_args.emplace_back(text, length);
    } else if (type == LUA_TNUMBER) {
      // Sized once per call, so that the texts stay where they are.
      if (numbers == 0 && state.number_texts.size() < static_cast<size_t>(count)) {
        state.number_texts.resize(static_cast<size_t>(count));
      }
      state.call_args.push_back(ArgumentText(lua_tonumber(lua, i), state.number_texts[numbers++]));
    } else {
      return "Lua redis lib command arguments must be strings or integers";
    }
  }
  return nullptr;
}

enum class OnError : uint8_t { kRaise, kReturn };

/// Hands an error of the API itself to the script: redis.call() raises it, redis.pcall() returns it.
int Fail(lua_State* lua, OnError on_error, const char* text) {
  PushErrorTable(lua, text);
  return on_error == OnError::kRaise ? lua_error(lua) : 1;
}

enum class CallResult : uint8_t { kValue, kError, kOverflow, kAbandon };

/// The part of a call during which the host runs: no Lua error may happen, hence no memory limit.
CallResult CallHost(lua_State* lua, RuntimeState& state) {
  const UnlimitedMemory unlimited(state);
  LuaReply reply(lua);
  if (state.host->Call(state.call_args, reply) == ScriptHost::CallStatus::kAbandon) return CallResult::kAbandon;
  if (reply.overflown()) return CallResult::kOverflow;
  ASSERT(reply.complete());
  return reply.is_error() ? CallResult::kError : CallResult::kValue;
}

template <OnError kOnError>
int Call(lua_State* lua) {
  RuntimeState& state = StateOf(lua);
  if (state.host == nullptr) {
    return Fail(lua, kOnError, "redis.call/pcall can only be called inside a script invocation");
  }
  if (const char* error = GatherArguments(lua, state)) return Fail(lua, kOnError, error);
  switch (CallHost(lua, state)) {
    case CallResult::kValue:
      return 1;
    case CallResult::kError:
      return kOnError == OnError::kRaise ? lua_error(lua) : 1;
    case CallResult::kOverflow:
      return Fail(lua, OnError::kRaise, "lua stack limit reach when parsing redis.call reply");
    case CallResult::kAbandon:
      state.unwinding = Unwinding::kAbandoned;
      lua_pushnil(lua);
      return lua_error(lua);
  }
  return 0;
}

int Log(lua_State* lua) {
  RuntimeState& state = StateOf(lua);
  const int count = lua_gettop(lua);
  if (count < 2) return RaiseError(lua, "redis.log() requires two arguments or more.");
  if (!lua_isnumber(lua, 1)) return RaiseError(lua, "First argument must be a number (log level).");
  const int64_t level = TruncateToInteger(lua_tonumber(lua, 1));
  if (level < 0 || level > 3) return RaiseError(lua, "Invalid debug level.");
  state.scratch.clear();
  for (int i = 2; i <= count; ++i) {
    size_t length = 0;
    const char* text = lua_tolstring(lua, i, &length);
    if (text == nullptr) continue;
    if (i > 2) state.scratch += ' ';
    state.scratch.append(text, length);
  }
  if (state.host != nullptr) state.host->Log(static_cast<LogLevel>(level), state.scratch);
  return 0;
}

int SetResp(lua_State* lua) {
  RuntimeState& state = StateOf(lua);
  if (state.host == nullptr) return RaiseError(lua, "redis.setresp can only be called inside a script invocation");
  if (lua_gettop(lua) != 1) return RaiseError(lua, "redis.setresp() requires one argument.");
  const double version = lua_tonumber(lua, 1);
  if (version != 2 && version != 3) return RaiseError(lua, "RESP version must be 2 or 3.");
  state.version = version == 2 ? protocol::RespVersion::kResp2 : protocol::RespVersion::kResp3;
  return 0;
}

int SetRepl(lua_State* lua) {
  RuntimeState& state = StateOf(lua);
  if (state.host == nullptr) return RaiseError(lua, "redis.set_repl can only be called inside a script invocation");
  if (lua_gettop(lua) != 1) return RaiseError(lua, "redis.set_repl() requires two arguments.");
  const int64_t targets = TruncateToInteger(lua_tonumber(lua, 1));
  if ((targets & ~int64_t{kReplAof | kReplReplica}) != 0) {
    return RaiseError(lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  state.host->SetReplication(static_cast<uint32_t>(targets));
  return 0;
}

int AclCheckCommand(lua_State* lua) {
  RuntimeState& state = StateOf(lua);
  if (state.host == nullptr) {
    return RaiseError(lua, "redis.acl_check_cmd can only be called inside a script invocation");
  }
  if (const char* error = GatherArguments(lua, state)) return RaiseError(lua, error);
  const ScriptHost::AclVerdict verdict = state.host->AclCheck(state.call_args);
  if (verdict == ScriptHost::AclVerdict::kUnknownCommand) {
    return RaiseError(lua, "Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(lua, verdict == ScriptHost::AclVerdict::kAllowed);
  return 1;
}

int Sha1Hex(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "wrong number of arguments");
  size_t length = 0;
  const char* text = lua_tolstring(lua, 1, &length);
  const engine::Sha1Digest digest = engine::Sha1({text == nullptr ? "" : text, length});
  constexpr char kDigits[] = "0123456789abcdef";
  char hex[40];
  for (size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = kDigits[digest[i] >> 4];
    hex[2 * i + 1] = kDigits[digest[i] & 15];
  }
  lua_pushlstring(lua, hex, sizeof hex);
  return 1;
}

bool OneString(lua_State* lua) {
  return lua_gettop(lua) == 1 && lua_type(lua, 1) == LUA_TSTRING;
}

int StatusReply(lua_State* lua) {
  if (!OneString(lua)) {
    PushErrorTable(lua, "wrong number or type of arguments");
    return 1;
  }
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}

/// The first word is the error's code; "-" before it may be there or not.
int ErrorReply(lua_State* lua) {
  if (!OneString(lua)) {
    PushErrorTable(lua, "wrong number or type of arguments");
    return 1;
  }
  size_t length = 0;
  const char* text = lua_tolstring(lua, 1, &length);
  if (*text != '-') {
    lua_pushliteral(lua, "-");
    lua_insert(lua, 1);
    lua_concat(lua, 2);
    text = lua_tolstring(lua, 1, &length);
  }
  PushErrorTable(lua, {text, length});
  return 1;
}

int ReplicateCommands(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

/// Breakpoints are for the debugger, which is never there.
int Breakpoint(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}

int Debug(lua_State*) {
  return 0;
}

constexpr luaL_Reg kFunctions[] = {{"call", Call<OnError::kRaise>},
                                   {"pcall", Call<OnError::kReturn>},
                                   {"log", Log},
                                   {"setresp", SetResp},
                                   {"set_repl", SetRepl},
                                   {"acl_check_cmd", AclCheckCommand},
                                   {"sha1hex", Sha1Hex},
                                   {"status_reply", StatusReply},
                                   {"error_reply", ErrorReply}};

constexpr luaL_Reg kEvalFunctions[] = {
    {"replicate_commands", ReplicateCommands}, {"breakpoint", Breakpoint}, {"debug", Debug}};

constexpr luaL_Reg kLoadingFunctions[] = {{"log", Log}, {"register_function", RegisterFunction}};

struct Constant {
  const char* name;
  int value;
};

constexpr Constant kLogConstants[] = {{"LOG_DEBUG", 0}, {"LOG_VERBOSE", 1}, {"LOG_NOTICE", 2}, {"LOG_WARNING", 3}};
constexpr Constant kReplConstants[] = {
    {"REPL_NONE", 0}, {"REPL_AOF", 1}, {"REPL_SLAVE", 2}, {"REPL_REPLICA", 2}, {"REPL_ALL", 3}};

template <size_t N>
void AddConstants(lua_State* lua, const Constant (&constants)[N]) {
  for (const Constant& constant : constants) {
    lua_pushnumber(lua, constant.value);
    lua_setfield(lua, -2, constant.name);
  }
}

void AddVersion(lua_State* lua) {
  lua_pushstring(lua, kRedisVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
  lua_pushnumber(lua, kRedisVersionNumber);
  lua_setfield(lua, -2, "REDIS_VERSION_NUM");
}

}  // namespace

void OpenRedis(lua_State* lua) {
  lua_createtable(lua, 0, 32);
  AddFunctions(lua, kFunctions);
  if (StateOf(lua).kind == RuntimeKind::kEval) AddFunctions(lua, kEvalFunctions);
  AddConstants(lua, kLogConstants);
  AddConstants(lua, kReplConstants);
  AddVersion(lua);
}

void OpenRedisForLoading(lua_State* lua) {
  lua_createtable(lua, 0, 8);
  AddFunctions(lua, kLoadingFunctions);
  AddConstants(lua, kLogConstants);
  AddVersion(lua);
}

void PushErrorTable(lua_State* lua, std::string_view text) {
  std::string_view code = "ERR";
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    if (const size_t space = text.find(' '); space != std::string_view::npos) {
      code = text.substr(0, space);
      text.remove_prefix(space + 1);
    }
  }
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  lua_createtable(lua, 0, 1);
  lua_pushlstring(lua, code.data(), code.size());
  lua_pushliteral(lua, " ");
  lua_pushlstring(lua, text.data(), text.size());
  lua_concat(lua, 3);
  lua_setfield(lua, -2, "err");
}

int RaiseError(lua_State* lua, std::string_view text) {
  PushErrorTable(lua, text);
  return lua_error(lua);
}

}  // namespace usher::scripting
