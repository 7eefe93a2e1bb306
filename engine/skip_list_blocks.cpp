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
constexpr size_t kTowerChunkBytesMin = 1024;
constexpr size_t kTowerChunkBytesMax = 16384;

size_t TowerBytes(int height) {
  return sizeof(SkipListTower) + static_cast<size_t>(height) * sizeof(SkipListLink);
}

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

SkipListTowerPool::~SkipListTowerPool() {
  for (Chunk* chunk = chunks_; chunk != nullptr;) {
    Chunk* next = chunk->next;
    usher::engine::Free(chunk);
    chunk = next;
  }
}

void SkipListTowerPool::AddChunk(size_t bytes) {
  auto* chunk = static_cast<Chunk*>(Allocate(bytes));
  chunk->next = chunks_;
  chunks_ = chunk;
  const size_t usable = UsableBytes(chunk);
  memory_bytes_ += usable;
  fresh_ = reinterpret_cast<char*>(chunk + 1);
  end_ = reinterpret_cast<char*>(chunk) + usable;
}

SkipListTower* SkipListTowerPool::New(SkipListNode* block, int height) {
  SkipListTower* tower = free_[height];
  if (tower != nullptr) {
    free_[height] = tower->Links()[0].next;
  } else {
    const size_t bytes = TowerBytes(height);
    if (static_cast<size_t>(end_ - fresh_) < bytes) {
      AddChunk(std::clamp(memory_bytes_, kTowerChunkBytesMin, kTowerChunkBytesMax));
    }
    tower = reinterpret_cast<SkipListTower*>(fresh_);
    fresh_ += bytes;
  }
  *tower = SkipListTower{block, height};
  std::fill_n(tower->Links(), height, SkipListLink{});
  return tower;
}

void SkipListTowerPool::Free(SkipListTower* tower) {
  tower->Links()[0].next = free_[tower->height];
  free_[tower->height] = tower;
}

}  // namespace usher::engine
