// See maintenance.h.
#include "server/maintenance.h"

#include <algorithm>

#include "engine/base/cycle_clock.h"
#include "server/mailbox.h"
#include "server/server.h"
#include "server/worker.h"

namespace usher::server {

namespace {
// The share of the workers' time that maintenance may take: Redis's active expire cycle takes 25 % and 2 % more per
// step of active-expire-effort.
constexpr int64_t kSharePercent = 25;
constexpr int64_t kSharePercentPerEffort = 2;
// While there is hardly anything else to do.
constexpr int64_t kIdleSharePercent = 75;
constexpr uint64_t kIdleCommandsMax = 10;  // in a tick
}  // namespace

/// One shard's visit: a message to the worker that is to submit it, then a turn task.
class Maintenance::ShardTask final : public Message, public engine::TurnTask {
 public:
  ShardTask(Maintenance& owner, engine::ShardIndex shard) : owner_(owner), shard_(shard) {
    wanted = engine::ShardSet::Of(shard);
  }

  engine::ShardIndex shard() const { return shard_; }
  /// True when this call put the shard under way. Main thread.
  bool Begin(int64_t budget_ns) {
    if (under_way_.load(std::memory_order_acquire)) return false;
    budget_ns_ = budget_ns;
    under_way_.store(true, std::memory_order_relaxed);
    return true;
  }
  void Deliver() override { ExecutionThread::Current()->executor.Submit(*this); }

  void Run(engine::TurnExecutor& executor) override {
    ExecutionThread& thread = *ExecutionThread::Current();
    const int64_t start_ns = engine::CycleClock::NowNs();
    thread.RefreshNow();
    bool more = false;
    owner_.server_.dispatcher().RunOwnWork(
        shard_, thread, [&](engine::ShardData& data) { more = owner_.RunJobs(thread.engine, data); });
    executor.Release(shard_);
    thread.last_ns = engine::CycleClock::NowNs();
    budget_ns_ -= thread.last_ns - start_ns;
    // Behind whoever waits for the shard by now.
    if (more && budget_ns_ > 0) return executor.Submit(*this);
    under_way_.store(false, std::memory_order_release);
  }

 private:
  Maintenance& owner_;
  const engine::ShardIndex shard_;
  std::atomic<bool> under_way_{false};
  int64_t budget_ns_ = 0;  // of this visit; whoever has the task under way
};

Maintenance::Maintenance(Server& server) : server_(server) {
  for (size_t i = 0; i < server.engine().shard_count(); ++i) {
    tasks_.push_back(std::make_unique<ShardTask>(*this, static_cast<engine::ShardIndex>(i)));
  }
}

Maintenance::~Maintenance() = default;

template <class Fn>
void Maintenance::ForEachDue(Fn&& fn) {
  for (MaintenanceJob* job : jobs_) job->OnTick();
  LookAtLoad();
  if (server_.pause().mode() != PauseMode::kNone) return;
  const int64_t now_ms = server_.clock().NowUs() / 1000;
  due_.clear();
  for (const auto& task : tasks_) {
    const bool due =
        std::any_of(jobs_.begin(), jobs_.end(), [&](MaintenanceJob* job) { return job->IsDue(task->shard(), now_ms); });
    if (due) due_.push_back(task.get());
  }
  for (ShardTask* task : due_) {
    if (task->Begin(BudgetNs(due_.size()))) fn(*task);
  }
}

void Maintenance::LookAtLoad() {
  const uint64_t commands = server_.stats_reader().totals()[Total::kCommands];
  is_idle_ = commands - commands_seen_ <= kIdleCommandsMax;
  commands_seen_ = commands;
}

void Maintenance::OnTick() {
  const auto& workers = server_.workers();
  ForEachDue([&](ShardTask& task) {
    Worker& worker = *workers[next_worker_++ % workers.size()];
    worker.Post(task);
    worker.Wake();
  });
}

void Maintenance::SubmitDue(ExecutionThread& thread) {
  ForEachDue([&](ShardTask& task) { thread.executor.Submit(task); });
}

bool Maintenance::RunJobs(engine::EngineContext& context, engine::ShardData& shard) {
  if (server_.pause().mode() != PauseMode::kNone) return false;  // the pause began since the shard was found due
  bool more = false;
  for (MaintenanceJob* job : jobs_) {
    if (job->IsDue(shard.index, context.now_ms())) more = job->RunStep(context, shard) || more;
  }
  return more;
}

// What is due shares the time of all workers, but no shard gets more than one worker's share.
int64_t Maintenance::BudgetNs(size_t due_shards) const {
  const int64_t granted = kSharePercent + kSharePercentPerEffort * (server_.config().active_expire_effort - 1);
  const int64_t share = is_idle_ ? std::max(granted, kIdleSharePercent) : granted;
  const int64_t tick_ns = static_cast<int64_t>(kTickMs) * 1'000'000;
  const int64_t workers = static_cast<int64_t>(server_.workers().size());
  const int64_t one_worker_ns = tick_ns * share / 100;
  return std::min(one_worker_ns, one_worker_ns * workers / static_cast<int64_t>(due_shards));
}

}  // namespace usher::server
