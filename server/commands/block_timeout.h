// The timeout of commands that block (BLPOP, BZPOPMIN ...): seconds with fractions, 0 for ever. Thread safety: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/result.h"
#include "protocol/resp_writer.h"

namespace usher::server {

/// When a command that blocks at `now_ms` gives up; nothing: never. kTimeoutNotFloat, kTimeoutNegative,
/// kTimeoutOutOfRange.
engine::Result<std::optional<int64_t>> ParseBlockTimeout(std::string_view seconds, int64_t now_ms);

/// What most commands reply when their time is up.
inline void TimeoutAsNullArray(protocol::ReplySink& reply) {
  reply.NullArray();
}

}  // namespace usher::server
