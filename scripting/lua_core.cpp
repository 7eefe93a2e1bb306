// The functions that the patched Lua (patch_lua.cmake) calls in place of its own. Together they keep one invariant:
// every number that a script meets is a double, as in Lua 5.1. Numerals, texts that become numbers, lengths and the
// results of the string library are doubles from the start, and arithmetic on doubles gives doubles. Integers enter
// by the operators that 5.1 lacks only (& | ~ << >>). The rest is wording and speed.
//
// The two layouts used here, TValue and the type bytes, are the same in all releases of 5.4.
// Complexity: O(1), or linear in the text. Thread safety: as the state they are called for.
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <lua5.4/lua.hpp>
#include <string_view>

#include "scripting/lua_number.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

/// Lua's TValue.
struct LuaValue {
  union {
    void* object;
    double number;
    int64_t integer;
  };
  uint8_t type;
};
constexpr uint8_t kTypeMask = 0x0f;
constexpr uint8_t kIntegerType = LUA_TNUMBER;
constexpr uint8_t kFloatType = LUA_TNUMBER | (1 << 4);

bool IsBlank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Decimal digits that a double holds exactly: what nearly every number in a script is.
bool ReadShortInteger(const char*& text, double& value) {
  constexpr int kDigitsMax = 15;
  int64_t integer = 0;
  const char* at = text;
  while (*at >= '0' && *at <= '9' && at - text <= kDigitsMax) integer = integer * 10 + (*at++ - '0');
  if (at == text || at - text > kDigitsMax) return false;
  if (*at != '\0' && !IsBlank(*at)) return false;
  text = at;
  value = static_cast<double>(integer);
  return true;
}

/// " (global 'x')" without blank and parentheses; empty where 5.1 names nothing.
std::string_view NamedVariable(std::string_view info) {
  if (info.size() < 4) return {};
  info = info.substr(2, info.size() - 3);
  for (const std::string_view kind : {"global '", "local '", "method '", "field '", "upvalue '"}) {
    if (info.starts_with(kind)) return info;
  }
  return {};
}

}  // namespace
}  // namespace usher::scripting

using usher::scripting::LuaValue;

extern "C" {

void UsherLuaLength(lua_State* lua, LuaValue* result, const LuaValue* of);
lua_Unsigned luaH_getn(void* table);                              // NOLINT(readability-identifier-naming)
const char* luaO_pushvfstring(lua_State*, const char*, va_list);  // NOLINT(readability-identifier-naming)
void* luaE_extendCI(lua_State* lua);                              // NOLINT(readability-identifier-naming)
int luaG_traceexec(lua_State* lua, const void* pc);               // NOLINT(readability-identifier-naming)
lua_Integer luaL_checkinteger(lua_State*, int);                   // NOLINT

/// luaO_str2num(): the size read, terminator included, or 0. Reads what strtod() reads, as 5.1 does ("0x10", "1e3",
/// "inf", "nan").
size_t UsherLuaTextToNumber(const char* text, LuaValue* result) {
  const char* at = text;
  while (usher::scripting::IsBlank(*at)) ++at;
  double value = 0;
  if (!usher::scripting::ReadShortInteger(at, value)) {
    char* end = nullptr;
    value = std::strtod(at, &end);
    if (end == at) return 0;
    at = end;
  }
  while (usher::scripting::IsBlank(*at)) ++at;
  if (*at != '\0') return 0;
  result->number = value;
  result->type = usher::scripting::kFloatType;
  return static_cast<size_t>(at - text) + 1;
}

/// strspn() of a number's text over "-0123456789", by which Lua decides to append ".0": never.
size_t UsherLuaIntegralPrefix(const char*, const char*) {
  return 0;
}

/// __snprintf_chk(), of which Lua makes "%.14g", "%lld" and "%p".
int UsherLuaFormatNumber(char* to, size_t size, int, size_t, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int length = 0;
  if (std::strcmp(format, LUA_NUMBER_FMT) == 0) {
    const double value = va_arg(args, double);
    length = static_cast<int>(usher::scripting::FormatNumber(value, to));
  } else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    length = std::vsnprintf(to, size, format, args);  // Lua's own formats
#pragma GCC diagnostic pop
  }
  va_end(args);
  return length;
}

/// luaV_objlen(): #value as a double. Tables answer their own length, whatever their metatable says, as in 5.1.
void luaV_objlen(lua_State* lua, LuaValue* result, const LuaValue* of) {  // NOLINT(readability-identifier-naming)
  const uint8_t type = of->type & usher::scripting::kTypeMask;
  if (type == LUA_TTABLE) {
    result->number = static_cast<double>(luaH_getn(of->object));
    result->type = usher::scripting::kFloatType;
    return;
  }
  UsherLuaLength(lua, result, of);
  if (type != LUA_TSTRING || result->type != usher::scripting::kIntegerType) return;
  result->number = static_cast<double>(result->integer);
  result->type = usher::scripting::kFloatType;
}

/// luaL_checkinteger(): a fraction is cut off, what no integer holds is the least one.
lua_Integer UsherLuaCheckInteger(lua_State* lua, int argument) {
  return usher::scripting::TruncateToInteger(luaL_checknumber(lua, argument));
}

lua_Integer UsherLuaOptInteger(lua_State* lua, int argument, lua_Integer otherwise) {
  return lua_isnoneornil(lua, argument) ? otherwise : UsherLuaCheckInteger(lua, argument);
}

void UsherLuaPushInteger(lua_State* lua, lua_Integer value) {
  lua_pushnumber(lua, static_cast<lua_Number>(value));
}

/// luaV_flttointeger() of table keys: 1 if `value` is whole. Lua's own calls floor() of the C library.
int UsherLuaKeyToInteger(lua_Number value, lua_Integer* result, int) {
  if (!(value >= -0x1p63 && value < 0x1p63)) return 0;
  *result = static_cast<lua_Integer>(value);
  return static_cast<lua_Number>(*result) == value;
}

/// luaE_extendCI(), by which the list of nested calls grows. The handler of the overflow may call a little deeper.
void* UsherLuaExtendCalls(lua_State* lua) {
  constexpr size_t kCallCountOffset = 12;  // lua_State's nci, behind the object's header, status and allowhook
  constexpr uint16_t kCallsMax = 20000;
  constexpr uint16_t kHandlerCalls = 1000;
  uint16_t calls = 0;
  std::memcpy(&calls, reinterpret_cast<const char*>(lua) + kCallCountOffset, sizeof calls);
  bool& overflown = usher::scripting::StateOf(lua).calls_overflown;
  if (calls >= kCallsMax + (overflown ? kHandlerCalls : 0)) {
    overflown = true;
    luaL_where(lua, 0);
    lua_pushliteral(lua, "stack overflow");
    lua_concat(lua, 2);
    lua_error(lua);
  }
  return luaE_extendCI(lua);
}

/// luaG_traceexec(), which the interpreter calls before an instruction while a hook is set. Returning 0 lets it go on
/// untraced until its next jump, call or slow table access; one in so many reaches the hook.
int UsherLuaTrace(lua_State* lua, const void* pc) {
  usher::scripting::RuntimeState& state = usher::scripting::StateOf(lua);
  if (--state.ticks_left > 0) return 0;
  state.ticks_left = state.settings.hook_instructions;
  return luaG_traceexec(lua, pc);
}

/// luaO_pushvfstring() for error messages: "attempt to index a nil value (global 'x')" in 5.1's order.
const char* UsherLuaMessage(lua_State* lua, const char* format, va_list args) {
  if (std::strcmp(format, "bad 'for' %s (number expected, got %s)") == 0) {
    return lua_pushfstring(lua, "'for' %s must be a number", va_arg(args, const char*));
  }
  if (std::strcmp(format, "attempt to %s a %s value%s") != 0) return luaO_pushvfstring(lua, format, args);
  const char* operation = va_arg(args, const char*);
  const char* type = va_arg(args, const char*);
  const std::string_view variable = usher::scripting::NamedVariable(va_arg(args, const char*));
  if (variable.empty()) return lua_pushfstring(lua, "attempt to %s a %s value", operation, type);
  lua_pushlstring(lua, variable.data(), variable.size());
  const char* message = lua_pushfstring(lua, "attempt to %s %s (a %s value)", operation, lua_tostring(lua, -1), type);
  lua_remove(lua, -2);
  return message;
}

/// luaL_error() of the string library, to which Lua leaves arithmetic on texts: 5.1 names the first operand that is no
/// number.
int UsherLuaStringError(lua_State* lua, const char* format, ...) {
  // The nearest Lua function's line, also where gsub() has called find().
  lua_Debug where;
  int level = 1;
  while (lua_getstack(lua, level, &where) != 0 && lua_getinfo(lua, "l", &where) != 0 && where.currentline < 0) ++level;
  luaL_where(lua, level);
  if (std::strcmp(format, "attempt to perform arithmetic on a %s value%s") == 0 ||
      std::strcmp(format, "attempt to %s a '%s' with a '%s'") == 0) {
    lua_pushfstring(lua, "attempt to perform arithmetic on a %s value",
                    luaL_typename(lua, lua_isnumber(lua, 1) ? 2 : 1));
  } else if (std::strcmp(format, "invalid capture index %%%d") == 0) {
    lua_pushliteral(lua, "invalid capture index");
  } else if (std::strcmp(format, "malformed pattern (missing arguments to '%%b')") == 0) {
    lua_pushliteral(lua, "unbalanced pattern");
  } else {
    va_list args;
    va_start(args, format);
    lua_pushvfstring(lua, format, args);
    va_end(args);
  }
  lua_concat(lua, 2);
  return lua_error(lua);
}

/// luaS_hash() where Lua draws the seed of its string hashes.
unsigned int UsherLuaSeed(const char*, size_t, unsigned int) {
  return 0;
}

}  // extern "C"
