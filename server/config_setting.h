// One directive's value: checked on its way in (a file's words or the one argument of CONFIG SET), written back as
// lines. The texts of the errors are Redis's. Thread safety: pure, but that a directory is looked up in the file
// system.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config_directive.h"

namespace usher::server {

/// A checked value, or why there is none.
struct ParsedSetting {
  std::optional<ConfigSetting> setting;
  std::string error;
};

/// Checks the words that follow a directive's name. `before` is its present value, which client-output-buffer-limit
/// changes only in part.
ParsedSetting ParseSetting(const ConfigDirective& directive, const std::vector<std::string>& words,
                           const ConfigSetting& before);

/// The words of CONFIG SET's one argument.
std::vector<std::string> WordsOfArgument(const ConfigDirective& directive, std::string_view argument);

/// The lines that set the value in a file, without line ends.
std::vector<std::string> SettingLines(const ConfigDirective& directive, const ConfigSetting& setting);

/// True if Usher keeps what this value promises (ConfigEffect::kPromise).
bool IsKept(const ConfigDirective& directive, const ConfigSetting& setting);

/// Why a value that is not kept is refused.
std::string NotKeptText(const ConfigDirective& directive);

}  // namespace usher::server
