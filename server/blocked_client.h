// BlockedClient: a client that waits for one of some keys to become ready (BZPOPMIN, QUEUE WAIT ...), with what is
// needed to serve it from whichever thread makes a key ready. Claim() decides between serving, timeout, kill and
// UNBLOCK.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/blocked_index.h"
#include "engine/key_slot.h"
#include "engine/shard_set.h"
#include "engine/stream_id.h"
#include "protocol/reply_sink.h"

namespace usher::server {

class CommandContext;
class Session;

/// Serves a blocked command from `key`, which was written. kCheck: only says whether it could; it has the turn of `key`
/// alone. kServe: does it and writes the reply; the check has just succeeded under the same turns, which are those of
/// `key` and of the command's keys that it does not wait for.
enum class ServeStep : uint8_t { kCheck, kServe };
using ServeFunction = bool (*)(CommandContext& ctx, const engine::Key& key, ServeStep step);
/// What the client is told when its time is up. Null: the command runs once more, with Session::wait_is_over set, and
/// replies.
using TimeoutFunction = void (*)(protocol::ReplySink& reply);

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
  void WriteTimeout(protocol::ReplySink& reply) const { timeout_(reply); }
  std::vector<std::string>& keys() { return keys_; }
  /// Per key: what XREAD's IDs meant when it began to wait ("$" is the last one then).
  std::vector<engine::StreamId>& read_after() { return read_after_; }
  /// The turns it takes to serve the client beside that of the key that is ready (BLMOVE's destination).
  engine::ShardSet& further_turns() { return further_turns_; }

  /// Under the turn of the key that is ready: the client is about to be served under more turns than the writer of that
  /// key had. Later clients of the key wait behind it.
  bool comes_back() const { return comes_back_.load(std::memory_order_relaxed); }
  void set_comes_back(bool comes_back) { comes_back_.store(comes_back, std::memory_order_relaxed); }

 private:
  Session& session_;
  const int db_;
  const ServeFunction serve_;
  const TimeoutFunction timeout_;
  const std::optional<int64_t> deadline_ms_;
  std::vector<std::string> keys_;
  std::vector<engine::StreamId> read_after_;
  engine::ShardSet further_turns_;
  std::atomic<bool> comes_back_{false};
};

}  // namespace usher::server
