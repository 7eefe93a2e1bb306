// See queue_job.h.
#include "server/queue_job.h"

#include "engine/waiting_room.h"

namespace usher::server {

bool QueueJob::IsDue(engine::ShardIndex shard, int64_t now_ms) {
  const uint64_t due_ms = engine_.shards()[shard]->stats().queue_due_ms.Get();
  return due_ms != 0 && due_ms <= static_cast<uint64_t>(now_ms);
}

bool QueueJob::RunStep(engine::EngineContext& context, engine::ShardData& shard) {
  return engine::waiting_room::RunDue(context, shard);
}

}  // namespace usher::server
