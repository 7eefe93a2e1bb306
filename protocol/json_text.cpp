// See json_text.h.
#include "protocol/json_text.h"

namespace usher::protocol {

namespace {

void AppendEscaped(std::string& to, unsigned char byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"':
      to += "\\\"";
      return;
    case '\\':
      to += "\\\\";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      to += "\\u00";
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
  }
}

}  // namespace

void AppendJsonString(std::string& to, std::string_view text) {
  to += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F) continue;
    to.append(text.substr(plain, i - plain));
    AppendEscaped(to, byte);
    plain = i + 1;
  }
  to.append(text.substr(plain));
  to += '"';
}

}  // namespace usher::protocol
