// See record_arena.h.
//
// A free record of one unit holds (next, previous) in its only word; previous is kNoPrevious at the head, so that the
// upper half is always at least 2^16. A longer one holds (next, units) in its first word, units being below 2^16, and
// previous in its second. So a chunk can be walked from record to record once all its records are free.
#include "engine/record_arena.h"

#include <algorithm>
#include <bit>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr uint32_t kExactClasses = 64;  // 8, 16 ... 512 bytes
constexpr uint32_t kClassCount = 96;
constexpr uint32_t kChunkUnitsMax = 65536;
constexpr uint32_t kChunkNumberMax = 65534;  // so that kNoPrevious is no handle
constexpr uint32_t kNoPrevious = 0xFFFFFFFF;
constexpr size_t kChunkBytesMin = 1024;
constexpr size_t kChunkBytesUsual = 64 * 1024;
constexpr size_t kChunkBytesMax = 512 * 1024;
constexpr uint32_t kUsualChunks =
    16384;  // after this many, chunks get the maximal size, so that numbers do not run out

uint32_t UnitsFor(size_t bytes) {
  return bytes == 0 ? 1 : static_cast<uint32_t>((bytes + 7) / 8);
}

/// The smallest class that holds `units`.
uint32_t ClassAtLeast(uint32_t units) {
  if (units <= kExactClasses) return units - 1;
  const uint32_t shift = static_cast<uint32_t>(std::bit_width(units - 1)) - 4;
  const uint32_t eighths = (units + (1u << shift) - 1) >> shift;  // 9 to 16
  return kExactClasses + (shift - 3) * 8 + eighths - 9;
}

/// The largest class of at most `units`.
uint32_t ClassAtMost(uint32_t units) {
  if (units <= kExactClasses) return units - 1;
  const uint32_t shift = static_cast<uint32_t>(std::bit_width(units)) - 4;
  const uint32_t eighths = units >> shift;  // 8 to 15; 8 is the last class of the doubling before
  return std::min(kExactClasses + (shift - 3) * 8 + eighths - 9, kClassCount - 1);
}

uint32_t UnitsOfClass(uint32_t size_class) {
  if (size_class < kExactClasses) return size_class + 1;
  const uint32_t above = size_class - kExactClasses;
  return (9 + above % 8) << (3 + above / 8);
}

uint32_t Low(uint64_t word) {
  return static_cast<uint32_t>(word);
}
uint32_t High(uint64_t word) {
  return static_cast<uint32_t>(word >> 32);
}
uint64_t Join(uint32_t high, uint32_t low) {
  return (uint64_t{high} << 32) | low;
}

uint32_t UnitsOfFree(const uint64_t* words) {
  return High(words[0]) <= 0xFFFF ? High(words[0]) : 1;
}

uint32_t PreviousOfFree(const uint64_t* words) {
  const uint32_t previous = UnitsOfFree(words) == 1 ? High(words[0]) : Low(words[1]);
  return previous == kNoPrevious ? 0 : previous;
}

void SetPrevious(uint64_t* words, uint32_t previous) {
  const uint32_t stored = previous == 0 ? kNoPrevious : previous;
  if (UnitsOfFree(words) == 1) {
    words[0] = Join(stored, Low(words[0]));
  } else {
    words[1] = stored;
  }
}

}  // namespace

RecordArena& RecordArena::operator=(RecordArena&& other) noexcept {
  if (this != &other) {
    Clear();
    chunks_ = std::exchange(other.chunks_, {});
    free_heads_ = std::exchange(other.free_heads_, {});
    state_ = std::exchange(other.state_, {});
  }
  return *this;
}

bool RecordArena::SameRecordSize(size_t a, size_t b) {
  if (a > kInlineBytesMax || b > kInlineBytesMax) return a == b;
  return ClassAtLeast(UnitsFor(a)) == ClassAtLeast(UnitsFor(b));
}

RecordArena::Handle RecordArena::Allocate(size_t bytes) {
  if (bytes > kInlineBytesMax) return AllocateLarge(bytes);
  const uint32_t size_class = ClassAtLeast(UnitsFor(bytes));
  const uint32_t units = UnitsOfClass(size_class);
  Handle handle = PopFree(size_class);
  if (handle == 0) handle = TakeFresh(units);
  if (handle == 0) handle = TakeSplit(size_class, units);
  if (handle == 0) {
    OpenChunk(units);
    handle = TakeFresh(units);
  }
  chunks_[handle >> 16].live_units += units;
  return handle;
}

void RecordArena::Free(Handle handle, size_t bytes) {
  if (bytes > kInlineBytesMax) return FreeLarge(handle);
  const uint32_t size_class = ClassAtLeast(UnitsFor(bytes));
  Chunk& chunk = chunks_[handle >> 16];
  ASSERT_DEBUG(chunk.live_units >= UnitsOfClass(size_class));
  chunk.live_units -= UnitsOfClass(size_class);
  PushFree(handle, size_class);
  if (chunk.live_units == 0) ReleaseIfEmpty(handle >> 16);
}

RecordArena::Handle RecordArena::TakeFresh(uint32_t units) {
  if (state_.current == 0 || chunks_[state_.current].units - state_.bump < units) return 0;
  const Handle handle = (state_.current << 16) | state_.bump;
  state_.bump += units;
  return handle;
}

RecordArena::Handle RecordArena::TakeSplit(uint32_t size_class, uint32_t units) {
  const uint32_t from = size_class + 1;
  uint64_t low = from < 64 ? state_.nonempty_classes[0] >> from << from : 0;
  uint64_t high = from < 64 ? state_.nonempty_classes[1] : state_.nonempty_classes[1] >> (from - 64) << (from - 64);
  if (low == 0 && high == 0) return 0;
  const int found = low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high);
  const Handle handle = PopFree(static_cast<uint32_t>(found));
  AddFreeSpan(handle + units, UnitsOfClass(static_cast<uint32_t>(found)) - units);
  return handle;
}

void RecordArena::OpenChunk(uint32_t units) {
  if (state_.current != 0) RetireCurrent();
  const size_t bytes = std::max(NextChunkBytes(), units * kUnitBytes);
  char* memory = static_cast<char*>(engine::Allocate(bytes));
  const size_t usable = UsableBytes(memory);
  const uint32_t number = NewChunkNumber();
  chunks_[number] = Chunk{.base = reinterpret_cast<uintptr_t>(memory),
                          .live_units = 0,
                          .units = static_cast<uint32_t>(std::min<size_t>(usable / kUnitBytes, kChunkUnitsMax))};
  state_.heap_bytes += usable;
  state_.chunk_bytes += usable;
  state_.current = number;
  state_.bump = 0;
}

/// The current chunk's tail becomes free records, so that it is not lost.
void RecordArena::RetireCurrent() {
  const uint32_t number = std::exchange(state_.current, 0);
  const uint32_t tail = chunks_[number].units - state_.bump;
  if (tail != 0) AddFreeSpan((number << 16) | state_.bump, tail);
  state_.bump = 0;
  if (chunks_[number].live_units == 0) ReleaseIfEmpty(number);
}

size_t RecordArena::NextChunkBytes() const {
  if (chunks_.size() > kUsualChunks) return kChunkBytesMax;
  return std::clamp(state_.chunk_bytes / 4, kChunkBytesMin, kChunkBytesUsual) / kUnitBytes * kUnitBytes;
}

uint32_t RecordArena::NewChunkNumber() {
  if (state_.unused_number != 0) {
    return std::exchange(state_.unused_number, chunks_[state_.unused_number].live_units);
  }
  if (chunks_.empty()) chunks_.emplace_back();  // number 0 stays unused
  ASSERT(chunks_.size() <= kChunkNumberMax);
  chunks_.emplace_back();
  return static_cast<uint32_t>(chunks_.size() - 1);
}

/// Takes the free records of a chunk without live ones out of the lists, and gives the chunk back unless it is the
/// current one.
void RecordArena::ReleaseIfEmpty(uint32_t number) {
  Chunk& chunk = chunks_[number];
  if (number == state_.current) {
    UnlinkAll(number, state_.bump);
    state_.bump = 0;
    return;
  }
  UnlinkAll(number, chunk.units);
  void* memory = reinterpret_cast<void*>(chunk.base);
  const size_t usable = UsableBytes(memory);
  state_.heap_bytes -= usable;
  state_.chunk_bytes -= usable;
  engine::Free(memory);
  chunk = Chunk{.base = 0, .live_units = state_.unused_number, .units = 0};
  state_.unused_number = number;
}

void RecordArena::UnlinkAll(uint32_t number, uint32_t end) {
  for (uint32_t offset = 0; offset < end;) {
    const Handle handle = (number << 16) | offset;
    const uint32_t units = UnitsOfFree(WordsAt(handle));
    Unlink(handle, ClassAtLeast(units));
    offset += units;
  }
}

void RecordArena::PushFree(Handle handle, uint32_t size_class) {
  if (size_class >= free_heads_.size()) free_heads_.resize(size_class + 1);
  const Handle next = std::exchange(free_heads_[size_class], handle);
  uint64_t* words = WordsAt(handle);
  const uint32_t units = UnitsOfClass(size_class);
  words[0] = Join(units == 1 ? kNoPrevious : units, next);
  if (units > 1) words[1] = kNoPrevious;
  if (next != 0) SetPrevious(WordsAt(next), handle);
  state_.nonempty_classes[size_class / 64] |= uint64_t{1} << (size_class % 64);
}

RecordArena::Handle RecordArena::PopFree(uint32_t size_class) {
  if (size_class >= free_heads_.size() || free_heads_[size_class] == 0) return 0;
  const Handle handle = free_heads_[size_class];
  Unlink(handle, size_class);
  return handle;
}

void RecordArena::Unlink(Handle handle, uint32_t size_class) {
  const uint64_t* words = WordsAt(handle);
  const Handle next = Low(words[0]);
  const Handle previous = PreviousOfFree(words);
  if (next != 0) SetPrevious(WordsAt(next), previous);
  if (previous != 0) {
    uint64_t* previous_words = WordsAt(previous);
    previous_words[0] = Join(High(previous_words[0]), next);
    return;
  }
  free_heads_[size_class] = next;
  if (next == 0) state_.nonempty_classes[size_class / 64] &= ~(uint64_t{1} << (size_class % 64));
}

/// Adds a stretch of free space as records of exact class sizes, the largest first.
void RecordArena::AddFreeSpan(Handle handle, uint32_t units) {
  while (units != 0) {
    const uint32_t size_class = ClassAtMost(units);
    PushFree(handle, size_class);
    handle += UnitsOfClass(size_class);
    units -= UnitsOfClass(size_class);
  }
}

RecordArena::Handle RecordArena::AllocateLarge(size_t bytes) {
  if (state_.free_cell == 0) AddCells();
  const Handle handle = state_.free_cell;
  uint64_t* cell =
      reinterpret_cast<uint64_t*>(chunks_[handle >> 16].base - kCellsFlag + (handle & 0xFFFF) * kUnitBytes);
  state_.free_cell = Low(*cell >> 1);
  void* memory = engine::Allocate(bytes);
  state_.heap_bytes += UsableBytes(memory);
  *cell = reinterpret_cast<uintptr_t>(memory);
  return handle;
}

void RecordArena::FreeLarge(Handle handle) {
  char* memory = At(handle);
  uint64_t* cell =
      reinterpret_cast<uint64_t*>(chunks_[handle >> 16].base - kCellsFlag + (handle & 0xFFFF) * kUnitBytes);
  state_.heap_bytes -= UsableBytes(memory);
  engine::Free(memory);
  *cell = (uint64_t{state_.free_cell} << 1) | 1;  // odd: no pointer
  state_.free_cell = handle;
}

/// As many new cells as there are, so that their number doubles.
void RecordArena::AddCells() {
  const uint32_t count = std::clamp(state_.cell_count, uint32_t{16}, uint32_t{8192});
  uint64_t* cells = static_cast<uint64_t*>(engine::Allocate(count * kUnitBytes));
  const uint32_t number = NewChunkNumber();
  chunks_[number] = Chunk{.base = reinterpret_cast<uintptr_t>(cells) | kCellsFlag, .live_units = 0, .units = count};
  state_.heap_bytes += UsableBytes(cells);
  state_.cell_count += count;
  for (uint32_t i = count; i-- != 0;) {
    cells[i] = (uint64_t{state_.free_cell} << 1) | 1;
    state_.free_cell = (number << 16) | i;
  }
}

void RecordArena::Clear() {
  for (const Chunk& chunk : chunks_) {
    if (chunk.base == 0) continue;
    if (chunk.base & kCellsFlag) {
      const uint64_t* cells = reinterpret_cast<const uint64_t*>(chunk.base - kCellsFlag);
      for (uint32_t i = 0; i < chunk.units; ++i) {
        if ((cells[i] & 1) == 0) engine::Free(reinterpret_cast<void*>(cells[i]));
      }
    }
    engine::Free(reinterpret_cast<void*>(chunk.base & ~kCellsFlag));
  }
  chunks_ = std::vector<Chunk>();
  free_heads_ = std::vector<Handle>();
  state_ = {};
}

size_t RecordArena::MemoryBytes() const {
  return state_.heap_bytes + UsableBytes(chunks_.data()) + UsableBytes(free_heads_.data());
}

}  // namespace usher::engine
