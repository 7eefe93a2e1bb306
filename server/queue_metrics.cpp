// See queue_metrics.h.
#include "server/queue_metrics.h"

#include <string>

namespace usher::server {

namespace waiting_room = engine::waiting_room;

bool QueueMetricsJob::RunStep(engine::EngineContext& context, engine::ShardData& shard) {
  due_.Set(shard.index, context.now_ms() + kPeriodMs);
  copies_[shard.index].store(std::make_shared<const Copies>(CopyOf(context, shard)));
  return false;
}

QueueMetricsJob::Copies QueueMetricsJob::CopyOf(engine::EngineContext& context, engine::ShardData& shard) {
  Copies copies;
  for (size_t db = 0; db < shard.databases.size(); ++db) {
    const engine::WaitingRooms* rooms = shard.databases[db]->waiting_rooms();
    if (rooms == nullptr) continue;
    std::vector<engine::QueueState*> states;  // an expired key that is met changes the registry
    rooms->ForEach([&](engine::QueueState& state) { states.push_back(&state); });
    context.InDatabase(shard, static_cast<int>(db), [&] {
      for (const engine::QueueState* state : states) {
        if (!waiting_room::HasKeys(context, *state)) continue;
        const auto overview = waiting_room::Inform(context, {state->name, state->hash, state->slot});
        if (!overview) continue;  // of a wrong type
        const std::string prefix = db == 0 ? "" : "db" + std::to_string(db) + ':';
        copies.push_back({prefix + state->name, *overview, state->wait_seconds});
      }
    });
  }
  return copies;
}

void QueueMetricsJob::Report(MetricsSink& sink) const {
  for (const auto& shard : copies_) {
    const std::shared_ptr<const Copies> copies = shard.load();
    if (copies == nullptr) continue;
    for (const Copy& queue : *copies) {
      const engine::QueueTotals& totals = queue.overview.totals;
      sink.Queue({.name = queue.name,
                  .waiting = queue.overview.waiting,
                  .active = queue.overview.active,
                  .entered = totals.entered,
                  .admitted = totals.admitted,
                  .expired = totals.expired,
                  .left = totals.left,
                  .admitted_per_second = queue.overview.admitted_per_second,
                  .wait_seconds = {engine::WaitHistogram::kBoundsSeconds, queue.wait_seconds.counts,
                                   queue.wait_seconds.sum_seconds}});
    }
  }
}

}  // namespace usher::server
