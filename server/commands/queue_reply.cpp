// See queue_reply.h.
#include "server/commands/queue_reply.h"

#include <string>

#include "protocol/json_text.h"
#include "server/arg_reader.h"

namespace usher::server {

using engine::Error;
using engine::waiting_room::Place;
using engine::waiting_room::Standing;

namespace {

std::string_view NameOf(Standing standing) {
  switch (standing) {
    case Standing::kNew:
      return "NEW";
    case Standing::kWaiting:
      return "WAITING";
    case Standing::kReady:
      return "READY";
    case Standing::kActive:
      return "ACTIVE";
    case Standing::kNone:
      break;
  }
  return "NONE";
}

}  // namespace

bool ReadQueueNumber(CommandContext& ctx, std::string_view text, int64_t min, std::optional<int64_t>& number) {
  number = ToInteger(text);
  if (number && *number >= min) return true;
  ctx.Fail(number ? Error::kMustBePositive : Error::kNotAnInteger);
  return false;
}

bool ReadQueueTtl(CommandContext& ctx, std::string_view text, std::optional<int64_t>& ttl_s) {
  constexpr int64_t kTtlMax = 1'000'000'000;
  if (!ReadQueueNumber(ctx, text, 1, ttl_s)) return false;
  if (*ttl_s <= kTtlMax) return true;
  ctx.Fail(Error::kNotAnInteger);
  return false;
}

void ReplyPlace(CommandContext& ctx, const Place& place) {
  protocol::ReplySink& reply = ctx.reply;
  const bool in_line = place.standing == Standing::kNew || place.standing == Standing::kWaiting;
  const bool has_token = place.standing == Standing::kReady || place.standing == Standing::kActive;
  reply.Map(in_line ? 4 : has_token ? 3 : 1);
  reply.Bulk("status");
  reply.Bulk(NameOf(place.standing));
  if (in_line) {
    reply.Bulk("position");
    reply.Integer(static_cast<int64_t>(place.position));
    reply.Bulk("total");
    reply.Integer(static_cast<int64_t>(place.waiting));
    reply.Bulk("eta_ms");
    reply.Integer(place.eta_ms);
  } else if (has_token) {
    reply.Bulk("token");
    reply.Bulk(place.token);
    reply.Bulk("expires_at");
    reply.Integer(place.expires_at_s);
  }
}

void ReplyPlaceAsJson(CommandContext& ctx, const Place& place) {
  std::string text = R"({"status":")";
  (text += NameOf(place.standing)) += '"';
  if (place.standing == Standing::kNew || place.standing == Standing::kWaiting) {
    text += R"(,"position":)" + std::to_string(place.position);
    text += R"(,"totalWaiting":)" + std::to_string(place.waiting);
  } else if (place.standing != Standing::kNone) {
    text += R"(,"token":)";
    protocol::AppendJsonString(text, place.token);
  }
  text += '}';
  ctx.reply.Bulk(text);
}

}  // namespace usher::server
