// What redis.register_function() adds to while the code of a function library runs. Thread safety: as the lua_State.
#pragma once

#include <chrono>
#include <lua5.4/lua.hpp>
#include <vector>

#include "scripting/lua_runtime.h"

namespace usher::scripting {

struct LibraryLoading {
  std::vector<RegisteredFunction> registered;
  /// The function being registered; here because an error may end that at any point.
  RegisteredFunction pending;
  /// The registry's reference to a table of callbacks by function name.
  int callbacks = LUA_NOREF;
  std::chrono::steady_clock::time_point deadline;
};

/// redis.register_function(name, callback) or redis.register_function{function_name=, callback=, ...}.
int RegisterFunction(lua_State* lua);

}  // namespace usher::scripting
