// LATENCY: spikes by event (server/latency_monitor.h) and histograms by command (server/stats_reader.h).
#include <string>
#include <vector>

#include "server/command_context.h"
#include "server/command_table.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/latency_monitor.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr size_t kGraphRows = 4;
constexpr int kFirstPower = 10;  // the histogram's first bound: 1024 ns, which is shown as 1 us
constexpr int kLastPower = 34;

constexpr std::string_view kHelpLines[] = {
    "LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
    "HELP",
    "    Prints this help.",
};

void LatencyLatest(CommandContext& ctx) {
  const std::vector<LatencySeries> all = ctx.server.latency_monitor().All();
  ctx.reply.Array(all.size());
  for (const LatencySeries& series : all) {
    ctx.reply.Array(4);
    ctx.reply.Bulk(series.event);
    ctx.reply.Integer(series.samples.back().time_s);
    ctx.reply.Integer(series.samples.back().ms);
    ctx.reply.Integer(series.ms_max);
  }
}

void LatencyHistory(CommandContext& ctx) {
  const LatencySeries series = ctx.server.latency_monitor().Of(ctx.args[2]);
  ctx.reply.Array(series.samples.size());
  for (const LatencySample& sample : series.samples) {
    ctx.reply.Array(2);
    ctx.reply.Integer(sample.time_s);
    ctx.reply.Integer(sample.ms);
  }
}

void LatencyReset(CommandContext& ctx) {
  size_t count = 0;
  if (ctx.args.size() == 2) count = ctx.server.latency_monitor().Reset({});
  for (const std::string_view event : ctx.args.subspan(2)) {
    if (!event.empty()) count += ctx.server.latency_monitor().Reset(event);
  }
  ctx.reply.Integer(static_cast<int64_t>(count));
}

void LatencyGraph(CommandContext& ctx) {
  const LatencySeries series = ctx.server.latency_monitor().Of(ctx.args[2]);
  if (series.samples.empty()) {
    return ctx.FailText("ERR No samples available for event '" + std::string(ctx.args[2]) + "'");
  }
  int64_t lowest = series.samples.front().ms;
  int64_t highest = lowest;
  for (const LatencySample& sample : series.samples) {
    lowest = std::min(lowest, sample.ms);
    highest = std::max(highest, sample.ms);
  }
  std::string text = series.event + " - high " + std::to_string(highest) + " ms, low " + std::to_string(lowest) +
                     " ms (all time high " + std::to_string(series.ms_max) + " ms)\n" + std::string(80, '-') + '\n';
  for (const std::string& line : DrawLatencies(series, kGraphRows)) text += line + '\n';
  const int64_t now_s = ctx.engine.now_ms() / 1000;
  text += "\nfrom " + std::to_string(now_s - series.samples.front().time_s) + " s ago to " +
          std::to_string(now_s - series.samples.back().time_s) + " s ago, one column per second with a spike\n";
  ctx.reply.Verbatim("txt", text);
}

void LatencyDoctor(CommandContext& ctx) {
  const int64_t threshold_ms = ctx.server.config().latency_monitor_threshold_ms;
  const std::vector<LatencySeries> all = ctx.server.latency_monitor().All();
  std::string text;
  if (threshold_ms == 0) {
    text = "Latency is not being monitored. CONFIG SET latency-monitor-threshold <milliseconds> starts it.\n";
  } else if (all.empty()) {
    text = "Nothing has taken " + std::to_string(threshold_ms) + " ms or more since monitoring began or was reset.\n";
  }
  for (const LatencySeries& series : all) {
    int64_t sum_ms = 0;
    for (const LatencySample& sample : series.samples) sum_ms += sample.ms;
    text += series.event + ": " + std::to_string(series.samples.size()) + " seconds with a spike, " +
            std::to_string(sum_ms / static_cast<int64_t>(series.samples.size())) + " ms on average, " +
            std::to_string(series.ms_max) + " ms at worst.\n";
  }
  if (!all.empty()) {
    text +=
        "SLOWLOG GET names the slow commands. Those that look at many elements are the usual cause: ask for less "
        "at a time, or use the SCAN family. Other shards go on meanwhile; INFO usher counts who had to wait.\n";
  }
  ctx.reply.Verbatim("txt", text);
}

/// One command's {calls, histogram_usec}: how many took at most each power of two, from the first bound that was
/// reached to the one that covers all.
void WriteHistogram(const CommandRow& row, const LatencyCounts& counts, protocol::ReplySink& reply) {
  reply.Bulk(row.spec->name);
  reply.Map(2);
  reply.Bulk("calls");
  reply.Integer(static_cast<int64_t>(counts.total));
  reply.Bulk("histogram_usec");
  const auto start = reply.BeginDeferred();
  size_t pairs = 0;
  uint64_t before = 0;
  for (int power = kFirstPower; power <= kLastPower && before < counts.total; ++power) {
    const int64_t bound_ns = int64_t{1} << power;
    const uint64_t count = counts.CountUpTo(LatencyHistogram::BucketOf(bound_ns));
    if (count == before) continue;
    before = count;
    // Redis's buckets are 1/128 wide here and it shows their upper end.
    reply.Integer((bound_ns + (bound_ns >> 7) - 1) / 1000);
    reply.Integer(static_cast<int64_t>(count));
    ++pairs;
  }
  reply.EndMap(start, pairs);
}

/// The row and its subcommands, or all rows for no names.
std::vector<const CommandRow*> RowsToShow(std::span<const std::string_view> names) {
  const CommandTable& table = CommandTable::Get();
  std::vector<const CommandRow*> rows;
  for (const std::string_view name : names) {
    const CommandRow* row = table.FindFull(name);
    if (row == nullptr) continue;
    rows.push_back(row);
    for (const CommandRow* sub : table.SubcommandsOf(*row)) rows.push_back(sub);
  }
  if (names.empty()) {
    for (const CommandRow& row : table.rows()) rows.push_back(&row);
  }
  return rows;
}

void LatencyHistogramOf(CommandContext& ctx) {
  const auto start = ctx.reply.BeginDeferred();
  size_t count = 0;
  for (const CommandRow* row : RowsToShow(ctx.args.subspan(2))) {
    const LatencyCounts counts = ctx.server.stats_reader().Latencies(row->index);
    if (counts.total == 0) continue;
    WriteHistogram(*row, counts, ctx.reply);
    ++count;
  }
  ctx.reply.EndMap(start, count);
}

void LatencyHelp(CommandContext& ctx) {
  ReplyHelp(ctx, kHelpLines);
}

constexpr CommandSpec Row(std::string_view name, int16_t arity, CommandHandler handler, std::string_view tips) {
  return {
      .name = name, .arity = arity, .flags = kAdmin | kNoScript | kLoading | kStale, .handler = handler, .tips = tips};
}

constexpr std::string_view kReportTips = "nondeterministic_output request_policy:all_nodes response_policy:special";

constexpr CommandSpec kRows[] = {
    {.name = "latency", .arity = -2, .flags = kContainer},
    Row("latency|doctor", 2, LatencyDoctor, kReportTips),
    Row("latency|graph", 3, LatencyGraph, kReportTips),
    {.name = "latency|help", .arity = 2, .flags = kLoading | kStale, .handler = LatencyHelp},
    Row("latency|histogram", -2, LatencyHistogramOf, kReportTips),
    Row("latency|history", 3, LatencyHistory, kReportTips),
    Row("latency|latest", 2, LatencyLatest, kReportTips),
    Row("latency|reset", -2, LatencyReset, "request_policy:all_nodes response_policy:all_succeeded"),
};

}  // namespace

const CommandGroup kLatencyCommands{"server", kRows};

}  // namespace usher::server
