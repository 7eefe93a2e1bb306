// StreamNode: up to some hundred entries of a stream in one block, laid out as Redis lays them out, since whole nodes
// are what "~" trims and their size in bytes says when the next one begins.
//
//   block   a listpack: [entries][marked deleted][n][field 1] .. [field n][0]        the master entry
//                       then per entry: [flags][ms - node's ms][seq - node's seq]
//                                       [value 1] .. [value n]                        the same fields as the master's
//                                    or [m][field 1][value 1] .. [field m][value m]   others
//                                       [elements of this entry but for this one]     to walk backwards
//
// The node's ID is that of its first entry. An entry that is deleted is only marked; a node goes when none is left.
// A node is a plain handle and a record of IdMap. Its owner frees it and accounts for its memory (MemoryBytes() before
// and after a change). Complexity: appending O(entry) amortised, seeking O(node). Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/listpack.h"
#include "engine/stream_id.h"

namespace usher::engine {

/// When a node is full: stream-node-max-bytes and stream-node-max-entries, 0 for no limit.
struct StreamLimits {
  uint64_t node_bytes_max = 4096;
  uint64_t node_entries_max = 100;
};

/// A new entry's fields and values in turn.
using StreamFields = std::span<const std::string_view>;

class StreamNode;

/// One entry in its node, or none. Valid until the node changes.
class StreamEntry {
 public:
  StreamId id() const { return id_; }
  bool deleted() const { return (flags_ & kDeleted) != 0; }
  size_t field_count() const { return field_count_; }
  /// Calls fn(field, value) for each.
  template <class Fn>
  void ForEachField(Fn&& fn) const {
    const uint8_t* value_at = values_;
    const uint8_t* field_at = same_fields() ? master_fields_ : nullptr;
    listpack::Scratch field_scratch;
    listpack::Scratch value_scratch;
    listpack::Value field;
    listpack::Value value;
    for (size_t i = 0; i < field_count_; ++i) {
      if (same_fields()) {
        field_at = listpack::Read(field_at, field);
      } else {
        value_at = listpack::Read(value_at, field);
      }
      value_at = listpack::Read(value_at, value);
      fn(field.Text(field_scratch), value.Text(value_scratch));
    }
  }

 private:
  friend class StreamNode;
  static constexpr int64_t kDeleted = 1;
  static constexpr int64_t kSameFields = 2;

  bool same_fields() const { return (flags_ & kSameFields) != 0; }

  const uint8_t* at_ = nullptr;  // the flags
  const uint8_t* values_ = nullptr;
  const uint8_t* master_fields_ = nullptr;
  StreamId id_;
  size_t field_count_ = 0;
  int64_t flags_ = 0;
};

class StreamNode {
 public:
  StreamId id;
  uint32_t image_number = 0;  // in the snapshot's image, if there is one

  /// A node for entries with these fields, without any yet.
  static StreamNode Make(StreamId first_id, StreamFields fields);
  /// A node in the layout above, checked already.
  static StreamNode FromBlock(StreamId first_id, std::string_view block);
  /// The node in that layout.
  std::string_view block() const { return {reinterpret_cast<const char*>(block_), bytes()}; }
  void Destroy();
  StreamNode Copy() const;
  size_t MemoryBytes() const;

  /// Size in the layout above, what a node's limit is about.
  size_t bytes() const;
  int64_t live() const;
  int64_t deleted() const;
  bool IsFull(StreamFields fields, const StreamLimits& limits) const;

  /// Adds an entry, greater than all there are.
  void Append(StreamId entry_id, StreamFields fields);
  /// Gives back spare memory; for a node that is not appended to any more.
  void ShrinkToFit();
  /// Marks as deleted what is not yet, among the first entries, until stop(id) is true; returns how many.
  template <class Stop>
  size_t DeleteWhile(Stop&& stop);
  /// Marks the entry, which is not yet, as deleted.
  void Delete(const StreamEntry& entry);

  /// Walks all entries, the deleted ones too. False: there are no more.
  bool First(StreamEntry& entry) const;
  bool Last(StreamEntry& entry) const;
  bool Next(StreamEntry& entry) const;
  bool Previous(StreamEntry& entry) const;

 private:
  struct Header {
    int64_t live;
    int64_t deleted;
    size_t field_count;
    const uint8_t* fields;
    const uint8_t* deleted_at;
  };

  uint8_t* elements() const { return block_ + listpack::kHeaderBytes; }
  Header ReadHeader() const;
  const uint8_t* FirstEntryAt(const Header& header) const;
  bool HasFields(const Header& header, StreamFields fields) const;
  void ReadEntry(const Header& header, const uint8_t* at, StreamEntry& entry) const;
  const uint8_t* BehindEntry(const StreamEntry& entry) const;
  uint8_t* MakeRoom(size_t bytes);
  void Finish(const uint8_t* end, size_t more_elements);
  void CountDeleted(size_t count);
  void ReplaceInteger(const uint8_t* at, int64_t value);

  uint8_t* block_ = nullptr;
};

template <class Stop>
size_t StreamNode::DeleteWhile(Stop&& stop) {
  size_t count = 0;
  StreamEntry entry;
  for (bool found = First(entry); found && !stop(entry.id(), count); found = Next(entry)) {
    if (entry.deleted()) continue;
    *const_cast<uint8_t*>(entry.at_) |= StreamEntry::kDeleted;
    ++count;
  }
  CountDeleted(count);
  return count;
}

}  // namespace usher::engine
