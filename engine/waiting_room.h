// The waiting room: entering, admission, tokens and their expiry on the plain keys of docs/queue-commands.md. Each
// function is one command: it checks names and types before its first change, reports what it changed through
// EngineContext::Modified(), and journals it as plain ZADD, ZREM, HSET, PEXPIREAT and DEL.
//
// One clock for a token: its place in the active set is good while now < score (s) and the token exists; otherwise
// every function that deals with the user removes both first (Room::GoodPlace). A queue without a state in the registry
// has no keys, so functions that only look answer without a lookup. Complexity: O(log n) for one user, O(1) for
// somebody new at the end of the line; O(k log n) for k admitted or expired. Thread safety: none; the caller holds the
// turn of the queue's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine_context.h"
#include "engine/waiting_room_registry.h"

namespace usher::engine::waiting_room {

/// MOVEACTIVE and QUEUE EXPIRE do at most this much at once, so that nobody holds the turn for long.
inline constexpr size_t kSliceMax = 10'000;

enum class Standing : uint8_t { kNew, kWaiting, kReady, kActive, kNone };

/// Where a user stands.
struct Place {
  Standing standing = Standing::kNone;
  size_t position = 0;     // kNew, kWaiting: 0-based
  size_t waiting = 0;      // people in the line
  int64_t eta_ms = -1;     // kNew, kWaiting: -1 when unknown
  std::string token = {};  // kReady, kActive
  int64_t expires_at_s = 0;
};

struct EnterOptions {
  std::optional<double> arrival_ms = {};    // finite, not negative
  std::optional<int64_t> waiting_max = {};  // in place of max-waiting
};

/// Starts loading what Enter() or Look() will need for these users. Changes nothing.
void ReadAhead(EngineContext& context, const Key& queue, std::span<const std::string_view> users);
Result<Place> Enter(EngineContext& context, const Key& queue, std::string_view user, const EnterOptions& options);

/// Never creates anything.
Result<Place> Look(EngineContext& context, const Key& queue, std::string_view user);

/// Whether the user is in the line. Changes nothing at all.
bool IsWaiting(EngineContext& context, const Key& queue, std::string_view user);

/// 1, -1 when it is ACTIVE already, 0 without a token.
Result<int64_t> Activate(EngineContext& context, const Key& queue, std::string_view user, std::optional<int64_t> ttl_s);
/// 1, -1 when the limit is reached, 0 without an ACTIVE token.
Result<int64_t> Extend(EngineContext& context, const Key& queue, std::string_view user, std::optional<int64_t> ttl_s,
                       std::optional<int64_t> extends_max);
/// The number of places given up.
Result<int64_t> Leave(EngineContext& context, const Key& queue, std::string_view user);

/// Is told the users that a batch is about, in order. `token` is empty for those who expire. Must not use the engine.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  /// First, and exactly once unless there is an error.
  virtual void Begin(size_t users) = 0;
  virtual void User(std::string_view user, std::string_view token) = 0;
};

struct AdmitOptions {
  int64_t count = 0;
  std::optional<int64_t> ttl_s = {};
  std::optional<int64_t> active_max = {};
};
/// Drops expired actives, then admits from the front of the line.
Status Admit(EngineContext& context, const Key& queue, const AdmitOptions& options, BatchSink& sink);
/// Removes up to `limit` actives whose time is up.
Status Expire(EngineContext& context, const Key& queue, size_t limit, BatchSink& sink);

Result<QueueSettings> Settings(EngineContext& context, const Key& queue);
using FieldValue = std::pair<std::string_view, std::string_view>;
/// All or none. kQueueFieldUnknown, kQueueFieldValue.
Status Configure(EngineContext& context, const Key& queue, std::span<const FieldValue> changes);

struct Overview {
  size_t waiting = 0;
  size_t active = 0;
  QueueTotals totals;
  double admitted_per_second = 0;
  int64_t oldest_wait_ms = 0;
  QueueSettings settings;
};
Result<Overview> Inform(EngineContext& context, const Key& queue);
/// Deletes the queue with everybody in it and forgets its totals. False when there was none.
Result<bool> Delete(EngineContext& context, const Key& queue);
/// Whether any of the queue's keys exists.
bool HasKeys(EngineContext& context, const QueueState& state);

/// One short step of what is due in a shard without a command: expiry, and admission where `admit` is on. True when
/// more is due at once. Says in ShardStats::queue_due_ms when it wants to be called again.
bool RunDue(EngineContext& context, ShardData& shard);

}  // namespace usher::engine::waiting_room
