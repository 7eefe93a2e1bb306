// The waiting room: entering, admission and tokens. Settings and overviews are in queue_admin.cpp.
#include <cmath>
#include <string>

#include "engine/waiting_room.h"
#include "protocol/json_text.h"
#include "protocol/number_text.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Result;
namespace waiting_room = engine::waiting_room;
using waiting_room::Place;
using waiting_room::Standing;

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

/// A whole number of at least `min` behind a keyword. False: the error is replied.
bool ReadNumber(CommandContext& ctx, std::string_view text, int64_t min, std::optional<int64_t>& number) {
  number = ToInteger(text);
  if (number && *number >= min) return true;
  ctx.Fail(number ? Error::kMustBePositive : Error::kNotAnInteger);
  return false;
}

/// Seconds that a token shall live: positive, and few enough that they have a millisecond.
bool ReadTtl(CommandContext& ctx, std::string_view text, std::optional<int64_t>& ttl_s) {
  constexpr int64_t kTtlMax = 1'000'000'000;
  if (!ReadNumber(ctx, text, 1, ttl_s)) return false;
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

/// What the Lua scripts answer: {"status":"WAITING","position":0,"totalWaiting":1} or {"status":"READY","token":"..."}.
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

bool ParseArrival(CommandContext& ctx, std::string_view text, std::optional<double>& arrival_ms) {
  arrival_ms = ToDouble(text);
  if (arrival_ms && std::isfinite(*arrival_ms) && *arrival_ms >= 0) return true;
  ctx.Fail(Error::kQueueScoreInvalid);
  return false;
}

void EnterQueue(CommandContext& ctx) {  // ENTERQUEUE queue user [SCORE ms] [MAXWAIT n] [JSON]
  waiting_room::EnterOptions options;
  bool json = false;
  for (ArgReader reader(ctx.args, 3); !reader.done();) {
    if (reader.AcceptWith("SCORE", 1)) {
      if (!ParseArrival(ctx, reader.Next(), options.arrival_ms)) return;
    } else if (reader.AcceptWith("MAXWAIT", 1)) {
      if (!ReadNumber(ctx, reader.Next(), 0, options.waiting_max)) return;
    } else if (reader.Accept("JSON")) {
      json = true;
    } else {
      return ctx.Fail(Error::kSyntax);
    }
  }
  const Result<Place> place = waiting_room::Enter(ctx.engine, ctx.KeyAt(1), ctx.args[2], options);
  if (!place) return ctx.Fail(place.error());
  json ? ReplyPlaceAsJson(ctx, *place) : ReplyPlace(ctx, *place);
}

/// The users of a batch as an array, or with their tokens as pairs of a flat one.
class ArraySink final : public waiting_room::BatchSink {
 public:
  ArraySink(protocol::ReplySink& reply, bool with_tokens) : reply_(reply), with_tokens_(with_tokens) {}
  void Begin(size_t users) override { reply_.Array(with_tokens_ ? 2 * users : users); }
  void User(std::string_view user, std::string_view token) override {
    reply_.Bulk(user);
    if (with_tokens_) reply_.Bulk(token);
  }

 private:
  protocol::ReplySink& reply_;
  const bool with_tokens_;
};

/// ["user",...] or [{"user":"...","token":"..."},...].
class JsonSink final : public waiting_room::BatchSink {
 public:
  explicit JsonSink(bool with_tokens) : with_tokens_(with_tokens) {}
  void Begin(size_t) override {}
  void User(std::string_view user, std::string_view token) override {
    text_ += text_.size() > 1 ? "," : "";
    if (with_tokens_) text_ += R"({"user":)";
    protocol::AppendJsonString(text_, user);
    if (!with_tokens_) return;
    text_ += R"(,"token":)";
    protocol::AppendJsonString(text_, token);
    text_ += '}';
  }
  std::string_view Finish() { return text_ += ']'; }

 private:
  const bool with_tokens_;
  std::string text_ = "[";
};

void MoveActive(CommandContext& ctx) {  // MOVEACTIVE queue count [TTL s] [MAXACTIVE n] [WITHTOKENS] [JSON]
  waiting_room::AdmitOptions options;
  std::optional<int64_t> count;
  if (!ReadNumber(ctx, ctx.args[2], 0, count)) return;
  options.count = *count;
  bool with_tokens = false;
  bool json = false;
  for (ArgReader reader(ctx.args, 3); !reader.done();) {
    if (reader.AcceptWith("TTL", 1)) {
      if (!ReadTtl(ctx, reader.Next(), options.ttl_s)) return;
    } else if (reader.AcceptWith("MAXACTIVE", 1)) {
      if (!ReadNumber(ctx, reader.Next(), 0, options.active_max)) return;
    } else if (reader.Accept("WITHTOKENS")) {
      with_tokens = true;
    } else if (reader.Accept("JSON")) {
      json = true;
    } else {
      return ctx.Fail(Error::kSyntax);
    }
  }
  JsonSink json_sink(with_tokens);
  ArraySink array_sink(ctx.reply, with_tokens);
  waiting_room::BatchSink& sink = json ? static_cast<waiting_room::BatchSink&>(json_sink) : array_sink;
  const engine::Status admitted = waiting_room::Admit(ctx.engine, ctx.KeyAt(1), options, sink);
  if (!admitted) return ctx.Fail(admitted.error());
  if (json) ctx.reply.Bulk(json_sink.Finish());
}

constexpr CommandSpec kRows[] = {
    {.name = "enterqueue",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatSortedSet,
     .keys = OneKey(kKeyRw | kKeyAccess | kKeyUpdate | kKeyQueueName),
     .handler = EnterQueue},
    {.name = "moveactive",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatSortedSet,
     .keys = OneKey(kKeyRw | kKeyAccess | kKeyUpdate | kKeyQueueName),
     .handler = MoveActive},
};

}  // namespace

const CommandGroup kQueueCommands{"queue", kRows};

}  // namespace usher::server
