// WAIT: how many replicas have what this client wrote. There are none, so it answers 0: at once when none are asked
// for, else when the time is up. WAITAOF: the same about disks, of which there is this server's.
#include <limits>
#include <utility>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"
#include "server/worker.h"

namespace usher::server {

namespace {

using engine::Error;

bool NeverServed(CommandContext& /*ctx*/, const engine::Key& /*key*/, ServeStep /*step*/) {
  return false;
}

void ReplyNoReplicas(protocol::ReplySink& reply) {
  reply.Integer(0);
}

/// The timeout of a WAIT..., 0 for none; replies what is wrong with it.
bool ReadTimeout(CommandContext& ctx, std::string_view word, int64_t& timeout_ms) {
  const std::optional<int64_t> read = ToInteger(word);
  if (!read) {
    ctx.FailText("ERR timeout is not an integer or out of range");
  } else if (*read < 0) {
    ctx.Fail(Error::kTimeoutNegative);
  } else if (*read > std::numeric_limits<int64_t>::max() - ctx.engine.now_ms()) {
    ctx.Fail(Error::kTimeoutOutOfRange);
  } else {
    timeout_ms = *read;
    return true;
  }
  return false;
}

std::optional<int64_t> DeadlineOf(int64_t timeout_ms) {
  return timeout_ms > 0 ? std::optional<int64_t>(Worker::MonotonicMs() + timeout_ms) : std::nullopt;
}

void Wait(CommandContext& ctx) {
  const std::optional<int64_t> replicas = ToInteger(ctx.args[1]);
  if (!replicas) return ctx.Fail(Error::kNotAnInteger);
  int64_t timeout_ms = 0;
  if (!ReadTimeout(ctx, ctx.args[2], timeout_ms)) return;
  if (*replicas <= 0) return ctx.reply.Integer(0);
  ctx.Block({}, NeverServed, ReplyNoReplicas, DeadlineOf(timeout_ms));
}

void ReplyAcknowledged(CommandContext& ctx) {
  const Aof& aof = ctx.server.aof();
  ctx.reply.Array(2);
  ctx.reply.Integer(aof.Acknowledges(ctx.client.awaits_position) ? 1 : 0);
  ctx.reply.Integer(0);
}

/// WAITAOF numlocal numreplicas timeout: until what was written before is on this disk, and on those of replicas, of
/// which there are none.
void WaitAof(CommandContext& ctx) {
  const std::optional<int64_t> local = ToInteger(ctx.args[1]);
  const std::optional<int64_t> replicas = ToInteger(ctx.args[2]);
  if (!local || *local < 0 || *local > 1) return ctx.FailText("ERR value is out of range, must be between 0 and 1");
  if (!replicas) return ctx.Fail(Error::kNotAnInteger);
  if (*replicas < 0) return ctx.FailText("ERR value is out of range, must be positive");
  int64_t timeout_ms = 0;
  if (!ReadTimeout(ctx, ctx.args[3], timeout_ms)) return;
  const bool was_waiting = std::exchange(ctx.session.wait_is_over, false);
  if (*local == 1 && !ctx.server.config().append_only) {
    return ctx.FailText("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  if (was_waiting) return ReplyAcknowledged(ctx);
  Aof& aof = ctx.server.aof();
  ctx.client.awaits_position = aof.position();
  const bool local_done = *local == 0 || aof.Acknowledges(ctx.client.awaits_position);
  if ((local_done && *replicas == 0) || ctx.client.in_exec()) return ReplyAcknowledged(ctx);
  ctx.Block({}, NeverServed, /*timeout=*/nullptr, DeadlineOf(timeout_ms));
  if (*replicas == 0) aof.AddWaiter(ctx.session.blocked, ctx.client.awaits_position);
}

constexpr CommandSpec kRows[] = {
    {.name = "wait",
     .arity = 3,
     .flags = kMayWait,
     .categories = kCatConnection,
     .handler = Wait,
     .tips = "request_policy:all_shards response_policy:agg_min"},
    {.name = "waitaof",
     .arity = 4,
     .flags = kNoScript | kMayWait,
     .categories = kCatConnection,
     .handler = WaitAof,
     .tips = "request_policy:all_shards response_policy:agg_min"},
};

}  // namespace

const CommandGroup kKeyWaitCommands{"generic", kRows};

}  // namespace usher::server
