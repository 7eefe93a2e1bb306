// See inline_args.h. The rules were observed on redis-server 7.0.15.
#include "protocol/inline_args.h"

namespace usher::protocol {
namespace {

bool IsBlank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Vertical tab and form feed separate arguments only where one may start.
bool EndsBareArg(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char UnescapedByte(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Reads what follows an opening double quote, the closing one included. False if there is none.
bool UnquoteDouble(const char** at, const char* end, char** out) {
  const char* p = *at;
  while (p < end && *p != '"') {
    if (*p != '\\' || p + 1 == end) {
      *(*out)++ = *p++;
    } else if (p[1] == 'x' && end - p > 3 && HexDigit(p[2]) >= 0 && HexDigit(p[3]) >= 0) {
      *(*out)++ = static_cast<char>(HexDigit(p[2]) * 16 + HexDigit(p[3]));
      p += 4;
    } else {
      *(*out)++ = UnescapedByte(p[1]);
      p += 2;
    }
  }
  *at = p + 1;
  return p < end;
}

// The same for a single quote.
bool UnquoteSingle(const char** at, const char* end, char** out) {
  const char* p = *at;
  while (p < end && *p != '\'') {
    if (*p == '\\' && p + 1 < end && p[1] == '\'') ++p;
    *(*out)++ = *p++;
  }
  *at = p + 1;
  return p < end;
}

// Reads an argument that holds quotes, up to behind its closing quote.
bool UnquoteArg(const char** at, const char* end, char** out) {
  while (**at != '"' && **at != '\'') *(*out)++ = *(*at)++;
  const char quote = *(*at)++;
  const bool closed = quote == '"' ? UnquoteDouble(at, end, out) : UnquoteSingle(at, end, out);
  return closed && (*at == end || IsBlank(**at));
}

}  // namespace

bool SplitInlineArgs(std::string_view line, RequestBatch& batch, size_t* count) {
  const char* p = line.data();
  const char* const end = p + line.size();
  char* out = nullptr;
  for (*count = 0;; ++*count) {
    while (p < end && IsBlank(*p)) ++p;
    if (p == end) return true;
    const char* const start = p;
    while (p < end && !EndsBareArg(*p) && *p != '"' && *p != '\'') ++p;
    std::string_view arg(start, static_cast<size_t>(p - start));
    if (p < end && !EndsBareArg(*p)) {
      if (out == nullptr) out = batch.TextRoom(line.size());
      char* const text = out;
      p = start;
      if (!UnquoteArg(&p, end, &out)) return false;
      arg = {text, static_cast<size_t>(out - text)};
    }
    batch.ArgRoom(*count + 1)[*count] = arg;
  }
}

}  // namespace usher::protocol
