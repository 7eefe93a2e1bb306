// Journal: the process-wide, ordered log of effects. A record is reserved whole by one atomic addition while the turns
// of its keys are held, so the log's order agrees with the order of the turns; then it is filled in and published.
//
//   log position   0 ........... 256 KiB .......... 512 KiB ......     chunk = position / kChunkBytes
//   record         [word: length, slot, db, targets][time ms][payload: RESP commands][padding to 8]
//
// A record may span chunks; its first word (8 bytes, aligned) never does, and is written last, so a reader that walks
// the records stops at the first word that is still 0. The newest chunks are kept, so many as were asked for, and all
// that the consumer has not read. An older one is zeroed and reused once all bytes that were reserved in it are
// written. The next one is made ready when half of the current one is reserved, so that only one writer pays for it and
// the others find it there. Payloads are complete RESP
// commands and depend on no neighbour: outside database 0 they are framed SELECT n ... SELECT 0, several effects of one
// command are one MULTI ... EXEC. Complexity: O(payload). Thread safety: Append, Reserve, Fill from any thread; the
// rest as noted.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

  /// Appends one record made of up to three parts in order. Returns the log position behind it. The caller holds the
  /// turns of the keys that the record is about.
  uint64_t Append(const RecordInfo& info, std::string_view part, std::string_view more = {},
                  std::string_view rest = {});

  /// Append() in two steps: the place in the log, under the turns; and the content, which must follow, from any thread.
  uint64_t Reserve(size_t payload_bytes);
  void Fill(uint64_t position, const RecordInfo& info, std::string_view part, std::string_view more = {},
            std::string_view rest = {});

  /// Log position behind the last reservation.
  uint64_t position() const { return tail_.load(std::memory_order_acquire); }

  Stats GetStats() const;

  /// Keeps whatever is behind `position` until it is Consumed(), however much that becomes. There is one consumer.
  void Attach(uint64_t position) { consumed_.store(position, std::memory_order_release); }
  void Consumed(uint64_t position) { consumed_.store(position, std::memory_order_release); }
  void Detach() { consumed_.store(kNobody, std::memory_order_release); }

  /// Calls fn(RecordInfo, payload) for the published records from `position` (the end of another record, or 0), in
  /// order, as long as they begin before `until`; returns where it stopped, or nothing if what is at `position` is no
  /// longer in memory. Appends may run meanwhile, but for others than the consumer not so many that they recycle what
  /// is read.
  template <class Fn>
  std::optional<uint64_t> Read(uint64_t position, Fn&& fn, uint64_t until = UINT64_MAX) const;

 private:
  static constexpr size_t kChunkBytes = size_t{1} << 18;
  static constexpr size_t kHeaderBytes = 16;
  static constexpr size_t kPlaces = size_t{1} << 16;  // 16 GiB that a consumer may be behind
  static constexpr uint64_t kNobody = UINT64_MAX;

  struct Chunk {
    alignas(64) std::atomic<uint64_t> index{0};
    alignas(64) std::atomic<uint64_t> written{0};  // bytes that are filled in; kChunkBytes: nobody writes any more
    alignas(64) char bytes[kChunkBytes];
  };

  Chunk& ChunkFor(uint64_t chunk_index);
  Chunk& MakeChunk(uint64_t chunk_index) EXCLUDES(mutex_);
  void Write(uint64_t position, const void* data, size_t size);
  void ReadBytes(uint64_t position, void* data, size_t size) const;
  const Chunk* ChunkInMemory(uint64_t chunk_index) const;
  /// The bytes of a record that is published, up to the end of the chunk.
  const char* BytesAt(uint64_t position) const;
  static std::atomic_ref<uint64_t> WordAt(Chunk& chunk, size_t offset);
  /// The first word of the record at `position`; 0: not published. Nothing: not in memory.
  std::optional<uint64_t> ReadWord(uint64_t position) const;
  static uint64_t PackWord(const RecordInfo& info, size_t payload_bytes);
  static size_t RecordBytes(size_t payload_bytes) { return (kHeaderBytes + payload_bytes + 7) & ~size_t{7}; }

  void Recycle(uint64_t newest) REQUIRES(mutex_);

  const size_t chunks_kept_;
  const std::unique_ptr<std::atomic<Chunk*>[]> ring_;
  alignas(64) std::atomic<uint64_t> tail_{0};
  alignas(64) std::atomic<uint64_t> consumed_{kNobody};
  std::atomic<uint64_t> oldest_{0};  // the first chunk that is not recycled; changed under mutex_
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Chunk>> chunks_ GUARDED_BY(mutex_);
  std::vector<Chunk*> idle_ GUARDED_BY(mutex_);  // out of the ring, wholly written and read
};

template <class Fn>
std::optional<uint64_t> Journal::Read(uint64_t position, Fn&& fn, uint64_t until) const {
  std::string payload;
  while (position < std::min(until, this->position())) {
    const std::optional<uint64_t> word = ReadWord(position);
    if (!word) return std::nullopt;
    if (*word == 0) break;
    RecordInfo info;
    info.slot = static_cast<uint16_t>(*word >> 32);
    info.db = static_cast<uint8_t>(*word >> 48);
    info.targets = static_cast<Target>(*word >> 56);
    ReadBytes(position + 8, &info.time_ms, sizeof info.time_ms);
    const size_t size = static_cast<uint32_t>(*word);
    if (position % kChunkBytes + kHeaderBytes + size <= kChunkBytes) {
      fn(info, std::string_view(BytesAt(position + kHeaderBytes), size));
    } else {
      payload.resize(size);
      ReadBytes(position + kHeaderBytes, payload.data(), size);
      fn(info, std::string_view(payload));
    }
    position += RecordBytes(size);
  }
  return position;
}

}  // namespace usher::engine
