// IdMap: records in the order of their StreamId: the nodes of a stream, the pending entries of a consumer group.
//
//   chunks   id <= all of the chunk -> [record record record ..., at most kChunkRecords]     an ordered tree of chunks
//
// So an entry costs little more than its record, nothing ever moves more than one chunk, and adding behind the last
// record (what streams do) fills chunks whole.
// Invariants: (1) records ascend strictly, within and across chunks. (2) no chunk is empty. (3) a chunk's key is not
// above its first record and above all records of the chunks before.
// Records are trivially copyable and have an `id`. References and cursors are valid until the next insert or erase.
// Memory is counted in *bytes, which the owner lends. Complexity: O(log n); O(1) amortised at both ends and for a step
// of a cursor. Thread safety: none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <type_traits>

#include "engine/base/assert.h"
#include "engine/base/memory.h"
#include "engine/stream_id.h"

namespace usher::engine {

template <class Record>
class IdMap {
  static_assert(std::is_trivially_copyable_v<Record>);
  struct Chunk {
    Record* records = nullptr;
    uint32_t size = 0;
    uint32_t capacity = 0;
  };
  using Chunks = std::map<StreamId, Chunk>;

 public:
  /// A record's place, or the end.
  class Cursor {
   public:
    Cursor() = default;
    bool operator==(const Cursor&) const = default;
    Record& operator*() const { return chunk_->second.records[at_]; }
    Record* operator->() const { return &**this; }

   private:
    friend class IdMap;
    Cursor(typename Chunks::iterator chunk, uint32_t at) : chunk_(chunk), at_(at) {}
    typename Chunks::iterator chunk_{};
    uint32_t at_ = 0;
  };

  /// `bytes` outlives the map.
  explicit IdMap(size_t* bytes) : bytes_(bytes) {}
  ~IdMap() { Clear(); }
  IdMap(const IdMap&) = delete;
  IdMap& operator=(const IdMap&) = delete;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  Cursor Begin() const { return Cursor(chunks_.begin(), 0); }
  Cursor End() const { return Cursor(chunks_.end(), 0); }
  /// The last record; the map must not be empty.
  Cursor Last() const {
    const auto chunk = std::prev(chunks_.end());
    return Cursor(chunk, chunk->second.size - 1);
  }
  /// The record after `at`, which is not the end.
  Cursor Next(Cursor at) const {
    if (++at.at_ < at.chunk_->second.size) return at;
    return Cursor(std::next(at.chunk_), 0);
  }
  /// The record before `at`, which may be the end; the end before the first.
  Cursor Previous(Cursor at) const {
    if (at.at_ > 0) return Cursor(at.chunk_, at.at_ - 1);
    if (at.chunk_ == chunks_.begin()) return End();
    const auto chunk = std::prev(at.chunk_);
    return Cursor(chunk, chunk->second.size - 1);
  }
  /// The first record not before `id`.
  Cursor LowerBound(StreamId id) const {
    if (chunks_.empty()) return End();
    const auto chunk = ChunkFor(id);
    const uint32_t at = PlaceIn(chunk->second, id);
    return at < chunk->second.size ? Cursor(chunk, at) : Cursor(std::next(chunk), 0);
  }
  /// The last record not behind `id`, or the end.
  Cursor Floor(StreamId id) const {
    const Cursor at = LowerBound(id);
    return at != End() && at->id == id ? at : Previous(at);
  }
  /// The record with this ID, or null.
  Record* Find(StreamId id) const {
    const Cursor at = LowerBound(id);
    return at != End() && at->id == id ? &*at : nullptr;
  }

  /// Adds a record whose ID is not there.
  Record& Insert(const Record& record) {
    ++size_;
    if (chunks_.empty()) return *NewChunk(record);
    auto chunk = ChunkFor(record.id);
    if (record.id < chunk->first) chunk = Rekey(chunk, record.id);
    uint32_t at = PlaceIn(chunk->second, record.id);
    if (chunk->second.size == kChunkRecords) {
      if (at == kChunkRecords) return *NewChunk(record);
      const auto upper = Split(chunk);
      if (at > chunk->second.size) {
        at -= chunk->second.size;
        chunk = upper;
      }
    }
    return *InsertAt(chunk->second, at, record);
  }
  /// Removes the record; the next one is then at the result.
  Cursor Erase(Cursor at) {
    --size_;
    Chunk& chunk = at.chunk_->second;
    --chunk.size;
    std::copy(chunk.records + at.at_ + 1, chunk.records + chunk.size + 1, chunk.records + at.at_);
    if (chunk.size == 0) {
      FreeRecords(chunk);
      *bytes_ -= kChunkNodeBytes;
      return Cursor(chunks_.erase(at.chunk_), 0);
    }
    if (chunk.capacity >= 16 && chunk.size <= chunk.capacity / 4) SetCapacity(chunk, chunk.capacity / 2);
    return at.at_ < chunk.size ? at : Cursor(std::next(at.chunk_), 0);
  }
  /// Removes the record with this ID. False: there is none.
  bool Erase(StreamId id) {
    const Cursor at = LowerBound(id);
    if (at == End() || at->id != id) return false;
    Erase(at);
    return true;
  }
  void Clear() {
    for (auto& [id, chunk] : chunks_) FreeRecords(chunk);
    *bytes_ -= chunks_.size() * kChunkNodeBytes;
    chunks_.clear();
    size_ = 0;
  }

 private:
  static constexpr uint32_t kChunkRecords = 64;
  // What the tree takes for a chunk: its value and the links of a node.
  static constexpr size_t kChunkNodeBytes = sizeof(typename Chunks::value_type) + 4 * sizeof(void*);

  typename Chunks::iterator ChunkFor(StreamId id) const {
    auto after = chunks_.upper_bound(id);
    return after == chunks_.begin() ? after : std::prev(after);
  }
  static uint32_t PlaceIn(const Chunk& chunk, StreamId id) {
    if (chunk.records[chunk.size - 1].id < id) return chunk.size;
    const Record* const place =
        std::lower_bound(chunk.records, chunk.records + chunk.size, id,
                         [](const Record& record, StreamId sought) { return record.id < sought; });
    return static_cast<uint32_t>(place - chunk.records);
  }
  // A first chunk that gets a record before its key.
  typename Chunks::iterator Rekey(typename Chunks::iterator chunk, StreamId id) {
    auto node = chunks_.extract(chunk);
    node.key() = id;
    return chunks_.insert(std::move(node)).position;
  }
  Record* NewChunk(const Record& record) {
    const auto chunk = chunks_.emplace_hint(chunks_.end(), record.id, Chunk());
    *bytes_ += kChunkNodeBytes;
    return InsertAt(chunk->second, 0, record);
  }
  typename Chunks::iterator Split(typename Chunks::iterator chunk) {
    Chunk& lower = chunk->second;
    const uint32_t kept = lower.size / 2;
    const auto upper = chunks_.emplace_hint(std::next(chunk), lower.records[kept].id, Chunk());
    *bytes_ += kChunkNodeBytes;
    SetCapacity(upper->second, kChunkRecords);
    upper->second.size = lower.size - kept;
    std::copy(lower.records + kept, lower.records + lower.size, upper->second.records);
    lower.size = kept;
    return upper;
  }
  Record* InsertAt(Chunk& chunk, uint32_t at, const Record& record) {
    if (chunk.size == chunk.capacity) SetCapacity(chunk, std::min(kChunkRecords, std::max(2u, chunk.capacity * 2)));
    std::copy_backward(chunk.records + at, chunk.records + chunk.size, chunk.records + chunk.size + 1);
    ++chunk.size;
    chunk.records[at] = record;
    return chunk.records + at;
  }
  void SetCapacity(Chunk& chunk, uint32_t capacity) {
    *bytes_ -= UsableBytes(chunk.records);
    chunk.records = static_cast<Record*>(Reallocate(chunk.records, capacity * sizeof(Record)));
    *bytes_ += UsableBytes(chunk.records);
    chunk.capacity = capacity;
  }
  void FreeRecords(Chunk& chunk) {
    *bytes_ -= UsableBytes(chunk.records);
    Free(chunk.records);
  }

  mutable Chunks chunks_;  // cursors of a constant map read only
  size_t size_ = 0;
  size_t* const bytes_;
};

}  // namespace usher::engine
