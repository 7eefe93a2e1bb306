// ConfigDirective: one row per configuration directive. Parsing, CONFIG GET/SET/REWRITE, the command line and the typed
// snapshot all read the row; nothing else knows a directive's name. The rows are in config_table.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/config_values.h"

namespace usher::server {

/// What Usher makes of a directive.
enum class ConfigEffect : uint8_t {
  kEffective,  // Usher does what it says
  kTuning,     // tunes Redis's internals: accepted, stored and listed, without effect
  kDormant,    // a parameter of a feature that is switched by another directive and is not there yet: stored and listed
  kPromise,    // promises a behaviour that is not there yet: only its harmless values are accepted
};

enum class ConfigKind : uint8_t {
  kBool,
  kInteger,
  kMemory,           // bytes with units
  kMemoryOrPercent,  // as kMemory, or "5%", whose number is -5
  kOctal,
  kString,
  kEnum,
  kShutdownFlags,  // several words of an enum; its number is a bit mask
  // Directives with a syntax of their own.
  kBaseName,  // a file name without a path; `words` says what it names
  kDirectory,
  kHostName,
  kBindAddresses,
  kReplicaOf,
  kSavePoints,
  kOutputBufferLimits,
  kPercentiles,
  kKeyspaceEvents,
  kOomScores,
  kProcessTitle,
  kPowerOfTwo,  // an integer that is 0 or a power of two
  kQueueKey,
  kQueueTokenKey,
  kMetricsLabel,
};

enum ConfigFlag : uint8_t {
  kConfigImmutable = 1u << 0,
  kConfigHidden = 1u << 1,     // CONFIG GET shows it by its exact name only
  kConfigSensitive = 1u << 2,  // never written to a log
  kConfigProtected = 1u << 3,  // immutable unless enable-protected-configs
  kConfigNeedsHook = 1u << 4,  // changes at run time only while a veto names it, which carries the change out
};

/// A directive's value, checked. `text` is what CONFIG GET answers.
struct ConfigSetting {
  std::string text;
  int64_t number = 0;              // integers, memory (its bits), enum position, flags
  std::vector<std::string> words;  // the parts of a multi-part value
  OutputBufferLimits limits;
};

/// Copies a checked value into the snapshot's field.
using ConfigStore = void (*)(ConfigValues&, const ConfigSetting&);

template <auto kMember>
void StoreInto(ConfigValues& values, const ConfigSetting& setting) {
  auto& field = values.*kMember;
  using Field = std::remove_reference_t<decltype(field)>;
  if constexpr (std::is_same_v<Field, std::string>) {
    field = setting.text;
  } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
    field = setting.words;
  } else if constexpr (std::is_same_v<Field, std::vector<double>>) {
    field.clear();
    for (const std::string& word : setting.words) field.push_back(std::stod(word));
  } else if constexpr (std::is_same_v<Field, OutputBufferLimits>) {
    field = setting.limits;
  } else {
    field = static_cast<Field>(setting.number);
  }
}

struct ConfigDirective {
  std::string_view name;
  ConfigKind kind;
  std::string_view default_text;
  ConfigEffect effect;
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();        // for memory: see unsigned_max
  bool unsigned_max = false;                                // no upper bound below 2^64
  int64_t clamp_min = std::numeric_limits<int64_t>::min();  // accepted values are pulled into the clamp, as Redis does
  int64_t clamp_max = std::numeric_limits<int64_t>::max();
  std::string_view words = {};     // kEnum, kShutdownFlags: the words, separated by '|', in Redis's order
  std::string_view harmless = {};  // kPromise: values accepted beside the default, separated by '|'
  std::string_view alias = {};
  uint8_t flags = 0;
  ConfigStore store = nullptr;

  constexpr bool Is(ConfigFlag flag) const { return (flags & flag) != 0; }

  // The rows are written with these. (No helper that takes a lambda: Clang 14 does not instantiate one in time.)
  constexpr ConfigDirective Alias(std::string_view other) const {
    ConfigDirective copy = *this;
    copy.alias = other;
    return copy;
  }
  constexpr ConfigDirective Harmless(std::string_view values) const {
    ConfigDirective copy = *this;
    copy.harmless = values;
    return copy;
  }
  constexpr ConfigDirective Clamp(int64_t low, int64_t high) const {
    ConfigDirective copy = *this;
    copy.clamp_min = low;
    copy.clamp_max = high;
    return copy;
  }
  constexpr ConfigDirective Flags(uint8_t more) const {
    ConfigDirective copy = *this;
    copy.flags = static_cast<uint8_t>(copy.flags | more);
    return copy;
  }
  template <auto kMember>
  constexpr ConfigDirective Into() const {
    ConfigDirective copy = *this;
    copy.store = &StoreInto<kMember>;
    return copy;
  }
};

/// Every directive, sorted by nothing: the order of the rows is the order of CONFIG GET and of CONFIG REWRITE.
std::span<const ConfigDirective> ConfigDirectives();

/// The row whose name or alias is `name`, in any case; null if there is none.
const ConfigDirective* FindConfigDirective(std::string_view name);

/// The position of a row in ConfigDirectives().
size_t ConfigIndexOf(const ConfigDirective& directive);

}  // namespace usher::server
