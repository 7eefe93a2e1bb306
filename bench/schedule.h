// Schedule: what arrives when, fixed before the run starts. Phases follow each other; each has one kind of work at a
// constant rate, spaced evenly with a seeded jitter inside every slot, so that the total is exact and the arrivals are
// not a comb. An arrival that a slow server (or generator) delays keeps its intended time: latencies are measured from
// it, so a stall is charged to everybody it kept waiting (no coordinated omission).
//
// Invariant: At(i).intended_ns does not descend with i.  Complexity: At O(phases), no memory per arrival.
// Thread safety: immutable after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace usher::bench {

enum class Work : uint8_t { kEnter, kPoll };

struct Phase {
  std::string name;
  Work work;
  double rate_per_s;
  double duration_s;
};

struct Arrival {
  int64_t intended_ns;  // after the start of the run
  size_t ordinal;       // 0-based among the arrivals of the same work
  uint32_t phase;
  Work work;
};

class Schedule {
 public:
  Schedule(std::vector<Phase> phases, uint64_t seed);

  size_t Count() const { return total_; }
  /// How many arrivals of one kind there are.
  size_t CountOf(Work work) const;
  int64_t DurationNs() const;
  /// Arrival `index`; index < Count().
  Arrival At(size_t index) const;
  const std::vector<Phase>& phases() const { return phases_; }
  /// The phase that is running `elapsed_ns` after the start (the last one, once all are over).
  const Phase& PhaseAt(int64_t elapsed_ns) const;

 private:
  struct Placed {
    size_t first;  // index of the phase's first arrival
    size_t count;
    size_t first_ordinal;  // arrivals of the same work in earlier phases
    int64_t start_ns;
  };

  std::vector<Phase> phases_;
  std::vector<Placed> placed_;
  size_t total_ = 0;
  uint64_t seed_;
};

/// A well mixed 64-bit hash of two numbers (splitmix64's finaliser): the jitter and every sampled choice come from it,
/// so that arrival i is the same whichever thread asks.
uint64_t MixBits(uint64_t seed, uint64_t value);

/// The phases of the product's opening: 1,000/s for 10 s, 5,000/s for 60 s, then 30 s of polls. Rates are multiplied by
/// `scale`, durations by `time_scale`.
std::vector<Phase> OpeningPhases(double scale, double time_scale, double polls_per_s);

}  // namespace usher::bench
