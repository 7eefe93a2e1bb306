// QueueMetrics: the numbers of all waiting rooms for the metrics endpoint. Each shard's are copied under its turn once
// a second; a scrape reads the copies. Complexity: O(queues of the shard) per copy. Thread safety: as MaintenanceJob;
// Report(): any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/waiting_room.h"
#include "server/maintenance.h"
#include "server/metrics.h"

namespace usher::server {

class QueueMetricsJob final : public MaintenanceJob {
 public:
  explicit QueueMetricsJob(size_t shard_count) : due_(shard_count, 0), copies_(shard_count) {}

  bool IsDue(engine::ShardIndex shard, int64_t now_ms) override { return due_.IsDue(shard, now_ms); }
  bool RunStep(engine::EngineContext& context, engine::ShardData& shard) override;
  /// Reports every queue that has keys.
  void Report(MetricsSink& sink) const;

 private:
  static constexpr int64_t kPeriodMs = 1000;

  struct Copy {
    std::string name;
    engine::waiting_room::Overview overview;
    engine::WaitHistogram wait_seconds;
  };
  using Copies = std::vector<Copy>;
  static Copies CopyOf(engine::EngineContext& context, engine::ShardData& shard);

  DueTimes due_;
  std::vector<std::atomic<std::shared_ptr<const Copies>>> copies_;  // by shard; null: none yet
};

}  // namespace usher::server
