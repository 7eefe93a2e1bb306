// IntSet: a set of integers, sorted and packed in one heap block, the small form of sets whose members are all numbers.
//
//   block    [count, 4][width, 4][integer][integer] ... [spare]       a null block is an empty set
//
// All integers have the same width, 2, 4 or 8 bytes: the least that the widest one ever added demands. A set does not
// go back to a smaller width.
//
// IntSet is a plain 8-byte handle: copying it copies the pointer, Destroy() frees the block. Indexes are ranks, from 0.
// Complexity: Find() is O(log n), changes move the bytes behind them. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace usher::engine {

class IntSet {
 public:
  IntSet() = default;
  /// The set whose block() was `block`.
  static IntSet FromBlock(void* block) { return IntSet(static_cast<Block*>(block)); }
  /// The heap block, null when empty; at least 8-byte aligned. Changes may move it.
  void* block() const { return block_; }

  uint32_t size() const { return block_ == nullptr ? 0 : block_->count; }
  bool empty() const { return block_ == nullptr; }
  /// Bytes per integer: 2, 4 or 8.
  uint32_t width() const { return block_->width; }
  /// The integer of rank `index` < size().
  int64_t At(uint32_t index) const;
  bool Contains(int64_t value) const;

  /// False if it was there.
  bool Add(int64_t value);
  /// False if it was not there.
  bool Remove(int64_t value);
  /// Removes the integers at these ranks, which ascend strictly. O(n).
  void RemoveAt(std::span<const uint32_t> ranks);

  /// Heap bytes really held.
  size_t MemoryBytes() const;
  IntSet Copy() const;
  /// Frees the block; the set is empty afterwards.
  void Destroy();

 private:
  struct Block {
    uint32_t count;
    uint32_t width;
  };

  explicit IntSet(Block* block) : block_(block) {}
  char* Integers() const { return reinterpret_cast<char*>(block_ + 1); }
  static size_t BlockBytes(size_t count, uint32_t width) { return sizeof(Block) + count * width; }
  uint32_t LowerBound(int64_t value) const;
  void Store(uint32_t index, int64_t value);
  void Reserve(uint32_t count);
  void Widen(uint32_t width);
  void SetCount(uint32_t count);

  Block* block_ = nullptr;
};

}  // namespace usher::engine
