// cjson.decode(): a recursive-descent reader whose errors name the token and place as lua-cjson does.
#include <strings.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "scripting/cjson.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

enum class Token : uint8_t {
  kObjectBegin,
  kObjectEnd,
  kArrayBegin,
  kArrayEnd,
  kString,
  kNumber,
  kBoolean,
  kNull,
  kColon,
  kComma,
  kEnd,
  kError,
};

constexpr const char* kTokenNames[] = {"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER",
                                       "T_BOOLEAN",   "T_NULL",    "T_COLON",     "T_COMMA",   "T_END",    "T_ERROR"};

/// A recursive-descent reader. The text is a Lua string, hence ends with a NUL that is not part of it.
/// Trivially destructible: a Lua error may end it anywhere.
class Decoder {
 public:
  Decoder(lua_State* lua, const CjsonSettings& settings, const char* text, size_t length)
      : lua_(lua), settings_(settings), begin_(text), at_(text), end_(text + length), buffer_(StateOf(lua).scratch) {}

  /// Pushes the one value of the text.
  void DecodeAll() {
    ReadToken();
    PushValue();
    ReadToken();
    if (token_ != Token::kEnd) Refuse("the end");
  }

 private:
  void Refuse(const char* expected) {
    const char* found = token_ == Token::kError ? error_ : kTokenNames[static_cast<size_t>(token_)];
    luaL_error(lua_, "Expected %s but found %s at character %d", expected, found, static_cast<int>(token_index_) + 1);
  }

  void SetError(const char* error) {
    token_ = Token::kError;
    error_ = error;
    token_index_ = static_cast<size_t>(at_ - begin_);
  }

  bool StartsWith(std::string_view word) const {
    return static_cast<size_t>(end_ - at_) >= word.size() && std::memcmp(at_, word.data(), word.size()) == 0;
  }

  void SetToken(Token token, size_t length) {
    token_ = token;
    at_ += length;
  }

  void ReadToken() {
    while (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r') ++at_;
    token_index_ = static_cast<size_t>(at_ - begin_);
    switch (*at_) {
      case '{':
        return SetToken(Token::kObjectBegin, 1);
      case '}':
        return SetToken(Token::kObjectEnd, 1);
      case '[':
        return SetToken(Token::kArrayBegin, 1);
      case ']':
        return SetToken(Token::kArrayEnd, 1);
      case ',':
        return SetToken(Token::kComma, 1);
      case ':':
        return SetToken(Token::kColon, 1);
      case '\0':
        token_ = Token::kEnd;
        return;
      case '"':
        return ReadString();
      default:
        return ReadWord();
    }
  }

  void ReadWord() {
    if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) {
      if (!settings_.decode_invalid_numbers && IsInvalidNumber()) return SetError("invalid number");
      return ReadNumber();
    }
    if (StartsWith("true")) {
      boolean_ = true;
      return SetToken(Token::kBoolean, 4);
    }
    if (StartsWith("false")) {
      boolean_ = false;
      return SetToken(Token::kBoolean, 5);
    }
    if (StartsWith("null")) return SetToken(Token::kNull, 4);
    if (settings_.decode_invalid_numbers && IsInvalidNumber()) return ReadNumber();
    SetError("invalid token");
  }

  /// Something that strtod() reads but JSON does not know: +1, 0x1, 01, inf, nan.
  bool IsInvalidNumber() const {
    const char* at = at_;
    if (*at == '+') return true;
    if (*at == '-') ++at;
    if (*at == '0') return (at[1] | 0x20) == 'x' || (at[1] >= '0' && at[1] <= '9');
    if (*at <= '9') return false;
    return strncasecmp(at, "inf", 3) == 0 || strncasecmp(at, "nan", 3) == 0;
  }

  void ReadNumber() {
    char* end = nullptr;
    number_ = ReadShortInteger(&end) ? number_ : std::strtod(at_, &end);
    if (end == at_) return SetError("invalid number");
    token_ = Token::kNumber;
    at_ = end;
  }

  /// Digits only, few enough to be exact.
  bool ReadShortInteger(char** end) {
    constexpr int kDigitsMax = 15;
    const char* at = at_ + (*at_ == '-');
    const char* digits = at;
    int64_t value = 0;
    while (*at >= '0' && *at <= '9' && at - digits <= kDigitsMax) value = value * 10 + (*at++ - '0');
    if (at == digits || at - digits > kDigitsMax || std::strchr(".eExX", *at) != nullptr) {
      // strchr() finds the terminator too: the end of the text is a good end of a number.
      if (at == digits || at - digits > kDigitsMax || *at != '\0') return false;
    }
    if (value == 0 && *at_ == '-') return false;
    number_ = static_cast<double>(*at_ == '-' ? -value : value);
    *end = const_cast<char*>(at);
    return true;
  }

  void ReadString() {
    ++at_;
    const char* plain = at_;
    while (*at_ != '"' && *at_ != '\\' && *at_ != '\0') ++at_;
    if (*at_ == '"') {  // nothing to unescape: the text itself
      string_ = {plain, static_cast<size_t>(at_ - plain)};
      return SetToken(Token::kString, 1);
    }
    buffer_.assign(plain, static_cast<size_t>(at_ - plain));
    while (*at_ != '"') {
      if (*at_ == '\0') return SetError("unexpected end of string");
      if (*at_ != '\\') {
        buffer_ += *at_++;
      } else if (!ReadEscape()) {
        return;
      }
    }
    string_ = buffer_;
    SetToken(Token::kString, 1);
  }

  bool ReadEscape() {
    constexpr std::string_view kNames = "btnfr\"\\/";
    constexpr std::string_view kMeant = "\b\t\n\f\r\"\\/";
    if (at_[1] == 'u') {
      if (ReadUnicode()) return true;
      SetError("invalid unicode escape code");
      return false;
    }
    const size_t found = at_[1] == '\0' ? std::string_view::npos : kNames.find(at_[1]);
    if (found == std::string_view::npos) {
      SetError("invalid escape code");
      return false;
    }
    buffer_ += kMeant[found];
    at_ += 2;
    return true;
  }

  /// Four hexadecimal digits, or -1. Stops at the terminator, which is none.
  static int Hex4(const char* at) {
    int value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = at[i];
      int digit = 0;
      if (c >= '0' && c <= '9') {
        digit = c - '0';
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = (c | 0x20) - 'a' + 10;
      } else {
        return -1;
      }
      value = value * 16 + digit;
    }
    return value;
  }

  /// Reads "\uXXXX", or two of them that are a pair of surrogates.
  bool ReadUnicode() {
    int code = Hex4(at_ + 2);
    if (code < 0) return false;
    size_t length = 6;
    if ((code & 0xF800) == 0xD800) {
      if ((code & 0x400) != 0 || at_[6] != '\\' || at_[7] != 'u') return false;
      const int low = Hex4(at_ + 8);
      if (low < 0 || (low & 0xFC00) != 0xDC00) return false;
      code = (((code & 0x3FF) << 10) | (low & 0x3FF)) + 0x10000;
      length = 12;
    }
    AppendUtf8(static_cast<uint32_t>(code));
    at_ += length;
    return true;
  }

  void AppendUtf8(uint32_t code) {
    const auto byte = [this](uint32_t value) { buffer_ += static_cast<char>(value); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | (code >> 6));
      byte(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      byte(0xE0 | (code >> 12));
      byte(0x80 | ((code >> 6) & 0x3F));
      byte(0x80 | (code & 0x3F));
    } else {
      byte(0xF0 | (code >> 18));
      byte(0x80 | ((code >> 12) & 0x3F));
      byte(0x80 | ((code >> 6) & 0x3F));
      byte(0x80 | (code & 0x3F));
    }
  }

  /// Pushes the value that begins with the current token.
  void PushValue() {
    switch (token_) {
      case Token::kString:
        lua_pushlstring(lua_, string_.data(), string_.size());
        break;
      case Token::kNumber:
        lua_pushnumber(lua_, number_);
        break;
      case Token::kBoolean:
        lua_pushboolean(lua_, boolean_);
        break;
      case Token::kObjectBegin:
        PushObject();
        break;
      case Token::kArrayBegin:
        PushArray();
        break;
      case Token::kNull:
        lua_pushlightuserdata(lua_, nullptr);
        break;
      default:
        Refuse("value");
    }
  }

  void Descend() {
    ++depth_;
    if (depth_ <= settings_.decode_depth_max && depth_ <= kNestingMax && lua_checkstack(lua_, 4)) return;
    luaL_error(lua_, "Found too many nested data structures (%d) at character %d", depth_,
               static_cast<int>(at_ - begin_));
  }

  void PushObject() {
    Descend();
    lua_newtable(lua_);
    ReadToken();
    while (token_ != Token::kObjectEnd) {
      if (token_ != Token::kString) Refuse("object key string");
      lua_pushlstring(lua_, string_.data(), string_.size());
      ReadToken();
      if (token_ != Token::kColon) Refuse("colon");
      ReadToken();
      PushValue();
      lua_rawset(lua_, -3);
      ReadToken();
      if (token_ == Token::kObjectEnd) break;
      if (token_ != Token::kComma) Refuse("comma or object end");
      ReadToken();
      if (token_ == Token::kObjectEnd) Refuse("object key string");
    }
    --depth_;
  }

  void PushArray() {
    Descend();
    lua_newtable(lua_);
    ReadToken();
    for (lua_Integer i = 1; token_ != Token::kArrayEnd; ++i) {
      PushValue();
      lua_rawseti(lua_, -2, i);
      ReadToken();
      if (token_ == Token::kArrayEnd) break;
      if (token_ != Token::kComma) Refuse("comma or array end");
      ReadToken();
      if (token_ == Token::kArrayEnd) Refuse("value");
    }
    --depth_;
  }

  lua_State* lua_;
  const CjsonSettings& settings_;
  const char* begin_;
  const char* at_;
  const char* end_;
  std::string& buffer_;

  Token token_ = Token::kEnd;
  size_t token_index_ = 0;
  const char* error_ = nullptr;
  std::string_view string_;
  double number_ = 0;
  bool boolean_ = false;
  int depth_ = 0;
};

}  // namespace

int CjsonDecode(lua_State* lua) {
  luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
  size_t length = 0;
  const char* text = luaL_checklstring(lua, 1, &length);
  if (length >= 2 && (text[0] == '\0' || text[1] == '\0')) {
    luaL_error(lua, "JSON parser does not support UTF-16 or UTF-32");
  }
  Decoder(lua, CjsonSettingsOf(lua), text, length).DecodeAll();
  return 1;
}

}  // namespace usher::scripting
