// See list_node.h.
#include "engine/list_node.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr size_t kBlockBytesMin = 32;
// Up to this size, that of a full node by default, blocks grow by half; larger ones by an eighth.
constexpr size_t kUsualBlockBytes = 8192;

size_t GrownBlockBytes(size_t wanted) {
  if (wanted > kUsualBlockBytes) return wanted + wanted / 8;
  return std::min(wanted + wanted / 2, kUsualBlockBytes);
}

}  // namespace

ListNode ListNode::WithRoom(size_t block_bytes, ListEnd end) {
  Block* block = static_cast<Block*>(Allocate(std::max(block_bytes, kBlockBytesMin)));
  const size_t capacity = UsableBytes(block) - kHeaderBytes;
  ASSERT(capacity <= std::numeric_limits<uint32_t>::max());
  const uint32_t start = end == ListEnd::kHead ? static_cast<uint32_t>(capacity) : 0;
  *block = {.begin = start, .end = start, .capacity = static_cast<uint32_t>(capacity), .count = 0, .listpack_bytes = 0};
  return ListNode(block);
}

ListNode::Position ListNode::Seek(uint32_t index) const {
  ASSERT(index <= count());
  if (index > count() / 2) {
    Position position = End();
    for (uint32_t i = count(); i > index; --i) position = Previous(position);
    return position;
  }
  Position position = Begin();
  for (uint32_t i = 0; i < index; ++i) position = Next(position);
  return position;
}

void ListNode::Push(ListEnd end, const PackedText& text) {
  const size_t bytes = text.ElementBytes();
  if (end == ListEnd::kTail) {
    if (block_->capacity - block_->end < bytes) MakeRoom(end, bytes);
    text.WriteTo(Data() + block_->end);
    block_->end += static_cast<uint32_t>(bytes);
  } else {
    if (block_->begin < bytes) MakeRoom(end, bytes);
    block_->begin -= static_cast<uint32_t>(bytes);
    text.WriteTo(Data() + block_->begin);
  }
  ++block_->count;
  block_->listpack_bytes += static_cast<uint32_t>(text.ListpackBytes());
}

void ListNode::Insert(Position position, const PackedText& text) {
  const Position place = Resize(position, 0, text.ElementBytes());
  text.WriteTo(Data() + place);
  ++block_->count;
  block_->listpack_bytes += static_cast<uint32_t>(text.ListpackBytes());
}

void ListNode::Replace(Position position, const PackedText& text) {
  const PackedElement old = At(position);
  block_->listpack_bytes += static_cast<uint32_t>(text.ListpackBytes() - old.ListpackBytes());
  const Position place = Resize(position, static_cast<size_t>(old.end() - old.begin()), text.ElementBytes());
  text.WriteTo(Data() + place);
}

ListNode::Position ListNode::Erase(Position from, Position to, uint32_t count) {
  block_->listpack_bytes -= static_cast<uint32_t>(ListpackBytesBetween(from, to));
  block_->count -= count;
  return Resize(from, to - from, 0);
}

ListNode ListNode::SplitOff(uint32_t index) {
  const Position from = Seek(index);
  const size_t bytes = End() - from;
  const ListNode tail = WithRoom(kHeaderBytes + bytes, ListEnd::kTail);
  std::memcpy(tail.Data(), Data() + from, bytes);
  tail.block_->end = static_cast<uint32_t>(bytes);
  tail.block_->count = count() - index;
  tail.block_->listpack_bytes = static_cast<uint32_t>(ListpackBytesBetween(from, End()));
  block_->listpack_bytes -= tail.block_->listpack_bytes;
  block_->count = index;
  block_->end = from;
  Compact();
  return tail;
}

size_t ListNode::ListpackBytesBetween(Position from, Position to) const {
  size_t bytes = 0;
  for (Position at = from; at < to; at = Next(at)) bytes += At(at).ListpackBytes();
  return bytes;
}

/// Provides for `bytes` more bytes at that end: slides the elements if the other side has enough, else grows.
void ListNode::MakeRoom(ListEnd end, size_t bytes) {
  const size_t live = LiveBytes();
  const size_t free = block_->capacity - live;
  if (free < bytes) return MoveTo(GrownBlockBytes(kHeaderBytes + live + bytes), end);
  const size_t share = std::max(bytes, free / 2);  // the other end may be pushed to next
  const size_t begin = end == ListEnd::kHead ? share : free - share;
  std::memmove(Data() + begin, Data() + block_->begin, live);
  block_->begin = static_cast<uint32_t>(begin);
  block_->end = static_cast<uint32_t>(begin + live);
}

/// Moves the elements to a new block, with what is free there at `end`.
void ListNode::MoveTo(size_t block_bytes, ListEnd end) {
  const size_t live = LiveBytes();
  const ListNode moved = WithRoom(block_bytes, end);
  Block& block = *moved.block_;
  if (end == ListEnd::kHead) {
    block.begin -= static_cast<uint32_t>(live);
  } else {
    block.end += static_cast<uint32_t>(live);
  }
  block.count = block_->count;
  block.listpack_bytes = block_->listpack_bytes;
  std::memcpy(moved.Data() + block.begin, Data() + block_->begin, live);
  Free(block_);
  block_ = moved.block_;
}

/// Makes the `old_bytes` at `position` `new_bytes` long, moving the shorter side if it has room; returns their place.
ListNode::Position ListNode::Resize(Position position, size_t old_bytes, size_t new_bytes) {
  const ptrdiff_t more = static_cast<ptrdiff_t>(new_bytes) - static_cast<ptrdiff_t>(old_bytes);
  const size_t before = position - block_->begin;
  if (more > static_cast<ptrdiff_t>(block_->capacity - LiveBytes())) {
    MoveTo(GrownBlockBytes(UsedBytes() + static_cast<size_t>(more)), ListEnd::kTail);
  }
  const size_t after = LiveBytes() - before - old_bytes;
  const bool fits_behind = more <= static_cast<ptrdiff_t>(block_->capacity - block_->end);
  const bool fits_before = more <= static_cast<ptrdiff_t>(block_->begin);
  if (!fits_behind && !fits_before) MakeRoom(ListEnd::kTail, static_cast<size_t>(more));
  uint8_t* const at = Data() + block_->begin + before;
  if (fits_before && (!fits_behind || before < after)) {
    std::memmove(Data() + block_->begin - more, Data() + block_->begin, before);
    block_->begin -= static_cast<uint32_t>(more);
    return OffsetOf(at - more);
  }
  std::memmove(at + new_bytes, at + old_bytes, after);
  block_->end += static_cast<uint32_t>(more);
  return OffsetOf(at);
}

void ListNode::Compact() {
  if (MemoryBytes() - UsedBytes() <= MemoryBytes() / 8 || MemoryBytes() <= kBlockBytesMin) return;
  MoveTo(UsedBytes(), ListEnd::kTail);
}

ListNode ListNode::Copy() const {
  ListNode copy = WithRoom(UsedBytes(), ListEnd::kTail);
  std::memcpy(copy.Data(), Data() + block_->begin, LiveBytes());
  copy.block_->end = static_cast<uint32_t>(LiveBytes());
  copy.block_->count = block_->count;
  copy.block_->listpack_bytes = block_->listpack_bytes;
  return copy;
}

void ListNode::Destroy() {
  Free(block_);
  block_ = nullptr;
}

}  // namespace usher::engine
