// The cjson table: settings and the functions that change them. Encoding and decoding are in files of their own.
#include "scripting/cjson.h"

#include <climits>
#include <new>

#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

const char kEmptyArrayKey = 0;
const char kArrayMetatableKey = 0;

/// Checks that there are at most `count` arguments and fills up with nil.
CjsonSettings& TakeArguments(lua_State* lua, int count) {
  luaL_argcheck(lua, lua_gettop(lua) <= count, count + 1, "found too many arguments");
  lua_settop(lua, count);
  return CjsonSettingsOf(lua);
}

/// Sets an option from argument `index` if it is given.
void TakeInteger(lua_State* lua, int index, int& option, int least, int greatest) {
  if (lua_isnil(lua, index)) return;
  const int64_t value = TruncateToInteger(luaL_checknumber(lua, index));
  if (value < least || value > greatest) {
    luaL_argerror(lua, 1, lua_pushfstring(lua, "expected integer between %d and %d", least, greatest));
  }
  option = static_cast<int>(value);
}

/// true and false, or their names "on" and "off"; kNull by its name where it is allowed.
InvalidNumbers TakeSwitch(lua_State* lua, int index, InvalidNumbers option, bool may_be_null) {
  static constexpr const char* kNames[] = {"off", "on", "null", nullptr};
  static constexpr const char* kTwoNames[] = {"off", "on", nullptr};
  if (lua_isnil(lua, index)) return option;
  if (lua_isboolean(lua, index)) return lua_toboolean(lua, index) ? InvalidNumbers::kOn : InvalidNumbers::kOff;
  return static_cast<InvalidNumbers>(luaL_checkoption(lua, index, nullptr, may_be_null ? kNames : kTwoNames));
}

void TakeBool(lua_State* lua, int index, bool& option) {
  option = TakeSwitch(lua, index, option ? InvalidNumbers::kOn : InvalidNumbers::kOff, false) == InvalidNumbers::kOn;
}

int EncodeSparseArray(lua_State* lua) {
  CjsonSettings& settings = TakeArguments(lua, 3);
  TakeBool(lua, 1, settings.sparse_convert);
  TakeInteger(lua, 2, settings.sparse_ratio, 0, INT_MAX);
  TakeInteger(lua, 3, settings.sparse_safe, 0, INT_MAX);
  lua_pushboolean(lua, settings.sparse_convert);
  lua_pushnumber(lua, settings.sparse_ratio);
  lua_pushnumber(lua, settings.sparse_safe);
  return 3;
}

template <int CjsonSettings::*kOption, int kGreatest>
int IntegerOption(lua_State* lua) {
  int& option = TakeArguments(lua, 1).*kOption;
  TakeInteger(lua, 1, option, 1, kGreatest);
  lua_pushnumber(lua, option);
  return 1;
}

template <bool CjsonSettings::*kOption>
int BoolOption(lua_State* lua) {
  bool& option = TakeArguments(lua, 1).*kOption;
  TakeBool(lua, 1, option);
  lua_pushboolean(lua, option);
  return 1;
}

int EncodeInvalidNumbers(lua_State* lua) {
  InvalidNumbers& option = TakeArguments(lua, 1).encode_invalid_numbers;
  option = TakeSwitch(lua, 1, option, true);
  if (option == InvalidNumbers::kNull) {
    lua_pushliteral(lua, "null");
  } else {
    lua_pushboolean(lua, option == InvalidNumbers::kOn);
  }
  return 1;
}

void PushLibrary(lua_State* lua);

/// A library with settings of its own.
int New(lua_State* lua) {
  new (lua_newuserdatauv(lua, sizeof(CjsonSettings), 0)) CjsonSettings();
  PushLibrary(lua);
  return 1;
}

constexpr luaL_Reg kCjsonFunctions[] = {
    {"encode", CjsonEncode},
    {"decode", CjsonDecode},
    {"encode_sparse_array", EncodeSparseArray},
    {"encode_max_depth", IntegerOption<&CjsonSettings::encode_depth_max, INT_MAX>},
    {"decode_max_depth", IntegerOption<&CjsonSettings::decode_depth_max, INT_MAX>},
    {"encode_number_precision", IntegerOption<&CjsonSettings::number_precision, 14>},
    {"encode_keep_buffer", BoolOption<&CjsonSettings::keep_buffer>},
    {"encode_invalid_numbers", EncodeInvalidNumbers},
    {"decode_invalid_numbers", BoolOption<&CjsonSettings::decode_invalid_numbers>},
    {"encode_empty_table_as_object", BoolOption<&CjsonSettings::empty_table_as_object>},
    {"new", New}};

/// Pushes a library whose settings are the user data on top.
void PushLibrary(lua_State* lua) {
  lua_createtable(lua, 0, 16);
  for (const luaL_Reg& function : kCjsonFunctions) {
    lua_pushvalue(lua, -2);
    lua_pushcclosure(lua, function.func, 1);
    lua_setfield(lua, -2, function.name);
  }
  lua_pushlightuserdata(lua, nullptr);
  lua_setfield(lua, -2, "null");
  PushEmptyArray(lua);
  lua_setfield(lua, -2, "empty_array");
  PushArrayMetatable(lua);
  lua_setfield(lua, -2, "array_mt");
  lua_pushliteral(lua, "cjson");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "2.1.0");
  lua_setfield(lua, -2, "_VERSION");
}

}  // namespace

void PushEmptyArray(lua_State* lua) {
  lua_pushlightuserdata(lua, const_cast<char*>(&kEmptyArrayKey));
}

void PushArrayMetatable(lua_State* lua) {
  lua_rawgetp(lua, LUA_REGISTRYINDEX, &kArrayMetatableKey);
}

void OpenCjson(lua_State* lua) {
  lua_newtable(lua);
  MakeReadonly(lua);
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kArrayMetatableKey);
  lua_pushlightuserdata(lua, &StateOf(lua).cjson);
  PushLibrary(lua);
  lua_replace(lua, -2);
}

}  // namespace usher::scripting
