// Tests of bench/schedule.
#include "bench/schedule.h"

#include <doctest/doctest.h>

#include <set>

#include "bench/timing.h"
#include "tests/support/test_seed.h"

using namespace usher::bench;

TEST_CASE("Schedule: the opening is 310,000 entries in 100 s, and scales") {
  const Schedule schedule(OpeningPhases(1, 1, 1'000), 1);
  CHECK(schedule.CountOf(Work::kEnter) == 310'000);
  CHECK(schedule.CountOf(Work::kPoll) == 30'000);
  CHECK(schedule.Count() == 340'000);
  CHECK(schedule.DurationNs() == 100 * kNsPerSecond);
  CHECK(Schedule(OpeningPhases(16, 1, 1'000), 1).CountOf(Work::kEnter) == 16 * 310'000);
  const Schedule brief(OpeningPhases(1, 0.02, 1'000), 1);
  CHECK(brief.CountOf(Work::kEnter) == 6'200);
  CHECK(brief.DurationNs() == 2 * kNsPerSecond);
}

TEST_CASE("Schedule: arrivals do not descend, stay in their slots, and number each work without gaps") {
  const uint64_t seed = usher::tests::TestSeed();
  const std::vector<Phase> phases = {
      {"a", Work::kEnter, 100, 2}, {"b", Work::kPoll, 7, 1}, {"c", Work::kEnter, 1'000, 0.5}};
  const Schedule schedule(phases, seed);
  REQUIRE(schedule.Count() == 200 + 7 + 500);
  const int64_t starts_ns[] = {0, 2 * kNsPerSecond, 3 * kNsPerSecond};
  int64_t previous_ns = 0;
  size_t ordinals[2] = {0, 0};
  size_t in_phase[3] = {0, 0, 0};
  for (size_t i = 0; i < schedule.Count(); ++i) {
    const Arrival arrival = schedule.At(i);
    CHECK(arrival.intended_ns >= previous_ns);
    previous_ns = arrival.intended_ns;
    CHECK(arrival.work == phases[arrival.phase].work);
    CHECK(arrival.ordinal == ordinals[static_cast<size_t>(arrival.work)]++);
    const double slot_s = 1 / phases[arrival.phase].rate_per_s;
    const double within_s = Seconds(arrival.intended_ns - starts_ns[arrival.phase]);
    const auto number = static_cast<double>(in_phase[arrival.phase]++);
    CHECK(within_s >= number * slot_s - 1e-6);
    CHECK(within_s <= (number + 1) * slot_s + 1e-6);
  }
}

TEST_CASE("Schedule: the seed alone decides, and two seeds differ") {
  const std::vector<Phase> phases = OpeningPhases(1, 0.01, 1'000);
  const Schedule first(phases, 7), again(phases, 7), other(phases, 8);
  size_t different = 0;
  for (size_t i = 0; i < first.Count(); ++i) {
    CHECK(first.At(i).intended_ns == again.At(i).intended_ns);
    different += first.At(i).intended_ns != other.At(i).intended_ns ? 1 : 0;
  }
  CHECK(different > first.Count() / 2);
}

TEST_CASE("Schedule: the phase at a time") {
  const Schedule schedule(OpeningPhases(1, 1, 1'000), 1);
  CHECK(schedule.PhaseAt(0).name == "warm-up");
  CHECK(schedule.PhaseAt(10 * kNsPerSecond).name == "opening");
  CHECK(schedule.PhaseAt(69 * kNsPerSecond).name == "opening");
  CHECK(schedule.PhaseAt(1'000 * kNsPerSecond).name == "watching");
}
