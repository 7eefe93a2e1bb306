// The building blocks of SkipList (skip_list.h): blocks of entries, the towers that index them, and the pool the blocks
// come from. The pool hands out blocks from chunks that grow with the list, so that a list of a million entries is
// freed in a few hundred steps, and gives a chunk back as soon as its last block is freed. Thread safety: none. The
// caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usher::engine {

inline constexpr uint32_t kSkipListBlockEntries = 63;  // so that chunks of 2^n bytes are filled to 97% and more
inline constexpr int kSkipListLevelsMax =
    14;  // 4^14 blocks of at least a few entries: more than 32-bit handles can name

struct SkipListTower;
struct SkipListChunk;

/// What links a block to its neighbours. The list's head is a bare one with no entries.
struct SkipListNode {
  SkipListNode* next = nullptr;
  SkipListNode* previous = nullptr;
  SkipListTower* tower = nullptr;  // its links
  SkipListChunk* chunk = nullptr;  // where the pool keeps it
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

/// The links of a block, apart from its entries: the index of hundreds of thousands of entries stays in the cache.
struct SkipListTower {
  SkipListNode* block = nullptr;
  int height = 0;

  SkipListLink* Links() { return reinterpret_cast<SkipListLink*>(this + 1); }
};

/// Hands out towers. Freed ones wait, by height, for the next of their kind.
class SkipListTowerPool {
 public:
  SkipListTowerPool() = default;
  SkipListTowerPool(const SkipListTowerPool&) = delete;
  SkipListTowerPool& operator=(const SkipListTowerPool&) = delete;
  ~SkipListTowerPool();

  /// A tower of `block` whose links lead nowhere. O(1).
  SkipListTower* New(SkipListNode* block, int height);
  /// Takes a tower back. O(1).
  void Free(SkipListTower* tower);
  size_t MemoryBytes() const { return memory_bytes_; }

 private:
  struct Chunk {
    Chunk* next;
  };

  void AddChunk(size_t bytes);

  Chunk* chunks_ = nullptr;
  char* fresh_ = nullptr;  // [fresh_, end_) of the newest chunk was never used
  char* end_ = nullptr;
  SkipListTower* free_[kSkipListLevelsMax + 1] = {};  // by height, linked by their lowest link
  size_t memory_bytes_ = 0;
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
