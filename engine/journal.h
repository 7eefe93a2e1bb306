// Journal: the process-wide, ordered log of effects. A record is reserved whole by one atomic addition while the turns
// of its keys are held, so the log's order agrees with the order of the turns; then it is filled in and published.
//
//   log position   0 ............ 1 MiB ............ 2 MiB ......      chunk = position / kChunkBytes
//   record         [word: length, slot, db, targets][time ms][payload: RESP commands][padding to 8]
//
// A record may span chunks; its first word (8 bytes, aligned) never does, and is written last, so a reader that walks
// the records stops at the first word that is still 0. Chunks are kept in a ring of `ring_chunks`; a chunk is reused
// only after all bytes that were reserved in it are written. Payloads are complete RESP commands and depend on no
// neighbour: outside database 0 they are framed SELECT n ... SELECT 0, several effects of one command are one MULTI ...
// EXEC. Complexity: O(payload). Thread safety: Append from any thread; the rest as noted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"

namespace usher::engine {

class Journal {
 public:
  /// Who shall see a record. Only what replicas see moves the replication offset.
  enum Target : uint8_t { kAof = 1, kReplicas = 2, kAll = 3 };

  struct RecordInfo {
    uint16_t slot = 0;
    uint8_t db = 0;
    Target targets = kAll;
    int64_t time_ms = 0;
  };

  struct Stats {
    uint64_t position = 0;  // bytes ever reserved, headers included
    uint64_t memory_bytes = 0;
  };

  /// Keeps about `memory_bytes_max` of the newest records in memory.
  explicit Journal(size_t memory_bytes_max);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Appends one record made of `parts` in order. Returns the log position behind it. The caller holds the turns of the
  /// keys that the record is about.
  uint64_t Append(const RecordInfo& info, std::string_view part, std::string_view rest = {});

  /// Log position behind the last reservation.
  uint64_t position() const { return tail_.load(std::memory_order_acquire); }

  Stats GetStats() const;

  /// Calls fn(RecordInfo, payload) for the published records from `position`, in order, as far as they are still in
  /// memory and published; returns where it stopped, or nothing if `position` was overwritten. One reader at a time; no
  /// appends may run meanwhile that could recycle what is read (tests, or under all turns).
  template <class Fn>
  uint64_t Read(uint64_t position, Fn&& fn) const;

 private:
  static constexpr size_t kChunkBytes = size_t{1} << 20;
  static constexpr size_t kHeaderBytes = 16;

  struct Chunk {
    std::atomic<uint64_t> index{0};
    std::atomic<uint64_t> written{0};  // bytes of this chunk that are filled in; kChunkBytes: nobody writes any more
    alignas(8) char bytes[kChunkBytes];
  };

  Chunk& ChunkFor(uint64_t chunk_index);
  Chunk& MakeChunk(uint64_t chunk_index) EXCLUDES(mutex_);
  void Write(uint64_t position, const void* data, size_t size);
  void ReadBytes(uint64_t position, void* data, size_t size) const;
  bool InMemory(uint64_t position) const;
  static uint64_t PackWord(const RecordInfo& info, size_t payload_bytes);
  static size_t RecordBytes(size_t payload_bytes) { return (kHeaderBytes + payload_bytes + 7) & ~size_t{7}; }

  const size_t ring_chunks_;
  const std::unique_ptr<std::atomic<Chunk*>[]> ring_;
  alignas(64) std::atomic<uint64_t> tail_{0};
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Chunk>> chunks_ GUARDED_BY(mutex_);
  std::vector<Chunk*> idle_ GUARDED_BY(mutex_);  // out of the ring, perhaps still being written by a straggler
};

template <class Fn>
uint64_t Journal::Read(uint64_t position, Fn&& fn) const {
  std::string payload;
  while (InMemory(position)) {
    uint64_t word = 0;
    ReadBytes(position, &word, sizeof word);
    if (word == 0) break;
    RecordInfo info;
    info.slot = static_cast<uint16_t>(word >> 32);
    info.db = static_cast<uint8_t>(word >> 48);
    info.targets = static_cast<Target>(word >> 56);
    ReadBytes(position + 8, &info.time_ms, sizeof info.time_ms);
    const size_t payload_bytes = static_cast<uint32_t>(word);
    payload.resize(payload_bytes);
    ReadBytes(position + kHeaderBytes, payload.data(), payload_bytes);
    fn(info, std::string_view(payload));
    position += RecordBytes(payload_bytes);
  }
  return position;
}

}  // namespace usher::engine
