// The frame of DUMP payloads and of FUNCTION DUMP: the content, then the format's version and a checksum.
// Complexity: linear. Thread safety: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace usher::engine {

/// Version and checksum together.
inline constexpr size_t kDumpFooterBytes = 10;

/// Ends a payload: appends version and checksum to its content.
void AppendDumpFooter(std::string& payload);

/// The content of a payload; none when its version is not known or its checksum is wrong.
std::optional<std::string_view> DumpContent(std::string_view payload);

}  // namespace usher::engine
