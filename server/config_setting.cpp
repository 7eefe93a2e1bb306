// See config_setting.h.
#include "server/config_setting.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/engine_settings.h"
#include "protocol/number_text.h"
#include "server/config_text.h"

namespace usher::server {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kBindAddressesMax = 16;
constexpr std::string_view kAlphanumerics = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kEventClasses = "g$lshzxetd";  // what 'A' stands for
constexpr std::string_view kEventExtras = "KEmn";
constexpr std::string_view kClientClassNames[] = {"normal", "slave", "pubsub"};
constexpr std::string_view kTitleVariables[] = {"title",    "listen-addr", "server-mode", "port",
                                                "tls-port", "unixsocket",  "config-file"};

ParsedSetting Fail(std::string error) {
  return {std::nullopt, std::move(error)};
}

ParsedSetting Value(std::string text, int64_t number = 0, Words words = {}) {
  return {ConfigSetting{std::move(text), number, std::move(words), {}}, {}};
}

template <class Number>
std::string RangeText(Number min, Number max) {
  return "argument must be between " + std::to_string(min) + " and " + std::to_string(max) + " inclusive";
}

ParsedSetting ParseBool(const std::string& word) {
  const std::string lower = LowerCase(word);
  if (lower != "yes" && lower != "no") return Fail("argument must be 'yes' or 'no'");
  return Value(lower, lower == "yes" ? 1 : 0);
}

ParsedSetting ParseWhole(const ConfigDirective& directive, const std::string& word) {
  int64_t number = 0;
  if (!protocol::ParseInteger(word, number)) return Fail("argument couldn't be parsed into an integer");
  if (number < directive.min || number > directive.max) return Fail(RangeText(directive.min, directive.max));
  number = std::clamp(number, directive.clamp_min, directive.clamp_max);
  return Value(std::to_string(number), number);
}

ParsedSetting ParseBytes(const ConfigDirective& directive, const std::string& word) {
  uint64_t bytes = 0;
  if (!ParseMemory(word, &bytes)) return Fail("argument must be a memory value");
  if (!directive.unsigned_max) {
    const auto min = static_cast<uint64_t>(directive.min);
    const auto max = static_cast<uint64_t>(directive.max);
    if (bytes < min || bytes > max) return Fail(RangeText(min, max));
    bytes = static_cast<uint64_t>(std::clamp(static_cast<int64_t>(bytes), directive.clamp_min, directive.clamp_max));
  }
  return Value(std::to_string(bytes), static_cast<int64_t>(bytes));
}

ParsedSetting ParseBytesOrPercent(const std::string& word) {
  int64_t percent = 0;
  if (word.ends_with('%') && protocol::ParseInteger(word.substr(0, word.size() - 1), percent) && percent >= 0) {
    if (percent > 100) return Fail("percentage argument must be less or equal to 100");
    return Value(word, -percent);
  }
  uint64_t bytes = 0;
  if (!ParseMemory(word, &bytes)) return Fail("argument must be a memory or percent value");
  return Value(std::to_string(bytes), static_cast<int64_t>(bytes));
}

ParsedSetting ParseOctal(const ConfigDirective& directive, const std::string& word) {
  int64_t mode = 0;
  const bool octal = word.size() <= 20 && word.find_first_not_of("01234567") == std::string::npos;
  if (!octal || word.empty()) return Fail("argument couldn't be parsed as an octal number");
  for (const char c : word) mode = mode * 8 + (c - '0');
  char text[32];
  if (mode < directive.min || mode > directive.max) {
    std::snprintf(text, sizeof text, "%llo", static_cast<unsigned long long>(directive.max));
    return Fail("argument must be between 0 and " + std::string(text) + " inclusive");
  }
  std::snprintf(text, sizeof text, "%llo", static_cast<unsigned long long>(mode));
  return Value(text, mode);
}

ParsedSetting FailNotOneOf(const ConfigDirective& directive) {
  std::string text = "argument(s) must be one of the following: ";
  for (const char c : directive.words) text += c == '|' ? std::string(", ") : std::string(1, c);
  return Fail(std::move(text));
}

ParsedSetting ParseEnum(const ConfigDirective& directive, const std::string& word) {
  const Words allowed = SplitAt(directive.words, '|');
  const auto found = std::ranges::find(allowed, LowerCase(word));
  if (found == allowed.end()) return FailNotOneOf(directive);
  return Value(*found, found - allowed.begin());
}

// The first word ("default") is the empty mask, the others are a bit each.
ParsedSetting ParseShutdownFlags(const ConfigDirective& directive, const Words& words) {
  constexpr int64_t kSave = 1;
  constexpr int64_t kNoSave = 2;
  const Words allowed = SplitAt(directive.words, '|');
  int64_t mask = 0;
  for (const std::string& word : words) {
    const auto found = std::ranges::find(allowed, LowerCase(word));
    if (found == allowed.end()) return FailNotOneOf(directive);
    if (found != allowed.begin()) mask |= int64_t{1} << (found - allowed.begin() - 1);
  }
  if (words.empty()) return FailNotOneOf(directive);
  if ((mask & kSave) != 0 && (mask & kNoSave) != 0) {
    return Fail("shutdown options SAVE and NOSAVE can't be used simultaneously");
  }
  Words set;
  for (size_t bit = 1; bit < allowed.size(); ++bit) {
    if ((mask >> (bit - 1) & 1) != 0) set.push_back(allowed[bit]);
  }
  return Value(mask == 0 ? allowed[0] : JoinWords(set), mask);
}

ParsedSetting ParseBaseName(const ConfigDirective& directive, const std::string& word) {
  if (word.find_first_of("/\\") != std::string::npos) {
    return Fail(std::string(directive.name) + " can't be a path, just a " + std::string(directive.words));
  }
  return Value(word);
}

ParsedSetting ParseHostName(const std::string& word) {
  constexpr size_t kBytesMax = 255;
  if (word.size() > kBytesMax) return Fail("Hostnames must be less than 256 characters");
  if (word.find_first_not_of(std::string(kAlphanumerics) + "-.") != std::string::npos) {
    return Fail("Hostnames may only contain alphanumeric characters, hyphens or dots");
  }
  return Value(word);
}

ParsedSetting ParseDirectory(const std::string& word) {
  char resolved[PATH_MAX];
  struct stat info = {};
  if (realpath(word.c_str(), resolved) == nullptr || stat(resolved, &info) != 0) return Fail(std::strerror(errno));
  if (!S_ISDIR(info.st_mode)) return Fail(std::strerror(ENOTDIR));
  return Value(resolved);
}

// Words without the lone "" that empties a list.
Words ListOf(const Words& words) {
  return words.size() == 1 && words[0].empty() ? Words{} : words;
}

ParsedSetting ParseBindAddresses(const Words& words) {
  if (words.size() > kBindAddressesMax) return Fail("Too many bind addresses specified.");
  Words addresses = ListOf(words);
  std::string text = JoinWords(addresses);
  return Value(std::move(text), 0, std::move(addresses));
}

ParsedSetting ParseReplicaOf(const Words& words) {
  if (ListOf(words).empty()) return Value("");  // its own default
  if (words.size() != 2) return Fail("wrong number of arguments");
  if (LowerCase(words[0]) == "no" && LowerCase(words[1]) == "one") return Value("");
  int64_t port = 0;
  if (!protocol::ParseInteger(words[1], port) || port < 0 || port > 65535) return Fail("Invalid master port");
  return Value(JoinWords(words), port, words);
}

ParsedSetting ParseSavePoints(const Words& words) {
  Words points = ListOf(words);
  bool valid = points.size() % 2 == 0;
  for (size_t i = 0; valid && i < points.size(); i += 2) {
    int64_t seconds = 0;
    int64_t changes = 0;
    valid = protocol::ParseInteger(points[i], seconds) && protocol::ParseInteger(points[i + 1], changes) &&
            seconds >= 1 && changes >= 0;
  }
  if (!valid) return Fail("Invalid save parameters");
  std::string text = JoinWords(points);
  return Value(std::move(text), 0, std::move(points));
}

std::optional<ClientClass> FindClientClass(std::string_view name) {
  const std::string lower = LowerCase(name);
  if (lower == "replica") return kClientReplica;
  const auto* found = std::ranges::find(kClientClassNames, lower);
  if (found == std::end(kClientClassNames)) return std::nullopt;
  return static_cast<ClientClass>(found - kClientClassNames);
}

std::string LimitText(size_t client_class, const OutputBufferLimit& limit) {
  return std::string(kClientClassNames[client_class]) + ' ' + std::to_string(limit.hard_bytes) + ' ' +
         std::to_string(limit.soft_bytes) + ' ' + std::to_string(limit.soft_seconds);
}

ParsedSetting ParseOutputBufferLimits(const Words& words, OutputBufferLimits limits) {
  if (words.size() % 4 != 0) return Fail("Wrong number of arguments in buffer limit configuration.");
  for (size_t i = 0; i < words.size(); i += 4) {
    const std::optional<ClientClass> client_class = FindClientClass(words[i]);
    if (!client_class) return Fail("Invalid client class specified in buffer limit configuration.");
    OutputBufferLimit limit;
    if (!ParseMemory(words[i + 1], &limit.hard_bytes) || !ParseMemory(words[i + 2], &limit.soft_bytes) ||
        !protocol::ParseInteger(words[i + 3], limit.soft_seconds) || limit.soft_seconds < 0) {
      return Fail("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    limits[*client_class] = limit;
  }
  Words texts;
  for (size_t i = 0; i < limits.size(); ++i) texts.push_back(LimitText(i, limits[i]));
  ParsedSetting parsed = Value(JoinWords(texts));
  parsed.setting->limits = limits;
  return parsed;
}

// As "%f", without zeros at the end.
std::string PercentileText(double percentile) {
  char text[64];
  std::string trimmed(text, static_cast<size_t>(std::snprintf(text, sizeof text, "%f", percentile)));
  trimmed.erase(trimmed.find_last_not_of('0') + 1);
  if (trimmed.ends_with('.')) trimmed.pop_back();
  return trimmed;
}

ParsedSetting ParsePercentiles(const ConfigDirective& directive, const Words& words) {
  const Words list = ListOf(words);
  Words shown;
  for (const std::string& word : list) {
    double percentile = 0;
    if (!protocol::ParseDouble(word, percentile)) {
      return Fail("Invalid " + std::string(directive.name) + " parameters");
    }
    if (percentile < 0 || percentile > 100) {
      return Fail(std::string(directive.name) + " parameters should sit between [0.0,100.0]");
    }
    shown.push_back(PercentileText(percentile));
  }
  return Value(JoinWords(shown), 0, list);
}

// The engine's bits of the flags; 'd' (module events) has none.
int64_t NotifyClasses(const std::string& flags) {
  static constexpr std::pair<char, uint32_t> kClasses[] = {
      {'K', engine::kNotifyKeyspace}, {'E', engine::kNotifyKeyevent}, {'g', engine::kNotifyGeneric},
      {'$', engine::kNotifyString},   {'l', engine::kNotifyList},     {'s', engine::kNotifySet},
      {'h', engine::kNotifyHash},     {'z', engine::kNotifyZset},     {'x', engine::kNotifyExpired},
      {'e', engine::kNotifyEvicted},  {'t', engine::kNotifyStream},   {'m', engine::kNotifyKeyMiss},
      {'n', engine::kNotifyNew}};
  uint32_t bits = 0;
  for (const auto& [flag, bit] : kClasses) {
    if (flags.find(flag) != std::string::npos) bits |= bit;
  }
  return bits;
}

ParsedSetting ParseKeyspaceEvents(const std::string& word) {
  std::string flags = word;
  if (word.find('A') != std::string::npos) flags += kEventClasses;
  const auto set = [&](char flag) { return flags.find(flag) != std::string::npos; };
  std::string classes;
  std::string extras;
  std::ranges::copy_if(kEventClasses, std::back_inserter(classes), set);
  std::ranges::copy_if(kEventExtras, std::back_inserter(extras), set);
  const std::string known = "A" + std::string(kEventClasses) + std::string(kEventExtras);
  if (flags.find_first_not_of(known) != std::string::npos) {
    return Fail("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  }
  return Value((classes == kEventClasses ? "A" : classes) + extras, NotifyClasses(classes + extras));
}

ParsedSetting ParseOomScores(const Words& words) {
  constexpr int64_t kScoreMax = 2000;
  if (words.size() != 3) return Fail("wrong number of arguments");
  for (const std::string& word : words) {
    int64_t score = 0;
    if (!protocol::ParseInteger(word, score) || score < -kScoreMax || score > kScoreMax) {
      return Fail("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
  }
  return Value(JoinWords(words), 0, words);
}

ParsedSetting ParseProcessTitle(const std::string& word) {
  constexpr const char* kBadTemplate = "template format is invalid or contains unknown variables";
  if (word.empty()) return Fail(kBadTemplate);
  for (size_t open = word.find('{'); open != std::string::npos; open = word.find('{', open + 1)) {
    const size_t close = word.find('}', open);
    const std::string_view name = std::string_view(word).substr(open + 1, close - open - 1);
    if (close == std::string::npos || std::ranges::find(kTitleVariables, name) == std::end(kTitleVariables)) {
      return Fail(kBadTemplate);
    }
  }
  return Value(word);
}

ParsedSetting ParsePowerOfTwo(const ConfigDirective& directive, const std::string& word) {
  ParsedSetting parsed = ParseWhole(directive, word);
  if (!parsed.setting) return parsed;
  const int64_t number = parsed.setting->number;
  if ((number & (number - 1)) != 0) return Fail("argument must be 0 or a power of two");
  return parsed;
}

ParsedSetting ParseQueueKey(const std::string& word, bool with_user) {
  const size_t tag = word.find("{Q}");
  if (tag == std::string::npos || word.find('{') != tag) return Fail("argument must hold {Q} as its first tag");
  // The queue's part of the name comes first, so that a queue's tokens share a prefix.
  if (with_user && word.find("USER", tag) == std::string::npos) return Fail("argument must hold USER behind {Q}");
  return Value(word);
}

ParsedSetting ParseMetricsLabel(const std::string& word) {
  const bool named = !word.empty() && (word[0] < '0' || word[0] > '9') &&
                     word.find_first_not_of(std::string(kAlphanumerics) + '_') == std::string::npos;
  if (!named) return Fail("argument must be a label name: letters, digits and '_', no digit first");
  return Value(word);
}

bool TakesManyWords(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::kShutdownFlags:
    case ConfigKind::kBindAddresses:
    case ConfigKind::kReplicaOf:
    case ConfigKind::kSavePoints:
    case ConfigKind::kOutputBufferLimits:
    case ConfigKind::kPercentiles:
    case ConfigKind::kOomScores:
      return true;
    default:
      return false;
  }
}

ParsedSetting ParseManyWords(const ConfigDirective& directive, const Words& words, const ConfigSetting& before) {
  switch (directive.kind) {
    case ConfigKind::kShutdownFlags:
      return ParseShutdownFlags(directive, words);
    case ConfigKind::kBindAddresses:
      return ParseBindAddresses(words);
    case ConfigKind::kReplicaOf:
      return ParseReplicaOf(words);
    case ConfigKind::kSavePoints:
      return ParseSavePoints(words);
    case ConfigKind::kOutputBufferLimits:
      return ParseOutputBufferLimits(ListOf(words), before.limits);
    case ConfigKind::kPercentiles:
      return ParsePercentiles(directive, words);
    default:
      return ParseOomScores(words);
  }
}

ParsedSetting ParseOneWord(const ConfigDirective& directive, const std::string& word) {
  switch (directive.kind) {
    case ConfigKind::kBool:
      return ParseBool(word);
    case ConfigKind::kInteger:
      return ParseWhole(directive, word);
    case ConfigKind::kMemory:
      return ParseBytes(directive, word);
    case ConfigKind::kMemoryOrPercent:
      return ParseBytesOrPercent(word);
    case ConfigKind::kOctal:
      return ParseOctal(directive, word);
    case ConfigKind::kEnum:
      return ParseEnum(directive, word);
    case ConfigKind::kBaseName:
      return ParseBaseName(directive, word);
    case ConfigKind::kDirectory:
      return ParseDirectory(word);
    case ConfigKind::kHostName:
      return ParseHostName(word);
    case ConfigKind::kKeyspaceEvents:
      return ParseKeyspaceEvents(word);
    case ConfigKind::kProcessTitle:
      return ParseProcessTitle(word);
    case ConfigKind::kPowerOfTwo:
      return ParsePowerOfTwo(directive, word);
    case ConfigKind::kQueueKey:
      return ParseQueueKey(word, false);
    case ConfigKind::kQueueTokenKey:
      return ParseQueueKey(word, true);
    case ConfigKind::kMetricsLabel:
      return ParseMetricsLabel(word);
    default:
      return Value(word);
  }
}

// Kinds whose text may hold blanks or be empty are quoted in a file.
bool IsQuotedInFiles(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::kString:
    case ConfigKind::kBaseName:
    case ConfigKind::kDirectory:
    case ConfigKind::kHostName:
    case ConfigKind::kKeyspaceEvents:
    case ConfigKind::kProcessTitle:
    case ConfigKind::kQueueKey:
    case ConfigKind::kQueueTokenKey:
      return true;
    default:
      return false;
  }
}

}  // namespace

ParsedSetting ParseSetting(const ConfigDirective& directive, const Words& words, const ConfigSetting& before) {
  if (TakesManyWords(directive.kind)) return ParseManyWords(directive, words, before);
  if (words.size() != 1) return Fail("wrong number of arguments");
  return ParseOneWord(directive, words[0]);
}

Words WordsOfArgument(const ConfigDirective& directive, std::string_view argument) {
  if (TakesManyWords(directive.kind)) return SplitAt(argument, ' ');
  return {std::string(argument)};
}

std::vector<std::string> SettingLines(const ConfigDirective& directive, const ConfigSetting& setting) {
  const std::string name = std::string(directive.name) + ' ';
  if (directive.kind == ConfigKind::kOutputBufferLimits) {
    Words lines;
    for (size_t i = 0; i < setting.limits.size(); ++i) lines.push_back(name + LimitText(i, setting.limits[i]));
    return lines;
  }
  if (directive.kind == ConfigKind::kMemory) return {name + MemoryText(static_cast<uint64_t>(setting.number))};
  const bool quoted = setting.text.empty() || IsQuotedInFiles(directive.kind);
  return {name + (quoted ? Quoted(setting.text) : setting.text)};
}

bool IsKept(const ConfigDirective& directive, const ConfigSetting& setting) {
  if (directive.effect != ConfigEffect::kPromise || setting.text == directive.default_text) return true;
  if (directive.harmless.empty()) return false;
  const Words harmless = SplitAt(directive.harmless, '|');
  return std::ranges::find(harmless, setting.text) != harmless.end();
}

std::string NotKeptText(const ConfigDirective& directive) {
  return "Usher does not support this yet; only '" + std::string(directive.default_text) + "' is accepted";
}

}  // namespace usher::server
