// BlockedIndex: which clients of one shard wait for which keys, oldest first. A waiter may be registered on keys of
// several shards; whoever claims it by one atomic exchange serves (or cancels) it, everybody else passes it by. Stale
// registrations are dropped when met and by Remove(). Complexity: O(1) per key and registration, Remove O(waiters of
// the key). Thread safety: the caller holds the shard's turn; BlockedWaiter::Claim: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/base/hash.h"

namespace usher::engine {

class BlockedWaiter {
 public:
  virtual ~BlockedWaiter() = default;
  /// True for exactly one caller.
  bool Claim() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
  bool claimed() const { return claimed_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> claimed_{false};
};

class BlockedIndex {
 public:
  using Waiters = std::deque<std::shared_ptr<BlockedWaiter>>;

  bool empty() const { return waiters_.empty(); }
  size_t keys() const { return waiters_.size(); }

  void Add(int db, std::string_view key, std::shared_ptr<BlockedWaiter> waiter) {
    const auto found = waiters_.find(NameView{db, key});
    Waiters& list = found != waiters_.end() ? found->second : waiters_[Name{db, std::string(key)}];
    list.push_back(std::move(waiter));
  }

  /// The waiters of a key, oldest first; null when there are none.
  Waiters* Find(int db, std::string_view key) {
    const auto found = waiters_.find(NameView{db, key});
    return found == waiters_.end() ? nullptr : &found->second;
  }

  /// Forgets one registration, and the claimed ones met on the way.
  void Remove(int db, std::string_view key, const BlockedWaiter& waiter) {
    const auto found = waiters_.find(NameView{db, key});
    if (found == waiters_.end()) return;
    std::erase_if(found->second, [&](const auto& other) { return other.get() == &waiter || other->claimed(); });
    if (found->second.empty()) waiters_.erase(found);
  }

  /// Drops the key's list when nobody is left in it.
  void DropIfEmpty(int db, std::string_view key) {
    const auto found = waiters_.find(NameView{db, key});
    if (found != waiters_.end() && found->second.empty()) waiters_.erase(found);
  }

  /// Calls fn(db, key) for every key that is waited for.
  template <class Fn>
  void ForEachKey(Fn&& fn) const {
    for (const auto& [name, waiters] : waiters_) fn(name.db, std::string_view(name.key));
  }

 private:
  struct Name {
    int db;
    std::string key;
  };
  // What is looked up: a key that nobody waits for must not cost an allocation.
  struct NameView {
    NameView(int name_db, std::string_view name_key) : db(name_db), key(name_key) {}
    NameView(const Name& name) : db(name.db), key(name.key) {}  // NOLINT: the point is to convert
    int db;
    std::string_view key;
  };
  struct NameHash {
    using is_transparent = void;
    size_t operator()(NameView name) const { return HashBytes(name.key) + static_cast<size_t>(name.db); }
  };
  struct NameEqual {
    using is_transparent = void;
    bool operator()(NameView left, NameView right) const { return left.db == right.db && left.key == right.key; }
  };

  std::unordered_map<Name, Waiters, NameHash, NameEqual> waiters_;
};

}  // namespace usher::engine
