// See config_text.h.
#include "server/config_text.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "protocol/inline_args.h"

namespace usher::server {
namespace {

constexpr uint64_t kKb = 1024;
constexpr uint64_t kMb = kKb * 1024;
constexpr uint64_t kGb = kMb * 1024;

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {
    {"", 1}, {"b", 1}, {"k", 1000}, {"kb", kKb}, {"m", 1000 * 1000}, {"mb", kMb}, {"g", 1000'000'000}, {"gb", kGb}};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '\\':
    case '"':
      (out += '\\') += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    default:
      break;
  }
  if (c >= ' ' && c <= '~') {
    out += c;
    return;
  }
  char hex[5];
  std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  out += hex;
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::vector<std::string>> SplitConfigLine(std::string_view line) {
  protocol::RequestBatch batch;
  size_t count = 0;
  if (!protocol::SplitInlineArgs(line, batch, &count)) return std::nullopt;
  const std::string_view* args = batch.ArgRoom(count);
  return std::vector<std::string>(args, args + count);
}

std::vector<std::string> SplitAt(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) {
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) AppendEscaped(out, c);
  return out += '"';
}

bool ParseMemory(std::string_view text, uint64_t* bytes) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  const size_t digits = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
  const std::string unit_name = LowerCase(text.substr(digits));
  const Unit* unit = std::ranges::find(kUnits, unit_name, &Unit::name);
  if (unit == std::end(kUnits)) return false;
  uint64_t value = 0;
  for (const char c : text.substr(0, digits)) {
    const auto digit = static_cast<uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  *bytes = value > kMax / unit->bytes ? kMax : value * unit->bytes;
  return true;
}

std::string MemoryText(uint64_t bytes) {
  if (bytes != 0 && bytes % kGb == 0) return std::to_string(bytes / kGb) + "gb";
  if (bytes != 0 && bytes % kMb == 0) return std::to_string(bytes / kMb) + "mb";
  if (bytes != 0 && bytes % kKb == 0) return std::to_string(bytes / kKb) + "kb";
  return std::to_string(bytes);
}

}  // namespace usher::server
