// See block_timeout.h.
#include "server/commands/block_timeout.h"

#include <cmath>
#include <limits>

#include "protocol/number_text.h"

namespace usher::server {

using engine::Error;

engine::Result<std::optional<int64_t>> ParseBlockTimeout(std::string_view seconds, int64_t now_ms) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  long double value = 0;
  if (!protocol::ParseLongDouble(seconds, value)) return Error::kTimeoutNotFloat;
  const long double wanted_ms = std::ceil(value * 1000);
  if (wanted_ms > static_cast<long double>(kMax)) return Error::kTimeoutOutOfRange;
  if (wanted_ms < 0) return Error::kTimeoutNegative;
  const auto timeout_ms = static_cast<int64_t>(wanted_ms);
  if (timeout_ms == 0) return std::optional<int64_t>();
  if (timeout_ms > kMax - now_ms) return Error::kTimeoutOutOfRange;
  return std::optional(now_ms + timeout_ms);
}

}  // namespace usher::server
