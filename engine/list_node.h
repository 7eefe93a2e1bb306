// ListNode: a run of list elements in one heap block: the whole of a small list, a link of a large one.
//
//   block   [begin][end][capacity][count][listpack bytes]  [ free | element element ... element | free ]
//            4 bytes each                                         begin                         end
//
// Elements are encoded as in a PackedList (packed_list.h). There may be room on both sides, so that pushing and popping
// at either end moves nothing; a push that finds none on its side slides the elements or takes a larger block, both
// amortised O(1). `listpack bytes` is what the elements would take in Redis's listpack: Redis decides by it when a list
// changes its form, so we count it too.
//
// ListNode is a plain 8-byte handle: copying it copies the pointer, Destroy() frees. Positions are byte offsets from
// Begin() to End(); any change invalidates them. A text given to a change must not point into the same node.
// Complexity: ends O(1), inside O(bytes). Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/packed_list.h"

namespace usher::engine {

enum class ListEnd : uint8_t { kHead, kTail };

class ListNode {
 public:
  using Position = uint32_t;
  static constexpr size_t kHeaderBytes = 20;
  /// What an empty listpack takes.
  static constexpr size_t kListpackHeaderBytes = 7;

  ListNode() = default;
  /// The node whose block() was `block`.
  static ListNode FromBlock(void* block) { return ListNode(static_cast<Block*>(block)); }
  /// An empty node that is about to be filled at `end`, in a block of at least `block_bytes`.
  static ListNode WithRoom(size_t block_bytes, ListEnd end);
  void* block() const { return block_; }

  uint32_t count() const { return block_->count; }
  bool empty() const { return block_->count == 0; }
  /// Bytes of the elements with the header.
  size_t UsedBytes() const { return kHeaderBytes + LiveBytes(); }
  /// As Redis would count them.
  size_t ListpackBytes() const { return kListpackHeaderBytes + block_->listpack_bytes; }
  size_t MemoryBytes() const { return kHeaderBytes + block_->capacity; }

  Position Begin() const { return block_->begin; }
  Position End() const { return block_->end; }
  PackedElement At(Position position) const { return PackedElement(Data() + position); }
  Position Next(Position position) const { return OffsetOf(At(position).end()); }
  /// `position` > Begin(); End() is allowed.
  Position Previous(Position position) const { return OffsetOf(PackedElement::EndingAt(Data() + position).begin()); }
  /// Place of the element number `index` (0-based, at most count()), walking from the nearer end.
  Position Seek(uint32_t index) const;

  void Push(ListEnd end, const PackedText& text);
  /// Puts `text` before the element at `position`.
  void Insert(Position position, const PackedText& text);
  void Replace(Position position, const PackedText& text);
  /// Removes the `count` elements from `from` to `to`, and returns where the next one is now.
  Position Erase(Position from, Position to, uint32_t count);
  /// Takes out the elements from number `index` on.
  ListNode SplitOff(uint32_t index);

  /// Gives memory back if more than an eighth is unused.
  void Compact();
  ListNode Copy() const;
  void Destroy();

 private:
  struct Block {
    uint32_t begin;
    uint32_t end;
    uint32_t capacity;  // of the bytes behind the header
    uint32_t count;
    uint32_t listpack_bytes;
  };
  static_assert(sizeof(Block) == kHeaderBytes);

  explicit ListNode(Block* block) : block_(block) {}
  uint8_t* Data() const { return reinterpret_cast<uint8_t*>(block_ + 1); }
  Position OffsetOf(const uint8_t* at) const { return static_cast<Position>(at - Data()); }
  size_t LiveBytes() const { return block_->end - block_->begin; }
  size_t ListpackBytesBetween(Position from, Position to) const;
  void MakeRoom(ListEnd end, size_t bytes);
  void MoveTo(size_t block_bytes, ListEnd end);
  Position Resize(Position position, size_t old_bytes, size_t new_bytes);

  Block* block_ = nullptr;
};

}  // namespace usher::engine
