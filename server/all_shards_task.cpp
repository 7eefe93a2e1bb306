// See all_shards_task.h.
#include "server/all_shards_task.h"

#include <memory>
#include <utility>

#include "server/server.h"

namespace usher::server {

AllShardsTask::AllShardsTask(Server& server, Length length, Work work) : server_(server), work_(std::move(work)) {
  wanted = engine::ShardSet::All(server.engine().shard_count());
  long_work = length == Length::kLong;
}

void AllShardsTask::Post(Server& server, Length length, Work work) {
  Worker& worker = *server.workers().front();
  worker.Post(*new AllShardsTask(server, length, std::move(work)));
  worker.Wake();
}

void AllShardsTask::Deliver() {
  ExecutionThread::Current()->executor.Submit(*this);
}

void AllShardsTask::Run(engine::TurnExecutor& executor) {
  const std::unique_ptr<AllShardsTask> self(this);
  ExecutionThread& thread = *ExecutionThread::Current();
  thread.RefreshNow();
  server_.dispatcher().RunOwnWorkUnderAll(thread, work_);
  executor.Release(wanted);
}

}  // namespace usher::server
