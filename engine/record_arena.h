// RecordArena: variable-size records of one large collection, addressed by 32-bit handles.
//
// A handle is a chunk number (16 bits) and an offset in 8-byte units (16 bits). Chunks grow with the arena, so a small
// collection wastes little and freeing a collection of a million members frees some thousand chunks without touching
// the members.
//
//   chunk 1  [rec rec free rec rec][rec free rec ...]     every chunk is tiled by live and free records without gaps;
//   chunk 2  [rec rec rec (bump -> not yet used)    ]     only the current chunk has a fresh tail behind its bump mark
//
// Free records hang in one doubly linked list per size class, through their own bytes. Sizes up to 512 bytes are exact
// to 8 bytes; above that, eight classes per doubling. A request takes a record of its class, else fresh space, else
// splits a larger free record, else opens a chunk. A chunk whose last record is freed goes back to the heap. Records
// above kInlineBytesMax are heap blocks of their own behind an 8-byte cell in a chunk of cells (marked by the low bit
// of the chunk's base).
//
// Invariants: handle 0 and chunk 0 are never used. live_units of a chunk is the sum of its live records' rounded sizes.
// Capacity: about 25 GiB of records per arena; beyond that Allocate() aborts.
// Complexity: all O(1), except that releasing an emptied chunk unlinks its free records (amortised O(1) per Free()).
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/prefetch.h"

namespace usher::engine {

class RecordArena {
 public:
  using Handle = uint32_t;
  /// Larger records are heap blocks of their own.
  static constexpr size_t kInlineBytesMax = 8192;

  RecordArena() = default;
  ~RecordArena() { Clear(); }
  RecordArena(RecordArena&& other) noexcept { *this = std::move(other); }
  RecordArena& operator=(RecordArena&& other) noexcept;
  RecordArena(const RecordArena&) = delete;
  RecordArena& operator=(const RecordArena&) = delete;

  /// A record of at least `bytes` uninitialised bytes, 8-byte aligned. Never 0.
  Handle Allocate(size_t bytes);
  /// Frees a record; `bytes` is what it was allocated with, or any size for which SameRecordSize() holds.
  void Free(Handle handle, size_t bytes);
  /// True if records of `a` and `b` bytes occupy the same space, so that one can be rewritten as the other in place.
  static bool SameRecordSize(size_t a, size_t b);

  /// The record's bytes; valid until it is freed.
  char* At(Handle handle) const {
    const uintptr_t base = chunks_[handle >> 16].base;
    const uintptr_t at = base + (handle & 0xFFFF) * kUnitBytes;
    if (base & kCellsFlag) [[unlikely]]
      return *reinterpret_cast<char**>(at - kCellsFlag);
    return reinterpret_cast<char*>(at);
  }
  /// Asks the processor to fetch the start of a record.
  void Prefetch(Handle handle) const {
    PrefetchLine(reinterpret_cast<const void*>(chunks_[handle >> 16].base + (handle & 0xFFFF) * kUnitBytes));
  }

  /// Frees every record.
  void Clear();
  /// Heap bytes held: chunks, large records and bookkeeping, without this object itself. O(1).
  size_t MemoryBytes() const;

 private:
  static constexpr size_t kUnitBytes = 8;
  static constexpr uintptr_t kCellsFlag = 1;

  struct Chunk {
    uintptr_t base = 0;       // 0: number not in use
    uint32_t live_units = 0;  // number not in use: the next unused number
    uint32_t units = 0;
  };
  struct State {
    uint64_t nonempty_classes[2] = {0, 0};
    size_t heap_bytes = 0;   // of chunks and large records
    size_t chunk_bytes = 0;  // of record chunks
    uint32_t current = 0;    // the chunk that fresh records come from; 0: none
    uint32_t bump = 0;       // units used of the current chunk
    uint32_t unused_number = 0;
    uint32_t free_cell = 0;  // list of cells without a large record
    uint32_t cell_count = 0;
  };

  Handle AllocateLarge(size_t bytes);
  void FreeLarge(Handle handle);
  void AddCells();
  Handle TakeFresh(uint32_t units);
  Handle TakeSplit(uint32_t size_class, uint32_t units);
  void OpenChunk(uint32_t units);
  void RetireCurrent();
  uint32_t NewChunkNumber();
  void ReleaseIfEmpty(uint32_t number);
  void UnlinkAll(uint32_t number, uint32_t end);
  size_t NextChunkBytes() const;

  void PushFree(Handle handle, uint32_t size_class);
  Handle PopFree(uint32_t size_class);
  void AddFreeSpan(Handle handle, uint32_t units);
  void Unlink(Handle handle, uint32_t size_class);

  uint64_t* WordsAt(Handle handle) const {
    return reinterpret_cast<uint64_t*>(chunks_[handle >> 16].base + (handle & 0xFFFF) * kUnitBytes);
  }

  std::vector<Chunk> chunks_;
  std::vector<Handle> free_heads_;  // by size class, as far as one was ever needed
  State state_;
};

}  // namespace usher::engine
