// See list_value.h.
#include "engine/list_value.h"

#include <algorithm>
#include <optional>

#include "engine/base/assert.h"

namespace usher::engine {

void List::PrepareToGrow(size_t bytes, size_t count, const ListLimits& limits) {
  if (IsChain()) return;
  const size_t bytes_now = word_ == 0 ? ListNode::kListpackHeaderBytes : node().ListpackBytes();
  if (!limits.Exceeded(bytes_now + bytes, static_cast<size_t>(size()) + count)) return;
  SetChain(ListChain::New(word_ == 0 ? ListNode::WithRoom(0, ListEnd::kTail) : node()));
}

void List::ShrinkIfSmall(const ListLimits& limits) {
  if (!IsChain() || !chain()->HasOneNode()) return;
  const ListNode only = chain()->NodeAt(chain()->EndPlace(ListEnd::kHead));
  if (!limits.FitsHalf(only.ListpackBytes(), only.count())) return;
  ListChain* old_chain = chain();
  SetNode(old_chain->ReleaseOnly());
  ListChain::Delete(old_chain);
}

void List::Push(ListEnd end, std::string_view text, const ListLimits& limits) {
  const PackedText packed(text);
  if (IsChain()) return chain()->Push(end, packed, limits);
  ListNode grown = word_ == 0 ? ListNode::WithRoom(ListNode::kHeaderBytes + packed.ElementBytes(), end) : node();
  grown.Push(end, packed);
  SetNode(grown);
}

std::string_view List::Get(uint64_t index, PackedScratch& scratch) const {
  const auto [place, in_node] = Find(index);
  const ListNode found = NodeAt(place);
  return found.At(found.Seek(in_node)).Text(scratch);
}

void List::Set(uint64_t index, std::string_view text, const ListLimits& limits) {
  const PackedText packed(text);
  const auto [place, in_node] = Find(index);
  const uint64_t replaced_at = in_node;  // Clang 14 lets no lambda capture a structured binding
  Edit(place, [&](ListNode& edited) { edited.Replace(edited.Seek(replaced_at), packed); });
  if (IsChain()) chain()->DivideIfTooLarge(place, limits);
}

bool List::InsertBeside(std::string_view pivot, ListEnd side, std::string_view text, const ListLimits& limits) {
  std::optional<uint64_t> found;
  Search(pivot, ListEnd::kHead, size(), [&](uint64_t index) {
    found = index;
    return false;
  });
  if (!found) return false;
  const PackedText packed(text);
  const auto [place, in_node] = Find(*found);
  const uint64_t inserted_at = in_node + (side == ListEnd::kTail ? 1 : 0);
  Edit(place, [&](ListNode& edited) { edited.Insert(edited.Seek(inserted_at), packed); });
  if (IsChain()) chain()->DivideIfTooLarge(place, limits);
  return true;
}

uint64_t List::Remove(std::string_view text, ListEnd from, uint64_t count) {
  const PackedText packed(text);
  uint64_t removed = 0;
  Place place = EndPlace(from);
  while (!empty() && RemoveInNode(place, packed, from, count, removed)) {
  }
  return removed;
}

/// Removes matches in one node and moves `place` on. False: there are no more, or enough.
bool List::RemoveInNode(Place& place, const PackedText& text, ListEnd from, uint64_t count, uint64_t& removed) {
  const ListEnd onward = from == ListEnd::kHead ? ListEnd::kTail : ListEnd::kHead;
  bool is_empty = false;
  Edit(place, [&](ListNode& edited) {
    ListNode::Position at = from == ListEnd::kHead ? edited.Begin() : edited.End();
    while (removed < count && at != (from == ListEnd::kHead ? edited.End() : edited.Begin())) {
      const ListNode::Position element = from == ListEnd::kHead ? at : edited.Previous(at);
      if (edited.At(element) == text) {
        at = edited.Erase(element, edited.Next(element), 1);
        ++removed;
      } else {
        at = from == ListEnd::kHead ? edited.Next(at) : element;
      }
    }
    is_empty = edited.empty();
    if (!is_empty && edited.MemoryBytes() > 4 * edited.UsedBytes()) edited.Compact();
  });
  const bool goes_on = is_empty ? RemoveNode(place, onward) : Step(place, onward);
  return goes_on && removed < count;
}

void List::Drop(ListEnd end, uint64_t count) {
  while (count > 0) {
    const Place place = EndPlace(end);
    const auto taken = static_cast<uint32_t>(std::min<uint64_t>(count, NodeAt(place).count()));
    DropInNode(place, end, taken);
    count -= taken;
  }
}

/// Removes elements at one end of the node at that end, which goes with its last one.
void List::DropInNode(Place place, ListEnd end, uint32_t count) {
  const ListNode current = NodeAt(place);
  if (count == current.count()) {
    RemoveNode(place, end);
    return;
  }
  Edit(place, [&](ListNode& edited) {
    if (end == ListEnd::kHead) {
      edited.Erase(edited.Begin(), edited.Seek(count), count);
    } else {
      edited.Erase(edited.Seek(edited.count() - count), edited.End(), count);
    }
    if (edited.MemoryBytes() > 4 * edited.UsedBytes()) edited.Compact();
  });
}

bool List::RemoveNode(Place& place, ListEnd end) {
  if (!IsChain() || chain()->HasOneNode()) {
    Destroy();
    return false;
  }
  place = chain()->Remove(place, end);
  return static_cast<bool>(place);
}

bool List::Step(Place& place, ListEnd end) const {
  if (!IsChain()) return false;
  place = chain()->Step(place, end);
  return static_cast<bool>(place);
}

ListChain::Spot List::Find(uint64_t index) const {
  ASSERT_DEBUG(index < size());
  if (IsChain()) return chain()->Find(index);
  return {{}, static_cast<uint32_t>(index)};
}

List List::Copy() const {
  List copy;
  if (IsChain()) {
    copy.SetChain(chain()->NewCopy());
  } else if (word_ != 0) {
    copy.SetNode(node().Copy());
  }
  return copy;
}

void List::Destroy() {
  if (IsChain()) {
    ListChain::Delete(chain());
  } else if (word_ != 0) {
    node().Destroy();
  }
  word_ = 0;
}

}  // namespace usher::engine
