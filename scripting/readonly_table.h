// Read-only tables, which Lua 5.4 does not know: scripts get an empty stand-in whose metatable reads from the real
// table and refuses to write. The library functions that look into tables without metamethods (next, rawget, ...) ask
// ReadonlyTarget(). A read through a stand-in costs one more table lookup. Thread safety: as the lua_State.
#pragma once

#include <lua5.4/lua.hpp>

namespace usher::scripting {

inline constexpr char kReadonlyError[] = "Attempt to modify a readonly table";

/// Replaces the table on top by its read-only stand-in.
void MakeReadonly(lua_State* lua);
/// If the value at `index` is a stand-in, pushes the table behind it and returns true; else pushes nothing.
bool PushReadonlyTarget(lua_State* lua, int index);
/// Is the value at `index` a stand-in?
bool IsReadonly(lua_State* lua, int index);
/// Raises the error of a write if the value at `index` is read-only.
void RefuseReadonly(lua_State* lua, int index);

/// Sets the functions in the table on top.
template <size_t N>
void AddFunctions(lua_State* lua, const luaL_Reg (&functions)[N]) {
  for (const luaL_Reg& function : functions) {
    lua_pushcfunction(lua, function.func);
    lua_setfield(lua, -2, function.name);
  }
}

}  // namespace usher::scripting
