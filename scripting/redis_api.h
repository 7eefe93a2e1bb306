// The table `redis` of scripts: call, pcall, log and so on, with the constants. Thread safety: as the lua_State.
#pragma once

#include <lua5.4/lua.hpp>
#include <string_view>

namespace usher::scripting {

/// The version that scripts are told (REDIS_VERSION, REDIS_VERSION_NUM).
inline constexpr char kRedisVersion[] = "7.2.4";
inline constexpr int kRedisVersionNumber = 0x070204;

/// Pushes the table.
void OpenRedis(lua_State* lua);
/// Pushes the part of it that the code of a library sees while it loads (register_function among it).
void OpenRedisForLoading(lua_State* lua);

/// Pushes Redis's error table for `text`: "-CODE words" as it is, other texts with "ERR ".
void PushErrorTable(lua_State* lua, std::string_view text);
/// Raises it.
int RaiseError(lua_State* lua, std::string_view text);

}  // namespace usher::scripting
