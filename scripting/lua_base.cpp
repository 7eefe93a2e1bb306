// The global functions of Lua 5.1 inside Redis. What catches errors (pcall, xpcall, coroutine.resume) passes on the end
// of a run that was killed or abandoned; what looks into tables looks through read-only stand-ins; nothing loads
// bytecode; a finalizer (__gc, which 5.1's tables lack) is never registered. Thread safety: as the lua_State.
#include <cstdlib>
#include <cstring>

#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

int Assert(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (lua_toboolean(lua, 1)) return lua_gettop(lua);
  return luaL_error(lua, "%s", luaL_optstring(lua, 2, "assertion failed!"));
}

int Error(lua_State* lua) {
  const auto level = static_cast<int>(TruncateToInteger(luaL_optnumber(lua, 2, 1)));
  lua_settop(lua, 1);
  if (lua_isstring(lua, 1) && level > 0) {
    luaL_where(lua, level);
    lua_insert(lua, 1);
    lua_concat(lua, 2);
  }
  return lua_error(lua);
}

/// An error table with a text (what redis.call() raises) is caught as that text.
int Pcall(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);
  if (lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0) == LUA_OK) return lua_gettop(lua);
  PassOnUnwinding(lua);
  StateOf(lua).calls_overflown = false;
  lua_pushboolean(lua, 0);
  lua_replace(lua, 1);
  if (lua_istable(lua, 2)) {
    lua_getfield(lua, 2, "err");
    if (lua_isstring(lua, 3)) lua_replace(lua, 2);
  }
  return lua_gettop(lua);
}

/// Calls the handler in the upvalue, unless the run is ending: then script code no longer runs.
int GuardedHandler(lua_State* lua) {
  if (StateOf(lua).unwinding != Unwinding::kNone) return 1;
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, 1, 1);
  return 1;
}

int Xpcall(lua_State* lua) {
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  lua_pushcclosure(lua, GuardedHandler, 1);
  lua_insert(lua, 1);
  const int status = lua_pcall(lua, 0, LUA_MULTRET, 1);
  if (status != LUA_OK) PassOnUnwinding(lua);
  lua_pushboolean(lua, status == LUA_OK);
  lua_replace(lua, 1);
  return lua_gettop(lua);
}

int Type(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushstring(lua, luaL_typename(lua, 1));
  return 1;
}

int ToString(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (luaL_callmeta(lua, 1, "__tostring")) return 1;
  switch (lua_type(lua, 1)) {
    case LUA_TNUMBER:
      lua_pushvalue(lua, 1);
      lua_tostring(lua, -1);
      break;
    case LUA_TSTRING:
      lua_pushvalue(lua, 1);
      break;
    case LUA_TBOOLEAN:
      lua_pushstring(lua, lua_toboolean(lua, 1) ? "true" : "false");
      break;
    case LUA_TNIL:
      lua_pushliteral(lua, "nil");
      break;
    default:
      lua_pushfstring(lua, "%s: %p", luaL_typename(lua, 1), lua_topointer(lua, 1));
  }
  return 1;
}

/// tonumber(text, base): strtoul()'s rules, which wrap a negative number.
int ToNumberOfBase(lua_State* lua, int base) {
  const char* text = luaL_checkstring(lua, 1);
  luaL_argcheck(lua, base >= 2 && base <= 36, 2, "base out of range");
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, base);  // NOLINT(google-runtime-int)
  if (end != text) {
    while (*end == ' ' || (*end >= '\t' && *end <= '\r')) ++end;
    if (*end == '\0') {
      lua_pushnumber(lua, static_cast<lua_Number>(value));
      return 1;
    }
  }
  lua_pushnil(lua);
  return 1;
}

int ToNumber(lua_State* lua) {
  const auto base = static_cast<int>(TruncateToInteger(luaL_optnumber(lua, 2, 10)));
  if (base != 10) return ToNumberOfBase(lua, base);
  luaL_checkany(lua, 1);
  int is_number = 0;
  const lua_Number value = lua_tonumberx(lua, 1, &is_number);
  if (is_number) {
    lua_pushnumber(lua, value);
  } else {
    lua_pushnil(lua);
  }
  return 1;
}

int Next(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  if (PushReadonlyTarget(lua, 1)) lua_replace(lua, 1);
  int is_integer = 0;
  const lua_Integer index = lua_type(lua, 2) == LUA_TNUMBER ? lua_tointegerx(lua, 2, &is_integer) : 0;
  if (is_integer) {  // Lua looks among the array's elements for integers only
    lua_pushinteger(lua, index);
    lua_replace(lua, 2);
  }
  if (!lua_next(lua, 1)) {
    lua_pushnil(lua);
    return 1;
  }
  if (lua_isinteger(lua, -2)) {
    lua_pushnumber(lua, lua_tonumber(lua, -2));
    lua_replace(lua, -3);
  }
  return 2;
}

int Pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushcfunction(lua, Next);
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int NextIndex(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const lua_Number index = luaL_checknumber(lua, 2) + 1;
  lua_pushnumber(lua, index);
  return lua_rawgeti(lua, 1, static_cast<lua_Integer>(index)) == LUA_TNIL ? 0 : 2;
}

int Ipairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushcfunction(lua, NextIndex);
  lua_pushvalue(lua, 1);
  lua_pushnumber(lua, 0);
  return 3;
}

int RawEqual(lua_State* lua) {
  luaL_checkany(lua, 1);
  luaL_checkany(lua, 2);
  lua_pushboolean(lua, lua_rawequal(lua, 1, 2));
  return 1;
}

int RawGet(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  if (PushReadonlyTarget(lua, 1)) lua_replace(lua, 1);
  lua_rawget(lua, 1);
  return 1;
}

int RawSet(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  luaL_checkany(lua, 3);
  lua_settop(lua, 3);
  RefuseReadonly(lua, 1);
  lua_rawset(lua, 1);
  return 1;
}

int GetMetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (IsReadonly(lua, 1) || !lua_getmetatable(lua, 1)) {
    lua_pushnil(lua);
    return 1;
  }
  luaL_getmetafield(lua, 1, "__metatable");  // pushes nothing when there is none: then the metatable is on top
  return 1;
}

int SetMetatable(lua_State* lua) {
  const int type = lua_type(lua, 2);
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_argcheck(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  RefuseReadonly(lua, 1);
  if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL) luaL_error(lua, "cannot change a protected metatable");
  lua_settop(lua, 2);
  if (type == LUA_TNIL) {
    lua_setmetatable(lua, 1);
    return 1;
  }
  // Lua looks for a finalizer at this moment only.
  lua_pushliteral(lua, "__gc");
  lua_pushvalue(lua, -1);
  lua_rawget(lua, 2);
  const bool has_finalizer = !lua_isnil(lua, -1);
  if (has_finalizer) {
    lua_pushliteral(lua, "__gc");
    lua_pushnil(lua);
    lua_rawset(lua, 2);
  }
  lua_pushvalue(lua, 2);
  lua_setmetatable(lua, 1);
  if (has_finalizer) lua_rawset(lua, 2);
  lua_settop(lua, 1);
  return 1;
}

int Select(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (lua_type(lua, 1) == LUA_TSTRING && *lua_tostring(lua, 1) == '#') {
    lua_pushnumber(lua, count - 1);
    return 1;
  }
  int64_t index = TruncateToInteger(luaL_checknumber(lua, 1));
  if (index < 0) {
    index += count;
  } else if (index > count) {
    index = count;
  }
  luaL_argcheck(lua, index >= 1, 1, "index out of range");
  return count - static_cast<int>(index);
}

int Unpack(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const int64_t first = TruncateToInteger(luaL_optnumber(lua, 2, 1));
  const int64_t last =
      lua_isnoneornil(lua, 3) ? static_cast<int64_t>(lua_rawlen(lua, 1)) : TruncateToInteger(luaL_checknumber(lua, 3));
  if (first > last) return 0;
  const uint64_t more = static_cast<uint64_t>(last) - static_cast<uint64_t>(first);
  if (more >= INT32_MAX || !lua_checkstack(lua, static_cast<int>(more) + 1)) {
    return luaL_error(lua, "too many results to unpack");
  }
  for (int64_t i = first; i < last; ++i) lua_rawgeti(lua, 1, i);
  lua_rawgeti(lua, 1, last);
  return static_cast<int>(more) + 1;
}

int LoadResult(lua_State* lua, int status) {
  if (status == LUA_OK) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int LoadString(lua_State* lua) {
  size_t length = 0;
  const char* source = luaL_checklstring(lua, 1, &length);
  return LoadResult(lua, LoadSource(lua, {source, length}, luaL_optstring(lua, 2, source)));
}

constexpr int kPieceSlot = 5;

const char* ReadPiece(lua_State* lua, void*, size_t* size) {
  luaL_checkstack(lua, 2, "too many nested functions");
  lua_pushvalue(lua, 1);
  lua_call(lua, 0, 1);
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    *size = 0;
    return nullptr;
  }
  if (!lua_isstring(lua, -1)) luaL_error(lua, "reader function must return a string");
  lua_replace(lua, kPieceSlot);
  return lua_tolstring(lua, kPieceSlot, size);
}

int Load(lua_State* lua) {
  const char* chunk_name = luaL_optstring(lua, 2, "=(load)");
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  lua_settop(lua, kPieceSlot);
  const int status = lua_load(lua, ReadPiece, nullptr, chunk_name, "t");
  if (status != LUA_OK) PassOnUnwinding(lua);
  if (status == LUA_ERRSYNTAX) RewordSyntaxError(lua);
  return LoadResult(lua, status);
}

/// Only "count" and "collect" do what they say: a script must not tune the collector for those after it.
int CollectGarbage(lua_State* lua) {
  static constexpr const char* kOptions[] = {"stop", "restart",  "collect",    "count",
                                             "step", "setpause", "setstepmul", nullptr};
  switch (luaL_checkoption(lua, 1, "collect", kOptions)) {
    case 2:
      lua_gc(lua, LUA_GCCOLLECT);
      lua_pushnumber(lua, 0);
      break;
    case 3:
      lua_pushnumber(lua, lua_gc(lua, LUA_GCCOUNT) + lua_gc(lua, LUA_GCCOUNTB) / 1024.0);
      break;
    case 4:
      lua_pushboolean(lua, lua_gc(lua, LUA_GCSTEP, 0));
      break;
    default:
      lua_pushnumber(lua, 0);
  }
  return 1;
}

int GcInfo(lua_State* lua) {
  lua_pushnumber(lua, lua_gc(lua, LUA_GCCOUNT));
  return 1;
}

constexpr luaL_Reg kBaseFunctions[] = {{"assert", Assert},
                                       {"collectgarbage", CollectGarbage},
                                       {"error", Error},
                                       {"gcinfo", GcInfo},
                                       {"getmetatable", GetMetatable},
                                       {"ipairs", Ipairs},
                                       {"load", Load},
                                       {"loadstring", LoadString},
                                       {"next", Next},
                                       {"pairs", Pairs},
                                       {"pcall", Pcall},
                                       {"rawequal", RawEqual},
                                       {"rawget", RawGet},
                                       {"rawset", RawSet},
                                       {"select", Select},
                                       {"setmetatable", SetMetatable},
                                       {"tonumber", ToNumber},
                                       {"tostring", ToString},
                                       {"type", Type},
                                       {"unpack", Unpack},
                                       {"xpcall", Xpcall}};

int CoroutineResume(lua_State* lua) {
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
  PassOnUnwinding(lua);
  return lua_gettop(lua);
}

/// 5.1 knows no main coroutine.
int CoroutineRunning(lua_State* lua) {
  if (lua_pushthread(lua)) lua_pushnil(lua);
  return 1;
}

}  // namespace

void OpenBase(lua_State* lua) {
  AddFunctions(lua, kBaseFunctions);
  lua_pushliteral(lua, "Lua 5.1");
  lua_setfield(lua, -2, "_VERSION");
}

void OpenCoroutine(lua_State* lua) {
  luaopen_coroutine(lua);
  lua_createtable(lua, 0, 6);
  for (const char* name : {"create", "status", "wrap", "yield"}) {
    lua_getfield(lua, -2, name);
    lua_setfield(lua, -2, name);
  }
  lua_getfield(lua, -2, "resume");
  lua_pushcclosure(lua, CoroutineResume, 1);
  lua_setfield(lua, -2, "resume");
  lua_pushcfunction(lua, CoroutineRunning);
  lua_setfield(lua, -2, "running");
  lua_replace(lua, -2);
}

}  // namespace usher::scripting
