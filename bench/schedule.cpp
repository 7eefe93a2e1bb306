// See schedule.h.
#include "bench/schedule.h"

#include <cmath>
#include <utility>

#include "bench/timing.h"

namespace usher::bench {

uint64_t MixBits(uint64_t seed, uint64_t value) {
  uint64_t mixed = seed + (value + 1) * 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

Schedule::Schedule(std::vector<Phase> phases, uint64_t seed) : phases_(std::move(phases)), seed_(seed) {
  int64_t start_ns = 0;
  for (const Phase& phase : phases_) {
    const auto count = static_cast<size_t>(std::llround(phase.rate_per_s * phase.duration_s));
    placed_.push_back({total_, count, CountOf(phase.work), start_ns});
    total_ += count;
    start_ns += std::llround(phase.duration_s * static_cast<double>(kNsPerSecond));
  }
}

size_t Schedule::CountOf(Work work) const {
  size_t count = 0;
  for (size_t i = 0; i < placed_.size(); ++i) count += phases_[i].work == work ? placed_[i].count : 0;
  return count;
}

int64_t Schedule::DurationNs() const {
  double duration_s = 0;
  for (const Phase& phase : phases_) duration_s += phase.duration_s;
  return std::llround(duration_s * static_cast<double>(kNsPerSecond));
}

Arrival Schedule::At(size_t index) const {
  size_t phase = 0;
  while (phase + 1 < placed_.size() && index >= placed_[phase + 1].first) ++phase;
  const Placed& placed = placed_[phase];
  const size_t within = index - placed.first;
  const double jitter = static_cast<double>(MixBits(seed_, index) >> 11) * 0x1.0p-53;
  const double slot_ns =
      phases_[phase].duration_s * static_cast<double>(kNsPerSecond) / static_cast<double>(placed.count);
  const auto offset_ns = static_cast<int64_t>((static_cast<double>(within) + jitter) * slot_ns);
  return {placed.start_ns + offset_ns, placed.first_ordinal + within, static_cast<uint32_t>(phase),
          phases_[phase].work};
}

const Phase& Schedule::PhaseAt(int64_t elapsed_ns) const {
  size_t phase = 0;
  while (phase + 1 < placed_.size() && elapsed_ns >= placed_[phase + 1].start_ns) ++phase;
  return phases_[phase];
}

std::vector<Phase> OpeningPhases(double scale, double time_scale, double polls_per_s) {
  return {{"warm-up", Work::kEnter, 1'000 * scale, 10 * time_scale},
          {"opening", Work::kEnter, 5'000 * scale, 60 * time_scale},
          {"watching", Work::kPoll, polls_per_s * scale, 30 * time_scale}};
}

}  // namespace usher::bench
