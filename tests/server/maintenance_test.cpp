// Maintenance: which shards are visited, and how often.
#include "server/maintenance.h"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "engine/base/cycle_clock.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// Counts its steps; each shard wants `steps_wanted` of them from `due_ms` on.
class CountingJob final : public server::MaintenanceJob {
 public:
  CountingJob(size_t shard_count, int64_t due_ms, int steps_wanted)
      : steps(shard_count), due_(shard_count, due_ms), wanted_(steps_wanted) {}
  bool IsDue(engine::ShardIndex shard, int64_t now_ms) override { return due_.IsDue(shard, now_ms); }
  bool RunStep(engine::EngineContext& context, engine::ShardData& shard) override {
    CHECK(context.turns().Holds(shard.index));
    const int64_t start_ns = engine::CycleClock::NowNs();
    while (engine::CycleClock::NowNs() - start_ns < step_ns) {
    }
    if (++steps[shard.index] < wanted_) return true;
    due_.Set(shard.index, server::DueTimes::kNever);
    return false;
  }

  std::vector<int> steps;
  int64_t step_ns = 0;

 private:
  server::DueTimes due_;
  const int wanted_;
};

void Tick(TestServer& server) {
  server.server().maintenance().SubmitDue(server.thread());
  server.DeliverMail();
}

TEST_CASE("Maintenance: a job runs in each shard once it is due, and not again") {
  TestServer server({.shard_count = 4, .now_ms = 1000});
  CountingJob job(server.server().engine().shard_count(), 1500, 1);
  server.server().maintenance().AddJob(job);
  Tick(server);
  CHECK(job.steps == std::vector<int>{0, 0, 0, 0});
  server.clock().AdvanceMs(500);
  Tick(server);
  Tick(server);
  CHECK(job.steps == std::vector<int>{1, 1, 1, 1});
}

TEST_CASE("Maintenance: a step that has more to do is followed by the next") {
  TestServer server({.shard_count = 2});
  CountingJob job(server.server().engine().shard_count(), 0, 5);
  server.server().maintenance().AddJob(job);
  Tick(server);
  CHECK(job.steps == std::vector<int>{5, 5});
}

TEST_CASE("Maintenance: a shard that used up its time goes on in the next tick") {
  TestServer server({.shard_count = 2});
  CountingJob job(server.server().engine().shard_count(), 0, 1'000'000);
  server.server().maintenance().AddJob(job);
  job.step_ns = 10'000'000;
  Tick(server);
  CHECK(job.steps == std::vector<int>{1, 1});
  Tick(server);
  CHECK(job.steps == std::vector<int>{2, 2});
}

TEST_CASE("Maintenance: has more time while hardly any commands come") {
  TestServer server({.shard_count = 2});
  const auto budget_ns = [&] { return server.server().maintenance().BudgetNs(1, 1'000'000); };
  Tick(server);
  Tick(server);
  const int64_t idle_ns = budget_ns();
  for (int i = 0; i < 50; ++i) server.Run("PING");
  Tick(server);
  const int64_t busy_ns = budget_ns();
  CHECK(idle_ns == 3 * busy_ns);
  Tick(server);
  CHECK(budget_ns() == idle_ns);
}

/// A server whose mail is read by nobody but RunMail(): what its ticks have mailed.
struct MailedSteps {
  explicit MailedSteps(TestServer& of_server, CountingJob& of_job) : server(of_server), job(of_job) {}
  /// How many steps are done by it.
  int RunMail() {
    const int before = Total();
    for (const auto& worker : server.server().workers()) {
      while (worker->FinishWork()) {
      }
    }
    server.thread().BindToThread();
    return Total() - before;
  }
  int Total() const { return std::accumulate(job.steps.begin(), job.steps.end(), 0); }
  TestServer& server;
  CountingJob& job;
};

TEST_CASE("Maintenance: what has more to do is visited in short ticks, some shards in each, until it is done") {
  TestServer server({.shard_count = 8});
  CountingJob job(8, 0, 3);
  job.step_ns = 2'000'000;  // more than a visit may take
  server.server().maintenance().AddJob(job);
  MailedSteps mail(server, job);
  server::Maintenance& maintenance = server.server().maintenance();
  CHECK_FALSE(maintenance.OnTick());
  CHECK(mail.RunMail() == 8);
  CHECK(maintenance.OnTick());  // a short tick of its own
  const int visits = static_cast<int>(maintenance.VisitsPerShortTick());
  CHECK(visits < 8);
  CHECK(mail.RunMail() <= visits);
  for (int i = 0; i < 1000 && mail.Total() < 24; ++i) {
    maintenance.OnShortTick();
    CHECK(mail.RunMail() <= visits);
  }
  CHECK(job.steps == std::vector<int>(8, 3));
  maintenance.OnTick();
  CHECK_FALSE(maintenance.OnTick());
}

TEST_CASE("Maintenance: a visit that took too long is made up for, but not for ever") {
  TestServer server({.shard_count = 1});
  CountingJob job(1, 0, 1'000'000);
  job.step_ns = 5'000'000;
  server.server().maintenance().AddJob(job);
  MailedSteps mail(server, job);
  server::Maintenance& maintenance = server.server().maintenance();
  maintenance.OnTick();
  CHECK(mail.RunMail() == 1);
  maintenance.OnShortTick();
  CHECK(mail.RunMail() == 0);
  int ticks = 1;
  for (; mail.Total() < 2 && ticks < 100; ++ticks) {
    maintenance.OnShortTick();
    mail.RunMail();
  }
  CHECK(mail.Total() == 2);
  CHECK(ticks <= 10);
}

TEST_CASE("Maintenance: nothing runs while clients are paused") {
  TestServer server({.shard_count = 2});
  CountingJob job(server.server().engine().shard_count(), 0, 1);
  server.server().maintenance().AddJob(job);
  server.server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
  Tick(server);
  CHECK(job.steps == std::vector<int>{0, 0});
  server.server().pause().Unpause();
  Tick(server);
  CHECK(job.steps == std::vector<int>{1, 1});
}

}  // namespace
}  // namespace usher::tests
