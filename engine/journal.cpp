// Reservation, chunk ring and copying of the journal. See journal.h for the layout and the invariants.
#include "engine/journal.h"

#include <algorithm>
#include <cstring>

#include "engine/base/assert.h"

namespace usher::engine {

Journal::Journal(size_t memory_bytes_max)
    : chunks_kept_(std::max<size_t>(memory_bytes_max / kChunkBytes, 4)),
      ring_(std::make_unique<std::atomic<Chunk*>[]>(kPlaces)) {}

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
  constexpr size_t kHalf = kChunkBytes / 2;
  if (offset < kHalf && offset + record_bytes >= kHalf) ChunkFor(position / kChunkBytes + 1);
  first.written.fetch_add(written, std::memory_order_release);  // last: from here on it may be recycled, and the next
}

std::atomic_ref<uint64_t> Journal::WordAt(Chunk& chunk, size_t offset) {
  return std::atomic_ref<uint64_t>(*static_cast<uint64_t*>(static_cast<void*>(chunk.bytes + offset)));
}

Journal::Chunk& Journal::ChunkFor(uint64_t chunk_index) {
  Chunk* chunk = ring_[chunk_index % kPlaces].load(std::memory_order_acquire);
  if (chunk != nullptr && chunk->index.load(std::memory_order_acquire) == chunk_index) return *chunk;
  return MakeChunk(chunk_index);
}

Journal::Chunk& Journal::MakeChunk(uint64_t chunk_index) {
  const MutexLock lock(mutex_);
  std::atomic<Chunk*>& place = ring_[chunk_index % kPlaces];
  Chunk* resident = place.load(std::memory_order_relaxed);
  if (resident != nullptr && resident->index.load(std::memory_order_relaxed) == chunk_index) return *resident;
  Recycle(chunk_index);
  ASSERT(chunk_index - oldest_.load(std::memory_order_relaxed) < kPlaces);
  Chunk* fresh = nullptr;
  if (!idle_.empty()) {
    fresh = idle_.back();
    idle_.pop_back();
    std::memset(fresh->bytes, 0, kChunkBytes);
  } else {
    chunks_.push_back(std::make_unique<Chunk>());
    fresh = chunks_.back().get();
  }
  fresh->written.store(0, std::memory_order_relaxed);
  fresh->index.store(chunk_index, std::memory_order_release);
  place.store(fresh, std::memory_order_release);
  return *fresh;
}

// Takes chunks that nobody writes and that the consumer has read out of the ring, oldest first: a late writer keeps its
// chunk, and those behind it, where they are.
void Journal::Recycle(uint64_t newest) {
  uint64_t oldest = oldest_.load(std::memory_order_relaxed);
  const uint64_t consumed = consumed_.load(std::memory_order_acquire);
  while (oldest + chunks_kept_ <= newest && consumed / kChunkBytes > oldest) {
    std::atomic<Chunk*>& place = ring_[oldest % kPlaces];
    Chunk* const chunk = place.load(std::memory_order_relaxed);
    if (chunk == nullptr || chunk->written.load(std::memory_order_acquire) != kChunkBytes) break;
    oldest_.store(++oldest, std::memory_order_release);
    place.store(nullptr, std::memory_order_release);
    idle_.push_back(chunk);
  }
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
  const Chunk* chunk = ring_[chunk_index % kPlaces].load(std::memory_order_acquire);
  return chunk != nullptr && chunk->index.load(std::memory_order_acquire) == chunk_index ? chunk : nullptr;
}

std::optional<uint64_t> Journal::ReadWord(uint64_t position) const {
  const uint64_t chunk_index = position / kChunkBytes;
  Chunk* const resident = ring_[chunk_index % kPlaces].load(std::memory_order_acquire);
  if (resident != nullptr && resident->index.load(std::memory_order_acquire) == chunk_index) {
    return WordAt(*resident, position % kChunkBytes).load(std::memory_order_acquire);
  }
  // Recycled; or reserved, but nobody came to make the chunk yet.
  if (chunk_index < oldest_.load(std::memory_order_acquire)) return std::nullopt;
  return 0;
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

const char* Journal::BytesAt(uint64_t position) const {
  const Chunk* const chunk = ChunkInMemory(position / kChunkBytes);
  ASSERT(chunk != nullptr);
  return chunk->bytes + position % kChunkBytes;
}

Journal::Stats Journal::GetStats() const {
  Stats stats;
  stats.position = position();
  const MutexLock lock(mutex_);
  stats.memory_bytes = chunks_.size() * sizeof(Chunk);
  return stats;
}

}  // namespace usher::engine
