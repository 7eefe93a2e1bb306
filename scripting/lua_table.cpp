// The table library of 5.1: positions out of range are taken as they come, elements are read and written without
// metamethods. Sorting is Lua 5.4's. Thread safety: as the lua_State.
#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

/// The length of the table given as the first argument, which is checked.
int64_t CheckedLength(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  return static_cast<int64_t>(lua_rawlen(lua, 1));
}

int64_t CheckInt(lua_State* lua, int argument) {
  return static_cast<int32_t>(TruncateToInteger(luaL_checknumber(lua, argument)));
}

int Insert(lua_State* lua) {
  int64_t end = CheckedLength(lua) + 1;
  RefuseReadonly(lua, 1);
  int64_t position = end;
  switch (lua_gettop(lua)) {
    case 2:
      break;
    case 3:
      position = CheckInt(lua, 2);
      if (position > end) end = position;
      for (int64_t i = end; i > position; --i) {
        lua_rawgeti(lua, 1, i - 1);
        lua_rawseti(lua, 1, i);
      }
      break;
    default:
      return luaL_error(lua, "wrong number of arguments to 'insert'");
  }
  lua_rawseti(lua, 1, position);
  return 0;
}

int Remove(lua_State* lua) {
  const int64_t end = CheckedLength(lua);
  RefuseReadonly(lua, 1);
  int64_t position = lua_isnoneornil(lua, 2) ? end : CheckInt(lua, 2);
  if (position < 1 || position > end) return 0;
  lua_rawgeti(lua, 1, position);
  for (; position < end; ++position) {
    lua_rawgeti(lua, 1, position + 1);
    lua_rawseti(lua, 1, position);
  }
  lua_pushnil(lua);
  lua_rawseti(lua, 1, end);
  return 1;
}

void AddElement(lua_State* lua, luaL_Buffer* to, int64_t index) {
  lua_rawgeti(lua, 1, index);
  if (!lua_isstring(lua, -1)) {
    luaL_error(lua, "invalid value (%s) at index %d in table for 'concat'", luaL_typename(lua, -1),
               static_cast<int>(index));
  }
  luaL_addvalue(to);
}

int Concat(lua_State* lua) {
  size_t separator_length = 0;
  const char* separator = luaL_optlstring(lua, 2, "", &separator_length);
  const int64_t length = CheckedLength(lua);
  int64_t at = lua_isnoneornil(lua, 3) ? 1 : CheckInt(lua, 3);
  const int64_t last = lua_isnoneornil(lua, 4) ? length : CheckInt(lua, 4);
  luaL_Buffer result;
  luaL_buffinit(lua, &result);
  for (; at < last; ++at) {
    AddElement(lua, &result, at);
    luaL_addlstring(&result, separator, separator_length);
  }
  if (at == last) AddElement(lua, &result, at);
  luaL_pushresult(&result);
  return 1;
}

int Getn(lua_State* lua) {
  lua_pushnumber(lua, static_cast<lua_Number>(CheckedLength(lua)));
  return 1;
}

int Setn(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  return luaL_error(lua, "'setn' is obsolete");
}

int Maxn(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_Number greatest = 0;
  lua_pushnil(lua);
  while (lua_next(lua, 1)) {
    lua_pop(lua, 1);
    if (lua_type(lua, -1) == LUA_TNUMBER && lua_tonumber(lua, -1) > greatest) greatest = lua_tonumber(lua, -1);
  }
  lua_pushnumber(lua, greatest);
  return 1;
}

int Foreachi(lua_State* lua) {
  const int64_t length = CheckedLength(lua);
  luaL_checktype(lua, 2, LUA_TFUNCTION);
  for (int64_t i = 1; i <= length; ++i) {
    lua_pushvalue(lua, 2);
    lua_pushnumber(lua, static_cast<lua_Number>(i));
    lua_rawgeti(lua, 1, i);
    lua_call(lua, 2, 1);
    if (!lua_isnil(lua, -1)) return 1;
    lua_pop(lua, 1);
  }
  return 0;
}

int Foreach(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checktype(lua, 2, LUA_TFUNCTION);
  if (PushReadonlyTarget(lua, 1)) lua_replace(lua, 1);
  lua_pushnil(lua);
  while (lua_next(lua, 1)) {
    lua_pushvalue(lua, 2);
    if (lua_isinteger(lua, -3)) {
      lua_pushnumber(lua, lua_tonumber(lua, -3));
    } else {
      lua_pushvalue(lua, -3);
    }
    lua_pushvalue(lua, -3);
    lua_call(lua, 2, 1);
    if (!lua_isnil(lua, -1)) return 1;
    lua_pop(lua, 2);
  }
  return 0;
}

constexpr luaL_Reg kTableFunctions[] = {{"concat", Concat}, {"foreach", Foreach}, {"foreachi", Foreachi},
                                        {"getn", Getn},     {"insert", Insert},   {"maxn", Maxn},
                                        {"remove", Remove}, {"setn", Setn}};

}  // namespace

void OpenTable(lua_State* lua) {
  luaopen_table(lua);
  lua_createtable(lua, 0, 9);
  AddFunctions(lua, kTableFunctions);
  lua_getfield(lua, -2, "sort");
  lua_setfield(lua, -2, "sort");
  lua_replace(lua, -2);
}

}  // namespace usher::scripting
