// JsonWriter: writes JSON text; the caller opens and closes objects and arrays in order, commas are placed here.
// Thread safety: none.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace usher::bench {

class JsonWriter {
 public:
  void OpenObject(std::string_view key = {}) { Open(key, '{'); }
  void OpenArray(std::string_view key = {}) { Open(key, '['); }
  void CloseObject() { Close('}'); }
  void CloseArray() { Close(']'); }

  /// A member of an object; an element of an array when `key` is empty.
  void Number(std::string_view key, double value) {
    char text[40] = "null";  // JSON has no NaN
    if (std::isfinite(value)) std::snprintf(text, sizeof text, "%.15g", value);
    Value(key, text);
  }
  void Bool(std::string_view key, bool value) { Value(key, value ? "true" : "false"); }
  void String(std::string_view key, std::string_view value) { Value(key, Quoted(value)); }

  const std::string& Text() const { return text_; }

 private:
  static std::string Quoted(std::string_view value) {
    std::string quoted = "\"";
    for (const char c : value) {
      char escape[8];
      if (c == '"' || c == '\\') {
        quoted += {'\\', c};
      } else if (static_cast<unsigned char>(c) < 0x20) {
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
        quoted += escape;
      } else {
        quoted += c;
      }
    }
    return quoted + '"';
  }

  void Value(std::string_view key, std::string_view text) {
    if (needs_comma_) text_ += ',';
    if (!key.empty()) text_ += Quoted(key) + ':';
    text_ += text;
    needs_comma_ = true;
  }

  void Open(std::string_view key, char bracket) {
    Value(key, std::string_view(&bracket, 1));
    needs_comma_ = false;
  }

  void Close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
  }

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace usher::bench
