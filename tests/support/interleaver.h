// Interleaver: a deterministic scheduler for tests of lock-free code. The bodies run on real threads, but only the one
// that holds the baton moves; it may lose it before every operation of an InterleavedSync::Atomic. Who goes on is drawn
// from a seed, so one seed is one interleaving, and a failure is replayed by its seed alone.
//
//   even seeds   random walk: at each point the baton goes to a random thread with a probability drawn from the seed
//   odd seeds    priorities (after PCT, Burckhardt et al. 2010): the thread with the highest priority runs; at random
//                points it falls below all others. Finds bugs that need one thread to be very late.
//
// Between two points nothing else runs, so a test may note what an operation did right after it and be exact.
// It explores sequentially consistent interleavings only; too weak a memory order is found by the stress tests under
// ThreadSanitizer. Code under test must not wait with a mutex across a point, and must not read clocks or addresses.
// Thread safety: AddThread and Run from one thread; the static functions from bodies.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"

namespace usher::tests {

class Interleaver {
 public:
  explicit Interleaver(uint64_t seed);
  ~Interleaver();
  Interleaver(const Interleaver&) = delete;
  Interleaver& operator=(const Interleaver&) = delete;

  /// Adds a thread; threads are numbered from 0.
  void AddThread(std::function<void()> body);

  /// Runs all bodies to their ends. Empty, or what went wrong: a Fail(), a deadlock (nobody can move), or too many
  /// steps.
  std::string Run();

  /// A number from the seed for the making of the scenario.
  uint64_t DrawBeforeRun() { return random_.Next(); }

  /// Points passed; and a digest of who passed them in what order.
  uint64_t steps() const { return steps_; }
  uint64_t trace() const { return trace_; }

  /// The baton may change hands here. Does nothing on threads that are not interleaved.
  static void Point();
  /// As Point(), but the caller goes behind all others: for loops that wait for somebody else's progress.
  static void GiveWay();
  /// Sleeps until Wake(own number); returns at once when that came already.
  static void Sleep();
  /// Goes on when nobody else can move.
  static void WaitUntilQuiet();
  /// Ends the run with this complaint (the first one counts).
  [[noreturn]] static void Fail(const std::string& complaint);
  /// Below(bound) from the seed; 0 outside of a run.
  static uint64_t Draw(uint64_t bound);

  void Wake(size_t thread);

 private:
  enum class State : uint8_t { kRunnable, kAsleep, kWaitsForQuiet, kDone };
  struct Thread;
  struct Stopped {};

  static constexpr uint64_t kStepsMax = 200'000;
  static constexpr size_t kNobody = SIZE_MAX;

  void ThreadMain(size_t self);
  void Step();
  void PassBaton(size_t next);
  void WaitForBaton();
  /// Chooses among those who can move; kNobody when all are done.
  size_t ChooseNext(bool may_stay);
  void CollectAble(State state);
  void FallBehind(size_t thread);
  void StopIfFailed() const;

  engine::Random random_;
  const bool by_priority_;
  const uint64_t switch_one_in_;  // random walk: a switch; priorities: a fall
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<size_t> able_;  // of the choice that is being made
  size_t current_ = kNobody;
  int64_t lowest_priority_ = 0;
  uint64_t steps_ = 0;
  uint64_t trace_ = 0;
  std::string complaint_;
};

/// Runs `scenario(interleaver)`, which adds threads and returns the result of Run() or a complaint of its own, for
/// `count` seeds. Returns the complaint of the first failure with its seed, or nothing. USHER_INTERLEAVING=seed runs
/// that one only.
std::string Explore(int count, const std::function<std::string(Interleaver&)>& scenario);

/// The Sync of deterministic tests: every operation of an atomic is a point, weak exchanges sometimes fail for nothing,
/// and the clock jumps by the seed.
struct InterleavedSync {
  template <class T>
  class Atomic {
   public:
    Atomic(T value) : value_(value) {}  // NOLINT: as std::atomic
    T load(std::memory_order = std::memory_order_seq_cst) const {
      Interleaver::Point();
      return value_.load();
    }
    void store(T value, std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      value_.store(value);
    }
    T exchange(T value, std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      return value_.exchange(value);
    }
    T fetch_add(T change, std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      return value_.fetch_add(change);
    }
    T fetch_sub(T change, std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      return value_.fetch_sub(change);
    }
    T fetch_or(T bits, std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      return value_.fetch_or(bits);
    }
    T fetch_and(T bits, std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      return value_.fetch_and(bits);
    }
    bool compare_exchange_strong(T& expected, T value, std::memory_order = std::memory_order_seq_cst,
                                 std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      return value_.compare_exchange_strong(expected, value);
    }
    bool compare_exchange_weak(T& expected, T value, std::memory_order = std::memory_order_seq_cst,
                               std::memory_order = std::memory_order_seq_cst) {
      Interleaver::Point();
      if (Interleaver::Draw(kWeakFailsOneIn) == 1) {
        expected = value_.load();
        return false;
      }
      return value_.compare_exchange_strong(expected, value);
    }

   private:
    static constexpr uint64_t kWeakFailsOneIn = 12;
    std::atomic<T> value_;  // real, so that sanitizers see no race in what one thread at a time does
  };

  /// Sometimes jumps by half a millisecond, so that every budget is now and then spent.
  static int64_t NowNs();
};

}  // namespace usher::tests
