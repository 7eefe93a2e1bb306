// Redaction: a command's arguments with its secrets replaced, for whatever shows commands to people (SLOWLOG, MONITOR).
// Complexity: O(arguments). Thread safety: pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace usher::server {

/// The arguments, passwords (AUTH, HELLO AUTH, CONFIG SET of a password) given as "(redacted)".
std::vector<std::string_view> RedactedArgs(std::span<const std::string_view> args);

}  // namespace usher::server
