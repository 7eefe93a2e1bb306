// cjson.encode(). The text grows in the state's scratch buffer, which an error leaves behind for the next to reuse.
#include <cmath>
#include <cstring>
#include <string_view>

#include "scripting/cjson.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

/// Encodes into the state's scratch text. Trivially destructible: a Lua error may end it anywhere.
class Encoder {
 public:
  Encoder(lua_State* lua, const CjsonSettings& settings)
      : lua_(lua), settings_(settings), state_(StateOf(lua)), out_(state_.scratch) {
    out_.clear();
  }

  /// Appends the value on top, which stays.
  void Append(int depth) {
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        AppendString(-1);
        break;
      case LUA_TNUMBER:
        AppendNumber(-1);
        break;
      case LUA_TBOOLEAN:
        out_ += lua_toboolean(lua_, -1) ? "true" : "false";
        break;
      case LUA_TTABLE:
        AppendTable(depth + 1);
        break;
      case LUA_TNIL:
        out_ += "null";
        break;
      case LUA_TLIGHTUSERDATA:
        AppendSentinel();
        break;
      default:
        Refuse(-1, "type not supported");
    }
  }

 private:
  void Refuse(int index, const char* reason) {
    luaL_error(lua_, "Cannot serialise %s: %s", luaL_typename(lua_, index), reason);
  }

  void AppendSentinel() {
    PushEmptyArray(lua_);
    const bool empty_array = lua_rawequal(lua_, -1, -2) != 0;
    lua_pop(lua_, 1);
    if (empty_array) {
      out_ += "[]";
    } else if (lua_touserdata(lua_, -1) == nullptr) {
      out_ += "null";
    } else {
      Refuse(-1, "type not supported");
    }
  }

  void AppendNumber(int index) {
    const double value = lua_tonumber(lua_, index);
    if (std::isnan(value) || std::isinf(value)) {
      if (settings_.encode_invalid_numbers == InvalidNumbers::kOff) Refuse(index, "must not be NaN or Inf");
      if (settings_.encode_invalid_numbers == InvalidNumbers::kNull) {
        out_ += "null";
        return;
      }
      if (std::isnan(value)) {
        out_ += "nan";  // whatever its sign
        return;
      }
    }
    char text[kNumberTextBytesMax];
    out_.append(text, FormatNumber(value, text, settings_.number_precision));
  }

  void AppendString(int index) {
    size_t length = 0;
    const char* text = lua_tolstring(lua_, index, &length);
    if (out_.size() + length > state_.settings.memory_bytes_max) luaL_error(lua_, "not enough memory");
    out_ += '"';
    size_t plain_from = 0;
    for (size_t i = 0; i < length; ++i) {
      const char c = text[i];
      if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != '/' && c != 0x7f) continue;
      out_.append(text + plain_from, i - plain_from);
      AppendEscaped(c);
      plain_from = i + 1;
    }
    out_.append(text + plain_from, length - plain_from);
    out_ += '"';
  }

  void AppendEscaped(char c) {
    constexpr std::string_view kShort = "\b\t\n\f\r\"\\/";
    constexpr std::string_view kNames = "btnfr\"\\/";
    out_ += '\\';
    if (const size_t at = kShort.find(c); at != std::string_view::npos) {
      out_ += kNames[at];
      return;
    }
    constexpr char kHex[] = "0123456789abcdef";
    out_ += "u00";
    out_ += kHex[static_cast<unsigned char>(c) >> 4];
    out_ += kHex[c & 15];
  }

  bool HasArrayMetatable() {
    if (!lua_getmetatable(lua_, -1)) return false;
    PushArrayMetatable(lua_);
    const bool same = lua_rawequal(lua_, -1, -2) != 0;
    lua_pop(lua_, 2);
    return same;
  }

  /// The length of the table on top as an array; -1 if it is an object.
  int64_t ArrayLength() {
    double greatest = 0;
    int64_t items = 0;
    for (lua_pushnil(lua_); lua_next(lua_, -2); ++items) {
      lua_pop(lua_, 1);
      const double key = lua_type(lua_, -1) == LUA_TNUMBER ? lua_tonumber(lua_, -1) : 0;
      if (!(key >= 1) || std::floor(key) != key) {
        lua_pop(lua_, 1);
        return -1;
      }
      if (key > greatest) greatest = key;
    }
    if (settings_.sparse_ratio > 0 && greatest > static_cast<double>(items) * settings_.sparse_ratio &&
        greatest > settings_.sparse_safe) {
      if (!settings_.sparse_convert) Refuse(-1, "excessively sparse array");
      return -1;
    }
    return TruncateToInteger(greatest);
  }

  void AppendTable(int depth) {
    if (depth > settings_.encode_depth_max || depth > kNestingMax || !lua_checkstack(lua_, 8)) {
      luaL_error(lua_, "Cannot serialise, excessive nesting (%d)", depth);
    }
    if (out_.size() > state_.settings.memory_bytes_max) luaL_error(lua_, "not enough memory");
    if (HasArrayMetatable()) return AppendArray(static_cast<int64_t>(lua_rawlen(lua_, -1)), depth);
    const int64_t length = ArrayLength();
    if (length > 0 || (length == 0 && !settings_.empty_table_as_object)) return AppendArray(length, depth);
    AppendObject(depth);
  }

  void AppendArray(int64_t length, int depth) {
    out_ += '[';
    for (int64_t i = 1; i <= length; ++i) {
      if (i > 1) out_ += ',';
      lua_rawgeti(lua_, -1, i);
      Append(depth);
      lua_pop(lua_, 1);
      if (out_.size() > state_.settings.memory_bytes_max) luaL_error(lua_, "not enough memory");
    }
    out_ += ']';
  }

  void AppendObject(int depth) {
    out_ += '{';
    bool first = true;
    for (lua_pushnil(lua_); lua_next(lua_, -2); lua_pop(lua_, 1)) {
      if (!first) out_ += ',';
      first = false;
      switch (lua_type(lua_, -2)) {
        case LUA_TNUMBER:
          out_ += '"';
          AppendNumber(-2);
          out_ += '"';
          break;
        case LUA_TSTRING:
          AppendString(-2);
          break;
        default:
          Refuse(-2, "table key must be a number or string");
      }
      out_ += ':';
      Append(depth);
    }
    out_ += '}';
  }

  lua_State* lua_;
  const CjsonSettings& settings_;
  RuntimeState& state_;
  std::string& out_;
};

}  // namespace

int CjsonEncode(lua_State* lua) {
  luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
  if (PushReadonlyTarget(lua, 1)) lua_replace(lua, 1);
  Encoder(lua, CjsonSettingsOf(lua)).Append(0);
  const std::string& text = StateOf(lua).scratch;
  lua_pushlstring(lua, text.data(), text.size());
  return 1;
}

}  // namespace usher::scripting
