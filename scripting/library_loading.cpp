// redis.register_function(): reads its two forms of arguments, with Redis's words for what is wrong with them.
#include "scripting/library_loading.h"

#include <algorithm>
#include <string_view>

#include "scripting/redis_api.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

struct FlagName {
  std::string_view name;
  uint32_t flag;
};

constexpr FlagName kFlagNames[] = {{"no-writes", kFlagNoWrites},
                                   {"allow-oom", kFlagAllowOom},
                                   {"allow-stale", kFlagAllowStale},
                                   {"no-cluster", kFlagNoCluster},
                                   {"allow-cross-slot-keys", kFlagAllowCrossSlotKeys}};

std::string_view TextAt(lua_State* lua, int index) {
  size_t length = 0;
  const char* text = lua_tolstring(lua, index, &length);
  return {text, length};
}

/// Reads the list of flag names on top.
void ReadFlags(lua_State* lua, RegisteredFunction& function) {
  for (lua_Integer i = 1; lua_rawgeti(lua, -1, i) != LUA_TNIL; ++i) {
    std::optional<uint32_t> flag;
    if (lua_type(lua, -1) == LUA_TSTRING) flag = ParseScriptFlag(TextAt(lua, -1));
    if (!flag) RaiseError(lua, "unknown flag given");
    function.flags |= *flag;
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
}

/// Reads one named argument: the key at -2, the value on top. The callback is left at stack place 2.
void ReadNamedArgument(lua_State* lua, RegisteredFunction& function) {
  if (lua_type(lua, -2) != LUA_TSTRING) {
    RaiseError(lua, "named argument key given to redis.register_function is not a string");
  }
  const std::string_view key = TextAt(lua, -2);
  const int type = lua_type(lua, -1);
  if (key == "function_name") {
    if (type != LUA_TSTRING) {
      RaiseError(lua, "function_name argument given to redis.register_function must be a string");
    }
    function.name = TextAt(lua, -1);
  } else if (key == "description") {
    if (type != LUA_TSTRING) RaiseError(lua, "description argument given to redis.register_function must be a string");
    function.description = TextAt(lua, -1);
  } else if (key == "callback") {
    if (type != LUA_TFUNCTION) {
      RaiseError(lua, "callback argument given to redis.register_function must be a function");
    }
    lua_pushvalue(lua, -1);
    lua_replace(lua, 2);
  } else if (key == "flags") {
    if (type != LUA_TTABLE) {
      RaiseError(lua, "flags argument to redis.register_function must be a table representing function flags");
    }
    ReadFlags(lua, function);
  } else {
    RaiseError(lua, "unknown argument given to redis.register_function");
  }
}

/// Reads the table of named arguments at stack place 1.
void ReadNamedArguments(lua_State* lua, RegisteredFunction& function) {
  if (lua_type(lua, 1) != LUA_TTABLE) {
    RaiseError(lua,
               "calling redis.register_function with a single argument is only applicable to Lua table (representing "
               "named arguments).");
  }
  lua_settop(lua, 2);
  for (lua_pushnil(lua); lua_next(lua, 1);) {
    ReadNamedArgument(lua, function);
    lua_settop(lua, 3);
  }
  if (function.name.empty()) RaiseError(lua, "redis.register_function must get a function name argument");
  if (lua_isnil(lua, 2)) RaiseError(lua, "redis.register_function must get a callback argument");
}

void ReadPositionalArguments(lua_State* lua, RegisteredFunction& function) {
  if (lua_type(lua, 1) != LUA_TSTRING) {
    RaiseError(lua, "first argument to redis.register_function must be a string");
  }
  if (lua_type(lua, 2) != LUA_TFUNCTION) {
    RaiseError(lua, "second argument to redis.register_function must be a function");
  }
  function.name = TextAt(lua, 1);
}

bool IsValidName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool Has(const LibraryLoading& loading, std::string_view name) {
  return std::any_of(loading.registered.begin(), loading.registered.end(),
                     [name](const RegisteredFunction& function) { return function.name == name; });
}

}  // namespace

std::optional<uint32_t> ParseScriptFlag(std::string_view name) {
  for (const FlagName& entry : kFlagNames) {
    if (entry.name == name) return entry.flag;
  }
  return std::nullopt;
}

std::vector<std::string_view> ScriptFlagNames(uint32_t flags) {
  std::vector<std::string_view> names;
  for (const FlagName& entry : kFlagNames) {
    if ((flags & entry.flag) != 0) names.push_back(entry.name);
  }
  return names;
}

int RegisterFunction(lua_State* lua) {
  LibraryLoading* loading = StateOf(lua).loading;
  if (loading == nullptr) {
    return RaiseError(lua, "redis.register_function can only be called on FUNCTION LOAD command");
  }
  const int count = lua_gettop(lua);
  if (count < 1 || count > 2) return RaiseError(lua, "wrong number of arguments to redis.register_function");
  RegisteredFunction& function = loading->pending;
  function = {};
  if (count == 1) {
    ReadNamedArguments(lua, function);
  } else {
    ReadPositionalArguments(lua, function);
  }
  if (!IsValidName(function.name)) {
    return RaiseError(lua,
                      "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
                      "character long");
  }
  if (Has(*loading, function.name)) return RaiseError(lua, "Function already exists in the library");
  lua_rawgeti(lua, LUA_REGISTRYINDEX, loading->callbacks);
  lua_pushlstring(lua, function.name.data(), function.name.size());
  lua_pushvalue(lua, 2);
  lua_rawset(lua, -3);
  loading->registered.push_back(function);
  return 0;
}

}  // namespace usher::scripting
