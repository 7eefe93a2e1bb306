// See list_chain.h.
#include "engine/list_chain.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr size_t kCountedBytesMax = 8192;  // of a node whose limit is a number of elements
// Redis overestimates an element by so much when it asks whether a node can take it.
constexpr size_t kElementOverhead = 6;

}  // namespace

ListLimits::ListLimits(int list_max_listpack_size) : by_count_(list_max_listpack_size >= 0) {
  if (by_count_) {
    bytes_max_ = kCountedBytesMax;
    count_max_ = static_cast<size_t>(std::max(list_max_listpack_size, 1));
  } else {
    bytes_max_ = size_t{2048} << -std::max(list_max_listpack_size, -5);
    count_max_ = std::numeric_limits<uint32_t>::max();
  }
}

ListChain* ListChain::New(ListNode node) {
  ListChain* chain = new (Allocate(sizeof(ListChain))) ListChain;
  chain->memory_bytes_ = UsableBytes(chain);
  chain->AddEndNode(ListEnd::kTail, node);
  return chain;
}

ListChain* ListChain::NewCopy() const {
  ListChain* copy = new (Allocate(sizeof(ListChain))) ListChain;
  copy->memory_bytes_ = UsableBytes(copy);
  for (Place place = EndPlace(ListEnd::kHead); place; place = Step(place, ListEnd::kTail)) {
    copy->AddEndNode(ListEnd::kTail, NodeAt(place).Copy());
  }
  return copy;
}

void ListChain::Delete(ListChain* chain) {
  chain->~ListChain();
  engine::Free(chain);
}

ListChain::~ListChain() {
  for (Group* group = head_; group != nullptr;) {
    for (uint32_t slot = group->begin; slot < group->end; ++slot) Free({group, slot});
    engine::Free(std::exchange(group, group->next));
  }
  if (image_ != nullptr) image_->OnDestroyed();
}

void ListChain::StartImage(NodeImage<ListNode>& image) {
  image_ = &image;
  for (Group* group = head_; group != nullptr; group = group->next) {
    for (uint32_t slot = group->begin; slot < group->end; ++slot) {
      group->image_numbers[slot] = image.Add(group->nodes[slot]);
    }
  }
}

/// Gives the chain a copy of the node if the image keeps it.
void ListChain::MakeOwn(Place place) {
  ListNode& node = place.group->nodes[place.slot];
  if (!image_->Keep(std::exchange(place.group->image_numbers[place.slot], 0))) return;
  memory_bytes_ -= node.MemoryBytes();
  node = node.Copy();
  memory_bytes_ += node.MemoryBytes();
}

/// Frees the node unless the image keeps it.
void ListChain::Free(Place place) const {
  if (image_ != nullptr && image_->Keep(place.group->image_numbers[place.slot])) return;
  place.group->nodes[place.slot].Destroy();
}

ListNode ListChain::ReleaseOnly() {
  ASSERT(HasOneNode());
  if (image_ != nullptr) MakeOwn(EndPlace(ListEnd::kHead));
  const ListNode node = NodeAt(EndPlace(ListEnd::kHead));
  head_->begin = head_->end;
  return node;
}

ListChain::Place ListChain::EndPlace(ListEnd end) const {
  return end == ListEnd::kHead ? Place{head_, head_->begin} : Place{tail_, tail_->end - 1};
}

ListChain::Place ListChain::Step(Place place, ListEnd end) const {
  if (end == ListEnd::kTail) {
    if (place.slot + 1 < place.group->end) return {place.group, place.slot + 1};
    Group* next = place.group->next;
    return next == nullptr ? Place{} : Place{next, next->begin};
  }
  if (place.slot > place.group->begin) return {place.group, place.slot - 1};
  Group* previous = place.group->previous;
  return previous == nullptr ? Place{} : Place{previous, previous->end - 1};
}

ListChain::Spot ListChain::Find(uint64_t index) const {
  ASSERT_DEBUG(index < size_);
  if (index < size_ / 2) {
    Group* group = head_;
    while (index >= group->elements) {
      index -= group->elements;
      group = group->next;
    }
    uint32_t slot = group->begin;
    while (index >= group->counts[slot]) index -= group->counts[slot++];
    return {{group, slot}, static_cast<uint32_t>(index)};
  }
  uint64_t behind = size_ - index;  // counts the element itself
  Group* group = tail_;
  while (behind > group->elements) {
    behind -= group->elements;
    group = group->previous;
  }
  uint32_t slot = group->end - 1;
  while (behind > group->counts[slot]) behind -= group->counts[slot--];
  return {{group, slot}, static_cast<uint32_t>(group->counts[slot] - behind)};
}

void ListChain::Push(ListEnd end, const PackedText& text, const ListLimits& limits) {
  const Place place = EndPlace(end);
  const ListNode node = NodeAt(place);
  const size_t bytes = text.ElementBytes();
  const bool is_full = !node.empty() && (limits.Exceeded(node.ListpackBytes() + text.ListpackBytes() + kElementOverhead,
                                                         node.count() + 1) ||
                                         node.UsedBytes() + bytes > limits.bytes_max());
  if (!is_full) return Edit(place, [&](ListNode& grown) { grown.Push(end, text); });
  // The next node will probably become as large as this one.
  ListNode fresh = ListNode::WithRoom(std::max(node.UsedBytes(), ListNode::kHeaderBytes + bytes), end);
  Edit(place, [](ListNode& full) { full.Compact(); });
  fresh.Push(end, text);
  AddEndNode(end, fresh);
}

void ListChain::DivideIfTooLarge(Place place, const ListLimits& limits) {
  for (;;) {
    const ListNode node = NodeAt(place);
    if (node.count() < 2 || !limits.Exceeded(node.ListpackBytes(), node.count())) return;
    ListNode right;
    Edit(place, [&](ListNode& left) { right = left.SplitOff(left.count() / 2); });
    const Place right_place = MakeSlotBehind(place);
    Enter(right_place, right);
    // Making the slot may have moved the left part.
    place = limits.Exceeded(right.ListpackBytes(), right.count()) ? right_place : Step(right_place, ListEnd::kHead);
  }
}

ListChain::Place ListChain::Remove(Place place, ListEnd end) {
  Group& group = *place.group;
  Place neighbour = Step(place, end);
  size_ -= group.counts[place.slot];
  group.elements -= group.counts[place.slot];
  memory_bytes_ -= group.nodes[place.slot].MemoryBytes();
  Free(place);
  // The shorter side of the group closes the gap.
  const bool from_front = place.slot - group.begin < group.end - place.slot;
  if (from_front) {
    MoveSlots(group, group.begin, place.slot, group.begin + 1);
    ++group.begin;
  } else {
    MoveSlots(group, place.slot + 1, group.end, place.slot);
    --group.end;
  }
  const bool neighbour_moved = neighbour.group == &group && (neighbour.slot < place.slot) == from_front;
  if (neighbour_moved) neighbour.slot = place.slot;
  if (group.begin == group.end) Unlink(place.group);
  return neighbour;
}

void ListChain::MoveSlots(Group& group, uint32_t from, uint32_t end, uint32_t to) {
  std::memmove(group.nodes + to, group.nodes + from, (end - from) * sizeof(ListNode));
  std::memmove(group.counts + to, group.counts + from, (end - from) * sizeof(uint32_t));
  std::memmove(group.image_numbers + to, group.image_numbers + from, (end - from) * sizeof(uint32_t));
}

void ListChain::Unlink(Group* group) {
  (group->previous == nullptr ? head_ : group->previous->next) = group->next;
  (group->next == nullptr ? tail_ : group->next->previous) = group->previous;
  memory_bytes_ -= UsableBytes(group);
  engine::Free(group);
}

ListChain::Group* ListChain::NewGroup(Group* previous, Group* next, uint32_t first_slot) {
  Group* group = new (Allocate(sizeof(Group))) Group;
  group->previous = previous;
  group->next = next;
  group->begin = group->end = first_slot;
  (previous == nullptr ? head_ : previous->next) = group;
  (next == nullptr ? tail_ : next->previous) = group;
  memory_bytes_ += UsableBytes(group);
  return group;
}

/// Puts a node into a slot that is in use but holds nothing.
void ListChain::Enter(Place place, ListNode node) {
  place.group->nodes[place.slot] = node;
  place.group->counts[place.slot] = node.count();
  place.group->image_numbers[place.slot] = 0;
  place.group->elements += node.count();
  size_ += node.count();
  memory_bytes_ += node.MemoryBytes();
}

void ListChain::AddEndNode(ListEnd end, ListNode node) {
  if (head_ == nullptr) NewGroup(nullptr, nullptr, kGroupNodesMax / 2);
  if (end == ListEnd::kTail) {
    if (tail_->end == kGroupNodesMax) NewGroup(tail_, nullptr, 0);
    return Enter({tail_, tail_->end++}, node);
  }
  if (head_->begin == 0) NewGroup(nullptr, head_, kGroupNodesMax);
  Enter({head_, --head_->begin}, node);
}

/// Takes a slot into use behind `place`, whose node may move to the slot (or group) before it.
ListChain::Place ListChain::MakeSlotBehind(Place place) {
  Group& group = *place.group;
  if (group.end < kGroupNodesMax) {
    MoveSlots(group, place.slot + 1, group.end, place.slot + 2);
    ++group.end;
    return {&group, place.slot + 1};
  }
  if (group.begin > 0) {
    MoveSlots(group, group.begin, place.slot + 1, group.begin - 1);
    --group.begin;
    return {&group, place.slot};
  }
  constexpr uint32_t kHalf = kGroupNodesMax / 2;
  Group* right = NewGroup(&group, group.next, 0);
  while (group.end > kHalf) {
    const uint32_t slot = right->end++;
    right->nodes[slot] = group.nodes[kHalf + slot];
    right->counts[slot] = group.counts[kHalf + slot];
    right->image_numbers[slot] = group.image_numbers[kHalf + slot];
    right->elements += right->counts[slot];
    --group.end;
  }
  group.elements -= right->elements;
  return MakeSlotBehind(place.slot < kHalf ? place : Place{right, place.slot - kHalf});
}

}  // namespace usher::engine
