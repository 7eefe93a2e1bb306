// See config.h.
#include "server/config.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "engine/base/assert.h"
#include "engine/glob.h"
#include "server/config_rewrite.h"
#include "server/config_setting.h"
#include "server/config_text.h"

namespace usher::server {
namespace {

constexpr std::string_view kDirectoryName = "dir";

std::string SetFailed(std::string_view name, std::string_view reason) {
  return "ERR CONFIG SET failed (possibly related to argument '" + std::string(name) + "') - " + std::string(reason);
}

bool MatchesAny(std::span<const std::string> patterns, std::string_view name, bool by_exact_name_only) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return by_exact_name_only ? pattern == name : engine::GlobMatch(pattern, name);
  });
}

ConfigValues ValuesOf(const std::vector<ConfigSetting>& settings) {
  ConfigValues values;
  const auto directives = ConfigDirectives();
  for (size_t i = 0; i < directives.size(); ++i) {
    if (directives[i].store != nullptr) directives[i].store(values, settings[i]);
  }
  return values;
}

std::vector<ConfigSetting> DefaultSettings() {
  std::vector<ConfigSetting> settings;
  for (const ConfigDirective& directive : ConfigDirectives()) {
    std::string text(directive.default_text);
    if (directive.kind == ConfigKind::kDirectory) text = std::filesystem::current_path().string();
    ParsedSetting parsed = ParseSetting(directive, WordsOfArgument(directive, text), {});
    ASSERT(parsed.setting.has_value());
    settings.push_back(*std::move(parsed.setting));
  }
  return settings;
}

std::string ChangeDirectory(const std::string& path) {
  return chdir(path.c_str()) == 0 ? std::string() : std::string(std::strerror(errno));
}

}  // namespace

bool ConfigChange::Has(std::string_view name) const {
  return std::ranges::any_of(changed, [&](const ConfigDirective* directive) { return directive->name == name; });
}

Config::Config() : defaults_(DefaultSettings()), settings_(defaults_) {
  PublishAtStart();
}

std::vector<ConfigPair> Config::Get(std::span<const std::string_view> patterns) const {
  std::vector<std::string> lower;
  for (const std::string_view pattern : patterns) lower.push_back(LowerCase(pattern));
  const engine::MutexLock lock(mutex_);
  std::vector<ConfigPair> found;
  const auto directives = ConfigDirectives();
  for (size_t i = 0; i < directives.size(); ++i) {
    const bool hidden = directives[i].Is(kConfigHidden);
    for (const std::string_view name : {directives[i].name, directives[i].alias}) {
      if (!name.empty() && MatchesAny(lower, name, hidden)) found.push_back({std::string(name), settings_[i].text});
    }
  }
  return found;
}

std::string Config::Set(std::span<const ConfigPair> pairs, Caller caller) {
  const engine::MutexLock lock(mutex_);
  if (std::string error = CheckNames(pairs, caller); !error.empty()) return error;
  std::vector<ConfigSetting> staged = settings_;
  if (std::string error = Stage(pairs, staged); !error.empty()) return error;
  const std::vector<const ConfigDirective*> changed = ChangedFrom(staged);
  if (changed.empty()) return {};
  const ConfigValues after = ValuesOf(staged);
  const ConfigChange change{*Current(), after, changed};
  if (const Refusal refusal = CarryOut(change); !refusal.reason.empty()) {
    return SetFailed(refusal.name, refusal.reason);
  }
  settings_ = std::move(staged);
  const ConfigValues& before = *Current();
  current_.store(Retain(after), std::memory_order_release);
  const ConfigChange done{before, *Current(), changed};
  for (const Observer& observer : observers_) observer(done);
  return {};
}

// What can be said before any value is looked at, in the order of the pairs.
std::string Config::CheckNames(std::span<const ConfigPair> pairs, Caller caller) const {
  const Allowed allowed = Current()->protected_configs;
  const bool unprotected = allowed == Allowed::kYes || (allowed == Allowed::kLocal && caller == Caller::kLocal);
  std::set<std::string> seen;
  for (const ConfigPair& pair : pairs) {
    const ConfigDirective* directive = FindConfigDirective(pair.name);
    if (directive == nullptr) {
      return "ERR Unknown option or number of arguments for CONFIG SET - '" + pair.name + "'";
    }
    if (directive->Is(kConfigImmutable)) return SetFailed(pair.name, "can't set immutable config");
    if (directive->Is(kConfigProtected) && !unprotected) return SetFailed(pair.name, "can't set protected config");
    if (!seen.insert(LowerCase(pair.name)).second) return SetFailed(pair.name, "duplicate parameter");
  }
  return {};
}

std::string Config::Stage(std::span<const ConfigPair> pairs, std::vector<ConfigSetting>& staged) const {
  for (const ConfigPair& pair : pairs) {
    const ConfigDirective& directive = *FindConfigDirective(pair.name);
    ConfigSetting& setting = staged[ConfigIndexOf(directive)];
    ParsedSetting parsed = ParseSetting(directive, WordsOfArgument(directive, pair.value), setting);
    if (!parsed.setting) return SetFailed(LowerCase(pair.name), parsed.error);
    if (!IsKept(directive, *parsed.setting)) return SetFailed(LowerCase(pair.name), NotKeptText(directive));
    setting = *std::move(parsed.setting);
  }
  return {};
}

std::vector<const ConfigDirective*> Config::ChangedFrom(const std::vector<ConfigSetting>& staged) const {
  std::vector<const ConfigDirective*> changed;
  for (size_t i = 0; i < staged.size(); ++i) {
    if (staged[i].text != settings_[i].text) changed.push_back(&ConfigDirectives()[i]);
  }
  return changed;
}

bool Config::IsCarriedOut(const ConfigDirective& directive) const {
  if (!directive.Is(kConfigNeedsHook)) return true;
  return std::ranges::any_of(vetoes_, [&](const NamedVeto& veto) {
    return std::ranges::find(veto.names, directive.name) != veto.names.end();
  });
}

Config::Refusal Config::CarryOut(const ConfigChange& change) const {
  for (const ConfigDirective* directive : change.changed) {
    if (!IsCarriedOut(*directive)) return {directive->name, "can't be changed while the server runs yet"};
  }
  for (size_t i = 0; i < vetoes_.size(); ++i) {
    const auto& names = vetoes_[i].names;
    const auto concerned = std::ranges::find_if(names, [&](std::string_view name) { return change.Has(name); });
    if (concerned == names.end()) continue;
    if (std::string reason = vetoes_[i].veto(change); !reason.empty()) {
      Undo(change, i);
      return {*concerned, std::move(reason)};
    }
  }
  if (!change.Has(kDirectoryName)) return {};
  std::string reason = ChangeDirectory(change.after.directory);
  if (!reason.empty()) Undo(change, vetoes_.size());
  return {kDirectoryName, std::move(reason)};
}

void Config::Undo(const ConfigChange& change, size_t vetoes_run) const {
  const ConfigChange back{change.after, change.before, change.changed};
  for (size_t i = vetoes_run; i-- > 0;) {
    const bool concerned = std::ranges::any_of(vetoes_[i].names, [&](std::string_view name) { return back.Has(name); });
    // A veto that cannot go back leaves what it has; there is nobody to tell but the client, who learns of the failure.
    if (concerned) static_cast<void>(vetoes_[i].veto(back));
  }
}

std::string Config::Rewrite() const {
  if (file_.empty()) return "ERR The server is running without a config file";
  const engine::MutexLock lock(mutex_);
  const std::string reason = RewriteConfigFile(file_, settings_, defaults_);
  return reason.empty() ? reason : "ERR Rewriting config file: " + reason;
}

namespace {

/// As Redis reads its file: one word of a directive that takes many may hold them all (`save "900 1 300 10"`).
std::vector<std::string> WordsAtStart(const ConfigDirective& directive, const std::vector<std::string>& words) {
  if (words.size() != 1 || words[0].find(' ') == std::string::npos) return words;
  std::vector<std::string> parts = WordsOfArgument(directive, words[0]);
  if (parts.size() > 1) std::erase(parts, "");
  if (parts.empty()) parts.emplace_back();
  return parts;
}

}  // namespace

std::string Config::SetAtStart(const ConfigDirective& directive, const std::vector<std::string>& words) {
  ConfigSetting& setting = settings_[ConfigIndexOf(directive)];
  ParsedSetting parsed = ParseSetting(directive, WordsAtStart(directive, words), setting);
  if (!parsed.setting) return parsed.error;
  if (!IsKept(directive, *parsed.setting)) return NotKeptText(directive);
  if (directive.kind == ConfigKind::kSavePoints) {
    // Lines of a file add up, unlike those of CONFIG SET; the first one and an empty one start anew.
    if (save_points_named_ && !parsed.setting->words.empty() && !setting.words.empty()) {
      std::vector<std::string> points = setting.words;
      points.insert(points.end(), parsed.setting->words.begin(), parsed.setting->words.end());
      parsed = ParseSetting(directive, points, {});
    }
    save_points_named_ = true;
  }
  if (directive.kind == ConfigKind::kDirectory) {
    if (std::string reason = ChangeDirectory(parsed.setting->text); !reason.empty()) return reason;
  }
  setting = *std::move(parsed.setting);
  return {};
}

void Config::PublishAtStart() {
  current_.store(Retain(ValuesOf(settings_)), std::memory_order_release);
}

void Config::AddVeto(std::vector<std::string_view> names, Veto veto) {
  vetoes_.push_back({std::move(names), std::move(veto)});
}

const ConfigValues* Config::Retain(ConfigValues values) {
  for (const auto& snapshot : snapshots_) {
    if (*snapshot == values) return snapshot.get();
  }
  snapshots_.push_back(std::make_unique<const ConfigValues>(std::move(values)));
  return snapshots_.back().get();
}

}  // namespace usher::server
