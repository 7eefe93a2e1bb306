// ExpiryIndex: which keys of a keyspace expire next. A record names a key's 64-bit hash and a time, 16 bytes; records
// are never searched for or removed when a key changes. When one comes due, the keyspace looks at the key's real
// expiry.
//
// ExpiryWheel is a hierarchical timing wheel with a tick of 1 ms:
//
//   level 0   64 slots of 1 ms        [..|..|x.|....]      a record goes to the level of the highest 6-bit digit in
//   level 1   64 slots of 64 ms       [..|xx|..|....]      which its time differs from `now_`; when the wheel reaches
//   level 2   64 slots of 4 s         [x.|..|..|....]      a slot above level 0, its records move to lower levels
//   ...       up to level 7, 2^48 ms
//
// Each slot is a stack of chunks that grow from 7 to 255 records, so nothing large is ever copied and a step of the
// wheel can stop after any record. Add is O(1); a record is moved at most 7 times in its life.
//
// ExpiryIndex is a current wheel and, while records that no longer matter are swept out, the previous one. Which
// records to keep is decided by the owner; see Keyspace. Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace usher::engine {

struct ExpiryRecord {
  uint64_t hash;
  int64_t when_ms;
};

class ExpiryWheel {
 public:
  /// `now_ms`: a time before it is due at once.
  explicit ExpiryWheel(int64_t now_ms) : now_ms_(now_ms) {}
  ~ExpiryWheel();
  ExpiryWheel(const ExpiryWheel&) = delete;
  ExpiryWheel& operator=(const ExpiryWheel&) = delete;

  size_t size() const { return size_; }
  size_t MemoryBytes() const { return sizeof(*this) + chunk_bytes_; }
  /// A time in the past is due at once.
  void Add(ExpiryRecord record);
  /// The next record with a time up to `now_ms`, taken out; none when nothing is due or when `budget`, which each step
  /// lowers, is used up.
  std::optional<ExpiryRecord> TakeDue(int64_t now_ms, size_t& budget);
  /// Any record, taken out. The wheel must not be empty.
  ExpiryRecord TakeAny();
  /// A time not after the first record's, at which TakeDue() has something to do.
  std::optional<int64_t> NextStepMs() const;

 private:
  struct Chunk;
  static constexpr int kLevels = 8;
  static constexpr int kSlotBits = 6;
  static constexpr int kSlots = 1 << kSlotBits;
  struct Step {
    int level;
    int slot;
    int64_t start_ms;
  };

  std::optional<Step> NextStep() const;
  ExpiryRecord Take(int level, int slot);

  int64_t now_ms_;  // everything before it has been taken out
  size_t size_ = 0;
  size_t chunk_bytes_ = 0;
  std::array<uint64_t, kLevels> occupied_{};  // a bit per slot
  std::array<std::array<Chunk*, kSlots>, kLevels> slots_{};
};

class ExpiryIndex {
 public:
  size_t size() const { return (current_ ? current_->size() : 0) + (previous_ ? previous_->size() : 0); }
  size_t MemoryBytes() const;

  void Add(uint64_t hash, int64_t when_ms);
  /// The next due record, taken out, see ExpiryWheel::TakeDue(). To be called once before the first Add(), so that the
  /// wheel starts at the present time (else the first records cost more steps).
  std::optional<ExpiryRecord> TakeDue(int64_t now_ms, size_t& budget);
  std::optional<int64_t> NextStepMs() const;

  /// Begins a sweep: what is there now becomes the previous wheel, to be taken with TakeSwept() and added again where
  /// it still matters. generation() changes.
  void BeginSweep();
  bool IsSweeping() const { return previous_ != nullptr; }
  /// A record of the previous wheel, taken out; none once the sweep is over.
  std::optional<ExpiryRecord> TakeSwept();
  bool generation() const { return generation_; }

 private:
  std::unique_ptr<ExpiryWheel> current_;
  std::unique_ptr<ExpiryWheel> previous_;
  int64_t now_ms_ = 0;
  bool generation_ = false;
};

}  // namespace usher::engine
