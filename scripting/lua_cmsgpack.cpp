// cmsgpack: MessagePack for scripts, with the behaviour of the lua-cmsgpack inside Redis. Packing goes to the state's
// scratch text; unpacking reads a Lua string with every length checked and nesting bounded.
// Complexity: linear. Thread safety: as the lua_State.
#include <climits>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

constexpr int kPackNestingMax = 16;      // deeper tables become nil
constexpr int kUnpackNestingMax = 2000;  // what protects the C++ stack

template <class Unsigned>
Unsigned FromBigEndian(const char* from) {
  Unsigned value = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>((value << 8) | static_cast<unsigned char>(from[i]));
  }
  return value;
}

class Packer {
 public:
  explicit Packer(lua_State* lua) : lua_(lua), state_(StateOf(lua)), out_(state_.scratch) {}

  /// Appends the value on top and pops it.
  void Append(int level) {
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        AppendString();
        break;
      case LUA_TBOOLEAN:
        Byte(lua_toboolean(lua_, -1) ? 0xc3 : 0xc2);
        break;
      case LUA_TNUMBER:
        AppendNumber(lua_tonumber(lua_, -1));
        break;
      case LUA_TTABLE:
        if (level == kPackNestingMax) {
          Byte(0xc0);
        } else {
          AppendTable(level);
        }
        break;
      default:
        Byte(0xc0);
    }
    lua_pop(lua_, 1);
  }

 private:
  void Byte(unsigned value) { out_ += static_cast<char>(value); }

  template <class Unsigned>
  void Number(unsigned type, Unsigned value) {
    Byte(type);
    for (size_t i = sizeof(Unsigned); i-- > 0;) Byte(static_cast<unsigned>(value >> (8 * i)) & 0xff);
  }

  void AppendString() {
    size_t length = 0;
    const char* text = lua_tolstring(lua_, -1, &length);
    if (out_.size() + length > state_.settings.memory_bytes_max) luaL_error(lua_, "not enough memory");
    if (length < 32) {
      Byte(0xa0 | static_cast<unsigned>(length));
    } else if (length <= 0xff) {
      Number<uint8_t>(0xd9, static_cast<uint8_t>(length));
    } else if (length <= 0xffff) {
      Number<uint16_t>(0xda, static_cast<uint16_t>(length));
    } else {
      Number<uint32_t>(0xdb, static_cast<uint32_t>(length));
    }
    out_.append(text, length);
  }

  void AppendNumber(double value) {
    const int64_t integer = TruncateToInteger(value);
    if (!std::isinf(value) && static_cast<double>(integer) == value) return AppendInteger(integer);
    const auto narrow = static_cast<float>(value);
    if (static_cast<double>(narrow) == value) {
      uint32_t bits = 0;
      std::memcpy(&bits, &narrow, sizeof bits);
      return Number(0xca, bits);
    }
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    Number(0xcb, bits);
  }

  void AppendInteger(int64_t value) {
    if (value >= 0) {
      if (value <= 0x7f) return Byte(static_cast<unsigned>(value));
      if (value <= 0xff) return Number(0xcc, static_cast<uint8_t>(value));
      if (value <= 0xffff) return Number(0xcd, static_cast<uint16_t>(value));
      if (value <= 0xffffffff) return Number(0xce, static_cast<uint32_t>(value));
      return Number(0xcf, static_cast<uint64_t>(value));
    }
    if (value >= -32) return Byte(static_cast<unsigned>(value) & 0xff);
    if (value >= INT8_MIN) return Number(0xd0, static_cast<uint8_t>(value));
    if (value >= INT16_MIN) return Number(0xd1, static_cast<uint16_t>(value));
    if (value >= INT32_MIN) return Number(0xd2, static_cast<uint32_t>(value));
    Number(0xd3, static_cast<uint64_t>(value));
  }

  /// The pairs of the table on top; `is_array` if their keys are 1 to their number.
  size_t CountPairs(bool& is_array) {
    size_t pairs = 0;
    double greatest = 0;
    is_array = true;
    for (lua_pushnil(lua_); lua_next(lua_, -2); ++pairs) {
      lua_pop(lua_, 1);
      const double key = lua_type(lua_, -1) == LUA_TNUMBER ? lua_tonumber(lua_, -1) : 0;
      if (!(key > 0) || static_cast<double>(TruncateToInteger(key)) != key) is_array = false;
      if (key > greatest) greatest = key;
    }
    if (greatest != static_cast<double>(pairs)) is_array = false;
    return pairs;
  }

  void Header(size_t count, unsigned small, unsigned medium) {
    if (count <= 15) return Byte(small | static_cast<unsigned>(count));
    if (count <= 0xffff) return Number(medium, static_cast<uint16_t>(count));
    Number(medium + 1, static_cast<uint32_t>(count));
  }

  void AppendTable(int level) {
    luaL_checkstack(lua_, 5, "in function mp_encode_lua_table");
    if (PushReadonlyTarget(lua_, -1)) lua_replace(lua_, -2);
    bool is_array = false;
    const size_t pairs = CountPairs(is_array);
    if (is_array) {
      Header(pairs, 0x90, 0xdc);
      for (size_t i = 1; i <= pairs; ++i) {
        lua_rawgeti(lua_, -1, static_cast<lua_Integer>(i));
        Append(level + 1);
      }
      return;
    }
    Header(pairs, 0x80, 0xde);
    for (lua_pushnil(lua_); lua_next(lua_, -2);) {
      lua_pushvalue(lua_, -2);
      Append(level + 1);
      Append(level + 1);
    }
  }

  lua_State* lua_;
  RuntimeState& state_;
  std::string& out_;
};

int Pack(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) luaL_argerror(lua, 0, "MessagePack pack needs input.");
  luaL_checkstack(lua, 1, "Too many arguments for MessagePack pack.");
  std::string& out = StateOf(lua).scratch;
  out.clear();
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(lua, i);
    Packer(lua).Append(0);
  }
  lua_pushlstring(lua, out.data(), out.size());
  return 1;
}

class Unpacker {
 public:
  Unpacker(lua_State* lua, std::string_view bytes) : lua_(lua), bytes_(bytes) {}

  size_t left() const { return bytes_.size(); }

  /// Pushes the next value.
  void Push(int depth) {
    const auto type = static_cast<unsigned char>(*Take(1));
    if (type < 0x80) {
      lua_pushnumber(lua_, type);
    } else if (type < 0x90) {
      PushMap(type & 15, depth);
    } else if (type < 0xa0) {
      PushArray(type & 15, depth);
    } else if (type < 0xc0) {
      PushText(type & 31);
    } else if (type >= 0xe0) {
      lua_pushnumber(lua_, static_cast<int8_t>(type));
    } else {
      PushTyped(type, depth);
    }
  }

 private:
  const char* Take(size_t count) {
    if (bytes_.size() < count) luaL_error(lua_, "Missing bytes in input.");
    const char* taken = bytes_.data();
    bytes_.remove_prefix(count);
    return taken;
  }

  template <class Unsigned>
  Unsigned TakeNumber() {
    return FromBigEndian<Unsigned>(Take(sizeof(Unsigned)));
  }

  template <class Unsigned, class Number>
  void PushNumber() {
    const auto bits = TakeNumber<Unsigned>();
    Number value;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof bits);
    lua_pushnumber(lua_, static_cast<lua_Number>(value));
  }

  void PushTyped(unsigned char type, int depth) {
    switch (type) {
      case 0xc0:
        return lua_pushnil(lua_);
      case 0xc2:
      case 0xc3:
        return lua_pushboolean(lua_, type == 0xc3);
      case 0xca:
        return PushNumber<uint32_t, float>();
      case 0xcb:
        return PushNumber<uint64_t, double>();
      case 0xcc:
        return PushNumber<uint8_t, uint8_t>();
      case 0xcd:
        return PushNumber<uint16_t, uint16_t>();
      case 0xce:
        return PushNumber<uint32_t, uint32_t>();
      case 0xcf:
        return PushNumber<uint64_t, int64_t>();
      case 0xd0:
        return PushNumber<uint8_t, int8_t>();
      case 0xd1:
        return PushNumber<uint16_t, int16_t>();
      case 0xd2:
        return PushNumber<uint32_t, int32_t>();
      case 0xd3:
        return PushNumber<uint64_t, int64_t>();
      default:
        PushLong(type, depth);
    }
  }

  void PushLong(unsigned char type, int depth) {
    switch (type) {
      case 0xd9:
        return PushText(TakeNumber<uint8_t>());
      case 0xda:
        return PushText(TakeNumber<uint16_t>());
      case 0xdb:
        return PushText(TakeNumber<uint32_t>());
      case 0xdc:
        return PushArray(TakeNumber<uint16_t>(), depth);
      case 0xdd:
        return PushArray(TakeNumber<uint32_t>(), depth);
      case 0xde:
        return PushMap(TakeNumber<uint16_t>(), depth);
      case 0xdf:
        return PushMap(TakeNumber<uint32_t>(), depth);
      default:
        luaL_error(lua_, "Bad data format in input.");
    }
  }

  void PushText(size_t length) {
    const char* text = Take(length);
    lua_pushlstring(lua_, text, length);
  }

  void Descend(int depth, const char* function) {
    if (depth >= kUnpackNestingMax || !lua_checkstack(lua_, 4)) luaL_error(lua_, "stack overflow (%s)", function);
  }

  void PushArray(size_t length, int depth) {
    Descend(depth, "in function mp_decode_to_lua_array");
    lua_newtable(lua_);
    for (size_t i = 1; i <= length; ++i) {
      Push(depth + 1);
      lua_rawseti(lua_, -2, static_cast<lua_Integer>(i));
    }
  }

  void PushMap(size_t pairs, int depth) {
    Descend(depth, "in function mp_decode_to_lua_hash");
    lua_newtable(lua_);
    for (size_t i = 0; i < pairs; ++i) {
      Push(depth + 1);
      Push(depth + 1);
      lua_settable(lua_, -3);
    }
  }

  lua_State* lua_;
  std::string_view bytes_;
};

/// Unpacks up to `limit` values (0: all) from `offset` on. With a limit, the place after them comes first (-1: the
/// end).
int UnpackFrom(lua_State* lua, int64_t limit, int64_t offset) {
  size_t length = 0;
  const char* text = luaL_checklstring(lua, 1, &length);
  const bool all = limit == 0 && offset == 0;
  if (offset < 0 || limit < 0) {
    luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.", static_cast<int>(offset),
               static_cast<int>(length));
  }
  if (static_cast<size_t>(offset) > length) {
    luaL_error(lua, "Start offset %d greater than input length %d.", static_cast<int>(offset),
               static_cast<int>(length));
  }
  if (all) limit = INT_MAX;
  Unpacker unpacker(lua, {text + offset, length - static_cast<size_t>(offset)});
  int count = 0;
  lua_settop(lua, 1);
  while (unpacker.left() > 0 && count < limit) {
    if (!lua_checkstack(lua, 1)) {
      luaL_error(lua, "too many return values at once; use unpack_one or unpack_limit instead.");
    }
    unpacker.Push(0);
    ++count;
  }
  if (all) return count;
  const size_t left = unpacker.left();
  lua_pushnumber(lua, left == 0 ? -1 : static_cast<lua_Number>(length - left));
  lua_insert(lua, 2);
  return count + 1;
}

int64_t OptInteger(lua_State* lua, int argument, int64_t otherwise) {
  return lua_isnoneornil(lua, argument) ? otherwise : TruncateToInteger(luaL_checknumber(lua, argument));
}

int Unpack(lua_State* lua) {
  return UnpackFrom(lua, 0, 0);
}

int UnpackOne(lua_State* lua) {
  return UnpackFrom(lua, 1, OptInteger(lua, 2, 0));
}

int UnpackLimit(lua_State* lua) {
  const int64_t limit = TruncateToInteger(luaL_checknumber(lua, 2));
  return UnpackFrom(lua, limit, OptInteger(lua, 3, 0));
}

constexpr luaL_Reg kFunctions[] = {
    {"pack", Pack}, {"unpack", Unpack}, {"unpack_one", UnpackOne}, {"unpack_limit", UnpackLimit}};

}  // namespace

void OpenCmsgpack(lua_State* lua) {
  lua_createtable(lua, 0, 8);
  AddFunctions(lua, kFunctions);
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
  lua_setfield(lua, -2, "_VERSION");
  lua_pushliteral(lua, "Copyright (C) 2012, Salvatore Sanfilippo");
  lua_setfield(lua, -2, "_COPYRIGHT");
  lua_pushliteral(lua, "MessagePack C implementation for Lua");
  lua_setfield(lua, -2, "_DESCRIPTION");
}

}  // namespace usher::scripting
