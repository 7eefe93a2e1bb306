// BlockedIndex: which clients of one shard wait for which keys, oldest first. A waiter may be registered on keys of
// several shards; whoever claims it by one atomic exchange serves (or cancels) it, everybody else passes it by. Stale
// registrations are dropped when met and by Remove(). Complexity: O(1) per key and registration, Remove O(waiters of
// the key). Thread safety: the caller holds the shard's turn; BlockedWaiter: any thread.
//
// To find out whether a waiter can be served one must look at its command, which belongs to its home again as soon as
// the wait is over. So whoever looks holds it for that moment:
//
//   waiting --BeginLook--> looked at --EndLook--> waiting     a Claim() meanwhile leaves its wish behind, which the
//   waiting --Claim------> claimed  <--ClaimLooked--+         looker carries out unless it serves
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/base/owned_counter.h"
#include "engine/db_key_map.h"

namespace usher::engine {

/// How claiming a waiter went: it is the caller's; it was somebody else's; or somebody looks at it just now and will
/// carry out the wish, or serve it.
enum class ClaimResult : uint8_t { kMine, kTooLate, kPassedOn };

class BlockedWaiter {
 public:
  virtual ~BlockedWaiter() = default;

  /// Whether the wait ends when its key goes (a consumer group is gone with its stream). Set before it is registered.
  bool ends_without_key() const { return ends_without_key_; }
  void set_ends_without_key() { ends_without_key_ = true; }

  /// Ends the wait; kMine for at most one caller. `wish` is a small number that EndLook() may hand to the looker.
  ClaimResult Claim(uint8_t wish);
  /// The same without a wish of its own (0).
  bool Claim() { return Claim(0) == ClaimResult::kMine; }
  bool claimed() const { return state_.load(std::memory_order_acquire) == kClaimed; }

  /// Holds the waiter so that its command may be looked at. False: it is claimed. When two shards' writers meet, the
  /// second one lets the first finish its look, which is short.
  bool BeginLook();
  /// The look is over and the waiter is not served. Returns the wish of a Claim() that came meanwhile: the waiter is
  /// then claimed, and the caller carries out the wish.
  std::optional<uint8_t> EndLook();
  /// The looker serves it.
  void ClaimLooked() { state_.exchange(kClaimed, std::memory_order_acq_rel); }

 private:
  static constexpr uint8_t kWaiting = 0;
  static constexpr uint8_t kLookedAt = 1;
  static constexpr uint8_t kClaimed = 2;
  static constexpr uint8_t kWished = 3;  // looked at, and claimed with wish state - kWished
  std::atomic<uint8_t> state_{kWaiting};
  bool ends_without_key_ = false;
};

class BlockedIndex {
 public:
  /// The waiters of one key, oldest first.
  struct Waiters : std::deque<std::shared_ptr<BlockedWaiter>> {
    using deque::deque;
    bool need_key = true;         // none of them can be served while there is no such key
    size_t ends_without_key = 0;  // how many end when the key goes
  };

  bool empty() const { return waiters_.empty(); }
  size_t keys() const { return waiters_.size(); }
  /// For anybody: how many keys are waited for, and how many of them by a client whose wait ends when the key goes.
  uint64_t counted_keys() const { return counted_keys_.Get(); }
  uint64_t counted_keys_needed() const { return counted_keys_needed_.Get(); }

  /// `needs_key`: the waiter takes something out of the key, so it cannot be served while there is none.
  void Add(int db, std::string_view key, std::shared_ptr<BlockedWaiter> waiter, bool needs_key = false);

  /// The waiters of a key, oldest first; null when there are none.
  Waiters* Find(int db, std::string_view key);

  /// Forgets one registration, and the claimed ones met on the way.
  void Remove(int db, std::string_view key, const BlockedWaiter& waiter);

  /// Takes out the registration at a place of a key's list.
  void RemoveAt(Waiters& list, size_t at);

  /// Drops the key's list when nobody is left in it.
  void DropIfEmpty(int db, std::string_view key);

  /// Calls fn(db, key) for every key that is waited for.
  template <class Fn>
  void ForEachKey(Fn&& fn) const {
    for (const auto& [name, waiters] : waiters_) fn(name.db, std::string_view(name.key));
  }

 private:
  void CountKeys() { counted_keys_.Set(waiters_.size()); }
  void CountOut(Waiters& list, const BlockedWaiter& waiter);

  DbKeyMap<Waiters> waiters_;
  OwnedCounter counted_keys_;
  OwnedCounter counted_keys_needed_;
};

}  // namespace usher::engine
