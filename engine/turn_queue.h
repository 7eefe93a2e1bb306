// TurnQueue: the asynchronous lock of one shard. Nobody ever waits with a thread: whoever finds the shard busy leaves a
// waiter and goes on; whoever holds the turn hands it to the oldest waiter when it gives it up.
//
//   state_   0                        free
//            newest | long | held     held; `newest` points at a stack of arrivals, newest first, linked by next_
//            (null:
//                                     nobody queued since the holder last looked); bit 1 is set while the holder works
//                                     for long; bit 0 is always set
//   fifo_    the holder's own list of waiters, oldest first (touched by the holder only)
//
// Invariants: (1) a waiter is in at most one turn's list. (2) Only the holder touches fifo_, and the waiters in it. (3)
// The word changes by one atomic operation, so a waiter that queues and a holder that releases, or turns to long work,
// cannot miss each other. (4) Grants are FIFO.
// Complexity: take and release of a free turn are one atomic operation each; hand-over is O(1) amortised.
// Thread safety: TryTake, TakeOrWait: any thread. The rest: the holder only.
// Sync supplies Sync::Atomic<T> and Sync::NowNs(): the real ones in production, instrumented ones in the deterministic
// tests.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/assert.h"
#include "engine/base/cycle_clock.h"

namespace usher::engine {

/// The production choice of atomics and clock.
struct RealSync {
  template <class T>
  using Atomic = std::atomic<T>;
  static int64_t NowNs() { return CycleClock::NowNs(); }
};

/// Intrusive list link of whatever waits for a turn.
class TurnWaiter {
 private:
  template <class Sync>
  friend class BasicTurnQueue;
  TurnWaiter* next_ = nullptr;
};

/// What a waiter puts up with, and how asking for a turn ended.
enum class TurnPatience : uint8_t { kAnyWork, kShortWorkOnly };
enum class TurnEntry : uint8_t { kTaken, kQueued, kRefused };

template <class Sync>
class BasicTurnQueue {
 public:
  /// Takes the turn if it is free.
  bool TryTake() {
    uintptr_t expected = kFree;
    return state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed);
  }

  /// Takes the turn, or queues `waiter` for it, or refuses because the holder works for long and `patience` is short.
  /// After kQueued the waiter may already run elsewhere: the caller must not touch it again.
  TurnEntry TakeOrWait(TurnWaiter* waiter, TurnPatience patience = TurnPatience::kAnyWork) {
    uintptr_t seen = kFree;
    for (;;) {
      if (seen == kFree) {
        if (state_.compare_exchange_weak(seen, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) {
          return TurnEntry::kTaken;
        }
        continue;
      }
      if (patience == TurnPatience::kShortWorkOnly && (seen & kLongWork) != 0) return TurnEntry::kRefused;
      waiter->next_ = NewestOf(seen);
      const uintptr_t queued = reinterpret_cast<uintptr_t>(waiter) | (seen & kFlags);
      if (state_.compare_exchange_weak(seen, queued, std::memory_order_release, std::memory_order_relaxed)) {
        return TurnEntry::kQueued;
      }
    }
  }

  /// Gives the turn up, and ends long work. Null: it is free now. Else the turn is still held, on behalf of the
  /// returned waiter, which the caller must resume.
  [[nodiscard]] TurnWaiter* Release() {
    EndLongWork();
    if (fifo_ == nullptr) {
      uintptr_t expected = kHeld;
      if (state_.compare_exchange_strong(expected, kFree, std::memory_order_release, std::memory_order_relaxed)) {
        return nullptr;
      }
      CollectArrivals(kHeld);
      ASSERT_DEBUG(fifo_ != nullptr);
    }
    TurnWaiter* oldest = fifo_;
    fifo_ = oldest->next_;
    return oldest;
  }

  /// The holder is going to work for long: calls fn(TurnWaiter*) for all who are queued, oldest first. Whoever queues
  /// later has seen it.
  template <class Fn>
  void BeginLongWork(Fn&& fn) {
    long_work_ = true;
    CollectArrivals(kHeld | kLongWork);
    for (TurnWaiter* waiter = fifo_; waiter != nullptr; waiter = waiter->next_) fn(waiter);
  }

  /// The holder takes those waiters out of the queue for which fn(TurnWaiter*) says so: they are its own then.
  template <class Fn>
  void TakeOutWaiters(Fn&& fn) {
    CollectArrivals(long_work_ ? kHeld | kLongWork : kHeld);
    for (TurnWaiter** at = &fifo_; *at != nullptr;) {
      TurnWaiter* const waiter = *at;
      TurnWaiter* const next = waiter->next_;
      if (fn(waiter)) {
        *at = next;
      } else {
        at = &waiter->next_;
      }
    }
  }

 private:
  static constexpr uintptr_t kFree = 0;
  static constexpr uintptr_t kHeld = 1;
  static constexpr uintptr_t kLongWork = 2;
  static constexpr uintptr_t kFlags = kHeld | kLongWork;
  static_assert(alignof(TurnWaiter) > kFlags);

  static TurnWaiter* NewestOf(uintptr_t word) { return reinterpret_cast<TurnWaiter*>(word & ~kFlags); }

  void EndLongWork() {
    if (!long_work_) return;
    long_work_ = false;
    state_.fetch_and(~kLongWork, std::memory_order_relaxed);
  }

  /// Moves the stack of arrivals to the end of fifo_ in order of arrival, and leaves `word`.
  void CollectArrivals(uintptr_t word) {
    TurnWaiter* newest = NewestOf(state_.exchange(word, std::memory_order_acquire));
    TurnWaiter* oldest = nullptr;
    while (newest != nullptr) {
      TurnWaiter* older = newest->next_;
      newest->next_ = oldest;
      oldest = newest;
      newest = older;
    }
    TurnWaiter** end = &fifo_;
    while (*end != nullptr) end = &(*end)->next_;
    *end = oldest;
  }

  typename Sync::template Atomic<uintptr_t> state_{kFree};
  TurnWaiter* fifo_ = nullptr;
  bool long_work_ = false;  // the holder's copy of the bit
};

using TurnQueue = BasicTurnQueue<RealSync>;

}  // namespace usher::engine
