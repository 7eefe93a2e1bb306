// From Lua values to replies.
#include "scripting/lua_result.h"

#include <string>
#include <string_view>

#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

/// Deeper values (one that contains itself) are cut off with an error in their place.
constexpr int kDepthMax = 2000;

class ResultWriter {
 public:
  ResultWriter(lua_State* lua, protocol::RespVersion script_version, protocol::ReplySink& reply)
      : lua_(lua), script_version_(script_version), reply_(reply) {}

  /// Writes the value on top and pops it.
  void Write(int depth) {
    if (depth > kDepthMax || !lua_checkstack(lua_, 8)) {
      reply_.Error("ERR reached lua stack limit");
      lua_pop(lua_, 1);
      return;
    }
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        reply_.Bulk(TextAt(-1));
        break;
      case LUA_TNUMBER:
        reply_.Integer(TruncateToInteger(lua_tonumber(lua_, -1)));
        break;
      case LUA_TBOOLEAN:
        WriteBoolean(lua_toboolean(lua_, -1) != 0);
        break;
      case LUA_TTABLE:
        WriteTable(depth);
        break;
      default:
        reply_.Null();
    }
    lua_pop(lua_, 1);
  }

 private:
  std::string_view TextAt(int index) {
    size_t length = 0;
    const char* text = lua_tolstring(lua_, index, &length);
    return {text, length};
  }

  void WriteBoolean(bool value) {
    if (script_version_ == protocol::RespVersion::kResp3) {
      reply_.Boolean(value);
    } else if (value) {
      reply_.Integer(1);
    } else {
      reply_.Null();
    }
  }

  /// Pushes a field of the table on top.
  int Field(const char* name) {
    lua_pushstring(lua_, name);
    return lua_rawget(lua_, -2);
  }

  void WriteTable(int depth) {
    if (!WriteMarked(depth)) WriteArray(depth);
  }

  /// Writes a table that is one of the marked forms. The field is left on the stack for Write() to pop with the table.
  bool WriteMarked(int depth) {
    bool written = true;
    const int top = lua_gettop(lua_);
    if (Field("err") == LUA_TSTRING) {
      reply_.Error(TextAt(-1));
    } else if (lua_settop(lua_, top); Field("ok") == LUA_TSTRING) {
      reply_.SimpleString(OneLine(TextAt(-1)));
    } else if (lua_settop(lua_, top); Field("double") == LUA_TNUMBER) {
      reply_.Double(lua_tonumber(lua_, -1));
    } else if (lua_settop(lua_, top); Field("map") == LUA_TTABLE) {
      WriteMap(depth);
    } else if (lua_settop(lua_, top); Field("set") == LUA_TTABLE) {
      WriteSet(depth);
    } else if (lua_settop(lua_, top); Field("big_number") == LUA_TSTRING) {
      reply_.BigNumber(OneLine(TextAt(-1)));
    } else {
      lua_settop(lua_, top);
      written = Field("verbatim_string") == LUA_TTABLE && WriteVerbatim();
    }
    lua_settop(lua_, top);
    return written;
  }

  /// The verbatim string whose table is on top, if it is one.
  bool WriteVerbatim() {
    if (Field("string") != LUA_TSTRING) return false;
    lua_insert(lua_, -2);
    if (Field("format") != LUA_TSTRING) return false;
    const std::string_view format = TextAt(-1);
    reply_.Verbatim(std::string(format).append(3, ' ').substr(0, 3), TextAt(-3));
    return true;
  }

  void WriteMap(int depth) {
    const protocol::ReplySink::Deferred start = reply_.BeginDeferred();
    size_t pairs = 0;
    for (lua_pushnil(lua_); lua_next(lua_, -2); ++pairs) {
      lua_pushvalue(lua_, -2);
      Write(depth + 1);
      Write(depth + 1);
    }
    reply_.EndMap(start, pairs);
  }

  void WriteSet(int depth) {
    const protocol::ReplySink::Deferred start = reply_.BeginDeferred();
    size_t elements = 0;
    for (lua_pushnil(lua_); lua_next(lua_, -2); ++elements) {
      lua_pop(lua_, 1);
      lua_pushvalue(lua_, -1);
      Write(depth + 1);
    }
    reply_.EndSet(start, elements);
  }

  void WriteArray(int depth) {
    size_t elements = 0;
    while (lua_rawgeti(lua_, -1, static_cast<lua_Integer>(elements) + 1) != LUA_TNIL) {
      lua_pop(lua_, 1);
      ++elements;
    }
    lua_pop(lua_, 1);
    reply_.Array(elements);
    for (size_t i = 1; i <= elements; ++i) {
      lua_rawgeti(lua_, -1, static_cast<lua_Integer>(i));
      Write(depth + 1);
    }
  }

  /// Status replies and big numbers hold no line ends.
  std::string OneLine(std::string_view text) {
    std::string line(text);
    for (char& c : line) {
      if (c == '\r' || c == '\n') c = ' ';
    }
    return line;
  }

  lua_State* lua_;
  protocol::RespVersion script_version_;
  protocol::ReplySink& reply_;
};

}  // namespace

void WriteResult(lua_State* lua, protocol::RespVersion script_version, protocol::ReplySink& reply) {
  ResultWriter(lua, script_version, reply).Write(0);
}

}  // namespace usher::scripting
