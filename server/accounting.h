// Accounting: what is counted about each command when it is done: calls, time, failures, last use of the client, CLIENT
// REPLY. Thread safety: the executing thread, before the session's turns are released.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace usher::server {

struct ClientState;
class ExecutionThread;
class Server;
class Session;
struct PreparedCommand;

/// The request that session.prepared describes has been executed; its reply starts at `reply_mark`.
void AccountCommand(Server& server, Session& session, ExecutionThread& thread, size_t reply_mark);
/// A command that a script called, begun at `start_ns`; `error` is the text of its error reply, or "". `call` is lent
/// for the moment.
void AccountScriptCall(Server& server, Session& session, ExecutionThread& thread, PreparedCommand& call,
                       int64_t start_ns, std::string_view error);
/// A request was refused by admission; the error reply starts at `reply_mark`.
void AccountRejected(Server& server, Session& session, ExecutionThread& thread, size_t reply_mark);

/// CLIENT REPLY SKIP counts one more command.
void AdvanceReplyMode(ClientState& client);

}  // namespace usher::server
