// Reservation, chunk ring and copying of the journal. See journal.h for the layout and the invariants.
#include "engine/journal.h"

#include <algorithm>
#include <cstring>

#include "engine/base/assert.h"

namespace usher::engine {

Journal::Journal(size_t memory_bytes_max)
    : ring_chunks_(std::max<size_t>(memory_bytes_max / kChunkBytes, 4)),
      ring_(std::make_unique<std::atomic<Chunk*>[]>(ring_chunks_)) {}

Journal::~Journal() = default;

uint64_t Journal::PackWord(const RecordInfo& info, size_t payload_bytes) {
  return static_cast<uint64_t>(payload_bytes) | static_cast<uint64_t>(info.slot) << 32 |
         static_cast<uint64_t>(info.db) << 48 | static_cast<uint64_t>(info.targets) << 56;
}

uint64_t Journal::Append(const RecordInfo& info, std::string_view part, std::string_view more, std::string_view rest) {
  const size_t payload_bytes = part.size() + more.size() + rest.size();
  const uint64_t start = Reserve(payload_bytes);
  Fill(start, info, part, more, rest);
  return start + RecordBytes(payload_bytes);
}

uint64_t Journal::Reserve(size_t payload_bytes) {
  ASSERT(payload_bytes <= UINT32_MAX);
  return tail_.fetch_add(RecordBytes(payload_bytes), std::memory_order_acq_rel);
}

void Journal::Fill(uint64_t position, const RecordInfo& info, std::string_view part, std::string_view more,
                   std::string_view rest) {
  ASSERT(info.targets != 0);
  const size_t payload_bytes = part.size() + more.size() + rest.size();
  const size_t record_bytes = RecordBytes(payload_bytes);
  const size_t offset = position % kChunkBytes;
  Chunk& first = ChunkFor(position / kChunkBytes);
  size_t written = sizeof(uint64_t);
  if (offset + record_bytes <= kChunkBytes) [[likely]] {
    char* to = first.bytes + offset;
    std::memcpy(to + 8, &info.time_ms, sizeof info.time_ms);
    to += kHeaderBytes;
    std::memcpy(to, part.data(), part.size());
    if (!more.empty()) std::memcpy(to + part.size(), more.data(), more.size());
    if (!rest.empty()) std::memcpy(to + part.size() + more.size(), rest.data(), rest.size());
    written = record_bytes;
  } else {
    static constexpr char kPadding[8] = {};
    Write(position + 8, &info.time_ms, sizeof info.time_ms);
    Write(position + kHeaderBytes, part.data(), part.size());
    Write(position + kHeaderBytes + part.size(), more.data(), more.size());
    Write(position + kHeaderBytes + part.size() + more.size(), rest.data(), rest.size());
    Write(position + kHeaderBytes + payload_bytes, kPadding, record_bytes - kHeaderBytes - payload_bytes);
  }
  WordAt(first, offset).store(PackWord(info, payload_bytes), std::memory_order_release);
  first.written.fetch_add(written, std::memory_order_release);
  constexpr size_t kHalf = kChunkBytes / 2;
  if (offset < kHalf && offset + record_bytes >= kHalf) ChunkFor(position / kChunkBytes + 1);
}

std::atomic_ref<uint64_t> Journal::WordAt(Chunk& chunk, size_t offset) {
  return std::atomic_ref<uint64_t>(*static_cast<uint64_t*>(static_cast<void*>(chunk.bytes + offset)));
}

Journal::Chunk& Journal::ChunkFor(uint64_t chunk_index) {
  Chunk* chunk = ring_[chunk_index % ring_chunks_].load(std::memory_order_acquire);
  if (chunk != nullptr && chunk->index.load(std::memory_order_acquire) == chunk_index) return *chunk;
  return MakeChunk(chunk_index);
}

// A writer that was reserved in chunk i may be so late that the ring has moved past i: then i's chunk is found among
// the idle ones (or made there), where it stays until that writer is done.
Journal::Chunk& Journal::MakeChunk(uint64_t chunk_index) {
  const MutexLock lock(mutex_);
  std::atomic<Chunk*>& place = ring_[chunk_index % ring_chunks_];
  Chunk* resident = place.load(std::memory_order_relaxed);
  if (resident != nullptr && resident->index.load(std::memory_order_relaxed) == chunk_index) return *resident;
  for (Chunk* idle : idle_) {
    if (idle->index.load(std::memory_order_relaxed) == chunk_index) return *idle;
  }
  Chunk* fresh = nullptr;
  const auto done = std::find_if(idle_.begin(), idle_.end(), [](const Chunk* chunk) {
    return chunk->written.load(std::memory_order_acquire) == kChunkBytes;
  });
  if (done != idle_.end()) {
    fresh = *done;
    idle_.erase(done);
    std::memset(fresh->bytes, 0, kChunkBytes);
  } else {
    chunks_.push_back(std::make_unique<Chunk>());
    fresh = chunks_.back().get();
  }
  fresh->written.store(0, std::memory_order_relaxed);
  fresh->index.store(chunk_index, std::memory_order_release);
  if (resident != nullptr && resident->index.load(std::memory_order_relaxed) > chunk_index) {
    idle_.push_back(fresh);
    return *fresh;
  }
  if (resident != nullptr) idle_.push_back(resident);
  place.store(fresh, std::memory_order_release);
  return *fresh;
}

void Journal::Write(uint64_t position, const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    Chunk& chunk = ChunkFor(position / kChunkBytes);
    const size_t offset = position % kChunkBytes;
    const size_t piece = std::min(size, kChunkBytes - offset);
    std::memcpy(chunk.bytes + offset, from, piece);
    chunk.written.fetch_add(piece, std::memory_order_release);
    from += piece;
    position += piece;
    size -= piece;
  }
}

const Journal::Chunk* Journal::ChunkInMemory(uint64_t chunk_index) const {
  const Chunk* chunk = ring_[chunk_index % ring_chunks_].load(std::memory_order_acquire);
  return chunk != nullptr && chunk->index.load(std::memory_order_acquire) == chunk_index ? chunk : nullptr;
}

std::optional<uint64_t> Journal::ReadWord(uint64_t position) const {
  const uint64_t chunk_index = position / kChunkBytes;
  const std::atomic<Chunk*>& place = ring_[chunk_index % ring_chunks_];
  for (;;) {
    Chunk* resident = place.load(std::memory_order_acquire);
    if (resident == nullptr) return 0;
    const uint64_t resident_index = resident->index.load(std::memory_order_acquire);
    if (resident_index == chunk_index) {
      return WordAt(*resident, position % kChunkBytes).load(std::memory_order_acquire);
    }
    if (place.load(std::memory_order_acquire) != resident) continue;  // replaced meanwhile
    // An older resident: the chunk is reserved, but nobody came to make it yet. A newer one: it is gone.
    return resident_index < chunk_index ? std::optional<uint64_t>(0) : std::nullopt;
  }
}

void Journal::ReadBytes(uint64_t position, void* data, size_t size) const {
  char* to = static_cast<char*>(data);
  while (size > 0) {
    const Chunk* chunk = ChunkInMemory(position / kChunkBytes);
    ASSERT(chunk != nullptr);
    const size_t offset = position % kChunkBytes;
    const size_t piece = std::min(size, kChunkBytes - offset);
    std::memcpy(to, chunk->bytes + offset, piece);
    to += piece;
    position += piece;
    size -= piece;
  }
}

Journal::Stats Journal::GetStats() const {
  Stats stats;
  stats.position = position();
  const MutexLock lock(mutex_);
  stats.memory_bytes = chunks_.size() * sizeof(Chunk);
  return stats;
}

}  // namespace usher::engine
