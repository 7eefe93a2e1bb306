// ValueSnapshot: one large value as it was at an epoch, written as an RDB record in slices while commands change it.
//
//   hashes, sets, sorted sets that are tables:
//     hash order   |########## written |????????????????????????????|
//                                      ^ cursor     x: changed since the epoch, in `saved`
//
// It is the idea of snapshot.h one level down. The record's head with the number of members is written at the epoch.
// Then slices follow a scan cursor, and who is about to add, change or remove one that it has not passed says so first
// (member_watch.h): what the member was is written there and then, and its name noted, which the slices leave out.
// Members of these types may be written in any order.
//
//   lists and streams: a row of nodes, of which the snapshot has an image (node_image.h). Slices write it in order; a
//   node that is to change before it is written stays with the image, and the value goes on with a copy.
//
// The table (the row) is watched, not the key: it may be renamed or moved, and its key may change its expiry. When the
// value is dropped from its keyspace, the snapshot takes it over; a table without members has nothing left to be
// written. Packed forms and strings are small or written at once, and so are the consumer groups of a stream. Memory:
// the names of changed members, changed nodes, and the records that nobody has taken from writer() yet. Complexity:
// O(1) per change. Thread safety: the caller holds the turn of the value's shard, which is the owner's.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "engine/key_entry.h"
#include "engine/rdb_save.h"
#include "engine/rdb_writer.h"

namespace usher::engine {

class ShardSnapshot;

class ValueSnapshot {
 public:
  /// Begins to write the entry, which has not expired, if its value is of at least `large_bytes` and can be written in
  /// slices; else null.
  static std::unique_ptr<ValueSnapshot> Begin(KeyEntry entry, const RdbSaveOptions& options, size_t large_bytes,
                                              const ShardSnapshot* owner);
  /// What is writing the entry's value at this time, or null.
  static ValueSnapshot* Of(KeyEntry entry);

  virtual ~ValueSnapshot() = default;
  ValueSnapshot(const ValueSnapshot&) = delete;
  ValueSnapshot& operator=(const ValueSnapshot&) = delete;

  /// Writes some more, about so many bytes. False: all is written, and the value is let go.
  virtual bool Step(size_t bytes) = 0;
  /// Writes all that is left: the value goes where the owner cannot follow.
  void WriteRest() {
    while (Step(kPieceBytes)) {
    }
  }
  /// The value has left its keyspace, but not this snapshot.
  void TakeOver(OwnedEntry entry) { taken_over_ = std::move(entry); }
  /// The value that was taken over, for which there is no more use.
  OwnedEntry GiveUp() { return std::move(taken_over_); }
  const ShardSnapshot* owner() const { return owner_; }

  /// What is written and not taken yet. Pieces of it may be taken at any time.
  RdbWriter& writer() { return writer_; }
  const RdbWriter& writer() const { return writer_; }
  /// Heap bytes that there would not be without it.
  virtual size_t MemoryBytes() const = 0;

 protected:
  static constexpr size_t kPieceBytes = 64 * 1024;

  ValueSnapshot(bool compress, const ShardSnapshot* owner) : owner_(owner), writer_(nullptr, compress) {}

 private:
  const ShardSnapshot* const owner_;
  RdbWriter writer_;
  OwnedEntry taken_over_;
};

}  // namespace usher::engine
