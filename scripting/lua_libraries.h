// The libraries that scripts see, as Lua 5.1 has them inside Redis 7. Each Open...() pushes one table; OpenBase() fills
// the table on top with the global functions. Thread safety: as the lua_State.
#pragma once

#include <lua5.4/lua.hpp>
#include <string>
#include <string_view>

namespace usher::scripting {

void OpenBase(lua_State* lua);
void OpenCoroutine(lua_State* lua);
void OpenString(lua_State* lua);
void OpenTable(lua_State* lua);
void OpenMath(lua_State* lua);
void OpenOs(lua_State* lua);
void OpenBit(lua_State* lua);
void OpenStruct(lua_State* lua);
void OpenCmsgpack(lua_State* lua);
void OpenCjson(lua_State* lua);

/// Loads source text (never bytecode) and leaves the function, or the message in 5.1's words, on the stack.
int LoadSource(lua_State* lua, std::string_view source, const char* chunk_name);
/// Puts the syntax error on top into 5.1's words ("near '<eof>'").
void RewordSyntaxError(lua_State* lua);

}  // namespace usher::scripting
