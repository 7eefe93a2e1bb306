// TurnQueue: the asynchronous lock of one shard. Nobody ever waits with a thread: whoever finds the shard busy leaves a
// waiter and goes on; whoever holds the turn hands it to the oldest waiter when it gives it up.
//
//   state_   0            free
//            1            held, nobody has queued since the holder last looked
//            pointer      held; a stack of waiters, newest first, linked by next_
//   fifo_    the holder's own list of waiters, oldest first (touched by the holder only)
//
// Invariants: (1) a waiter is in at most one turn's list. (2) Only the holder touches fifo_. (3) The word changes by
// one atomic operation, so a waiter that queues and a holder that releases cannot miss each other. (4) Grants are FIFO.
// Complexity: take and release of a free turn are one atomic operation each; hand-over is O(1) amortised.
// Thread safety: TryTake, TakeOrWait: any thread. Release: the holder only.
// Sync supplies Sync::Atomic<T>: std::atomic in production, an instrumented one in the deterministic tests.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/assert.h"

namespace usher::engine {

/// The production choice of atomics.
struct RealSync {
  template <class T>
  using Atomic = std::atomic<T>;
};

/// Intrusive list link of whatever waits for a turn.
class TurnWaiter {
 private:
  template <class Sync>
  friend class BasicTurnQueue;
  TurnWaiter* next_ = nullptr;
};

template <class Sync>
class BasicTurnQueue {
 public:
  /// Takes the turn if it is free.
  bool TryTake() {
    uintptr_t expected = kFree;
    return state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed);
  }

  /// Takes the turn (true), or queues `waiter` for it (false). After false the waiter may already run elsewhere: the
  /// caller must not touch it again.
  bool TakeOrWait(TurnWaiter* waiter) {
    uintptr_t seen = state_.load(std::memory_order_relaxed);
    for (;;) {
      if (seen == kFree) {
        if (state_.compare_exchange_weak(seen, kHeld, std::memory_order_acquire, std::memory_order_relaxed))
          return true;
        continue;
      }
      waiter->next_ = seen == kHeld ? nullptr : ToWaiter(seen);
      if (state_.compare_exchange_weak(seen, FromWaiter(waiter), std::memory_order_release,
                                       std::memory_order_relaxed)) {
        return false;
      }
    }
  }

  /// Gives the turn up. Null: it is free now. Else the turn is still held, on behalf of the returned waiter, which the
  /// caller must resume.
  [[nodiscard]] TurnWaiter* Release() {
    if (fifo_ == nullptr) {
      uintptr_t expected = kHeld;
      if (state_.compare_exchange_strong(expected, kFree, std::memory_order_release, std::memory_order_relaxed)) {
        return nullptr;
      }
      CollectArrivals();
    }
    TurnWaiter* oldest = fifo_;
    fifo_ = oldest->next_;
    return oldest;
  }

 private:
  static constexpr uintptr_t kFree = 0;
  static constexpr uintptr_t kHeld = 1;
  static TurnWaiter* ToWaiter(uintptr_t word) { return reinterpret_cast<TurnWaiter*>(word); }
  static uintptr_t FromWaiter(TurnWaiter* waiter) { return reinterpret_cast<uintptr_t>(waiter); }

  /// Moves the stack of arrivals, which is not empty, to fifo_ in order of arrival.
  void CollectArrivals() {
    TurnWaiter* newest = ToWaiter(state_.exchange(kHeld, std::memory_order_acquire));
    ASSERT_DEBUG(FromWaiter(newest) > kHeld);
    while (newest != nullptr) {
      TurnWaiter* older = newest->next_;
      newest->next_ = fifo_;
      fifo_ = newest;
      newest = older;
    }
  }

  typename Sync::template Atomic<uintptr_t> state_{kFree};
  TurnWaiter* fifo_ = nullptr;
};

using TurnQueue = BasicTurnQueue<RealSync>;

}  // namespace usher::engine
