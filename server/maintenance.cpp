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
constexpr int64_t kTickNs = static_cast<int64_t>(Maintenance::kTickMs) * 1'000'000;
// A short tick that is late makes up for some of it.
constexpr int64_t kShortPeriodMaxNs = 2 * Maintenance::kShortTickNs;
// A visit that took too long is made up for by leaving out so many visits at most: the time may have been others'.
constexpr int64_t kDebtVisitsMax = 4;
}  // namespace

/// One shard's visit: a message to the worker that is to submit it, then a turn task.
class Maintenance::ShardTask final : public Message, public engine::TurnTask {
 public:
  ShardTask(Maintenance& owner, engine::ShardIndex shard) : owner_(owner), shard_(shard) {
    wanted = engine::ShardSet::Of(shard);
  }

  engine::ShardIndex shard() const { return shard_; }
  /// True when this call put the shard under way: not while visits that took too long are to be made up for, if that
  /// counts. Main thread.
  bool Begin(int64_t budget_ns, Debt debt) {
    if (under_way_.load(std::memory_order_acquire)) return false;
    if (debt == Debt::kForgiven) budget_ns_ = 0;
    budget_ns_ = std::clamp(budget_ns_, -kDebtVisitsMax * budget_ns, int64_t{0}) + budget_ns;
    if (budget_ns_ <= 0) return false;
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
    if (more) owner_.behind_.store(true, std::memory_order_relaxed);
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

void Maintenance::BeginTick() {
  for (MaintenanceJob* job : jobs_) job->OnTick();
  LookAtLoad();
}

// Goes on where it has stopped the last time.
void Maintenance::FindDue(size_t most) {
  due_.clear();
  if (server_.pause().mode() != PauseMode::kNone) return;
  const int64_t now_ms = server_.clock().NowUs() / 1000;
  for (size_t i = 0; i < tasks_.size() && due_.size() < most; ++i) {
    ShardTask* const task = tasks_[next_shard_].get();
    next_shard_ = (next_shard_ + 1) % tasks_.size();
    const bool due =
        std::any_of(jobs_.begin(), jobs_.end(), [&](MaintenanceJob* job) { return job->IsDue(task->shard(), now_ms); });
    if (due) due_.push_back(task);
  }
}

void Maintenance::LookAtLoad() {
  const uint64_t commands = server_.stats_reader().totals()[Total::kCommands];
  is_idle_ = commands - commands_seen_ <= kIdleCommandsMax;
  commands_seen_ = commands;
}

void Maintenance::MailDue(int64_t period_ns, Debt debt) {
  const auto& workers = server_.workers();
  for (ShardTask* task : due_) {
    if (!task->Begin(BudgetNs(due_.size(), period_ns), debt)) continue;
    Worker& worker = *workers[next_worker_++ % workers.size()];
    worker.Post(*task);
    worker.Wake();
  }
}

bool Maintenance::OnTick() {
  BeginTick();
  if (behind_.exchange(false, std::memory_order_relaxed)) {
    OnShortTick();
    return true;
  }
  FindDue(tasks_.size());
  MailDue(kShortTickNs, Debt::kForgiven);
  return false;
}

void Maintenance::OnShortTick() {
  const int64_t now_ns = engine::CycleClock::NowNs();
  const int64_t period_ns = std::clamp(now_ns - last_short_ns_, kShortTickNs, kShortPeriodMaxNs);
  last_short_ns_ = now_ns;
  FindDue(VisitsPerShortTick());
  MailDue(period_ns, Debt::kCounts);
}

// As many as workers, but all within a tick.
size_t Maintenance::VisitsPerShortTick() const {
  constexpr auto kShortTicks = static_cast<size_t>(kTickNs / kShortTickNs);
  return std::max(server_.workers().size(), (tasks_.size() + kShortTicks - 1) / kShortTicks);
}

void Maintenance::SubmitDue(ExecutionThread& thread) {
  BeginTick();
  FindDue(tasks_.size());
  for (ShardTask* task : due_) {
    if (task->Begin(BudgetNs(due_.size(), kTickNs), Debt::kForgiven)) thread.executor.Submit(*task);
  }
}

bool Maintenance::RunJobs(engine::EngineContext& context, engine::ShardData& shard) {
  if (server_.pause().mode() != PauseMode::kNone) return false;  // the pause began since the shard was found due
  bool more = false;
  for (MaintenanceJob* job : jobs_) {
    if (job->IsDue(shard.index, context.now_ms())) more = job->RunStep(context, shard) || more;
  }
  return more;
}

// They share the time of all workers, but no shard gets more than one worker's share.
int64_t Maintenance::BudgetNs(size_t shards, int64_t period_ns) const {
  const int64_t granted = kSharePercent + kSharePercentPerEffort * (server_.config().active_expire_effort - 1);
  const int64_t share = is_idle_ ? std::max(granted, kIdleSharePercent) : granted;
  const int64_t workers = static_cast<int64_t>(server_.workers().size());
  const int64_t one_worker_ns = period_ns * share / 100;
  return std::min(one_worker_ns, one_worker_ns * workers / static_cast<int64_t>(shards));
}

}  // namespace usher::server
