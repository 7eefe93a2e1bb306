// MemoryGuard: maxmemory. One budget over all shards, compared with
//
//   used memory = keys (tables, entries, values, expiry index, as the shards account them: what the allocator gave)
//               + client buffers (as each worker adds them up, ten times a second)
//               + 1 MiB for what an idle server has
//
// The journal is not counted, as Redis does not count its backlog; nor is what the background is still to free.
// A command that meets the server over its limit first evicts in its own shards under the turns it holds; the limit may
// still be exceeded when 500 us have passed, then maintenance goes on. If its own shards have nothing to evict, a write
// that may need memory (kDenyOom) is parked while the other shards are asked one by one (AskOthers), and refused only
// when none has a candidate.
// Cost: without maxmemory one relaxed load per command; with it, O(shards) loads per command, but only while less than
// 64 MiB are left. Thread safety: any thread; OnTick() the main thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/eviction.h"
#include "server/maintenance.h"

namespace usher::server {

class Server;
class Session;

enum class Room : uint8_t {
  kEnough,    // used memory is within the limit
  kMade,      // something was evicted, or may yet be found: go on
  kNotFound,  // over the limit, and the shards at hand have no candidate
};

class MemoryGuard final : public MaintenanceJob {
 public:
  /// What an idle server is taken to use, about as much as redis-server reports.
  static constexpr uint64_t kIdleServerBytes = uint64_t{1} << 20;

  explicit MemoryGuard(Server& server);

  /// Whether commands must call MakeRoom() before they run.
  bool must_check() const { return must_check_.load(std::memory_order_relaxed); }
  /// Evicts from the held shards until used memory is within the limit, nothing is left to evict, or time is up.
  Room MakeRoom(engine::EngineContext& context);
  /// Lets all shards evict for a parked session, then submits it with the answer in prepared.room.
  void AskOthers(Session& session, engine::TurnExecutor& executor);
  /// Whether a command that needs memory would be refused, as far as is known (MULTI, scripts).
  bool IsOutOfMemory() const { return must_check() && IsOver() && refusing_.load(std::memory_order_relaxed); }

  uint64_t UsedBytes() const;
  uint64_t ClientBytes() const;
  /// Milliseconds over the limit: of the present excess, and altogether (total/current_eviction_exceeded_time).
  int64_t CurrentExceededMs() const { return current_exceeded_ms_.load(std::memory_order_relaxed); }
  int64_t TotalExceededMs() const { return total_exceeded_ms_.load(std::memory_order_relaxed); }

  /// The configuration has changed.
  void OnConfig();

  // MaintenanceJob: brings the server below a limit that was lowered, or that one command's eviction did not reach.
  void OnTick() override;
  bool IsDue(engine::ShardIndex shard, int64_t now_ms) override;
  bool RunStep(engine::EngineContext& context, engine::ShardData& shard) override;

 private:
  class AskTask;
  bool IsOver() const;
  Room EvictFrom(engine::EngineContext& context, engine::ShardData& shard, int64_t deadline_ns);

  Server& server_;
  DueTimes next_try_;  // shards without a candidate are left alone for a while
  std::atomic<bool> must_check_{false};
  std::atomic<bool> over_at_tick_{false};
  std::atomic<bool> refusing_{false};  // the last search of all shards found nothing
  std::atomic<int64_t> current_exceeded_ms_{0};
  std::atomic<int64_t> total_exceeded_ms_{0};
  int64_t last_tick_ms_ = 0;  // main thread
};

}  // namespace usher::server
