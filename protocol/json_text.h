// JSON strings, for the replies and messages that are JSON. Bytes that are not ASCII pass as they are, as in the JSON
// of Redis scripts. Complexity: linear. Thread safety: pure.
#pragma once

#include <string>
#include <string_view>

namespace usher::protocol {

/// Appends `text` in quotes, with what must be escaped escaped.
void AppendJsonString(std::string& to, std::string_view text);

}  // namespace usher::protocol
