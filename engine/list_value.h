// List: the value of a list key. A plain 8-byte handle in one of two forms:
//
//   word 0 or even   packed: the block of one ListNode that holds all elements ("listpack")
//   word odd         chain: a ListChain on the heap ("quicklist")
//
// As in Redis 7.2 a list leaves the packed form when a node could not hold what is about to be added (PrepareToGrow),
// and returns to it when it has shrunk to one node of at most half the limit (ShrinkIfSmall). Copying the handle copies
// the pointer: one copy is the owner, and Destroy() frees.
// A text handed to a callback ends with the call. A text given to a change must not point into the same list. A list
// that becomes empty has freed everything. Complexity: ends O(1); an index O(nodes / 32 + elements of a node).
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "engine/list_chain.h"
#include "engine/list_node.h"

namespace usher::engine {

class List {
 public:
  enum class Encoding : uint8_t { kListpack, kQuicklist };

  uint64_t size() const { return IsChain() ? chain()->size() : word_ == 0 ? 0 : node().count(); }
  bool empty() const { return word_ == 0; }
  /// By Redis's names.
  Encoding encoding() const { return IsChain() ? Encoding::kQuicklist : Encoding::kListpack; }

  /// Leaves the packed form if `count` more texts of `bytes` in all would be too much for it. An empty list must be
  /// pushed to then.
  void PrepareToGrow(size_t bytes, size_t count, const ListLimits& limits);
  /// Returns to the packed form if the list, which has just lost something, is small enough.
  void ShrinkIfSmall(const ListLimits& limits);

  void Push(ListEnd end, std::string_view text, const ListLimits& limits);
  /// Calls fn(text) for the `count` first or last elements, outermost first, and removes them. `count` <= size().
  template <class Fn>
  void Pop(ListEnd end, uint64_t count, Fn&& fn);
  /// The element number `index`, which must exist.
  std::string_view Get(uint64_t index, PackedScratch& scratch) const;
  void Set(uint64_t index, std::string_view text, const ListLimits& limits);
  /// Puts `text` before (kHead) or behind (kTail) the first `pivot`. False: there is none.
  bool InsertBeside(std::string_view pivot, ListEnd side, std::string_view text, const ListLimits& limits);
  /// Removes up to `count` elements equal to `text`, met from `from` on; returns how many it were.
  uint64_t Remove(std::string_view text, ListEnd from, uint64_t count);
  /// Removes so many at one end. `count` <= size().
  void Drop(ListEnd end, uint64_t count);

  /// Calls fn(text) for `count` elements from number `first` on, all of which must exist. fn must not change the list.
  template <class Fn>
  void ForRange(uint64_t first, uint64_t count, Fn&& fn) const;
  template <class Fn>
  void ForEach(Fn&& fn) const {
    if (!empty()) ForRange(0, size(), fn);
  }
  /// Calls fn(index) for elements equal to `text` among the `compared_max` nearest to `from`, nearest first, while fn
  /// returns true.
  template <class Fn>
  void Search(std::string_view text, ListEnd from, uint64_t compared_max, Fn&& fn) const;

  /// What has the nodes as they were, only possible for a chain; null: nothing.
  NodeImage<ListNode>* image() const { return IsChain() ? chain()->image() : nullptr; }
  void StartImage(NodeImage<ListNode>& image) const { chain()->StartImage(image); }
  void EndImage() const { chain()->EndImage(); }

  /// Heap bytes really held. O(1).
  size_t MemoryBytes() const { return IsChain() ? chain()->MemoryBytes() : word_ == 0 ? 0 : node().MemoryBytes(); }
  List Copy() const;
  /// Frees everything; the list is empty afterwards.
  void Destroy();

 private:
  using Place = ListChain::Place;

  static constexpr uint64_t kChainFlag = 1;

  bool IsChain() const { return (word_ & kChainFlag) != 0; }
  ListChain* chain() const { return reinterpret_cast<ListChain*>(word_ - kChainFlag); }
  ListNode node() const { return ListNode::FromBlock(reinterpret_cast<void*>(word_)); }
  void SetNode(ListNode new_node) { word_ = reinterpret_cast<uintptr_t>(new_node.block()); }
  void SetChain(ListChain* new_chain) { word_ = reinterpret_cast<uintptr_t>(new_chain) | kChainFlag; }

  // The packed form as a chain of one node, so that what walks the nodes is written once. Its place is all zero, and
  // so is the place behind the last node of a chain: whoever walks counts, or asks Step().
  Place EndPlace(ListEnd end) const { return IsChain() ? chain()->EndPlace(end) : Place{}; }
  ListNode NodeAt(Place place) const { return IsChain() ? chain()->NodeAt(place) : node(); }
  bool Step(Place& place, ListEnd end) const;
  ListChain::Spot Find(uint64_t index) const;
  template <class Fn>
  void Edit(Place place, Fn&& fn);
  bool RemoveNode(Place& place, ListEnd end);
  void DropInNode(Place place, ListEnd end, uint32_t count);
  bool RemoveInNode(Place& place, const PackedText& text, ListEnd from, uint64_t count, uint64_t& removed);

  uint64_t word_ = 0;
};
static_assert(sizeof(List) == 8 && std::is_trivially_copyable_v<List>);

template <class Fn>
void List::Edit(Place place, Fn&& fn) {
  if (IsChain()) return chain()->Edit(place, fn);
  ListNode edited = node();
  fn(edited);
  SetNode(edited);
}

template <class Fn>
void List::ForRange(uint64_t first, uint64_t count, Fn&& fn) const {
  if (count == 0) return;
  const auto [start, index] = Find(first);
  Place place = start;
  ListNode current = NodeAt(place);
  ListNode::Position at = current.Seek(index);
  for (;;) {
    for (const ListNode::Position end = current.End(); at != end && count > 0; --count) {
      const PackedElement element = current.At(at);
      PackedScratch scratch;
      fn(element.Text(scratch));
      at = current.Next(at);
    }
    if (count == 0 || !Step(place, ListEnd::kTail)) return;
    current = NodeAt(place);
    at = current.Begin();
  }
}

template <class Fn>
void List::Pop(ListEnd end, uint64_t count, Fn&& fn) {
  while (count > 0) {
    const Place place = EndPlace(end);
    const ListNode current = NodeAt(place);
    const auto taken = static_cast<uint32_t>(count < current.count() ? count : current.count());
    ListNode::Position at = end == ListEnd::kHead ? current.Begin() : current.End();
    for (uint32_t i = 0; i < taken; ++i) {
      PackedScratch scratch;
      if (end == ListEnd::kTail) at = current.Previous(at);
      fn(current.At(at).Text(scratch));
      if (end == ListEnd::kHead) at = current.Next(at);
    }
    DropInNode(place, end, taken);
    count -= taken;
  }
}

template <class Fn>
void List::Search(std::string_view text, ListEnd from, uint64_t compared_max, Fn&& fn) const {
  if (empty()) return;
  const PackedText wanted(text);
  const bool forward = from == ListEnd::kHead;
  uint64_t index = forward ? 0 : size() - 1;
  Place place = EndPlace(from);
  do {
    const ListNode current = NodeAt(place);
    ListNode::Position at = forward ? current.Begin() : current.End();
    const ListNode::Position stop = forward ? current.End() : current.Begin();
    while (at != stop) {
      if (compared_max-- == 0) return;
      if (!forward) at = current.Previous(at);
      if (current.At(at) == wanted && !fn(index)) return;
      if (forward) at = current.Next(at);
      index += forward ? 1 : ~uint64_t{0};
    }
  } while (Step(place, forward ? ListEnd::kTail : ListEnd::kHead));
}

}  // namespace usher::engine
