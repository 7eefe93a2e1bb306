// CONFIG REWRITE: the file's text with the present settings in it. Comments, order and every line whose value still
// holds stay byte for byte; a directive whose lines no longer give its value is rewritten in place of its first line;
// what the file did not have and is not the default is added behind a marker. Include lines are kept, their files not
// touched.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/config_directive.h"

namespace usher::server {

/// The new text of a file that was `old_text`. Pure, but that directories are looked up.
std::string RewrittenConfig(std::string_view old_text, std::span<const ConfigSetting> settings,
                            std::span<const ConfigSetting> defaults);

/// Rewrites the file at `path` in one step (a synced temporary file renamed over it). Returns why it failed, or "".
std::string RewriteConfigFile(const std::string& path, std::span<const ConfigSetting> settings,
                              std::span<const ConfigSetting> defaults);

}  // namespace usher::server
