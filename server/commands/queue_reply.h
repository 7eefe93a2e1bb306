// What the waiting room's commands share: option values and the replies about a user. Thread safety: pure functions of
// the command's context.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/waiting_room.h"
#include "server/command_context.h"

namespace usher::server {

/// A whole number of at least `min`. False: the error is replied.
bool ReadQueueNumber(CommandContext& ctx, std::string_view text, int64_t min, std::optional<int64_t>& number);
/// Seconds that a token shall live: positive, and few enough to be a time. False: the error is replied.
bool ReadQueueTtl(CommandContext& ctx, std::string_view text, std::optional<int64_t>& ttl_s);

/// Where the user stands, as a map.
void ReplyPlace(CommandContext& ctx, const engine::waiting_room::Place& place);
/// As the Lua scripts of services answer: {"status":"WAITING","position":0,"totalWaiting":1} or
/// {"status":"READY","token":"..."}.
void ReplyPlaceAsJson(CommandContext& ctx, const engine::waiting_room::Place& place);

}  // namespace usher::server
