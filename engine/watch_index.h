// WatchIndex: which clients of one shard WATCH which keys. A change of the key marks its watchers as touched; EXEC,
// which holds the turns of the keys it watches, reads the mark.
//
// A key that had expired already when it was watched, but was still there, is no change when it goes away at last.
// Complexity: O(1) per key, and O(watchers of the key) to touch or to remove one. Thread safety: the caller holds the
// shard's turn; Watcher: any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/db_key_map.h"

namespace usher::engine {

/// What one client watches, as a whole, from its first WATCH to its next EXEC, DISCARD or UNWATCH.
class Watcher {
 public:
  void Touch() { touched_.store(true, std::memory_order_relaxed); }
  bool touched() const { return touched_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> touched_{false};
};

class WatchIndex {
 public:
  bool empty() const { return watches_.empty(); }
  size_t keys() const { return watches_.size(); }

  /// `expired`: the key is there but expired.
  void Add(int db, std::string_view key, std::shared_ptr<Watcher> watcher, bool expired);

  void Remove(int db, std::string_view key, const Watcher& watcher);

  /// The key was changed.
  void Touch(int db, std::string_view key);

  /// The key went away: by itself, since it had expired, or with its whole database.
  void TouchGone(int db, std::string_view key);

  /// Whether the watcher knows of the key that it has expired.
  bool KnowsExpired(int db, std::string_view key, const Watcher& watcher) const;

  /// Calls fn(db, key) for every key that is watched. It must not add or remove any.
  template <class Fn>
  void ForEachKey(Fn&& fn) const {
    for (const auto& [name, list] : watches_) fn(name.db, std::string_view(name.key));
  }

 private:
  struct Watch {
    std::shared_ptr<Watcher> watcher;
    bool expired = false;
  };
  DbKeyMap<std::vector<Watch>> watches_;
};

}  // namespace usher::engine
