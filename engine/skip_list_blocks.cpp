// The chunks behind SkipListBlockPool: arrays of blocks, each with a list of its free ones.
#include "engine/skip_list_blocks.h"

#include <algorithm>
#include <bit>
#include <new>

#include "engine/base/memory.h"

namespace usher::engine {

struct SkipListChunk {
  SkipListChunk* next = nullptr;
  SkipListChunk* previous = nullptr;
  SkipListNode* free_blocks = nullptr;  // linked by their `next`
  uint32_t capacity = 0;
  uint32_t fresh = 0;  // blocks from here on were never used
  uint32_t live = 0;

  SkipListBlock* Blocks() { return reinterpret_cast<SkipListBlock*>(this + 1); }
};

namespace {

constexpr size_t kChunkBytesMin = 4096;
constexpr size_t kChunkBytesMax = 65536;

void PushChunk(SkipListChunk*& list, SkipListChunk* chunk) {
  chunk->previous = nullptr;
  chunk->next = list;
  if (list != nullptr) list->previous = chunk;
  list = chunk;
}

void RemoveChunk(SkipListChunk*& list, SkipListChunk* chunk) {
  (chunk->previous == nullptr ? list : chunk->previous->next) = chunk->next;
  if (chunk->next != nullptr) chunk->next->previous = chunk->previous;
}

void FreeChunks(SkipListChunk* chunk) {
  while (chunk != nullptr) {
    SkipListChunk* next = chunk->next;
    Free(chunk);
    chunk = next;
  }
}

}  // namespace

SkipListBlockPool::~SkipListBlockPool() {
  FreeChunks(available_);
  FreeChunks(full_);
}

void SkipListBlockPool::AddChunk() {
  const size_t bytes = std::bit_ceil(std::clamp(live_blocks_ * sizeof(SkipListBlock), kChunkBytesMin, kChunkBytesMax));
  auto* chunk = new (Allocate(bytes)) SkipListChunk;
  const size_t usable = UsableBytes(chunk);
  chunk->capacity = static_cast<uint32_t>((usable - sizeof(SkipListChunk)) / sizeof(SkipListBlock));
  memory_bytes_ += usable;
  PushChunk(available_, chunk);
}

SkipListBlock* SkipListBlockPool::New() {
  if (available_ == nullptr) AddChunk();
  SkipListChunk* chunk = available_;
  SkipListNode* memory = chunk->free_blocks;
  if (memory != nullptr) {
    chunk->free_blocks = memory->next;
  } else {
    memory = chunk->Blocks() + chunk->fresh++;
  }
  if (++chunk->live == chunk->capacity) {
    RemoveChunk(available_, chunk);
    PushChunk(full_, chunk);
  }
  ++live_blocks_;
  auto* block = new (memory) SkipListBlock;
  block->chunk = chunk;
  return block;
}

void SkipListBlockPool::Free(SkipListNode* block) {
  SkipListChunk* chunk = block->chunk;
  --live_blocks_;
  if (chunk->live-- == chunk->capacity) {
    RemoveChunk(full_, chunk);
    PushChunk(available_, chunk);
  }
  if (chunk->live == 0) {
    RemoveChunk(available_, chunk);
    memory_bytes_ -= UsableBytes(chunk);
    usher::engine::Free(chunk);
    return;
  }
  block->next = chunk->free_blocks;
  chunk->free_blocks = block;
}

}  // namespace usher::engine
