// See aof_manifest.h. The format is described at redis.io (persistence, append-only file, since 7.0).
#include "engine/aof_manifest.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/number_text.h"

namespace usher::engine {

namespace {

bool NeedsQuotes(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\\'; });
}

void AppendName(std::string& text, std::string_view name) {
  if (!NeedsQuotes(name)) {
    text += name;
    return;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  text += '"';
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  text += '"';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Takes the next word, which may be quoted, off `line`. False: there is none, or its quotes do not close.
bool TakeWord(std::string_view& line, std::string& word) {
  word.clear();
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  if (line.empty()) return false;
  if (line.front() != '"') {
    const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    word = line.substr(0, end);
    line.remove_prefix(end);
    return true;
  }
  for (size_t at = 1; at < line.size(); ++at) {
    if (line[at] == '"') {
      line.remove_prefix(at + 1);
      return true;
    }
    if (line[at] == '\\' && at + 3 < line.size() && line[at + 1] == 'x' && HexValue(line[at + 2]) >= 0 &&
        HexValue(line[at + 3]) >= 0) {
      word += static_cast<char>(HexValue(line[at + 2]) * 16 + HexValue(line[at + 3]));
      at += 3;
    } else if (line[at] == '\\' && at + 1 < line.size()) {
      word += line[++at];
    } else {
      word += line[at];
    }
  }
  return false;
}

void AppendLine(std::string& text, const AofFile& file, char type) {
  text += "file ";
  AppendName(text, file.name);
  text += " seq " + std::to_string(file.number) + " type " + type + '\n';
}

}  // namespace

std::string AofManifest::Parse(std::string_view text) {
  *this = {};
  if (text.empty()) return "Found an empty AOF manifest";
  constexpr size_t kLineBytesMax = 1024;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.empty() || line.size() > kLineBytesMax) return "Invalid AOF manifest file format";
    if (line.front() != '#') {
      if (std::string error = ParseLine(line); !error.empty()) return error;
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (empty() && history.empty()) return "Found an empty AOF manifest";
  return {};
}

std::string AofManifest::ParseLine(std::string_view line) {
  AofFile file;
  std::string key;
  std::string value;
  std::string type;
  while (TakeWord(line, key)) {
    if (!TakeWord(line, value)) return "Invalid AOF manifest file format";
    if (key == "file") {
      if (value.find('/') != std::string::npos) return "File can't be a path, just a filename";
      file.name = value;
    } else if (key == "seq") {
      if (!protocol::ParseInteger(value, file.number)) return "Invalid AOF manifest file format";
    } else if (key == "type") {
      type = value;
    }  // what later versions may add is none of our business
  }
  if (file.name.empty() || file.number <= 0 || type.size() != 1) return "Invalid AOF manifest file format";
  if (type == "b") {
    if (base) return "Found duplicate base file information";
    last_base_ = std::max(last_base_, file.number);
    base = std::move(file);
  } else if (type == "i") {
    if (file.number <= last_increment_) return "Found a non-monotonic sequence number";
    last_increment_ = file.number;
    increments.push_back(std::move(file));
  } else if (type == "h") {
    history.push_back(std::move(file));
  } else {
    return "Unknown AOF file type";
  }
  return {};
}

std::string AofManifest::Text() const {
  std::string text;
  if (base) AppendLine(text, *base, 'b');
  for (const AofFile& file : history) AppendLine(text, file, 'h');
  for (const AofFile& file : increments) AppendLine(text, file, 'i');
  return text;
}

AofFile AofManifest::NextBase(std::string_view name, bool of_commands) const {
  const int64_t number = last_base_ + 1;
  return {std::string(name) + '.' + std::to_string(number) + (of_commands ? ".base.aof" : ".base.rdb"), number};
}

AofFile AofManifest::NextIncrement(std::string_view name) const {
  const int64_t number = last_increment_ + 1;
  return {std::string(name) + '.' + std::to_string(number) + ".incr.aof", number};
}

void AofManifest::AddIncrement(AofFile file) {
  last_increment_ = file.number;
  increments.push_back(std::move(file));
}

void AofManifest::ReplaceBase(AofFile file, int64_t from) {
  if (base) history.push_back(std::move(*base));
  last_base_ = std::max(last_base_, file.number);
  base = std::move(file);
  const auto kept = std::find_if(increments.begin(), increments.end(),
                                 [from](const AofFile& increment) { return increment.number >= from; });
  std::move(increments.begin(), kept, std::back_inserter(history));
  increments.erase(increments.begin(), kept);
}

}  // namespace usher::engine
