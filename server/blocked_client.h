// BlockedClient: a client that waits for one of some keys to become ready (BZPOPMIN, QUEUE WAIT ...), with what is
// needed to serve it from whichever thread makes a key ready. Claim() decides between serving, timeout, kill and
// UNBLOCK.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/blocked_index.h"
#include "engine/key_slot.h"
#include "protocol/resp_writer.h"

namespace usher::server {

class CommandContext;
class Session;

/// Serves a blocked command from `key`, which was written. kCheck: only says whether it could. kServe: does it and
/// writes the reply; the check has just succeeded under the same turns.
enum class ServeStep : uint8_t { kCheck, kServe };
using ServeFunction = bool (*)(CommandContext& ctx, const engine::Key& key, ServeStep step);
/// What the client is told when its time is up. Null: the command runs once more, with Session::wait_is_over set, and
/// replies.
using TimeoutFunction = void (*)(protocol::RespWriter& reply);

class BlockedClient final : public engine::BlockedWaiter {
 public:
  BlockedClient(Session& waiting, int in_db, ServeFunction serve_by, TimeoutFunction on_timeout,
                std::optional<int64_t> until_ms)
      : session_(waiting), db_(in_db), serve_(serve_by), timeout_(on_timeout), deadline_ms_(until_ms) {}

  Session& session() const { return session_; }
  int db() const { return db_; }
  ServeFunction serve() const { return serve_; }
  /// On the worker's monotonic clock; nothing: forever.
  std::optional<int64_t> deadline_ms() const { return deadline_ms_; }
  bool runs_again() const { return timeout_ == nullptr; }
  void WriteTimeout(protocol::RespWriter& reply) const { timeout_(reply); }
  std::vector<std::string>& keys() { return keys_; }

 private:
  Session& session_;
  const int db_;
  const ServeFunction serve_;
  const TimeoutFunction timeout_;
  const std::optional<int64_t> deadline_ms_;
  std::vector<std::string> keys_;
};

}  // namespace usher::server
