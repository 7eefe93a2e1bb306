// Admission: whether a request may run now: the command exists, its arity fits, the client is authenticated, and what
// the server's state forbids. One small function per rule, in Redis's order. Error replies are written here. Thread
// safety: the thread that owns the session.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/command_spec.h"
#include "server/pause.h"

namespace usher::server {

class ExecutionThread;
class Server;
class Session;

/// What becomes of a request.
enum class Admission : uint8_t {
  kRuns,
  kDone,  // refused, or queued by MULTI: the reply is written
  kHeld   // CLIENT PAUSE holds it back from being queued
};

/// Looks up the row of session.prepared.args and admits it.
Admission Admit(Server& server, Session& session, ExecutionThread& thread);

/// Writes why session.prepared is refused: an open MULTI is spoilt by it, and EXEC ends it.
void WriteRefusal(Session& session, std::string_view error);

/// Whether CLIENT PAUSE holds a command of these flags back.
inline bool PauseApplies(PauseMode mode, uint32_t flags) {
  if (mode == PauseMode::kNone) [[likely]]
    return false;
  if (mode == PauseMode::kAll) return true;
  return (flags & (kWrite | kMayReplicate)) != 0;
}

}  // namespace usher::server
