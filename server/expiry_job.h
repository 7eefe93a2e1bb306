// ExpiryJob: active expiry as maintenance. A shard is visited when its next expiry is due, and 100 ms after a change,
// which may have brought an earlier one. Thread safety: as MaintenanceJob; the switch and the counters: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "server/maintenance.h"

namespace usher::server {

class ExpiryJob final : public MaintenanceJob {
 public:
  explicit ExpiryJob(engine::Engine& of_engine);

  bool IsDue(engine::ShardIndex shard, int64_t now_ms) override;
  bool RunStep(engine::EngineContext& context, engine::ShardData& shard) override;

  /// DEBUG SET-ACTIVE-EXPIRE.
  void set_active(bool active) { active_.store(active, std::memory_order_relaxed); }
  bool active() const { return active_.load(std::memory_order_relaxed); }
  /// Steps that left more to do (expired_time_cap_reached_count).
  uint64_t steps_cut_short() const { return steps_cut_short_.load(std::memory_order_relaxed); }
  /// Nanoseconds spent (expire_cycle_cpu_milliseconds).
  uint64_t spent_ns() const { return spent_ns_.load(std::memory_order_relaxed); }

 private:
  struct Seen {  // of one shard, when its last visit ended
    std::atomic<uint64_t> dirty{UINT64_MAX};
    std::atomic<int64_t> visited_ms{0};
  };

  engine::Engine& engine_;
  DueTimes next_expiry_;
  std::vector<Seen> seen_;
  std::atomic<bool> active_{true};
  std::atomic<uint64_t> steps_cut_short_{0};
  std::atomic<uint64_t> spent_ns_{0};
};

}  // namespace usher::server
