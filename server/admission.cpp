// The admission rules. See admission.h.
#include "server/admission.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "server/accounting.h"
#include "server/arg_reader.h"
#include "server/error_text.h"
#include "server/server.h"
#include "server/session.h"
#include "server/transaction.h"

namespace usher::server {

namespace {

constexpr size_t kQuotedBytesMax = 128;

/// What Redis shows of an argument: up to its first NUL, and not too much.
std::string_view Shown(std::string_view arg, size_t bytes_max = kQuotedBytesMax) {
  return arg.substr(0, arg.find('\0')).substr(0, bytes_max);
}

/// Redis's echo of the offending arguments: the name, and the first arguments while they fit in 128 bytes.
std::string UnknownCommandText(std::span<const std::string_view> args) {
  std::string quoted;
  for (size_t i = 1; i < args.size() && quoted.size() < kQuotedBytesMax; ++i) {
    quoted += '\'';
    quoted += Shown(args[i], kQuotedBytesMax - quoted.size() + 1);
    quoted += "' ";
  }
  return "ERR unknown command '" + std::string(Shown(args[0])) + "', with args beginning with: " + quoted;
}

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  }
  return upper;
}

/// Whether the "command" is a line of HTTP: a browser that was tricked into talking to us, and must not be let on.
bool IsHttp(std::string_view name) {
  return EqualsIgnoringCase(name, "POST") || EqualsIgnoringCase(name, "Host:");
}

/// Closes without a word: as in Redis, not even the replies to what came in the same read are sent.
Admission CloseHttp(Server& server, Session& session) {
  server.log().Warning("Possible SECURITY ATTACK detected: client " + session.client.info->address +
                       " sent an HTTP header. It is likely that somebody uses a browser to send commands across "
                       "protocols. Connection aborted.");
  session.replies.Truncate(0);
  session.client.close_after_reply = true;
  session.next_request = session.batch.size();
  return Admission::kDone;
}

/// The row, subcommand included; null with the reason written to `error`, which stays empty for HTTP.
const CommandRow* FindRow(std::span<const std::string_view> args, std::string& error) {
  static const CommandTable& table = CommandTable::Get();
  const CommandRow* row = table.Find(args[0]);
  if (row == nullptr) {
    if (IsHttp(args[0])) return nullptr;
    error = UnknownCommandText(args);
    return nullptr;
  }
  if ((row->spec->flags & kContainer) == 0 || args.size() < 2) return row;
  if (const CommandRow* sub = table.FindSub(*row, args[1])) return sub;
  if (row->spec->handler != nullptr && row->spec->arity != -1) return row;  // words its own refusal (DEBUG)
  error = "ERR unknown subcommand '" + std::string(Shown(args[1])) + "'. Try " + UpperCase(row->spec->name) + " HELP.";
  return nullptr;
}

/// Why the client's restrictions forbid the command; "": they do not.
std::string RestrictionText(const Server& server, const Session& session, const CommandSpec& spec) {
  const uint8_t restrictions = session.client.restrictions;
  if ((restrictions & kNotAuthenticated) != 0 && (spec.flags & kNoAuth) == 0 && !server.config().password.empty()) {
    return "NOAUTH Authentication required.";
  }
  if ((restrictions & kSubscriberMode) != 0 && (spec.flags & kSubscriberOk) == 0) {
    return "ERR Can't execute '" + std::string(spec.name) +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
  }
  if ((restrictions & kMonitorMode) != 0 && (spec.flags & (kWrite | kReadOnly)) != 0) {
    return "ERR Replica can't interact with the keyspace";
  }
  return {};
}

/// What a command does, and what those do that an EXEC runs.
uint32_t FlagsWithQueued(const Session& session, const CommandSpec& spec) {
  const bool runs_queued = (spec.flags & kRunsQueued) != 0 && session.client.transaction != nullptr;
  return runs_queued ? spec.flags | session.client.transaction->flags() : spec.flags;
}

/// Why the server refuses the command in its present state; "": it does not.
std::string GateText(const Server& server, uint32_t gate, const Session& session, const CommandSpec& spec) {
  const bool writes = (FlagsWithQueued(session, spec) & kWrite) != 0 || spec.name == "ping";
  if ((gate & kGateWritesRefused) != 0 && writes) {
    return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands "
           "that may modify the data set are disabled, because this instance is configured to report errors during "
           "writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for "
           "details about the RDB error.";
  }
  if ((gate & kGateAofFailed) != 0 && writes) {
    return "MISCONF Errors writing to the AOF file: " + server.aof().WriteError();
  }
  if ((gate & kGateLoading) != 0 && (spec.flags & kLoading) == 0) {
    return "LOADING Redis is loading the dataset in memory";
  }
  return {};
}

Admission Reject(Session& session, ExecutionThread& thread, std::string_view error) {
  const size_t mark = session.replies.size();
  WriteRefusal(session, error);
  AccountRejected(thread.server, session, thread, mark);
  return Admission::kDone;
}

/// Commands that run although MULTI is open.
bool RunsInMulti(std::string_view name) {
  static constexpr std::string_view kNames[] = {"exec", "discard", "multi", "watch", "quit", "reset"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// Queues the request, unless that is refused or a pause holds it back.
Admission QueueRequest(Server& server, Session& session, ExecutionThread& thread) {
  const PreparedCommand& prepared = session.prepared;
  if ((prepared.row->spec->flags & kNoMulti) != 0) {
    return Reject(session, thread, "ERR Command not allowed inside a transaction");
  }
  if (server.memory_guard().IsOutOfMemory()) {
    return Reject(session, thread, ErrorText(engine::Error::kOutOfMemory));
  }
  if (PauseApplies(server.pause().mode(), prepared.row->spec->flags)) return Admission::kHeld;
  session.client.transaction->Queue(*prepared.row, prepared.args);
  const bool muted = session.client.reply_mode == ReplyMode::kOff || session.client.reply_mode == ReplyMode::kSkipThis;
  if (!muted) session.writer.SimpleString("QUEUED");
  AdvanceReplyMode(session.client);
  return Admission::kDone;
}

}  // namespace

void WriteRefusal(Session& session, std::string_view error) {
  const CommandRow* const row = session.prepared.row;
  ClientState& client = session.client;
  if (row != nullptr && (row->spec->flags & kRunsQueued) != 0) {
    client.DropTransaction();
    const std::string_view reason = error.starts_with("ERR ") ? error.substr(4) : error;
    return session.writer.Error("EXECABORT Transaction discarded because of: " + std::string(reason));
  }
  if ((client.restrictions & kInMulti) != 0) client.transaction->Abort();
  session.writer.Error(error);
}

Admission Admit(Server& server, Session& session, ExecutionThread& thread) {
  PreparedCommand& prepared = session.prepared;
  const std::span<const std::string_view> args = prepared.args;
  std::string error;
  // Clients repeat themselves: the last row serves while the name's bytes are the same.
  if (!session.client.last_name.Matches(args[0])) {
    prepared.row = thread.ahead.RowOf(session, session.next_request);
    if (prepared.row == nullptr) prepared.row = FindRow(args, error);
    if (prepared.row == nullptr) {
      session.client.last_name.Set({});
      if (error.empty()) return CloseHttp(server, session);
      return Reject(session, thread, error);
    }
    session.client.last_name.Set((prepared.row->spec->flags & kContainer) == 0 &&
                                         prepared.row->spec->name.find('|') == std::string_view::npos
                                     ? args[0]
                                     : std::string_view());
  }
  const CommandSpec& spec = *prepared.row->spec;
  if (!ArityFits(spec, args.size()) || spec.handler == nullptr) {
    return Reject(session, thread, "ERR wrong number of arguments for '" + std::string(spec.name) + "' command");
  }
  const uint32_t gate = server.gate();
  if ((session.client.restrictions | gate) == 0) [[likely]]
    return Admission::kRuns;
  error = RestrictionText(server, session, spec);
  if (error.empty() && gate != 0) error = GateText(server, gate, session, spec);
  if (!error.empty()) return Reject(session, thread, error);
  if ((session.client.restrictions & kInMulti) == 0 || RunsInMulti(spec.name)) return Admission::kRuns;
  return QueueRequest(server, session, thread);
}

}  // namespace usher::server
