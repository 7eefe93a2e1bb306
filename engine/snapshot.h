// ShardSnapshot: the keys of one shard as they were at an epoch, written as RDB records in slices while commands go on.
//
//   hash order   |############ written |?????????????? not yet ??????????????|       of one database
//                                      ^ cursor        x: changed since the epoch, in `saved`
//
// A key table is ordered by hash, and a scan cursor is a place in that order which splits and merges do not move
// (segment_table.h). So "is this key written?" is one comparison. Who is about to change, make or delete a key behind
// the cursor says so first (BeforeWrite): its image is written then, and its name goes into `saved`, which the slices
// leave out. A database that is flushed passes to the snapshot as a whole; one that is swapped is followed.
//
// A large value, met by whoever of the two comes first, gets a ValueSnapshot and is written in slices before any more
// keys. Its record is one piece of the file, so while one that is longer than a piece goes to the sink, nobody else's
// records may come between.
//
// Cost: a change of a key pays for its image once per snapshot, if the slices have not come by yet; memory is the names
// of such keys and what the sink has not taken yet (docs/persistence.md has numbers).
// Invariants: (1) every key of the epoch that had not expired is given to the sink exactly once, unless the snapshot is
// dropped. (2) no key that was made later is. Thread safety: the caller holds the shard's turn; the sink is told under
// it and must only take the bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/background_free.h"
#include "engine/key_slot.h"
#include "engine/keyspace.h"
#include "engine/rdb_save.h"
#include "engine/rdb_writer.h"
#include "engine/set_table.h"
#include "engine/shard_set.h"
#include "engine/value_snapshot.h"

namespace usher::engine {

/// Takes finished records. Any thread; it must not wait.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual void OnRecords(int db, std::string records, uint64_t keys) = 0;
  /// The same for one key whose value is a long string, still to be encoded: `head` is what comes before it.
  virtual void OnLongString(int db, std::string head, std::string text) = 0;
  /// Takes a piece of a record, which the shard's next ones go on with, up to the last. False: another shard's record
  /// is under way, and the piece was not taken.
  virtual bool OnPiece(ShardIndex shard, int db, std::string& piece, bool last) = 0;
};

struct SnapshotLimits {
  size_t large_value_bytes = 64 * 1024;  // from here on written in slices; strings: compressed by the sink
  size_t step_bytes = 4 * 1024;          // of records
  size_t piece_bytes = 64 * 1024;
};

class ShardSnapshot {
 public:
  using Databases = std::vector<std::unique_ptr<Keyspace>>;

  /// The epoch is now. `databases` are the shard's own and stay where they are; so does the rest.
  ShardSnapshot(ShardIndex shard, const Databases& databases, const RdbSaveOptions& options, SnapshotSink& sink,
                BackgroundFree& free, const SnapshotLimits& limits = {});
  ~ShardSnapshot();
  ShardSnapshot(const ShardSnapshot&) = delete;
  ShardSnapshot& operator=(const ShardSnapshot&) = delete;

  /// The key is about to be changed, made or deleted; `entry` is what it is, if it is there.
  void BeforeWrite(int db, const Key& key, KeyEntry entry) {
    const size_t at = place_[static_cast<size_t>(db)];
    if (at == kNowhere) return;
    Content& content = contents_[at];
    if (content.finished || IsBehind(content, key.hash)) return;
    Save(at, key, entry);
  }
  /// The contents of two databases are exchanged.
  void OnSwap(int a, int b);
  /// The database was emptied into `flushed`, which is taken if there is something to be written in it.
  void OnFlush(int db, Keyspace& flushed);
  /// The entry was taken out of its keyspace and is to be freed.
  void Free(OwnedEntry entry);
  /// The entry is about to be put into a keyspace of the shard whose snapshot, if any, is `here`.
  static void OnAttach(KeyEntry entry, const ShardSnapshot* here) {
    ValueSnapshot* const value = ValueSnapshot::Of(entry);
    if (value != nullptr && value->owner() != here) value->WriteRest();
  }

  /// Writes some more, for about 50 us. False: everything is written and given to the sink.
  bool Step();
  /// Heap bytes that there would not be without the snapshot.
  size_t MemoryBytes() const;

 private:
  static constexpr size_t kNowhere = ~size_t{0};
  static constexpr unsigned kCursorShift = 16;

  /// What one database held at the epoch, wherever that is by now.
  struct Content {
    Keyspace* keyspace = nullptr;
    std::unique_ptr<Keyspace> owned;  // when it was flushed
    uint64_t cursor = 0;
    bool finished = false;
    std::unique_ptr<SetTable> saved;  // names; null once finished
  };
  struct LargeValue {
    size_t at;  // its database at the epoch
    std::unique_ptr<ValueSnapshot> value;
    bool finished = false;  // but not all given to the sink
    bool in_pieces = false;
  };

  static bool IsBehind(const Content& content, uint64_t hash) { return hash >> kCursorShift < content.cursor; }
  void Save(size_t at, const Key& key, KeyEntry entry);
  void Encode(size_t at, KeyEntry entry);
  void Finish(Content& content);
  void Flush();
  void StepLarge();
  bool GiveLarge(LargeValue& large);
  void EndLarge();

  const ShardIndex shard_;
  const Databases& databases_;
  const RdbSaveOptions options_;
  const SnapshotLimits limits_;
  SnapshotSink& sink_;
  BackgroundFree& background_free_;
  std::vector<Content> contents_;  // by database at the epoch
  std::vector<size_t> place_;      // for each database, whose content is there now
  size_t current_ = 0;             // being written
  RdbWriter writer_;
  size_t writer_db_ = 0;                            // whose records are in it
  uint64_t writer_keys_ = 0;                        // how many
  std::deque<LargeValue> large_;                    // being written, the first one first
  std::vector<std::unique_ptr<Keyspace>> emptied_;  // that may hold some of them
};

}  // namespace usher::engine
