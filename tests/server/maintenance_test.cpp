// Maintenance: which shards are visited, and how often.
#include "server/maintenance.h"

#include <doctest/doctest.h>

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
  Tick(server);
  Tick(server);
  const int64_t idle_ns = server.server().maintenance().BudgetNs(1);
  for (int i = 0; i < 50; ++i) server.Run("PING");
  Tick(server);
  const int64_t busy_ns = server.server().maintenance().BudgetNs(1);
  CHECK(idle_ns == 3 * busy_ns);
  Tick(server);
  CHECK(server.server().maintenance().BudgetNs(1) == idle_ns);
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
