// Running a client's queued commands, all of whose turns are held. Thread safety: the executing thread.
#pragma once

#include <cstdint>

namespace usher::server {

class CommandContext;

/// EXEC: runs what MULTI queued, under one time and as one record of the journal, and replies with an array.
void RunTransaction(CommandContext& exec);

/// Runs a command that visits shards one at a time (KEYS, DBSIZE) where all turns are held.
void RunVisits(CommandContext& ctx);

/// What it may take, in nanoseconds; what must run at home is never costly.
int64_t TransactionCost(CommandContext& exec);

}  // namespace usher::server
