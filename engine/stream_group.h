// StreamGroup: one consumer group of a stream: how far it has read, its consumers, and what was delivered and not
// acknowledged yet (the pending entries).
//
// A pending entry is one record, in the group's map; its consumer's map has only the ID. Both are ordered by ID.
// Invariants: (1) an ID is in the map of exactly the consumer that the group's record names. (2) consumers stay where
// they are until they are deleted.
// Memory is counted in *bytes of the stream. Complexity: O(log n) per pending entry and consumer. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "engine/id_map.h"
#include "engine/stream_id.h"

namespace usher::engine {

class StreamConsumer;

/// A delivery that waits for its acknowledgement.
struct PendingEntry {
  StreamId id;
  int64_t delivered_ms;
  uint64_t deliveries;
  StreamConsumer* consumer;
};
struct PendingId {
  StreamId id;
};

class StreamConsumer {
 public:
  StreamConsumer(std::string_view consumer_name, int64_t now_ms, size_t* bytes)
      : seen_ms(now_ms), name_(consumer_name), pending_(bytes) {}

  int64_t seen_ms;         // the last attempt to read or claim
  int64_t active_ms = -1;  // the last success; -1: none yet

  std::string_view name() const { return name_; }
  const IdMap<PendingId>& pending() const { return pending_; }

 private:
  friend class StreamGroup;
  const std::string name_;
  IdMap<PendingId> pending_;
};

class StreamGroup {
 public:
  /// In place of entries_read when that is not known.
  static constexpr int64_t kUnknownEntriesRead = -1;
  using Consumers = std::map<std::string_view, StreamConsumer, std::less<>>;

  StreamGroup(std::string_view name, StreamId id, int64_t read, size_t* bytes);
  ~StreamGroup();
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;

  StreamId last_id;      // the last one delivered
  int64_t entries_read;  // logically, since the stream began

  std::string_view name() const { return name_; }
  /// By name.
  const Consumers& consumers() const { return consumers_; }
  const IdMap<PendingEntry>& pending() const { return pending_; }

  /// Null when there is none.
  StreamConsumer* FindConsumer(std::string_view name);
  /// Null when the name is taken.
  StreamConsumer* CreateConsumer(std::string_view name, int64_t now_ms);
  /// Deletes the consumer with what it has pending; returns how much that was.
  size_t DeleteConsumer(StreamConsumer& consumer);

  /// The entry is now pending for this consumer, delivered once, whoever had it before.
  const PendingEntry& Deliver(StreamId id, StreamConsumer& consumer, int64_t now_ms);
  /// Sets a pending entry as a whole: its owner changes, or it is made.
  const PendingEntry& Assign(const PendingEntry& entry);
  /// Forgets a pending entry. False: it was not pending.
  bool Forget(StreamId id);

  /// Makes this, which is empty, the same as `other`.
  void CopyFrom(const StreamGroup& other);

 private:
  static size_t ConsumerBytes(std::string_view name);

  const std::string name_;
  size_t* const bytes_;
  IdMap<PendingEntry> pending_;
  Consumers consumers_;  // the keys view the consumers' own names
};

}  // namespace usher::engine
