// The pool of skip-list blocks: reuse, and memory given back.
#include "engine/skip_list_blocks.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

namespace usher::engine {
namespace {

TEST_CASE("SkipListBlockPool: blocks in use are all different") {
  SkipListBlockPool pool;
  std::set<SkipListNode*> blocks;
  for (int i = 0; i < 500; ++i) {
    SkipListBlock* block = pool.New();
    block->scores[kSkipListBlockEntries - 1] = i;
    block->handles[kSkipListBlockEntries - 1] = 1;
    CHECK(block->count == 0);
    CHECK(block->next == nullptr);
    CHECK(blocks.insert(block).second);
    if (i % 3 != 0) continue;
    pool.Free(block);
    blocks.erase(block);
  }
  CHECK(pool.MemoryBytes() >= blocks.size() * sizeof(SkipListBlock));
}

TEST_CASE("SkipListBlockPool: freed blocks are used again") {
  SkipListBlockPool pool;
  std::vector<SkipListNode*> blocks;
  for (int i = 0; i < 200; ++i) blocks.push_back(pool.New());
  const size_t bytes = pool.MemoryBytes();
  for (size_t i = 0; i < 200; i += 2) pool.Free(blocks[i]);
  for (size_t i = 0; i < 200; i += 2) blocks[i] = pool.New();
  CHECK(pool.MemoryBytes() == bytes);
}

TEST_CASE("SkipListBlockPool: a chunk without blocks is given back") {
  SkipListBlockPool pool;
  std::vector<SkipListNode*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(pool.New());
  const size_t bytes = pool.MemoryBytes();
  for (size_t i = 0; i < 500; ++i) pool.Free(blocks[i]);  // first in, first out, as a queue does
  CHECK(pool.MemoryBytes() < bytes * 6 / 10);
  for (size_t i = 500; i < 1000; ++i) pool.Free(blocks[i]);
  CHECK(pool.MemoryBytes() == 0);
}

}  // namespace
}  // namespace usher::engine
