// The waiting room: entering and admission. QUEUE and its subcommands are in queue_container.cpp.
#include <array>
#include <cmath>
#include <span>
#include <string>

#include "protocol/json_text.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/queue_reply.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Result;
namespace waiting_room = engine::waiting_room;
using waiting_room::Place;

bool ParseArrival(CommandContext& ctx, std::string_view text, std::optional<double>& arrival_ms) {
  arrival_ms = ToDouble(text);
  if (arrival_ms && std::isfinite(*arrival_ms) && *arrival_ms >= 0) return true;
  ctx.Fail(Error::kQueueScoreInvalid);
  return false;
}

/// Requests name the user at argument `kUser`.
template <size_t kUser>
void ReadAheadUsers(engine::EngineContext& engine, const engine::Key& queue,
                    std::span<const std::span<const std::string_view>> requests) {
  std::array<std::string_view, 32> users;
  size_t count = 0;
  for (const std::span<const std::string_view> args : requests) {
    if (args.size() > kUser && count < users.size()) users[count++] = args[kUser];
  }
  waiting_room::ReadAhead(engine, queue, {users.data(), count});
}

void EnterQueue(CommandContext& ctx) {  // ENTERQUEUE queue user [SCORE ms] [MAXWAIT n] [JSON]
  waiting_room::EnterOptions options;
  bool json = false;
  for (ArgReader reader(ctx.args, 3); !reader.done();) {
    if (reader.AcceptWith("SCORE", 1)) {
      if (!ParseArrival(ctx, reader.Next(), options.arrival_ms)) return;
    } else if (reader.AcceptWith("MAXWAIT", 1)) {
      if (!ReadQueueNumber(ctx, reader.Next(), 0, options.waiting_max)) return;
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
  if (!ReadQueueNumber(ctx, ctx.args[2], 0, count)) return;
  options.count = *count;
  bool with_tokens = false;
  bool json = false;
  for (ArgReader reader(ctx.args, 3); !reader.done();) {
    if (reader.AcceptWith("TTL", 1)) {
      if (!ReadQueueTtl(ctx, reader.Next(), options.ttl_s)) return;
    } else if (reader.AcceptWith("MAXACTIVE", 1)) {
      if (!ReadQueueNumber(ctx, reader.Next(), 0, options.active_max)) return;
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
     .handler = EnterQueue,
     .read_ahead = ReadAheadUsers<2>},
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
