// Compiling source text as 5.1 does: syntax errors in its words, and a backslash before a letter that means nothing to
// it ("\d", "\/", "\x") stands for that letter, where 5.4 refuses or means something else.
// Complexity: linear. Thread safety: as the lua_State.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "scripting/lua_libraries.h"

namespace usher::scripting {
namespace {

/// Copies a source, dropping the backslashes that 5.1 ignores. Lines stay where they are.
class EscapeReader {
 public:
  explicit EscapeReader(std::string_view source) : source_(source) {}

  std::string Read() {
    out_.reserve(source_.size());
    while (at_ < source_.size()) {
      if (Sees("--")) {
        Copy(2);
        if (!CopyLongBracket()) CopyLine();
      } else if (source_[at_] == '[') {
        if (!CopyLongBracket()) Copy(1);
      } else if (source_[at_] == '"' || source_[at_] == '\'') {
        CopyText();
      } else {
        Copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  bool Sees(std::string_view text) const { return source_.substr(at_).starts_with(text); }

  void Copy(size_t count) {
    out_ += source_.substr(at_, count);
    at_ += count;
  }

  void CopyLine() { Copy(std::min(source_.find('\n', at_), source_.size()) - at_); }

  /// Copies "[==[ ... ]==]" if one begins here.
  bool CopyLongBracket() {
    size_t inner = at_ + 1;
    while (inner < source_.size() && source_[inner] == '=') ++inner;
    if (!Sees("[") || inner >= source_.size() || source_[inner] != '[') return false;
    const std::string end = "]" + std::string(inner - at_ - 1, '=') + "]";
    const size_t found = source_.find(end, inner);
    Copy(found == std::string_view::npos ? source_.size() - at_ : found + end.size() - at_);
    return true;
  }

  /// Copies a text in quotes, up to its end or the line's.
  void CopyText() {
    const char quote = source_[at_];
    Copy(1);
    while (at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n') {
      if (source_[at_] != '\\' || at_ + 1 == source_.size()) {
        Copy(1);
      } else if (std::strchr("abfnrtv\\\"'\r\n0123456789", source_[at_ + 1]) != nullptr) {
        Copy(2);
      } else {
        ++at_;
        Copy(1);
      }
    }
    Copy(1);
  }

  std::string_view source_;
  size_t at_ = 0;
  std::string out_;
};

void ReplaceFirst(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

std::string Reworded(std::string text) {
  if (text.ends_with(" near <eof>")) ReplaceFirst(text, " near <eof>", " near '<eof>'");
  ReplaceFirst(text, ": <name> expected", ": '<name>' expected");
  ReplaceFirst(text, ": <eof> expected", ": '<eof>' expected");
  if (const size_t at = text.find(" (starting at line "); at != std::string::npos) {
    text.erase(at, text.find(')', at) + 1 - at);
  }
  // 5.1 reads an expression that is no call as the start of an assignment, and '=' after a call as a new statement.
  ReplaceFirst(text, ": syntax error near '='", ": unexpected symbol near '='");
  ReplaceFirst(text, ": syntax error near ", ": '=' expected near ");
  return text;
}

}  // namespace

void RewordSyntaxError(lua_State* lua) {
  if (lua_type(lua, -1) != LUA_TSTRING) return;
  // The copy is gone before anything that may raise: pushing it is left to a buffer of Lua's.
  luaL_Buffer buffer;
  luaL_buffinit(lua, &buffer);
  size_t length = 0;
  const char* text = lua_tolstring(lua, -2, &length);
  char* room = luaL_prepbuffsize(&buffer, length + 16);
  {
    const std::string reworded = Reworded({text, length});
    length = reworded.copy(room, length + 16);
  }
  luaL_addsize(&buffer, length);
  luaL_pushresult(&buffer);
  lua_replace(lua, -2);
}

int LoadSource(lua_State* lua, std::string_view source, const char* chunk_name) {
  int status = LUA_OK;
  if (std::memchr(source.data(), '\\', source.size()) == nullptr) {
    status = luaL_loadbufferx(lua, source.data(), source.size(), chunk_name, "t");
  } else {
    const std::string plain = EscapeReader(source).Read();
    status = luaL_loadbufferx(lua, plain.data(), plain.size(), chunk_name, "t");
  }
  if (status == LUA_ERRSYNTAX) RewordSyntaxError(lua);
  return status;
}

}  // namespace usher::scripting
