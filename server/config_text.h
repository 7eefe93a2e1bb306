// The small texts of the configuration language: lines split and quoted as redis-server does, memory sizes with units.
// Thread safety: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usher::server {

/// ASCII only, as all names of the language.
std::string LowerCase(std::string_view text);

/// `text` without blanks at both ends.
std::string_view Trimmed(std::string_view text);

/// The words of a line; quotes and escapes as in inline commands. Nothing if quotes are unbalanced.
std::optional<std::vector<std::string>> SplitConfigLine(std::string_view line);

/// The parts between `separator`s, empty ones included; "" has one empty part.
std::vector<std::string> SplitAt(std::string_view text, char separator);

/// `words` with a blank between them.
std::string JoinWords(const std::vector<std::string>& words);

/// `text` in double quotes, everything unprintable escaped, so that SplitConfigLine() reads it back.
std::string Quoted(std::string_view text);

/// Digits and a unit (b, k, kb, m, mb, g, gb; any case; 1k = 1000, 1kb = 1024). "" is 0; too large saturates.
bool ParseMemory(std::string_view text, uint64_t* bytes);

/// The shortest exact form: 100mb, 1gb, 1000.
std::string MemoryText(uint64_t bytes);

}  // namespace usher::server
