// How many members a command is to draw: the count of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER. Thread safety: pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "server/arg_reader.h"

namespace usher::server {

/// Reads the count (negative: with repetitions). The text of the error, or nothing.
inline std::string_view ParseDrawCount(std::string_view text, int64_t& count) {
  const std::optional<int64_t> wanted = ToInteger(text);
  if (!wanted) return "ERR value is not an integer or out of range";
  if (*wanted == std::numeric_limits<int64_t>::min()) {
    return "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
  }
  count = *wanted;
  return {};
}

}  // namespace usher::server
