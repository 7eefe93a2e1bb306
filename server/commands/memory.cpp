// MEMORY: what keys and the server take. The numbers are server/memory_report.h.
#include "engine/base/memory.h"

#include <limits>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/memory_report.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr uint64_t kTooLittleToJudgeBytes = uint64_t{5} << 20;
constexpr double kFragmentationHigh = 1.5;

constexpr std::string_view kHelpLines[] = {
    "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
    "HELP",
    "    Prints this help.",
};

// Sizes are exact whatever SAMPLES says: every value knows its own.
void MemoryUsage(CommandContext& ctx) {
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (!reader.AcceptWith("SAMPLES", 1)) return ctx.Fail(engine::Error::kSyntax);
    const auto samples = ToInteger(reader.Next());
    if (!samples) return ctx.Fail(engine::Error::kNotAnInteger);
    if (*samples < 0) return ctx.Fail(engine::Error::kSyntax);
  }
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(2));
  if (!entry) return ctx.reply.Null();
  ctx.reply.Integer(static_cast<int64_t>(engine::Keyspace::MemoryBytesOf(entry)));
}

/// Writes the pairs of MEMORY STATS and counts them.
class StatsWriter {
 public:
  explicit StatsWriter(protocol::ReplySink& reply) : reply_(reply), start_(reply.BeginDeferred()) {}
  ~StatsWriter() { reply_.EndMap(start_, pairs_); }
  StatsWriter(const StatsWriter&) = delete;
  StatsWriter& operator=(const StatsWriter&) = delete;

  void Bytes(std::string_view name, uint64_t value) {
    Key(name);
    reply_.Integer(static_cast<int64_t>(value));
  }
  void Signed(std::string_view name, int64_t value) {
    Key(name);
    reply_.Integer(value);
  }
  void Real(std::string_view name, double value) {
    Key(name);
    reply_.Double(value);
  }
  void Key(std::string_view name) {
    reply_.Bulk(name);
    ++pairs_;
  }

 private:
  protocol::ReplySink& reply_;
  const protocol::ReplySink::Deferred start_;
  size_t pairs_ = 0;
};

double Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// One map per database with keys; returns the number of all keys.
uint64_t WriteDatabases(CommandContext& ctx, StatsWriter& out) {
  uint64_t keys = 0;
  for (int db = 0; db < ctx.server.engine().databases(); ++db) {
    const DatabaseTotals totals = ctx.server.stats_reader().Database(db);
    if (totals.keys == 0) continue;
    keys += totals.keys;
    out.Key("db." + std::to_string(db));
    ctx.reply.Map(3);
    ctx.reply.Bulk("overhead.hashtable.main");
    ctx.reply.Integer(static_cast<int64_t>(totals.keys * sizeof(uint64_t)));
    ctx.reply.Bulk("overhead.hashtable.expires");
    ctx.reply.Integer(static_cast<int64_t>(totals.expires * sizeof(uint64_t)));
    ctx.reply.Bulk("overhead.hashtable.slot-to-keys");
    ctx.reply.Integer(0);
  }
  return keys;
}

void MemoryStats(CommandContext& ctx) {
  const MemoryReport memory = ctx.server.memory().Report(ctx.server);
  StatsWriter out(ctx.reply);
  out.Bytes("peak.allocated", memory.peak);
  out.Bytes("total.allocated", memory.used);
  out.Bytes("startup.allocated", memory.startup);
  out.Bytes("replication.backlog", 0);
  out.Bytes("clients.slaves", 0);
  out.Bytes("clients.normal", memory.clients);
  out.Bytes("cluster.links", 0);
  out.Bytes("aof.buffer", memory.journal);
  out.Bytes("lua.caches", 0);
  out.Bytes("functions.caches", 0);
  const uint64_t keys = WriteDatabases(ctx, out);
  out.Bytes("overhead.total", memory.overhead());
  out.Bytes("keys.count", keys);
  out.Bytes("keys.bytes-per-key", keys == 0 ? 0 : (memory.used - memory.startup) / keys);
  out.Bytes("dataset.bytes", memory.dataset());
  out.Real("dataset.percentage", Percent(memory.dataset(), memory.used - memory.startup));
  out.Real("peak.percentage", Percent(memory.used, memory.peak));
  out.Bytes("allocator.allocated", memory.used);
  out.Bytes("allocator.active", memory.anonymous);
  out.Bytes("allocator.resident", memory.anonymous);
  const auto more = [](uint64_t of, uint64_t than) { return static_cast<int64_t>(of) - static_cast<int64_t>(than); };
  out.Real("allocator-fragmentation.ratio", memory.allocator_fragmentation());
  out.Signed("allocator-fragmentation.bytes", more(memory.anonymous, memory.used));
  out.Real("allocator-rss.ratio", 1);
  out.Signed("allocator-rss.bytes", 0);
  out.Real("rss-overhead.ratio", memory.process_overhead());
  out.Signed("rss-overhead.bytes", more(memory.resident, memory.anonymous));
  out.Real("fragmentation", memory.fragmentation());
  out.Signed("fragmentation.bytes", more(memory.resident, memory.used));
}

void MemoryDoctor(CommandContext& ctx) {
  const MemoryReport memory = ctx.server.memory().Report(ctx.server);
  std::string text;
  if (memory.keys + memory.clients < kTooLittleToJudgeBytes) {
    text = "There is hardly any data yet (" + HumanBytes(memory.keys) + "), so there is nothing to judge.\n";
  } else {
    if (memory.peak > memory.used * 3 / 2) {
      text += "Peak: memory use was " + HumanBytes(memory.peak) + " at its highest and is " + HumanBytes(memory.used) +
              " now; the allocator may keep what was freed. MEMORY PURGE gives it back.\n";
    }
    if (memory.fragmentation() > kFragmentationHigh) {
      text += "Fragmentation: the process takes " + HumanBytes(memory.resident) + " for " + HumanBytes(memory.used) +
              " in use.\n";
    }
    if (memory.clients > memory.keys) {
      text += "Clients: their buffers take " + HumanBytes(memory.clients) +
              ", more than the data. CLIENT LIST shows whose (tot-mem), client-output-buffer-limit bounds them.\n";
    }
    if (text.empty()) text = "Nothing unusual: " + HumanBytes(memory.used) + " in use.\n";
  }
  ctx.reply.Verbatim("txt", text);
}

void MemoryPurge(CommandContext& ctx) {
  engine::ReleaseUnusedMemory();
  ctx.reply.Ok();
}

void MemoryMallocStats(CommandContext& ctx) {
  ctx.reply.Verbatim("txt", engine::AllocatorReport());
}

void MemoryHelp(CommandContext& ctx) {
  ReplyHelp(ctx, kHelpLines);
}

constexpr std::string_view kReportTips = "nondeterministic_output request_policy:all_shards response_policy:special";

constexpr CommandSpec kRows[] = {
    {.name = "memory", .arity = -2, .flags = kContainer},
    {.name = "memory|doctor", .arity = 2, .handler = MemoryDoctor, .tips = kReportTips},
    {.name = "memory|help", .arity = 2, .flags = kLoading | kStale, .handler = MemoryHelp},
    {.name = "memory|malloc-stats", .arity = 2, .handler = MemoryMallocStats, .tips = kReportTips},
    {.name = "memory|purge",
     .arity = 2,
     .handler = MemoryPurge,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "memory|stats", .arity = 2, .handler = MemoryStats, .tips = kReportTips},
    {.name = "memory|usage", .arity = -3, .flags = kReadOnly, .keys = OneKey(kKeyRo, 2), .handler = MemoryUsage},
};

}  // namespace

const CommandGroup kMemoryCommands{"server", kRows};

}  // namespace usher::server
