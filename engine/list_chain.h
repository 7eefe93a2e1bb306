// ListChain: the elements of a large list in a chain of ListNodes. The nodes stand in groups, which are chained both
// ways and know how many elements each of their nodes has, so that an index is found without touching the nodes on the
// way, and no change ever moves more than one group:
//
//   head -> [counts 7 9 8 | node node node] <-> [counts 9 9 | node node] <-> ... <- tail
//
// Invariants: no node and no group is empty (but for the first node of a list whose first element is on its way);
// counts[i] is the count of nodes[i], elements their sum, size_ the sum over all groups; memory_bytes_ covers the chain
// itself, groups and blocks. Nodes change through Edit(), which keeps this. While a snapshot has an image of the nodes
// (node_image.h), image_numbers[i] is the number of nodes[i] in it. Complexity: ends O(1); an index O(groups +
// kGroupNodesMax + a node). Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/list_node.h"
#include "engine/node_image.h"

namespace usher::engine {

/// How large a node may grow, after list-max-listpack-size: positive a number of elements, -1 to -5: 4 to 64 KB.
class ListLimits {
 public:
  ListLimits() : ListLimits(-2) {}
  explicit ListLimits(int list_max_listpack_size);

  /// Whether a node of so many (listpack) bytes and elements would be too large.
  bool Exceeded(size_t bytes, size_t count) const { return bytes > bytes_max_ || count > count_max_; }
  /// Whether a list of one node is small enough to leave the chain: half the limit.
  bool FitsHalf(size_t bytes, size_t count) const {
    return by_count_ ? count <= count_max_ / 2 : bytes <= bytes_max_ / 2;
  }
  size_t bytes_max() const { return bytes_max_; }

 private:
  size_t bytes_max_;
  size_t count_max_;
  bool by_count_;
};

class ListChain {
 private:
  struct Group;

 public:
  /// One node of the chain; no group: behind the last one.
  struct Place {
    Group* group = nullptr;
    uint32_t slot = 0;
    explicit operator bool() const { return group != nullptr; }
  };
  struct Spot {
    Place place;
    uint32_t index;  // within the node
  };

  /// A chain of this node, which it takes over. On the heap, until Delete().
  static ListChain* New(ListNode node);
  ListChain* NewCopy() const;
  static void Delete(ListChain* chain);
  ListChain(const ListChain&) = delete;
  ListChain& operator=(const ListChain&) = delete;

  uint64_t size() const { return size_; }
  bool HasOneNode() const { return head_ == tail_ && head_->end - head_->begin == 1; }
  size_t MemoryBytes() const { return memory_bytes_; }
  /// Gives up the only node; nothing may follow but Delete().
  ListNode ReleaseOnly();
  NodeImage<ListNode>* image() const { return image_; }
  /// Puts all nodes into an empty image, which is asked from now on before they change.
  void StartImage(NodeImage<ListNode>& image);
  void EndImage() { image_ = nullptr; }

  /// The node at that end.
  Place EndPlace(ListEnd end) const;
  ListNode NodeAt(Place place) const { return place.group->nodes[place.slot]; }
  /// The neighbour towards `end`.
  Place Step(Place place, ListEnd end) const;
  /// Where the element number `index` is, which must exist.
  Spot Find(uint64_t index) const;

  void Push(ListEnd end, const PackedText& text, const ListLimits& limits);
  /// Calls fn(node), which may change the node. If it empties it, Remove() must follow.
  template <class Fn>
  void Edit(Place place, Fn&& fn);
  /// Splits a node that has become too large, until its parts are not or have but one element.
  void DivideIfTooLarge(Place place, const ListLimits& limits);
  /// Frees a node and returns its neighbour towards `end`.
  Place Remove(Place place, ListEnd end);

 private:
  static constexpr uint32_t kGroupNodesMax = 32;
  struct Group {
    Group* previous = nullptr;
    Group* next = nullptr;
    uint64_t elements = 0;
    uint32_t begin = 0;  // the slots in use
    uint32_t end = 0;
    uint32_t counts[kGroupNodesMax];
    uint32_t image_numbers[kGroupNodesMax];
    ListNode nodes[kGroupNodesMax];
  };

  ListChain() = default;
  ~ListChain();
  Group* NewGroup(Group* previous, Group* next, uint32_t first_slot);
  void Unlink(Group* group);
  static void MoveSlots(Group& group, uint32_t from, uint32_t end, uint32_t to);
  void Enter(Place place, ListNode node);
  void AddEndNode(ListEnd end, ListNode node);
  Place MakeSlotBehind(Place place);
  void MakeOwn(Place place);
  void Free(Place place) const;

  Group* head_ = nullptr;
  Group* tail_ = nullptr;
  uint64_t size_ = 0;
  size_t memory_bytes_ = 0;
  NodeImage<ListNode>* image_ = nullptr;
};

template <class Fn>
void ListChain::Edit(Place place, Fn&& fn) {
  if (image_ != nullptr) [[unlikely]]
    MakeOwn(place);
  ListNode& node = place.group->nodes[place.slot];
  const size_t bytes_before = node.MemoryBytes();
  fn(node);
  const uint32_t count_before = std::exchange(place.group->counts[place.slot], node.count());
  const uint64_t more = uint64_t{node.count()} - count_before;  // modulo 2^64
  place.group->elements += more;
  size_ += more;
  memory_bytes_ += node.MemoryBytes() - bytes_before;
}

}  // namespace usher::engine
