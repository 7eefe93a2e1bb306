// cjson: JSON for scripts, with the behaviour of the lua-cjson inside Redis (escapes, sparse arrays, depth limits,
// numbers of 14 digits, {} for the empty table, cjson.null), and three additions: cjson.empty_array, cjson.array_mt
// (a metatable that makes any table an array) and cjson.encode_empty_table_as_object(false).
//
// The settings that cjson.encode_max_depth() and its like change hold for the run; every run starts with the defaults.
// Both directions are bounded: depth by kNestingMax whatever the settings say, output by the memory limit.
// Complexity: linear. Thread safety: as the lua_State.
#pragma once

#include <cstdint>
#include <lua5.4/lua.hpp>

namespace usher::scripting {

enum class InvalidNumbers : uint8_t { kOff, kOn, kNull };

struct CjsonSettings {
  bool sparse_convert = false;
  int sparse_ratio = 2;
  int sparse_safe = 10;
  int encode_depth_max = 1000;
  int decode_depth_max = 1000;
  InvalidNumbers encode_invalid_numbers = InvalidNumbers::kOff;
  bool decode_invalid_numbers = true;
  bool keep_buffer = true;
  int number_precision = 14;
  bool empty_table_as_object = true;
};

/// What protects the C++ stack.
inline constexpr int kNestingMax = 2000;

/// The settings that the running function belongs to (its first upvalue).
inline CjsonSettings& CjsonSettingsOf(lua_State* lua) {
  return *static_cast<CjsonSettings*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

/// cjson.encode(value), cjson.decode(text).
int CjsonEncode(lua_State* lua);
int CjsonDecode(lua_State* lua);

/// Pushes cjson.empty_array; cjson.array_mt.
void PushEmptyArray(lua_State* lua);
void PushArrayMetatable(lua_State* lua);

}  // namespace usher::scripting
