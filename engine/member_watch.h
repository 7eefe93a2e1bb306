// MemberWatch: how the writer of a snapshot hears of the changes of one large hash, set or sorted set while it writes
// it (value_snapshot.h). A table has a link, which is null unless a snapshot of this very value is under way: then
// whoever is about to add, change or remove a member says so first.
//
// The watcher goes through the table in the order of hashes. What it has passed is none of its business any more, so
// most calls end with a comparison. Complexity: O(1). Thread safety: none. The caller holds the turn of the value's
// shard.
#pragma once

#include <cstdint>
#include <string_view>

namespace usher::engine {

class MemberWatch {
 public:
  /// The member is about to be added, changed or removed.
  void BeforeChange(uint64_t hash, std::string_view member) {
    if (hash >> kCursorShift >= cursor_) Keep(hash, member);
  }
  /// The table is destroyed: it is empty, and all its members were removed one by one.
  virtual void OnDestroyed() = 0;

 protected:
  static constexpr unsigned kCursorShift = 16;  // a SegmentTable's scan cursor is a hash without so many bits

  ~MemberWatch() = default;
  virtual void Keep(uint64_t hash, std::string_view member) = 0;

  uint64_t cursor_ = 0;
};

/// A table's end of it.
class MemberWatchLink {
 public:
  MemberWatchLink() = default;
  ~MemberWatchLink() {
    if (watch_ != nullptr) [[unlikely]]
      watch_->OnDestroyed();
  }
  MemberWatchLink(const MemberWatchLink&) = delete;
  MemberWatchLink& operator=(const MemberWatchLink&) = delete;

  MemberWatch* get() const { return watch_; }
  void Set(MemberWatch* watch) { watch_ = watch; }
  void BeforeChange(uint64_t hash, std::string_view member) const {
    if (watch_ != nullptr) [[unlikely]]
      watch_->BeforeChange(hash, member);
  }

 private:
  MemberWatch* watch_ = nullptr;
};

}  // namespace usher::engine
