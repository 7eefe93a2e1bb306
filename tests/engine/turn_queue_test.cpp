// The turn queue under thousands of interleavings, and proof that the harness finds queues that are broken on purpose.
#include "engine/turn_queue.h"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

#include "tests/support/interleaver.h"
#include "tests/support/test_scale.h"

namespace usher::engine {
namespace {

using tests::Explore;
using tests::InterleavedSync;
using tests::Interleaver;
using tests::Scaled;

struct Visitor : TurnWaiter {
  size_t number = 0;
};

enum class Bug : uint8_t { kNone, kForgets, kLetsTwoIn, kServesNewest };

/// A naive queue: between two points nothing else runs, so plain fields do. With a bug planted on request.
template <Bug kBug>
class ModelQueue {
 public:
  TurnEntry TakeOrWait(TurnWaiter* waiter) {
    Interleaver::Point();
    if (!held_) {
      if (kBug == Bug::kLetsTwoIn) Interleaver::Point();
      held_ = true;
      return TurnEntry::kTaken;
    }
    if (kBug == Bug::kForgets) Interleaver::Point();
    waiters_.push_back(waiter);
    return TurnEntry::kQueued;
  }
  TurnWaiter* Release() {
    Interleaver::Point();
    if (waiters_.empty()) {
      held_ = false;
      return nullptr;
    }
    TurnWaiter* next = kBug == Bug::kServesNewest ? waiters_.back() : waiters_.front();
    kBug == Bug::kServesNewest ? waiters_.pop_back() : waiters_.pop_front();
    return next;
  }

 private:
  bool held_ = false;
  std::deque<TurnWaiter*> waiters_;
};

/// Threads visit one turn some times each. Whoever releases it runs who was waiting, as an executor does.
template <class Queue>
std::string VisitAll(Interleaver& interleaver, size_t threads, size_t visits) {
  Queue queue;
  std::vector<Visitor> visitors(threads * visits);
  std::vector<size_t> arrived;  // exact: nothing runs between an operation and the note of it
  size_t granted = 0;
  bool inside = false;
  const auto work_and_release = [&](size_t number) {
    TurnWaiter* next = nullptr;
    do {
      if (inside) Interleaver::Fail("two inside");
      inside = true;
      Interleaver::Point();
      if (arrived[granted] != number) Interleaver::Fail("out of order");
      ++granted;
      Interleaver::Point();
      inside = false;
      next = queue.Release();
      if (next != nullptr) number = static_cast<Visitor*>(next)->number;
    } while (next != nullptr);
  };
  for (size_t thread = 0; thread < threads; ++thread) {
    interleaver.AddThread([&, thread] {
      for (size_t visit = 0; visit < visits; ++visit) {
        const size_t number = thread * visits + visit;
        visitors[number].number = number;
        const TurnEntry entry = queue.TakeOrWait(&visitors[number]);
        arrived.push_back(number);
        if (entry == TurnEntry::kTaken) work_and_release(number);
      }
    });
  }
  const std::string complaint = interleaver.Run();
  if (!complaint.empty()) return complaint;
  return granted == visitors.size() ? "" : "a waiter was lost";
}

TEST_CASE("TurnQueue: one at a time, in order of arrival, nobody lost, in every interleaving") {
  CHECK(Explore(Scaled(2'000), [](Interleaver& run) { return VisitAll<BasicTurnQueue<InterleavedSync>>(run, 3, 3); }) ==
        "");
  CHECK(Explore(Scaled(1'000), [](Interleaver& run) { return VisitAll<BasicTurnQueue<InterleavedSync>>(run, 2, 5); }) ==
        "");
}

TEST_CASE("Interleaver: finds a lost waiter, a turn taken twice and a wrong order") {
  const auto explore = [](auto queue) {
    return Explore(1'000, [](Interleaver& run) { return VisitAll<decltype(queue)>(run, 4, 2); });
  };
  CHECK(explore(ModelQueue<Bug::kNone>()) == "");
  CHECK(explore(ModelQueue<Bug::kForgets>()).find("(repeat with USHER_INTERLEAVING=") != std::string::npos);
  CHECK(explore(ModelQueue<Bug::kLetsTwoIn>()) != "");
  CHECK(explore(ModelQueue<Bug::kServesNewest>()).find("out of order at step") == 0);
}

TEST_CASE("Interleaver: a seed is one interleaving, and other seeds are others") {
  const auto trace_of = [](uint64_t seed, std::string& complaint) {
    Interleaver interleaver(seed);
    complaint = VisitAll<ModelQueue<Bug::kLetsTwoIn>>(interleaver, 3, 2);
    return interleaver.trace();
  };
  size_t failures = 0;
  size_t different = 0;
  std::string first_complaint;
  std::string again;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const uint64_t trace = trace_of(seed, first_complaint);
    REQUIRE(trace == trace_of(seed, again));
    REQUIRE(first_complaint == again);
    failures += first_complaint.empty() ? 0 : 1;
    different += trace != trace_of(seed + 200, again) ? 1 : 0;
  }
  CHECK(failures > 0);
  CHECK(different > 50);
}

TEST_CASE("Interleaver: a sleeper whom nobody wakes is a deadlock, a wake that came first is kept") {
  CHECK(Explore(20, [](Interleaver& run) {
          run.AddThread([] { Interleaver::Sleep(); });
          return run.Run();
        }).find("deadlock") != std::string::npos);
  CHECK(Explore(100, [](Interleaver& run) {
          run.AddThread([] { Interleaver::Sleep(); });
          run.AddThread([&run] { run.Wake(0); });
          return run.Run();
        }) == "");
}

TEST_CASE("TurnQueue: the impatient are refused exactly while the work is long, who waits keeps his place") {
  TurnQueue queue;
  Visitor early;
  Visitor late;
  Visitor impatient;
  REQUIRE(queue.TakeOrWait(&early) == TurnEntry::kTaken);
  CHECK(queue.TakeOrWait(&early, TurnPatience::kShortWorkOnly) == TurnEntry::kQueued);
  std::vector<TurnWaiter*> told;
  queue.BeginLongWork([&](TurnWaiter* waiter) { told.push_back(waiter); });
  CHECK(told == std::vector<TurnWaiter*>{&early});
  CHECK(queue.TakeOrWait(&impatient, TurnPatience::kShortWorkOnly) == TurnEntry::kRefused);
  CHECK(queue.TakeOrWait(&late) == TurnEntry::kQueued);
  CHECK(queue.Release() == &early);  // which ends the long work
  CHECK(queue.TakeOrWait(&impatient, TurnPatience::kShortWorkOnly) == TurnEntry::kQueued);
  CHECK(queue.Release() == &late);
  CHECK(queue.Release() == &impatient);
  CHECK(queue.Release() == nullptr);
  CHECK(queue.TryTake());
}

TEST_CASE("TurnQueue: long work announced twice collects in order of arrival") {
  TurnQueue queue;
  Visitor waiters[4];
  REQUIRE(queue.TryTake());
  queue.TakeOrWait(&waiters[0]);
  queue.TakeOrWait(&waiters[1]);
  queue.BeginLongWork([](TurnWaiter*) {});
  queue.TakeOrWait(&waiters[2]);
  queue.TakeOrWait(&waiters[3]);
  queue.BeginLongWork([](TurnWaiter*) {});
  for (Visitor& waiter : waiters) CHECK(queue.Release() == &waiter);
  CHECK(queue.Release() == nullptr);
}

// Whoever is impatient must not be behind long work: he is refused, or told when it begins.
TEST_CASE("TurnQueue: nobody impatient waits behind long work unnoticed, in every interleaving") {
  const auto scenario = [](Interleaver& interleaver) {
    BasicTurnQueue<InterleavedSync> queue;
    Visitor visitors[2];
    bool waits[2] = {};
    bool told[2] = {};
    bool long_work = false;
    queue.TryTake();
    interleaver.AddThread([&] {
      queue.BeginLongWork([&](TurnWaiter* waiter) { told[static_cast<Visitor*>(waiter)->number] = true; });
      long_work = true;
      Interleaver::WaitUntilQuiet();
      for (size_t i = 0; i < 2; ++i) {
        if (waits[i] != told[i]) Interleaver::Fail("behind long work unnoticed");
      }
    });
    for (size_t i = 0; i < 2; ++i) {
      interleaver.AddThread([&, i] {
        visitors[i].number = i;
        const TurnEntry entry = queue.TakeOrWait(&visitors[i], TurnPatience::kShortWorkOnly);
        if (entry == TurnEntry::kTaken) Interleaver::Fail("taken though held");
        waits[i] = entry == TurnEntry::kQueued;
      });
    }
    const std::string complaint = interleaver.Run();
    return complaint.empty() && !long_work ? std::string("the long work never ran") : complaint;
  };
  CHECK(Explore(Scaled(1'000), scenario) == "");
}

}  // namespace
}  // namespace usher::engine
