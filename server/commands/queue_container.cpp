// QUEUE: a user's token, waiting for admission, settings and overviews of a waiting room.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/glob.h"
#include "server/arg_reader.h"
#include "server/commands/groups.h"
#include "server/commands/queue_reply.h"
#include "server/server.h"
#include "server/worker.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Result;
namespace waiting_room = engine::waiting_room;
using waiting_room::Place;
using waiting_room::Standing;

constexpr std::string_view kHelpLines[] = {
    "QUEUE <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ACTIVATE <queue> <user> [TTL <seconds>]",
    "    Make a READY token ACTIVE: 1; it is ACTIVE already: -1; no token: 0.",
    "CONFIG GET <queue>",
    "    Return the settings of a queue.",
    "CONFIG SET <queue> <field> <value> [<field> <value> ...]",
    "    Change settings: max-active, max-waiting, token-ttl, active-ttl, max-extends,",
    "    rate, interval, admit (on, off), state (open, paused, closed).",
    "DEL <queue>",
    "    Delete a queue with everybody in it.",
    "EXPIRE <queue> [LIMIT <count>]",
    "    Remove active users whose time is up and return them.",
    "EXTEND <queue> <user> [TTL <seconds>] [MAXEXTENDS <count>]",
    "    Renew an ACTIVE token: 1; no such token: 0; it was renewed too often: -1.",
    "INFO <queue>",
    "    Return sizes, totals, rate and settings of a queue.",
    "LEAVE <queue> <user>",
    "    Give up the user's place. Return the number of places given up.",
    "LIST [MATCH <pattern>]",
    "    Return the names of the queues.",
    "STATUS <queue> <user>",
    "    Return where the user stands.",
    "WAIT <queue> <user> <timeout-ms>",
    "    Wait until the user is admitted, then return where the user stands.",
    "HELP",
    "    Prints this help.",
};

void ReplyOutcome(CommandContext& ctx, const Result<int64_t>& outcome) {
  if (!outcome) return ctx.Fail(outcome.error());
  ctx.reply.Integer(*outcome);
}

void QueueStatus(CommandContext& ctx) {  // QUEUE STATUS queue user [JSON]
  ArgReader reader(ctx.args, 4);
  const bool json = reader.Accept("JSON");
  if (!reader.done()) return ctx.Fail(Error::kSyntax);
  const Result<Place> place = waiting_room::Look(ctx.engine, ctx.KeyAt(2), ctx.args[3]);
  if (!place) return ctx.Fail(place.error());
  json ? ReplyPlaceAsJson(ctx, *place) : ReplyPlace(ctx, *place);
}

void QueueActivate(CommandContext& ctx) {  // QUEUE ACTIVATE queue user [TTL s]
  std::optional<int64_t> ttl_s;
  for (ArgReader reader(ctx.args, 4); !reader.done();) {
    if (!reader.AcceptWith("TTL", 1)) return ctx.Fail(Error::kSyntax);
    if (!ReadQueueTtl(ctx, reader.Next(), ttl_s)) return;
  }
  ReplyOutcome(ctx, waiting_room::Activate(ctx.engine, ctx.KeyAt(2), ctx.args[3], ttl_s));
}

void QueueExtend(CommandContext& ctx) {  // QUEUE EXTEND queue user [TTL s] [MAXEXTENDS n]
  std::optional<int64_t> ttl_s;
  std::optional<int64_t> extends_max;
  for (ArgReader reader(ctx.args, 4); !reader.done();) {
    if (reader.AcceptWith("TTL", 1)) {
      if (!ReadQueueTtl(ctx, reader.Next(), ttl_s)) return;
    } else if (reader.AcceptWith("MAXEXTENDS", 1)) {
      if (!ReadQueueNumber(ctx, reader.Next(), 0, extends_max)) return;
    } else {
      return ctx.Fail(Error::kSyntax);
    }
  }
  ReplyOutcome(ctx, waiting_room::Extend(ctx.engine, ctx.KeyAt(2), ctx.args[3], ttl_s, extends_max));
}

void QueueLeave(CommandContext& ctx) {  // QUEUE LEAVE queue user
  ReplyOutcome(ctx, waiting_room::Leave(ctx.engine, ctx.KeyAt(2), ctx.args[3]));
}

class UserArraySink final : public waiting_room::BatchSink {
 public:
  explicit UserArraySink(protocol::ReplySink& reply) : reply_(reply) {}
  void Begin(size_t users) override { reply_.Array(users); }
  void User(std::string_view user, std::string_view) override { reply_.Bulk(user); }

 private:
  protocol::ReplySink& reply_;
};

void QueueExpire(CommandContext& ctx) {  // QUEUE EXPIRE queue [LIMIT n]
  std::optional<int64_t> limit = static_cast<int64_t>(waiting_room::kSliceMax);
  for (ArgReader reader(ctx.args, 3); !reader.done();) {
    if (!reader.AcceptWith("LIMIT", 1)) return ctx.Fail(Error::kSyntax);
    if (!ReadQueueNumber(ctx, reader.Next(), 0, limit)) return;
  }
  UserArraySink sink(ctx.reply);
  const engine::Status expired = waiting_room::Expire(ctx.engine, ctx.KeyAt(2), static_cast<size_t>(*limit), sink);
  if (!expired) ctx.Fail(expired.error());
}

/// QUEUE WAIT's client is served once its user is not in the line any more.
bool ServeWait(CommandContext& ctx, const engine::Key&, ServeStep step) {
  const engine::Key queue = ctx.KeyAt(2);
  if (step == ServeStep::kCheck) return !waiting_room::IsWaiting(ctx.engine, queue, ctx.args[3]);
  const Result<Place> place = waiting_room::Look(ctx.engine, queue, ctx.args[3]);
  place ? ReplyPlace(ctx, *place) : ctx.Fail(place.error());
  return true;
}

void QueueWait(CommandContext& ctx) {  // QUEUE WAIT queue user timeout-ms
  const bool over = std::exchange(ctx.session.wait_is_over, false);
  constexpr int64_t kTimeoutMsMax = int64_t{1} << 52;
  const std::optional<int64_t> timeout_ms = ToInteger(ctx.args[4]);
  if (!timeout_ms || *timeout_ms > kTimeoutMsMax) return ctx.FailText("ERR timeout is not an integer or out of range");
  if (*timeout_ms < 0) return ctx.Fail(Error::kTimeoutNegative);
  const engine::Key queue = ctx.KeyAt(2);
  const Result<Place> place = waiting_room::Look(ctx.engine, queue, ctx.args[3]);
  if (!place) return ctx.Fail(place.error());
  if (over || (*place).standing != Standing::kWaiting) return ReplyPlace(ctx, *place);
  const engine::QueueKeyTemplates& names = ctx.engine.engine().queue_keys();
  std::string token = names.TokenPrefix(queue.name);
  (token += ctx.args[3]) += names.token_suffix();
  const engine::Key key = engine::MakeKey(token);
  std::optional<int64_t> deadline_ms;
  if (*timeout_ms > 0) deadline_ms = Worker::MonotonicMs() + *timeout_ms;
  ctx.Block({&key, 1}, ServeWait, nullptr, deadline_ms);
}

void ReplySettings(CommandContext& ctx, const engine::QueueSettings& settings) {
  settings.ForEach([&](std::string_view field, std::string_view value) {
    ctx.reply.Bulk(field);
    ctx.reply.Bulk(value);
  });
}

void ConfigGet(CommandContext& ctx) {
  if (ctx.args.size() != 4) return ctx.FailArity();
  const Result<engine::QueueSettings> settings = waiting_room::Settings(ctx.engine, ctx.KeyAt(3));
  if (!settings) return ctx.Fail(settings.error());
  ctx.reply.Map(engine::QueueSettings::kFieldCount);
  ReplySettings(ctx, *settings);
}

void ConfigSet(CommandContext& ctx) {
  if (ctx.args.size() < 6 || ctx.args.size() % 2 != 0) return ctx.FailArity();
  std::vector<waiting_room::FieldValue> changes;
  for (size_t i = 4; i < ctx.args.size(); i += 2) changes.emplace_back(ctx.args[i], ctx.args[i + 1]);
  const engine::Status set = waiting_room::Configure(ctx.engine, ctx.KeyAt(3), changes);
  if (!set) return ctx.Fail(set.error());
  ctx.reply.Ok();
}

void QueueConfig(CommandContext& ctx) {  // QUEUE CONFIG GET queue | SET queue field value ...
  if (EqualsIgnoringCase(ctx.args[2], "GET")) return ConfigGet(ctx);
  if (EqualsIgnoringCase(ctx.args[2], "SET")) return ConfigSet(ctx);
  ctx.Fail(Error::kSyntax);
}

void QueueInfo(CommandContext& ctx) {  // QUEUE INFO queue
  const Result<waiting_room::Overview> overview = waiting_room::Inform(ctx.engine, ctx.KeyAt(2));
  if (!overview) return ctx.Fail(overview.error());
  const waiting_room::Overview& of = *overview;
  const std::pair<std::string_view, uint64_t> numbers[] = {
      {"waiting", of.waiting},
      {"active", of.active},
      {"entered", of.totals.entered},
      {"admitted", of.totals.admitted},
      {"activated", of.totals.activated},
      {"expired", of.totals.expired},
      {"left", of.totals.left},
      {"oldest_wait_ms", static_cast<uint64_t>(of.oldest_wait_ms)},
  };
  ctx.reply.Map(std::size(numbers) + 1 + engine::QueueSettings::kFieldCount);
  for (const auto& [name, value] : numbers) {
    ctx.reply.Bulk(name);
    ctx.reply.Integer(static_cast<int64_t>(value));
  }
  ctx.reply.Bulk("admitted_per_second");
  ctx.reply.Double(of.admitted_per_second);
  ReplySettings(ctx, of.settings);
}

/// Appends the names of a shard's queues that have keys and match.
void CollectNames(CommandContext& ctx, engine::ShardData& shard, std::string_view pattern) {
  const engine::WaitingRooms* rooms = shard.databases[static_cast<size_t>(ctx.client.db)]->waiting_rooms();
  if (rooms == nullptr) return;
  std::vector<engine::QueueState*> states;  // an expired key that is met changes the registry
  rooms->ForEach([&](engine::QueueState& state) { states.push_back(&state); });
  for (const engine::QueueState* state : states) {
    if (!pattern.empty() && !engine::GlobMatch(pattern, state->name)) continue;
    if (waiting_room::HasKeys(ctx.engine, *state)) ctx.visit().found.push_back(state->name);
  }
}

void QueueList(CommandContext& ctx) {  // QUEUE LIST [MATCH pattern]
  VisitState& visit = ctx.visit();
  std::string_view pattern;
  if (ctx.args.size() != 2) {
    if (ctx.args.size() != 4 || !EqualsIgnoringCase(ctx.args[2], "MATCH")) {
      visit.done = true;
      return ctx.Fail(Error::kSyntax);
    }
    pattern = ctx.args[3];
  }
  ctx.engine.turns().ForEachHeld([&](engine::ShardData& shard) {
    if (shard.index == visit.shard) CollectNames(ctx, shard, pattern);
  });
  visit.done = visit.visited + 1 == ctx.engine.turns().shard_count();
  if (!visit.done) return;
  std::sort(visit.found.begin(), visit.found.end());
  ctx.reply.Array(visit.found.size());
  for (const std::string& name : visit.found) ctx.reply.Bulk(name);
}

void QueueDel(CommandContext& ctx) {  // QUEUE DEL queue
  const Result<bool> deleted = waiting_room::Delete(ctx.engine, ctx.KeyAt(2));
  if (!deleted) return ctx.Fail(deleted.error());
  ctx.reply.Integer(*deleted ? 1 : 0);
}

void QueueHelp(CommandContext& ctx) {
  ctx.reply.Array(std::size(kHelpLines));
  for (const std::string_view line : kHelpLines) ctx.reply.SimpleString(line);
}

constexpr uint16_t kReads = kKeyRo | kKeyAccess | kKeyQueueName;
constexpr uint16_t kUpdates = kKeyRw | kKeyAccess | kKeyUpdate | kKeyQueueName;
constexpr uint16_t kDeletes = kKeyRw | kKeyAccess | kKeyDelete | kKeyQueueName;

constexpr CommandSpec Row(std::string_view name, int16_t arity, uint32_t flags, KeySpecs keys, CommandHandler handler) {
  return {.name = name, .arity = arity, .flags = flags, .categories = kCatSortedSet, .keys = keys, .handler = handler};
}

// STATUS and WAIT only read, although a place that is over is removed when it is met: as with an expired key, nobody
// could have seen it.
constexpr CommandSpec kRows[] = {
    {.name = "queue", .arity = -2, .flags = kContainer},
    Row("queue|status", -4, kReadOnly | kFast, OneKey(kReads, 2), QueueStatus),
    Row("queue|activate", -4, kWrite | kFast, OneKey(kUpdates, 2), QueueActivate),
    Row("queue|extend", -4, kWrite | kFast, OneKey(kUpdates, 2), QueueExtend),
    Row("queue|leave", 4, kWrite | kFast, OneKey(kDeletes, 2), QueueLeave),
    Row("queue|expire", -3, kWrite, OneKey(kDeletes, 2), QueueExpire),
    Row("queue|wait", 5, kReadOnly | kBlocking | kNoScript, OneKey(kReads, 2), QueueWait),
    Row("queue|config", -4, kWrite | kDenyOom, OneKey(kUpdates, 3), QueueConfig),
    Row("queue|info", 3, kReadOnly, OneKey(kReads, 2), QueueInfo),
    Row("queue|list", -2, kReadOnly | kVisitShards, NoKeys(), QueueList),
    Row("queue|del", 3, kWrite, OneKey(kKeyRm | kKeyDelete | kKeyQueueName, 2), QueueDel),
    Row("queue|help", 2, kLoading | kStale, NoKeys(), QueueHelp),
};

}  // namespace

const CommandGroup kQueueContainerCommands{"queue", kRows};

}  // namespace usher::server
