// WAIT: how many replicas have what this client wrote. There are none, so it answers 0: at once when none are asked
// for, else when the time is up.
#include <limits>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
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

void Wait(CommandContext& ctx) {
  const std::optional<int64_t> replicas = ToInteger(ctx.args[1]);
  if (!replicas) return ctx.Fail(Error::kNotAnInteger);
  const std::optional<int64_t> timeout_ms = ToInteger(ctx.args[2]);
  if (!timeout_ms) return ctx.FailText("ERR timeout is not an integer or out of range");
  if (*timeout_ms < 0) return ctx.Fail(Error::kTimeoutNegative);
  if (*timeout_ms > std::numeric_limits<int64_t>::max() - ctx.engine.now_ms()) {
    return ctx.Fail(Error::kTimeoutOutOfRange);
  }
  if (*replicas <= 0) return ctx.reply.Integer(0);
  std::optional<int64_t> deadline_ms;
  if (*timeout_ms > 0) deadline_ms = Worker::MonotonicMs() + *timeout_ms;
  ctx.Block({}, NeverServed, ReplyNoReplicas, deadline_ms);
}

constexpr CommandSpec kRows[] = {
    {.name = "wait",
     .arity = 3,
     .flags = kMayWait,
     .categories = kCatConnection,
     .handler = Wait,
     .tips = "request_policy:all_shards response_policy:agg_min"},
};

}  // namespace

const CommandGroup kKeyWaitCommands{"generic", kRows};

}  // namespace usher::server
