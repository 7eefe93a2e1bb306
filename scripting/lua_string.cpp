// The string library: Lua 5.4's own where it agrees with 5.1, ours where it does not. gsub and gmatch search with the
// library's find() and step as 5.1 does (an empty match right after a match counts); format() truncates numbers, takes
// strings and numbers only for %s and quotes as 5.1. Thread safety: as the lua_State.
#include <cstdio>
#include <cstring>
#include <string_view>

#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

constexpr int kItemBytesMax = 512;

/// One "%..." of a format: its text for snprintf(), ended by the conversion.
struct FormatSpec {
  char text[20];
  size_t length = 0;
  char conversion = '\0';
  bool has_precision = false;
};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Reads what follows '%'; returns the place after the conversion.
const char* ReadSpec(lua_State* lua, const char* at, FormatSpec& spec) {
  const char* begin = at;
  while (*at != '\0' && std::strchr("-+ #0", *at) != nullptr) ++at;
  if (at - begin >= 6) luaL_error(lua, "invalid format (repeated flags)");
  for (int digits = 0; digits < 2 && IsDigit(*at); ++digits) ++at;
  if (*at == '.') {
    ++at;
    spec.has_precision = true;
    for (int digits = 0; digits < 2 && IsDigit(*at); ++digits) ++at;
  }
  if (IsDigit(*at)) luaL_error(lua, "invalid format (width or precision too long)");
  spec.text[0] = '%';
  spec.length = static_cast<size_t>(at - begin) + 1;
  std::memcpy(spec.text + 1, begin, spec.length - 1);
  spec.conversion = *at;
  return *at == '\0' ? at : at + 1;
}

/// The snprintf() format: `length_modifier` goes before the conversion.
void EndSpec(FormatSpec& spec, const char* length_modifier) {
  const size_t modifier = std::strlen(length_modifier);
  std::memcpy(spec.text + spec.length, length_modifier, modifier);
  spec.text[spec.length + modifier] = spec.conversion;
  spec.text[spec.length + modifier + 1] = '\0';
}

// ReadSpec() has checked what snprintf() is given here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
template <class Value>
size_t FormatInto(char* item, const FormatSpec& spec, Value value) {
  const int length = std::snprintf(item, kItemBytesMax, spec.text, value);
  return static_cast<size_t>(length < kItemBytesMax ? length : kItemBytesMax - 1);
}
#pragma GCC diagnostic pop

template <class Value>
void AddFormatted(luaL_Buffer* to, const FormatSpec& spec, Value value) {
  luaL_addsize(to, FormatInto(luaL_prepbuffsize(to, kItemBytesMax), spec, value));
}

void AddQuoted(lua_State* lua, luaL_Buffer* to, int argument) {
  size_t length = 0;
  const char* text = luaL_checklstring(lua, argument, &length);
  luaL_addchar(to, '"');
  for (size_t i = 0; i < length; ++i) {
    switch (text[i]) {
      case '"':
      case '\\':
      case '\n':
        luaL_addchar(to, '\\');
        luaL_addchar(to, text[i]);
        break;
      case '\r':
        luaL_addstring(to, "\\r");
        break;
      case '\0':
        luaL_addstring(to, "\\000");
        break;
      default:
        luaL_addchar(to, text[i]);
    }
  }
  luaL_addchar(to, '"');
}

void AddString(lua_State* lua, luaL_Buffer* to, FormatSpec& spec, int argument) {
  constexpr size_t kFormattedBytesMax = 100;
  size_t length = 0;
  const char* text = luaL_checklstring(lua, argument, &length);
  if (!spec.has_precision && length >= kFormattedBytesMax) {
    luaL_addlstring(to, text, length);
    return;
  }
  if (spec.length == 1) {
    luaL_addstring(to, text);  // up to its first zero byte, as snprintf() would
    return;
  }
  EndSpec(spec, "");
  AddFormatted(to, spec, text);
}

/// A zero byte ends the item, as it ends the C string that 5.1 makes.
void AddCharacter(lua_State* lua, luaL_Buffer* to, const FormatSpec& spec, int argument) {
  const int64_t code = TruncateToInteger(luaL_checknumber(lua, argument));
  char item[kItemBytesMax];
  FormatInto(item, spec, static_cast<int>(code >= INT32_MIN && code <= INT32_MAX ? code : INT32_MIN));
  luaL_addstring(to, item);
}

void AddItem(lua_State* lua, luaL_Buffer* to, FormatSpec& spec, int argument) {
  switch (spec.conversion) {
    case 'c':
      EndSpec(spec, "");
      AddCharacter(lua, to, spec, argument);
      return;
    case 'd':
    case 'i':
      EndSpec(spec, "l");
      AddFormatted(to, spec, TruncateToInteger(luaL_checknumber(lua, argument)));
      return;
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      EndSpec(spec, "l");
      AddFormatted(to, spec, TruncateToUnsigned(luaL_checknumber(lua, argument)));
      return;
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      EndSpec(spec, "");
      AddFormatted(to, spec, luaL_checknumber(lua, argument));
      return;
    case 'q':
      AddQuoted(lua, to, argument);
      return;
    case 's':
      AddString(lua, to, spec, argument);
      return;
    default:
      luaL_error(lua, "invalid option '%%%c' to 'format'", spec.conversion);
  }
}

/// find() and match(): a start behind the end of the subject is its end. The library's function is the upvalue.
int SearchFrom(lua_State* lua) {
  if (lua_type(lua, 3) == LUA_TNUMBER && lua_isstring(lua, 1)) {
    size_t length = 0;
    lua_tolstring(lua, 1, &length);
    const auto end = static_cast<lua_Number>(length) + 1;
    if (lua_tonumber(lua, 3) > end) {
      lua_pushnumber(lua, end);
      lua_replace(lua, 3);
    }
  }
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

/// Runs find(subject, pattern, from) on the values at stack places 1 and 2. Pushes what it returns and gives its count.
int Find(lua_State* lua, size_t from) {
  const int before = lua_gettop(lua);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_pushvalue(lua, 1);
  lua_pushvalue(lua, 2);
  lua_pushnumber(lua, static_cast<lua_Number>(from) + 1);
  lua_call(lua, 3, LUA_MULTRET);
  return lua_gettop(lua) - before;
}

/// A match in the subject: bytes [begin, end), and its captures at stack places from `captures` on.
struct Match {
  size_t begin;
  size_t end;
  int captures;
  int capture_count;
};

bool FindMatch(lua_State* lua, size_t from, Match& match) {
  const int results = Find(lua, from);
  if (lua_isnil(lua, -results)) return false;
  match.captures = lua_gettop(lua) - results + 3;
  match.capture_count = results - 2;
  match.begin = static_cast<size_t>(lua_tonumber(lua, match.captures - 2)) - 1;
  match.end = static_cast<size_t>(lua_tonumber(lua, match.captures - 1));
  return true;
}

/// Pushes capture `index`; the whole match stands for the first when there are none.
void PushCapture(lua_State* lua, const Match& match, const char* subject, int index) {
  if (index < match.capture_count) {
    lua_pushvalue(lua, match.captures + index);
    return;
  }
  if (index != 0) luaL_error(lua, "invalid capture index");
  lua_pushlstring(lua, subject + match.begin, match.end - match.begin);
}

/// Pushes the replacement text with its %0 to %9 replaced; '%' before anything else stands for that.
void PushReplacementText(lua_State* lua, const Match& match, const char* subject) {
  size_t length = 0;
  const char* text = lua_tolstring(lua, 3, &length);
  if (std::memchr(text, '%', length) == nullptr) {
    lua_pushvalue(lua, 3);
    return;
  }
  luaL_Buffer result;
  luaL_buffinit(lua, &result);
  for (size_t i = 0; i < length; ++i) {
    if (text[i] != '%' || !IsDigit(text[i + 1])) {
      if (text[i] == '%') ++i;
      luaL_addchar(&result, text[i]);
    } else if (text[++i] == '0') {
      luaL_addlstring(&result, subject + match.begin, match.end - match.begin);
    } else {
      PushCapture(lua, match, subject, text[i] - '1');
      luaL_tolstring(lua, -1, nullptr);  // a position capture is a number
      lua_remove(lua, -2);
      luaL_addvalue(&result);
    }
  }
  luaL_pushresult(&result);
}

/// Pushes what replaces the match: by the text, table or function at stack place 3.
void PushReplacement(lua_State* lua, const Match& match, const char* subject) {
  switch (lua_type(lua, 3)) {
    case LUA_TFUNCTION: {
      const int captures = match.capture_count == 0 ? 1 : match.capture_count;
      luaL_checkstack(lua, captures + 1, "too many captures");
      lua_pushvalue(lua, 3);
      for (int i = 0; i < captures; ++i) PushCapture(lua, match, subject, i);
      lua_call(lua, captures, 1);
      break;
    }
    case LUA_TTABLE:
      PushCapture(lua, match, subject, 0);
      lua_gettable(lua, 3);
      break;
    default:
      PushReplacementText(lua, match, subject);
      return;
  }
  if (!lua_toboolean(lua, -1)) {
    lua_pop(lua, 1);
    lua_pushlstring(lua, subject + match.begin, match.end - match.begin);
  } else if (!lua_isstring(lua, -1)) {
    luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
  }
}

constexpr int kReplacementSlot = 4;
constexpr int kBufferSlot = 5;  // what luaL_Buffer keeps on the stack, which must be on top when it is used

/// Replaces up to `limit` matches and adds all to `result`; returns how many there were.
int64_t ReplaceMatches(lua_State* lua, luaL_Buffer* result, std::string_view subject, bool anchored, int64_t limit) {
  size_t at = 0;
  int64_t count = 0;
  for (Match match{}; count < limit && FindMatch(lua, at, match);) {
    ++count;
    PushReplacement(lua, match, subject.data());
    lua_replace(lua, kReplacementSlot);
    lua_settop(lua, kBufferSlot);
    luaL_addlstring(result, subject.data() + at, match.begin - at);
    size_t length = 0;
    const char* replacement = lua_tolstring(lua, kReplacementSlot, &length);
    luaL_addlstring(result, replacement, length);
    at = match.end;
    if (match.end == match.begin) {
      if (at >= subject.size()) break;
      luaL_addchar(result, subject[at++]);
    }
    if (anchored) break;
  }
  lua_settop(lua, kBufferSlot);
  luaL_addlstring(result, subject.data() + at, subject.size() - at);
  return count;
}

/// May the pattern match the empty text? True when in doubt.
bool MayMatchEmpty(const char* pattern) {
  if (*pattern == '\0') return true;
  for (const char* at = pattern; *at != '\0'; ++at) {
    if (std::strchr("*-?()^$", *at) != nullptr) return true;
    if (*at == '%' && (at[1] == 'b' || at[1] == 'f' || IsDigit(at[1]))) return true;
  }
  return false;
}

/// Upvalues: find and gsub of the library. The latter is quicker, and right where no match is empty.
int Gsub(lua_State* lua) {
  size_t length = 0;
  const char* subject = luaL_checklstring(lua, 1, &length);
  const char* pattern = luaL_checkstring(lua, 2);
  const int type = lua_type(lua, 3);
  luaL_argcheck(lua, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                "string/function/table expected");
  const int64_t limit = lua_isnoneornil(lua, 4) ? static_cast<int64_t>(length) + 1
                                                : static_cast<int32_t>(TruncateToInteger(luaL_checknumber(lua, 4)));
  size_t text_length = 0;
  const char* text = type == LUA_TFUNCTION || type == LUA_TTABLE ? "" : lua_tolstring(lua, 3, &text_length);
  if (!MayMatchEmpty(pattern) && std::memchr(text, '%', text_length) == nullptr) {
    return lua_tocfunction(lua, lua_upvalueindex(2))(lua);
  }
  lua_settop(lua, kReplacementSlot);
  luaL_Buffer result;
  luaL_buffinit(lua, &result);
  lua_settop(lua, kBufferSlot);
  const int64_t count = ReplaceMatches(lua, &result, {subject, length}, *pattern == '^', limit);
  luaL_pushresult(&result);
  lua_pushnumber(lua, static_cast<lua_Number>(count));
  return 2;
}

/// Upvalues: find, subject, pattern, next position.
int NextMatch(lua_State* lua) {
  size_t length = 0;
  const char* subject = lua_tolstring(lua, lua_upvalueindex(2), &length);
  const auto from = static_cast<size_t>(lua_tonumber(lua, lua_upvalueindex(4)));
  if (from > length) return 0;
  lua_settop(lua, 0);
  lua_pushvalue(lua, lua_upvalueindex(2));
  lua_pushvalue(lua, lua_upvalueindex(3));
  Match match{};
  if (!FindMatch(lua, from, match)) return 0;
  lua_pushnumber(lua, static_cast<lua_Number>(match.end == match.begin ? match.end + 1 : match.end));
  lua_replace(lua, lua_upvalueindex(4));
  if (match.capture_count > 0) return match.capture_count;
  PushCapture(lua, match, subject, 0);
  return 1;
}

/// In gmatch '^' is no anchor but stands for itself.
int Gmatch(lua_State* lua) {
  luaL_checkstring(lua, 1);
  const char* pattern = luaL_checkstring(lua, 2);
  lua_settop(lua, 2);
  if (*pattern == '^') {
    lua_pushliteral(lua, "%");
    lua_insert(lua, 2);
    lua_concat(lua, 2);
  }
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_pushnumber(lua, 0);
  lua_pushcclosure(lua, NextMatch, 4);
  return 1;
}

int Char(lua_State* lua) {
  const int count = lua_gettop(lua);
  luaL_Buffer result;
  char* bytes = luaL_buffinitsize(lua, &result, static_cast<size_t>(count));
  for (int i = 1; i <= count; ++i) {
    const int64_t byte = TruncateToInteger(luaL_checknumber(lua, i));
    luaL_argcheck(lua, byte >= 0 && byte <= 255, i, "invalid value");
    bytes[i - 1] = static_cast<char>(byte);
  }
  luaL_pushresultsize(&result, static_cast<size_t>(count));
  return 1;
}

int Format(lua_State* lua) {
  size_t length = 0;
  const char* at = luaL_checklstring(lua, 1, &length);
  const char* end = at + length;
  const int arguments = lua_gettop(lua);
  int argument = 1;
  luaL_Buffer result;
  luaL_buffinit(lua, &result);
  while (at < end) {
    const char* percent = static_cast<const char*>(std::memchr(at, '%', static_cast<size_t>(end - at)));
    if (percent == nullptr) percent = end;
    luaL_addlstring(&result, at, static_cast<size_t>(percent - at));
    if (percent == end) break;
    at = percent + 1;
    if (*at == '%') {
      luaL_addchar(&result, *at++);
      continue;
    }
    if (++argument > arguments) luaL_argerror(lua, argument, "no value");
    FormatSpec spec;
    at = ReadSpec(lua, at, spec);
    AddItem(lua, &result, spec, argument);
  }
  luaL_pushresult(&result);
  return 1;
}

void AddWithFind(lua_State* lua, const char* name, lua_CFunction function) {
  lua_getfield(lua, -1, "find");
  lua_pushcclosure(lua, function, 1);
  lua_setfield(lua, -2, name);
}

}  // namespace

void OpenString(lua_State* lua) {
  luaopen_string(lua);
  for (const char* name : {"pack", "packsize", "unpack"}) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
  }
  lua_getfield(lua, -1, "find");
  lua_getfield(lua, -2, "gsub");
  lua_pushcclosure(lua, Gsub, 2);
  lua_setfield(lua, -2, "gsub");
  AddWithFind(lua, "gmatch", Gmatch);
  AddWithFind(lua, "gfind", Gmatch);
  lua_pushcfunction(lua, Char);
  lua_setfield(lua, -2, "char");
  for (const char* name : {"find", "match"}) {
    lua_getfield(lua, -1, name);
    lua_pushcclosure(lua, SearchFrom, 1);
    lua_setfield(lua, -2, name);
  }
  lua_pushcfunction(lua, Format);
  lua_setfield(lua, -2, "format");
}

}  // namespace usher::scripting
