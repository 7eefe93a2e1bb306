// One client as CLIENT LIST and CLIENT INFO show it. Thread safety: reads what ClientInfo lets anybody read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/client_state.h"

namespace usher::server {

/// The kinds of clients that TYPE selects.
enum class ClientType : uint8_t { kNormal, kMaster, kReplica, kPubSub };

std::optional<ClientType> ParseClientType(std::string_view text);
ClientType TypeOf(const ClientInfo& info);

/// "id=1 addr=..." with a line feed. `wall_ms` and `monotonic_ms` are the present; `arg_bytes` is the size of the
/// arguments of the command that the client is running.
std::string ClientLine(const ClientInfo& info, int64_t wall_ms, int64_t monotonic_ms, size_t arg_bytes);

}  // namespace usher::server
