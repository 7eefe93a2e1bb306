// The building blocks of SkipList (skip_list.h): blocks of entries, the towers that index them, and the pool the blocks
// come from. The pool hands out blocks from chunks that grow with the list, so that a list of a million entries is
// freed in a few hundred steps, and gives a chunk back as soon as its last block is freed. Thread safety: none. The
// caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usher::engine {

inline constexpr uint32_t kSkipListBlockEntries = 62;  // so that chunks of 2^n bytes are filled to 97% and more
inline constexpr int kSkipListLevelsMax =
    14;  // 4^14 blocks of at least a few entries: more than 32-bit handles can name

struct SkipListTower;
struct SkipListChunk;

/// What links a block to its neighbours. The list's head is a bare one with no entries.
struct SkipListNode {
  SkipListNode* next = nullptr;
  SkipListNode* previous = nullptr;
  SkipListTower* tower = nullptr;  // null: the block is on level 0 only
  SkipListChunk* chunk = nullptr;  // where the pool keeps it
  double next_first_score = 0;     // copy of the next block's first entry: deciding not to go there costs no miss
  uint32_t next_first_handle = 0;
  uint16_t begin = 0;  // entries are [begin, begin + count): popping at the front moves nothing
  uint16_t count = 0;

  bool IsHead() const { return previous == nullptr; }
  double* Scores();
  uint32_t* Handles();
  double FirstScore() { return Scores()[0]; }
  uint32_t FirstHandle() { return Handles()[0]; }
};

/// A block: entries in order, as a structure of arrays.
struct SkipListBlock : SkipListNode {
  double scores[kSkipListBlockEntries];
  uint32_t handles[kSkipListBlockEntries];
};

inline double* SkipListNode::Scores() {
  return static_cast<SkipListBlock*>(this)->scores + begin;
}
inline uint32_t* SkipListNode::Handles() {
  return static_cast<SkipListBlock*>(this)->handles + begin;
}

/// One level's link of a tower, with a copy of the first entry it leads to.
struct SkipListLink {
  SkipListTower* next = nullptr;
  double first_score = 0;
  uint32_t first_handle = 0;
  uint32_t span = 0;  // entries from this tower's block up to next's; meaningless when next is null
};

/// The upper levels of a block, apart from its entries: a whole index fits where a few blocks would.
struct SkipListTower {
  SkipListNode* block = nullptr;
  int height = 0;

  SkipListLink* Links() { return reinterpret_cast<SkipListLink*>(this + 1); }
  static SkipListTower* New(SkipListNode* block, int height);
};

/// Hands out uninitialised blocks.
class SkipListBlockPool {
 public:
  SkipListBlockPool() = default;
  SkipListBlockPool(const SkipListBlockPool&) = delete;
  SkipListBlockPool& operator=(const SkipListBlockPool&) = delete;
  ~SkipListBlockPool();

  /// A block with its `chunk` set and everything else default. O(1).
  SkipListBlock* New();
  /// Gives a block back. O(1).
  void Free(SkipListNode* block);
  size_t MemoryBytes() const { return memory_bytes_; }

 private:
  void AddChunk();

  SkipListChunk* available_ = nullptr;  // chunks with a free block, doubly linked
  SkipListChunk* full_ = nullptr;       // the others
  uint32_t live_blocks_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace usher::engine
