// QueueJob: what waiting rooms need without a command: expiry, and admission where `admit` is on. Thread safety: as
// MaintenanceJob.
#pragma once

#include "server/maintenance.h"

namespace usher::server {

class QueueJob final : public MaintenanceJob {
 public:
  explicit QueueJob(const engine::Engine& engine) : engine_(engine) {}
  bool IsDue(engine::ShardIndex shard, int64_t now_ms) override;
  bool RunStep(engine::EngineContext& context, engine::ShardData& shard) override;

 private:
  const engine::Engine& engine_;
};

}  // namespace usher::server
