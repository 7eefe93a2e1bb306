// Stand-ins for read-only tables; the header explains them.
#include "scripting/readonly_table.h"

namespace usher::scripting {
namespace {

/// Its address is the key of the real table in a stand-in's metatable.
const char kTargetKey = 0;

int RefuseWrite(lua_State* lua) {
  return luaL_error(lua, kReadonlyError);
}

}  // namespace

void MakeReadonly(lua_State* lua) {
  lua_newtable(lua);
  lua_createtable(lua, 0, 3);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, RefuseWrite);
  lua_setfield(lua, -2, "__newindex");
  lua_pushvalue(lua, -3);
  lua_rawsetp(lua, -2, &kTargetKey);
  lua_setmetatable(lua, -2);
  lua_replace(lua, -2);
}

bool PushReadonlyTarget(lua_State* lua, int index) {
  if (lua_type(lua, index) != LUA_TTABLE || !lua_getmetatable(lua, index)) return false;
  if (lua_rawgetp(lua, -1, &kTargetKey) == LUA_TTABLE) {
    lua_replace(lua, -2);
    return true;
  }
  lua_pop(lua, 2);
  return false;
}

bool IsReadonly(lua_State* lua, int index) {
  if (!PushReadonlyTarget(lua, index)) return false;
  lua_pop(lua, 1);
  return true;
}

void RefuseReadonly(lua_State* lua, int index) {
  if (!IsReadonly(lua, index)) return;
  lua_pushstring(lua, kReadonlyError);
  lua_error(lua);
}

}  // namespace usher::scripting
