// See script_args.h.
#include "server/commands/script_args.h"

#include "scripting/lua_runtime.h"
#include "server/arg_reader.h"
#include "server/server.h"

namespace usher::server {

namespace {

/// A script that says what it does is admitted as a command with those flags.
uint32_t FlagsOf(uint32_t flags, uint32_t declared) {
  flags &= ~uint32_t{kStale | kDenyOom | kWrite | kMayReplicate};
  const bool may_write = (declared & scripting::kFlagNoWrites) == 0;
  if (may_write) flags |= kWrite;
  if (may_write && (declared & scripting::kFlagAllowOom) == 0) flags |= kDenyOom;
  if ((declared & scripting::kFlagAllowStale) != 0) flags |= kStale;
  return flags;
}

}  // namespace

std::optional<size_t> ReadKeyCount(CommandContext& ctx, std::string_view not_a_number) {
  constexpr size_t kFirstKey = 3;
  const std::optional<int64_t> count = ToInteger(ctx.args[2]);
  if (!count) {
    ctx.FailText(not_a_number);
  } else if (*count > static_cast<int64_t>(ctx.args.size() - kFirstKey)) {
    ctx.FailText("ERR Number of keys can't be greater than number of args");
  } else if (*count < 0) {
    ctx.FailText("ERR Number of keys can't be negative");
  } else {
    return static_cast<size_t>(*count);
  }
  return std::nullopt;
}

// Monitors must not see the commands of a run that then begins again.
void PlanScript(ExecutionThread& thread, PreparedCommand& prepared, const ScriptHistory& history,
                const ScriptHeader& header) {
  if (header.declared) prepared.flags = FlagsOf(prepared.flags, header.flags);
  prepared.long_work = !history.IsShort() || thread.kind == ThreadKind::kStandIn;
  if (!history.StaysInside() || thread.server.monitors().active()) {
    prepared.AddAllShards(thread.server.engine().shard_count());
  }
}

void PlanUnknownScript(ExecutionThread& thread, PreparedCommand& prepared) {
  prepared.long_work = true;
  prepared.AddAllShards(thread.server.engine().shard_count());
}

}  // namespace usher::server
