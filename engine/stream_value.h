// Stream: the value of a stream key. A plain 8-byte handle of a State on the heap:
//
//   nodes    IdMap of StreamNode: entries in the order of their IDs, some hundred to a block (stream_node.h)
//   groups   by name: consumer groups (stream_group.h)
//   numbers  last_id, first_id, max_deleted_id, entries_added: what the counters of groups are computed from
//
// A stream may exist without entries (XGROUP CREATE MKSTREAM, XDEL, XTRIM); empty() says that it does not exist at all.
// Copying the handle copies the pointer: one copy is the owner, and Destroy() frees.
// Invariants: (1) IDs ascend strictly; last_id is not below any. (2) every node has an entry that is not deleted or had
// its last ones trimmed away one by one, as in Redis. (3) first_id is that of the first entry, 0-0 without entries.
// Complexity: adding O(entry) amortised, a lookup O(log n + node), trimming O(what it removes + node).
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <type_traits>

#include "engine/base/result.h"
#include "engine/id_map.h"
#include "engine/node_image.h"
#include "engine/stream_group.h"
#include "engine/stream_id.h"
#include "engine/stream_node.h"

namespace usher::engine {

/// The ID that a new entry is to have: all of it, "ms-*" or "*".
struct StreamNewId {
  StreamId id;
  bool ms_given = false;
  bool seq_given = false;
};

/// What XTRIM removes from the front.
struct StreamTrim {
  enum class By : uint8_t { kNothing, kLength, kMinId };
  By by = By::kNothing;
  bool whole_nodes = false;  // "~"
  uint64_t length_max = 0;   // kLength: leaves at most so many
  StreamId min_id{};         // kMinId: removes what is before
  uint64_t removed_max = 0;  // stops before it has removed more; 0: no limit
};

class Stream {
 public:
  using Groups = std::map<std::string_view, StreamGroup, std::less<>>;

  /// Walks the entries that are there, from `from` to `to`, both included; `order` says from which end. Valid until the
  /// stream changes.
  class Reader {
   public:
    enum class Direction : uint8_t { kForward, kBackward };
    Reader(const Stream& stream, StreamId from, StreamId to, Direction direction = Direction::kForward);
    /// Goes to the (next) entry. False: there is none.
    bool Next();
    const StreamEntry& entry() const { return entry_; }

   private:
    bool Step();
    bool NextNode();
    const IdMap<StreamNode>* nodes_;
    IdMap<StreamNode>::Cursor node_;
    const StreamId from_;
    const StreamId to_;
    const Direction direction_;
    bool in_node_ = false;
    StreamEntry entry_;
  };

  /// Makes an existing stream without entries of one that does not exist.
  void Create();
  bool empty() const { return state_ == nullptr; }

  // All that follows but for Add() needs a stream that exists.
  size_t size() const { return state_->length; }
  StreamId last_id() const { return state_->last_id; }
  StreamId first_id() const { return state_->first_id; }
  StreamId max_deleted_id() const { return state_->max_deleted_id; }
  uint64_t entries_added() const { return state_->entries_added; }
  /// The last entry's ID, 0-0 without entries.
  StreamId LastEntryId() const;
  bool Contains(StreamId id) const { return Reader(*this, id, id).Next(); }
  /// About how many entries there are from `from` to `to`, by whole nodes; it stops when they are `enough`.
  size_t CountRoughly(StreamId from, StreamId to, size_t enough) const;

  /// Appends an entry, creating the stream if need be, and returns its ID. kStreamIdTooSmall, kStreamExhausted,
  /// kStreamEntryTooLarge; then nothing is changed. `fields` are fields and values in turn, at least one pair, and do
  /// not point into the stream.
  Result<StreamId> Add(const StreamNewId& id, StreamFields fields, int64_t now_ms, const StreamLimits& limits);
  /// Removes entries from the front and returns how many.
  size_t Trim(const StreamTrim& trim);
  /// Removes these entries, as far as they are there, and returns how many were.
  size_t Delete(std::span<const StreamId> ids);
  /// XSETID.
  void SetLastId(StreamId id, std::optional<uint64_t> entries_added, StreamId max_deleted_id);

  // Consumer groups.
  const Groups& groups() const { return state_->groups; }
  /// Null when there is none.
  StreamGroup* FindGroup(std::string_view name) const;
  /// Null when the name is taken.
  StreamGroup* CreateGroup(std::string_view name, StreamId last_id, int64_t entries_read);
  void DestroyGroup(StreamGroup& group);
  /// Notes that the group was given this entry, unless it has been further already. True: it is noted.
  bool AdvanceGroup(StreamGroup& group, StreamId id) const;
  /// How many entries were ever added up to this one; kUnknownEntriesRead where that cannot be told.
  int64_t CountedUpTo(StreamId id) const;
  /// How many entries the group has not been given yet; none: it cannot be known.
  std::optional<int64_t> LagOf(const StreamGroup& group) const;

  // As files have it: whole nodes in ascending order, then the numbers.
  const IdMap<StreamNode>& nodes() const { return state_->nodes; }
  /// Takes the node over; its entries are behind all there are.
  void AppendNode(StreamNode node);
  struct Numbers {
    StreamId last_id;
    StreamId max_deleted_id;
    uint64_t entries_added;
  };
  void RestoreNumbers(const Numbers& numbers);

  /// What has the nodes as they were (node_image.h); null: nothing.
  NodeImage<StreamNode>* image() const { return state_->image; }
  /// Puts all nodes into an empty image, which is asked from now on before they change.
  void StartImage(NodeImage<StreamNode>& image) const;
  void EndImage() const { state_->image = nullptr; }

  // What XINFO shows of the structure.
  size_t node_count() const { return state_->nodes.size(); }
  /// Nodes of a radix tree, Redis's kind, of the nodes' IDs. O(node_count()).
  size_t RadixNodeCount() const;

  /// Heap bytes held. O(1).
  size_t MemoryBytes() const { return state_ == nullptr ? 0 : state_->bytes; }
  Stream Copy() const;
  /// Frees everything; the stream does not exist afterwards.
  void Destroy();

 private:
  struct State {
    State() : bytes(sizeof(State)) {}
    size_t bytes;  // of all there is; what follows counts into it
    IdMap<StreamNode> nodes{&bytes};
    size_t length = 0;
    StreamId last_id;
    StreamId first_id;
    StreamId max_deleted_id;
    uint64_t entries_added = 0;
    Groups groups;
    NodeImage<StreamNode>* image = nullptr;
  };

  std::optional<StreamId> ChooseId(const StreamNewId& wanted, int64_t now_ms) const;
  StreamNode& NodeForAppend(StreamId id, StreamFields fields, const StreamLimits& limits);
  bool DeleteOne(StreamId id);
  void MakeOwn(StreamNode& node);
  void FreeNode(StreamNode& node) const;
  void RemoveNode(IdMap<StreamNode>::Cursor at);
  void FindFirstId();
  bool HasTombstonesFrom(StreamId id) const;

  template <class Fn>
  auto Change(StreamNode& node, Fn&& fn) {
    if (state_->image != nullptr) [[unlikely]]
      MakeOwn(node);
    state_->bytes -= node.MemoryBytes();
    if constexpr (std::is_void_v<decltype(fn())>) {
      fn();
      state_->bytes += node.MemoryBytes();
    } else {
      const auto result = fn();
      state_->bytes += node.MemoryBytes();
      return result;
    }
  }

  State* state_ = nullptr;
};
static_assert(sizeof(Stream) == 8 && std::is_trivially_copyable_v<Stream>);

}  // namespace usher::engine
