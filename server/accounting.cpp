// See accounting.h.
#include "server/accounting.h"

#include <utility>

#include "engine/base/cycle_clock.h"
#include "server/redaction.h"
#include "server/server.h"
#include "server/session.h"

namespace usher::server {

namespace {

constexpr int64_t kNsPerMs = 1'000'000;

constexpr int64_t kClockAgeMaxNs = 1'000'000;  // a command longer than this makes the batch's wall clock stale

/// CLIENT REPLY OFF and SKIP: the reply is written, then taken back.
void ApplyReplyMode(Session& session, size_t reply_mark) {
  ClientState& client = session.client;
  if (client.reply_mode == ReplyMode::kOn) [[likely]]
    return;
  if (std::exchange(client.reply_mode_applied, false)) return;
  const CommandRow* const row = session.prepared.row;
  const bool next_only = client.reply_mode == ReplyMode::kSkipNext;
  if (client.in_exec()) {
    // SKIP is about what follows the whole transaction, but for its own reply.
    if (!next_only || row->spec->name == "client|reply") session.replies.Truncate(reply_mark);
    return;
  }
  // Confirmations of subscriptions are pushes, which these modes let through.
  const bool confirms = row != nullptr && (row->spec->flags & kSubscriberOk) != 0 && (row->spec->flags & kPubSub) != 0;
  if (!confirms) session.replies.Truncate(reply_mark);
  AdvanceReplyMode(client);
}

bool IsErrorReply(const Session& session, size_t reply_mark) {
  return session.replies.size() > reply_mark && session.replies.Pending()[reply_mark] == '-';
}

void CountError(Server& server, const Session& session, ExecutionThread& thread, size_t reply_mark) {
  thread.stats.error_replies.Add(1);
  server.error_stats().Count(session.replies.Pending().substr(reply_mark + 1));
}

void RecordLatency(CommandCounters& counters, int64_t ns) {
  LatencyHistogram* latencies = counters.latencies.load(std::memory_order_relaxed);
  if (latencies == nullptr) {
    latencies = new LatencyHistogram;
    counters.latencies.store(latencies, std::memory_order_release);
  }
  latencies->Record(ns);
}

/// What is counted of every run, alone or in a script.
CommandCounters& CountRun(const Server& server, const PreparedCommand& command, ExecutionThread& thread,
                          int64_t elapsed_ns) {
  CommandCounters& counters = thread.stats.commands[command.row->index];
  counters.calls.Add(1);
  counters.ns.Add(static_cast<uint64_t>(elapsed_ns));
  if (server.config().latency_tracking) RecordLatency(counters, elapsed_ns);
  thread.stats.commands_processed.Add(1);
  return counters;
}

/// At least a millisecond (the latency monitor's smallest threshold), or slow by slowlog-log-slower-than, of which a
/// negative one is above everything.
bool IsSlow(const ConfigValues& config, int64_t elapsed_ns) {
  return elapsed_ns >= kNsPerMs ||
         static_cast<uint64_t>(elapsed_ns / 1000) >= static_cast<uint64_t>(config.slowlog_slower_than_us);
}

void RecordSlow(Server& server, const Session& session, int64_t now_ms, int64_t elapsed_ns) {
  const ConfigValues& config = server.config();
  const CommandSpec& spec = *session.prepared.row->spec;
  const int64_t threshold_ms = config.latency_monitor_threshold_ms;
  if (threshold_ms > 0 && elapsed_ns / kNsPerMs >= threshold_ms) {
    server.latency_monitor().Post((spec.flags & kFast) != 0 ? "fast-command" : "command", now_ms / 1000,
                                  elapsed_ns / kNsPerMs);
  }
  const int64_t slower_us = config.slowlog_slower_than_us;
  if (slower_us < 0 || elapsed_ns / 1000 < slower_us || config.slowlog_length_max == 0) return;
  if ((spec.flags & kSkipSlowlog) != 0) return;
  SlowlogEntry entry;
  entry.time_s = now_ms / 1000;
  entry.duration_us = elapsed_ns / 1000;
  entry.args = Slowlog::Shorten(RedactedArgs(session.prepared.args));
  server.slowlog().Post(std::move(entry), session.client.info);
}

}  // namespace

void AdvanceReplyMode(ClientState& client) {
  if (client.reply_mode == ReplyMode::kSkipThis) client.reply_mode = ReplyMode::kOn;
  if (client.reply_mode == ReplyMode::kSkipNext) client.reply_mode = ReplyMode::kSkipThis;
}

void AccountCommand(Server& server, Session& session, ExecutionThread& thread, size_t reply_mark) {
  const int64_t now_ns = engine::CycleClock::NowNs();
  const int64_t elapsed_ns = now_ns - thread.last_ns;
  thread.last_ns = now_ns;
  if (elapsed_ns > kClockAgeMaxNs) thread.RefreshNow();
  CommandCounters& counters = CountRun(server, session.prepared, thread, elapsed_ns);
  if (IsSlow(server.config(), elapsed_ns)) [[unlikely]]
    RecordSlow(server, session, thread.now_us() / 1000, elapsed_ns);
  session.client.info->last_command.store(session.prepared.row->spec, std::memory_order_relaxed);
  if (IsErrorReply(session, reply_mark) && !std::exchange(thread.error_counted, false)) [[unlikely]] {
    counters.failed.Add(1);
    CountError(server, session, thread, reply_mark);
  }
  ApplyReplyMode(session, reply_mark);
  if (server.monitors().active()) [[unlikely]]
    server.monitors().Feed(session, thread);
}

void AccountScriptCall(Server& server, Session& session, ExecutionThread& thread, PreparedCommand& call,
                       int64_t start_ns, std::string_view error) {
  const int64_t elapsed_ns = engine::CycleClock::NowNs() - start_ns;
  CommandCounters& counters = CountRun(server, call, thread, elapsed_ns);
  if (!error.empty()) [[unlikely]] {
    counters.failed.Add(1);
    thread.stats.error_replies.Add(1);
    server.error_stats().Count(error);
  }
  const bool slow = IsSlow(server.config(), elapsed_ns);
  if (!slow && session.client.tracking == 0 && !server.monitors().active()) [[likely]]
    return;
  std::swap(session.prepared, call);
  if (slow) RecordSlow(server, session, thread.now_us() / 1000, elapsed_ns);
  if (session.client.tracking != 0) server.tracking().AfterCommand(session, thread.engine);
  server.monitors().FeedCalled(session, thread);
  std::swap(session.prepared, call);
}

void AccountRejected(Server& server, Session& session, ExecutionThread& thread, size_t reply_mark) {
  const CommandRow* const row = session.prepared.row;
  session.client.info->last_command.store(row == nullptr ? nullptr : row->spec, std::memory_order_relaxed);
  if (row != nullptr) thread.stats.commands[row->index].rejected.Add(1);
  CountError(server, session, thread, reply_mark);
  ApplyReplyMode(session, reply_mark);
}

}  // namespace usher::server
