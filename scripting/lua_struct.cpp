// struct: values to and from packed bytes by a format, as the struct library inside Redis.
//
//   > < byte order    ! alignment (of 8, or a number)    x padding byte    b h l T i[n] signed, B H L I[n] unsigned
//   integers of 1, 2, 8, 8, n (4) bytes    f d floats    s zero-terminated    c[n] n (1) characters, c0: the previous
//   value's number, or the whole string
//
// Complexity: linear. Thread safety: as the lua_State.
#include <climits>
#include <cstring>
#include <string_view>

#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

constexpr size_t kIntegerBytesMax = 32;
constexpr size_t kNativeAlignment = 8;

/// Reads a format item by item. Trivially destructible: a Lua error may end it anywhere.
class FormatReader {
 public:
  FormatReader(lua_State* lua, const char* format) : lua_(lua), at_(format) {}

  /// Reads the next option and its size; false at the end of the format. Byte order and alignment are taken in.
  bool Next() {
    if (*at_ == '\0') return false;
    option_ = *at_++;
    size_ = Size();
    return true;
  }

  char option() const { return option_; }
  size_t size() const { return size_; }
  bool little_endian() const { return little_endian_; }

  /// The padding that the item needs at `offset`.
  size_t Padding(size_t offset) const {
    if (size_ == 0 || option_ == 'c') return 0;
    const size_t alignment = size_ > alignment_ ? alignment_ : size_;
    return (alignment - (offset & (alignment - 1))) & (alignment - 1);
  }

  /// Is the option one that only sets something? Others that are unknown raise an error.
  void TakeControl() {
    switch (option_) {
      case ' ':
        return;
      case '>':
        little_endian_ = false;
        return;
      case '<':
        little_endian_ = true;
        return;
      case '!':
        alignment_ = Count(kNativeAlignment);
        if (alignment_ == 0 || (alignment_ & (alignment_ - 1)) != 0) {
          luaL_error(lua_, "alignment %d is not a power of 2", static_cast<int>(alignment_));
        }
        return;
      default:
        luaL_argerror(lua_, 1, lua_pushfstring(lua_, "invalid format option '%c'", option_));
    }
  }

 private:
  size_t Count(size_t otherwise) {
    if (*at_ < '0' || *at_ > '9') return otherwise;
    int64_t count = 0;
    while (*at_ >= '0' && *at_ <= '9') {
      count = count * 10 + (*at_++ - '0');
      if (count > INT_MAX) luaL_error(lua_, "integral size overflow");
    }
    return static_cast<size_t>(count);
  }

  size_t Size() {
    switch (option_) {
      case 'B':
      case 'b':
      case 'x':
        return 1;
      case 'H':
      case 'h':
        return 2;
      case 'L':
      case 'l':
      case 'T':
      case 'd':
        return 8;
      case 'f':
        return 4;
      case 'c':
        return Count(1);
      case 'i':
      case 'I': {
        const size_t size = Count(sizeof(int));
        if (size > kIntegerBytesMax) {
          luaL_error(lua_, "integral size %d is larger than limit of %d", static_cast<int>(size),
                     static_cast<int>(kIntegerBytesMax));
        }
        return size;
      }
      default:
        return 0;
    }
  }

  lua_State* lua_;
  const char* at_;
  char option_ = '\0';
  size_t size_ = 0;
  size_t alignment_ = 1;
  bool little_endian_ = true;
};

void AddInteger(lua_State* lua, luaL_Buffer* to, const FormatReader& format, int argument) {
  uint64_t value = TruncateToUnsigned(luaL_checknumber(lua, argument));
  char bytes[kIntegerBytesMax] = {};
  const size_t size = format.size();
  for (size_t i = 0; i < size; ++i, value >>= 8) {
    bytes[format.little_endian() ? i : size - 1 - i] = static_cast<char>(value & 0xff);
  }
  luaL_addlstring(to, bytes, size);
}

/// Reverses `size` bytes if the format is big-endian.
void CorrectOrder(char* bytes, const FormatReader& format) {
  if (format.little_endian()) return;
  for (size_t i = 0, j = format.size() - 1; i < j; ++i, --j) {
    const char other = bytes[i];
    bytes[i] = bytes[j];
    bytes[j] = other;
  }
}

template <class Float>
void AddFloat(lua_State* lua, luaL_Buffer* to, const FormatReader& format, int argument) {
  const auto value = static_cast<Float>(luaL_checknumber(lua, argument));
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  CorrectOrder(bytes, format);
  luaL_addlstring(to, bytes, sizeof bytes);
}

/// Adds the text at `argument` for 's' or 'c'; returns the bytes added.
size_t AddText(lua_State* lua, luaL_Buffer* to, const FormatReader& format, int argument) {
  size_t length = 0;
  const char* text = luaL_checklstring(lua, argument, &length);
  size_t size = format.size() == 0 ? length : format.size();
  luaL_argcheck(lua, length >= size, argument + 1, "string too short");
  luaL_addlstring(to, text, size);
  if (format.option() == 's') {
    luaL_addchar(to, '\0');
    ++size;
  }
  return size;
}

/// Adds one item that takes an argument; false if the option takes none. `size` becomes the bytes added.
bool AddItem(lua_State* lua, luaL_Buffer* to, const FormatReader& format, int argument, size_t& size) {
  switch (format.option()) {
    case 'b':
    case 'B':
    case 'h':
    case 'H':
    case 'l':
    case 'L':
    case 'T':
    case 'i':
    case 'I':
      AddInteger(lua, to, format, argument);
      return true;
    case 'f':
      AddFloat<float>(lua, to, format, argument);
      return true;
    case 'd':
      AddFloat<double>(lua, to, format, argument);
      return true;
    case 'c':
    case 's':
      size = AddText(lua, to, format, argument);
      return true;
    default:
      return false;
  }
}

int Pack(lua_State* lua) {
  FormatReader format(lua, luaL_checkstring(lua, 1));
  int argument = 2;
  size_t total = 0;
  lua_pushnil(lua);  // so that a missing argument is nil, not the buffer's value
  luaL_Buffer result;
  luaL_buffinit(lua, &result);
  while (format.Next()) {
    for (size_t padding = format.Padding(total); padding > 0; --padding, ++total) luaL_addchar(&result, '\0');
    size_t size = format.size();
    if (AddItem(lua, &result, format, argument, size)) {
      ++argument;
    } else if (format.option() == 'x') {
      luaL_addchar(&result, '\0');
    } else {
      format.TakeControl();
    }
    total += size;
  }
  luaL_pushresult(&result);
  return 1;
}

double ReadInteger(const char* bytes, const FormatReader& format, bool is_signed) {
  const size_t size = format.size();
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[format.little_endian() ? size - 1 - i : i]);
  }
  if (!is_signed) return static_cast<double>(value);
  if (size < sizeof value && size > 0) {
    const uint64_t sign = uint64_t{1} << (size * 8 - 1);
    if ((value & sign) != 0) value |= ~(sign - 1);
  }
  return static_cast<double>(static_cast<int64_t>(value));
}

template <class Float>
double ReadFloat(const char* from, const FormatReader& format) {
  char bytes[sizeof(Float)];
  std::memcpy(bytes, from, sizeof bytes);
  CorrectOrder(bytes, format);
  Float value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

constexpr char kTooShort[] = "data string too short";

/// Pushes the value at `offset`, with `count` values pushed before (c0 takes the last one away). Returns the bytes
/// read.
size_t PushItem(lua_State* lua, const FormatReader& format, std::string_view data, size_t offset, int& count) {
  const char* at = data.data() + offset;
  switch (format.option()) {
    case 'b':
    case 'h':
    case 'l':
    case 'i':
      lua_pushnumber(lua, ReadInteger(at, format, true));
      break;
    case 'B':
    case 'H':
    case 'L':
    case 'T':
    case 'I':
      lua_pushnumber(lua, ReadInteger(at, format, false));
      break;
    case 'f':
      lua_pushnumber(lua, ReadFloat<float>(at, format));
      break;
    case 'd':
      lua_pushnumber(lua, ReadFloat<double>(at, format));
      break;
    case 'c': {
      size_t size = format.size();
      if (size == 0) {
        if (count == 0 || !lua_isnumber(lua, -1)) luaL_error(lua, "format 'c0' needs a previous size");
        size = TruncateToUnsigned(lua_tonumber(lua, -1));
        lua_pop(lua, 1);
        --count;
        luaL_argcheck(lua, size <= data.size() && offset <= data.size() - size, 2, kTooShort);
      }
      lua_pushlstring(lua, at, size);
      ++count;
      return size;
    }
    default: {
      const void* end = std::memchr(at, '\0', data.size() - offset);
      if (end == nullptr) luaL_error(lua, "unfinished string in data");
      const auto size = static_cast<size_t>(static_cast<const char*>(end) - at);
      lua_pushlstring(lua, at, size);
      ++count;
      return size + 1;
    }
  }
  ++count;
  return format.size();
}

int Unpack(lua_State* lua) {
  FormatReader format(lua, luaL_checkstring(lua, 1));
  size_t length = 0;
  const char* text = luaL_checklstring(lua, 2, &length);
  const int64_t first = lua_isnoneornil(lua, 3) ? 1 : TruncateToInteger(luaL_checknumber(lua, 3));
  luaL_argcheck(lua, first > 0, 3, "offset must be 1 or greater");
  auto offset = static_cast<size_t>(first - 1);
  lua_settop(lua, 2);
  int count = 0;
  while (format.Next()) {
    offset += format.Padding(offset);
    luaL_argcheck(lua, format.size() <= length && offset <= length - format.size(), 2, kTooShort);
    luaL_checkstack(lua, 2, "too many results");
    if (std::strchr("bBhHlLTiIfdcs", format.option()) != nullptr) {
      offset += PushItem(lua, format, {text, length}, offset, count);
    } else {
      if (format.option() != 'x') format.TakeControl();
      offset += format.size();
    }
  }
  lua_pushnumber(lua, static_cast<lua_Number>(offset + 1));
  return count + 1;
}

int Size(lua_State* lua) {
  FormatReader format(lua, luaL_checkstring(lua, 1));
  size_t offset = 0;
  while (format.Next()) {
    offset += format.Padding(offset);
    if (format.option() == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (format.option() == 'c' && format.size() == 0) luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    if (std::strchr("bBhHlLTiIfdcx", format.option()) == nullptr) format.TakeControl();
    offset += format.size();
  }
  lua_pushnumber(lua, static_cast<lua_Number>(offset));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"pack", Pack}, {"unpack", Unpack}, {"size", Size}};

}  // namespace

void OpenStruct(lua_State* lua) {
  lua_createtable(lua, 0, 4);
  AddFunctions(lua, kFunctions);
}

}  // namespace usher::scripting
