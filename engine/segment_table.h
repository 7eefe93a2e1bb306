// SegmentTable: a hash table of 4- or 8-byte slots that grows and shrinks one small segment at a time (extendible
// hashing), so that no insert or erase ever pays for a rehash of the whole table.
//
//   hash (64 bits)   [ directory index | position in the segment ... | ... | fingerprint (8) ]
//                          top bits          the next 24 bits                  low bits
//
//   directory         segment (8 KB for 8-byte slots)
//   00 -> A (depth 2)  [ header | home buckets 0 .. H-1 | stash buckets ]
//   01 -> B (depth 2)    bucket: 14 fingerprints, 2 counters, 14 slots of 8 bytes  (128 bytes, two cache lines)
//   10 -> C (depth 1)        or: 12 fingerprints, 4 counters, 12 slots of 4 bytes  (64 bytes, one cache line)
//   11 -> C
//
// An entry lives in its home bucket, in the next one, or in the stash. Two counters in the home bucket say how many of
// its entries are next door and in the stash, so that most lookups end in the home bucket. A segment that cannot place
// an entry splits in two by the next hash bit (at most 882 entries are rehashed) and the directory doubles when it has
// to. A small table is one small segment of 1, 3, 7, ... buckets and has no directory at all. Bucket counts are
// 2^k - 1 because header and buckets then fill a size class of the allocator exactly.
//
// Within a segment, home buckets ascend with the hash, so the whole table is ordered by hash at bucket granularity.
// That is what a scan cursor names: a position in hash order, which splits and merges do not move.
//
// Policy: `using Slot = uint64_t` or `uint32_t`; `uint64_t HashOf(Slot) const`, called when entries move;
// optionally `void PrefetchSlot(Slot) const` for slots that point to what HashOf reads.
//
// Invariants: (1) a fingerprint of 0 is an empty slot. (2) Only a table of one segment has a small segment. (3) A
// segment of local depth d fills 2^(depth - d) consecutive words of the directory. (4) No entry, no segment.
// Complexity: Find, Insert, Erase O(1), a single Insert at most one split of one segment (plus the directory's copy).
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/memory.h"
#include "engine/base/prefetch.h"
#include "engine/base/random.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace usher::engine {

namespace segment_table_internal {

constexpr size_t kCacheLineBytes = 64;

/// Home and stash buckets of a segment, by size code. Their sum is 2^(code + 1) - 1, but for the largest, see above.
struct Shape {
  uint32_t homes;
  uint32_t stashes;
};
constexpr std::array<Shape, 6> kShapes{{{1, 0}, {3, 0}, {6, 1}, {13, 2}, {28, 3}, {58, 5}}};
constexpr uint32_t kFullCode = kShapes.size() - 1;

/// A bit for each of the first `kCount` bytes at `bytes` (16 readable, 16-byte aligned) that equals `wanted`.
template <uint32_t kCount>
inline uint32_t MatchBytes(const uint8_t* bytes, uint8_t wanted) {
  constexpr uint32_t kAll = (1u << kCount) - 1;
#if defined(__SSE2__)
  const __m128i loaded = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i equal = _mm_cmpeq_epi8(loaded, _mm_set1_epi8(static_cast<char>(wanted)));
  return static_cast<uint32_t>(_mm_movemask_epi8(equal)) & kAll;
#else
  uint32_t mask = 0;
  for (uint32_t i = 0; i < kCount; ++i) mask |= static_cast<uint32_t>(bytes[i] == wanted) << i;
  return mask & kAll;
#endif
}

template <class Slot>
struct alignas(kCacheLineBytes) Bucket {
  static constexpr uint32_t kSlots = sizeof(Slot) == 8 ? 14 : 12;
  static constexpr uint32_t kMetaBytes = 16 - kSlots;

  uint32_t Matches(uint8_t fingerprint) const { return MatchBytes<kSlots>(fingerprints, fingerprint); }
  uint32_t Empty() const { return Matches(0); }
  uint32_t Occupied() const { return ~Empty() & ((1u << kSlots) - 1); }

  uint8_t fingerprints[kSlots];
  uint8_t meta[kMetaBytes];  // [0]: entries of this home in the next bucket; [1]: entries of this home in the stash
  Slot slots[kSlots];
};
static_assert(sizeof(Bucket<uint64_t>) == 128 && sizeof(Bucket<uint32_t>) == 64);

/// What starts a segment. Depth and size code are in the directory's word, so that a lookup never reads this line.
struct alignas(kCacheLineBytes) SegmentHeader {
  uint32_t used;
};

}  // namespace segment_table_internal

template <class Policy>
class SegmentTable {
 public:
  using Slot = typename Policy::Slot;
  static_assert(std::is_same_v<Slot, uint64_t> || std::is_same_v<Slot, uint32_t>);
  /// Scan cursors are below this.
  static constexpr uint64_t kCursorBound = uint64_t{1} << 48;

  explicit SegmentTable(Policy policy = Policy()) : policy_(std::move(policy)) {}
  ~SegmentTable() { Clear(); }
  SegmentTable(const SegmentTable&) = delete;
  SegmentTable& operator=(const SegmentTable&) = delete;
  SegmentTable(SegmentTable&& other) noexcept : policy_(other.policy_) { SwapContents(other); }
  SegmentTable& operator=(SegmentTable&& other) noexcept {
    if (this == &other) return *this;
    Clear();
    std::swap(policy_, other.policy_);
    SwapContents(other);
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The policy, to be re-bound when what it refers to has moved.
  Policy& policy() { return policy_; }
  /// Bytes of segments and directory (what they point to is the owner's).
  size_t MemoryBytes() const { return memory_bytes_; }
  /// How many slots there are room for; size() / SlotCapacity() is the occupancy.
  size_t SlotCapacity() const { return slot_capacity_; }

  /// The slot of `hash` for which eq(slot) holds, or null. eq is asked about fingerprint matches only.
  template <class Eq>
  Slot* Find(uint64_t hash, Eq&& eq) const {
    if (size_ == 0) return nullptr;
    const Segment segment(WordOf(hash));
    const uint8_t fingerprint = FingerprintOf(hash);
    const uint32_t home = segment.HomeOf(hash);
    Bucket& bucket = segment.bucket(home);
    if (Slot* found = FindInBucket(bucket, fingerprint, eq)) return found;
    if (bucket.meta[kNextDoor] != 0) {
      if (Slot* found = FindInBucket(segment.bucket(segment.NextOf(home)), fingerprint, eq)) return found;
    }
    if (bucket.meta[kInStash] == 0) [[likely]]
      return nullptr;
    for (uint32_t i = segment.homes(); i < segment.buckets(); ++i) {
      if (Slot* found = FindInBucket(segment.bucket(i), fingerprint, eq)) return found;
    }
    return nullptr;
  }

  /// Adds `slot`, which the caller knows to be absent. Invalidates slot pointers.
  Slot* Insert(uint64_t hash, Slot slot) {
    if (size_ == 0) single_ = NewSegment(0, 0);
    ++size_;
    return Place(hash, slot);
  }

  /// Makes room for `count` entries in all at once, if at least one is there and not more than a segment holds.
  /// Invalidates slot pointers.
  void Reserve(size_t count) {
    constexpr size_t kPerSegment = CapacityOf(kFullCode) / 8 * 7;
    if (size_ == 0 || depth_ > 0) return;
    uint32_t depth = 0;
    while (depth < kDepthMax && (count >> depth) > kPerSegment) ++depth;
    if (depth == 0) return;
    const Segment old(single_);
    ReplaceDirectory(static_cast<Word*>(Allocate(sizeof(Word) << depth)), depth);
    deepest_segments_ = 0;
    for (size_t i = 0; i < size_t{1} << depth; ++i) directory_[i] = NewSegment(kFullCode, depth);
    MoveEntries(old);
  }

  /// Removes the entry at `slot`, whose hash is `hash`. Invalidates slot pointers.
  void Erase(uint64_t hash, Slot* slot) {
    if (--size_ == 0) return Clear();
    const Segment segment(WordOf(hash));
    const size_t offset =
        static_cast<size_t>(reinterpret_cast<char*>(slot) - reinterpret_cast<char*>(&segment.bucket(0)));
    const uint32_t index = static_cast<uint32_t>(offset / sizeof(Bucket));
    const uint32_t home = segment.HomeOf(hash);
    Bucket& bucket = segment.bucket(index);
    bucket.fingerprints[slot - bucket.slots] = 0;
    if (index >= segment.homes()) {
      --segment.bucket(home).meta[kInStash];
    } else if (index != home) {
      --segment.bucket(home).meta[kNextDoor];
    }
    --segment.header().used;
    if (depth_ == 0 ? segment.code() > 0 : segment.header().used % 8 == 0) ShrinkAround(hash);
  }

  /// Calls fn(Slot&) for every entry. fn must not insert or erase.
  template <class Fn>
  void ForEach(Fn&& fn) const {
    ForEachSegment([&](Segment segment) { segment.ForEachSlot(fn); });
  }

  /// Calls fn(Slot&) for the entries of one home bucket and returns the next cursor, 0 at the end. Entries present from
  /// the first call to the last are reported at least once, whatever else is inserted or erased between the calls.
  /// Any cursor is valid. fn must not insert or erase.
  template <class Fn>
  uint64_t Scan(uint64_t cursor, Fn&& fn) const {
    if (size_ == 0) return 0;
    const uint64_t from = cursor << kCursorShift;  // bits at 2^48 and above fall out: they are garbage
    const Segment segment(WordOf(from));
    const uint32_t home = segment.HomeOf(from);
    // Neighbours and the stash also hold entries of other homes; their turn comes at their own position.
    const auto report = [&](Slot& slot) {
      const uint64_t hash = policy_.HashOf(slot);
      if (segment.HomeOf(hash) == home && hash >= from) fn(slot);
    };
    PrefetchSlots(segment.bucket(segment.NextOf(home)));  // the scan's next place, as a rule
    const Bucket& bucket = segment.bucket(home);
    Segment::ForEachInBucket(segment.bucket(home), report);
    if (bucket.meta[kNextDoor] != 0) Segment::ForEachInBucket(segment.bucket(segment.NextOf(home)), report);
    if (bucket.meta[kInStash] != 0) {
      for (uint32_t i = segment.homes(); i < segment.buckets(); ++i)
        Segment::ForEachInBucket(segment.bucket(i), report);
    }
    return segment.EndOf(home, from) >> kCursorShift;
  }

  /// A uniformly drawn entry's slot, or null when there is none.
  Slot* RandomSlot(Random& random) const {
    if (size_ == 0) return nullptr;
    constexpr int kTriesMax = 256;
    for (int i = 0; i < kTriesMax; ++i) {
      const uint64_t at = random.Below(uint64_t{1} << depth_);
      const Segment segment(words()[at]);
      if ((at & (WordsOf(segment) - 1)) != 0) continue;  // else shallow segments would be drawn more often
      Bucket& bucket = segment.bucket(static_cast<uint32_t>(random.Below(segment.buckets())));
      const uint32_t index = static_cast<uint32_t>(random.Below(Bucket::kSlots));
      if (bucket.fingerprints[index] != 0) return &bucket.slots[index];
    }
    return FirstSlotFrom(random.Next());
  }

  /// Starts loading what Find(hash) will read first.
  void Prefetch(uint64_t hash) const {
    if (size_ == 0) return;
    const Segment segment(WordOf(hash));
    const char* line = reinterpret_cast<const char*>(&segment.bucket(segment.HomeOf(hash)));
    PrefetchLine(line);
    if constexpr (sizeof(Bucket) > kCacheLineBytes) PrefetchLine(line + kCacheLineBytes);
  }

  /// Forgets all entries (what they point to is the owner's to free) and frees all memory.
  void Clear() {
    ForEachSegment([&](Segment segment) { Free(segment.memory()); });
    if (depth_ > 0) Free(directory_);
    single_ = 0;
    size_ = memory_bytes_ = slot_capacity_ = 0;
    deepest_segments_ = 0;
    depth_ = 0;
  }

 private:
  using Bucket = segment_table_internal::Bucket<Slot>;
  using SegmentHeader = segment_table_internal::SegmentHeader;
  using Word = uint64_t;  // address (64-byte aligned, 48 bits) | size code (low 6 bits) | local depth (top 16 bits)
  static constexpr size_t kCacheLineBytes = segment_table_internal::kCacheLineBytes;
  static constexpr uint32_t kFullCode = segment_table_internal::kFullCode;
  static constexpr uint32_t kNextDoor = 0;
  static constexpr uint32_t kInStash = 1;
  static constexpr uint32_t kPositionBits = 24;  // of the hash below the segment's depth: they choose the home bucket
  static constexpr uint32_t kCursorShift = 16;
  static constexpr uint32_t kDepthMax = 64 - kCursorShift - kPositionBits;  // so that every bucket starts at a cursor

  // One word of the directory, taken apart.
  class Segment {
   public:
    explicit Segment(Word word) : word_(word) {}
    uint32_t code() const { return word_ & 63; }
    uint32_t depth() const { return static_cast<uint32_t>(word_ >> 48); }
    uint32_t homes() const { return segment_table_internal::kShapes[code()].homes; }
    uint32_t buckets() const { return homes() + segment_table_internal::kShapes[code()].stashes; }
    char* memory() const { return reinterpret_cast<char*>(word_ & 0x0000'FFFF'FFFF'FFC0u); }
    SegmentHeader& header() const { return *std::launder(reinterpret_cast<SegmentHeader*>(memory())); }
    Bucket& bucket(uint32_t index) const {
      return *std::launder(reinterpret_cast<Bucket*>(memory() + sizeof(SegmentHeader)) + index);
    }
    uint32_t HomeOf(uint64_t hash) const {
      return static_cast<uint32_t>((((hash << depth()) >> (64 - kPositionBits)) * homes()) >> kPositionBits);
    }
    uint32_t NextOf(uint32_t home) const { return home + 1 == homes() ? 0 : home + 1; }
    // The first hash above those of home bucket `home`, of the segment that holds `hash`; 0 past the last.
    uint64_t EndOf(uint32_t home, uint64_t hash) const {
      const uint64_t start = depth() == 0 ? 0 : (hash >> (64 - depth())) << (64 - depth());
      const uint64_t position = (((uint64_t{home} + 1) << kPositionBits) + homes() - 1) / homes();
      const uint32_t unit_bits = 64 - kPositionBits - depth();
      return start + (position << unit_bits);  // wraps to 0 after the last hash; position is 2^24 at the segment's end
    }
    template <class Fn>
    static void ForEachInBucket(Bucket& bucket, Fn&& fn) {
      for (uint32_t mask = bucket.Occupied(); mask != 0; mask &= mask - 1) fn(bucket.slots[std::countr_zero(mask)]);
    }
    template <class Fn>
    void ForEachSlot(Fn&& fn) const {
      for (uint32_t i = 0; i < buckets(); ++i) ForEachInBucket(bucket(i), fn);
    }

   private:
    Word word_;
  };

  void PrefetchSlots([[maybe_unused]] Bucket& bucket) const {
    if constexpr (requires { policy_.PrefetchSlot(Slot{}); }) {
      Segment::ForEachInBucket(bucket, [this](Slot slot) { policy_.PrefetchSlot(slot); });
    }
  }

  static uint8_t FingerprintOf(uint64_t hash) {
    const uint8_t low = static_cast<uint8_t>(hash);
    return low == 0 ? 1 : low;
  }
  const Word* words() const { return depth_ == 0 ? &single_ : directory_; }
  Word* words() { return depth_ == 0 ? &single_ : directory_; }
  size_t IndexOf(uint64_t hash) const { return depth_ == 0 ? 0 : hash >> (64 - depth_); }
  Word WordOf(uint64_t hash) const { return depth_ == 0 ? single_ : directory_[hash >> (64 - depth_)]; }
  size_t WordsOf(Segment segment) const { return size_t{1} << (depth_ - segment.depth()); }

  template <class Fn>
  void ForEachSegment(Fn&& fn) const {
    if (single_ == 0) return;
    const size_t count = size_t{1} << depth_;
    for (size_t i = 0; i < count;) {
      const Segment segment(words()[i]);
      i += WordsOf(segment);
      fn(segment);
    }
  }

  template <class Eq>
  static Slot* FindInBucket(Bucket& bucket, uint8_t fingerprint, Eq&& eq) {
    for (uint32_t mask = bucket.Matches(fingerprint); mask != 0; mask &= mask - 1) {
      Slot& slot = bucket.slots[std::countr_zero(mask)];
      if (eq(slot)) return &slot;
    }
    return nullptr;
  }

  // Puts an entry where there is room, enlarging its segment until there is. Does not count it in size_.
  Slot* Place(uint64_t hash, Slot slot) {
    for (;;) {
      if (Slot* placed = TryPlace(Segment(WordOf(hash)), hash, slot)) [[likely]]
        return placed;
      Enlarge(hash);
    }
  }

  Slot* TryPlace(Segment segment, uint64_t hash, Slot slot) {
    const uint32_t home_index = segment.HomeOf(hash);
    Bucket& home = segment.bucket(home_index);
    Bucket& next = segment.bucket(segment.NextOf(home_index));
    const int home_room = std::popcount(home.Empty());
    // A home bucket that is not nearly full is taken without asking: entries at home are found with one cache miss.
    constexpr int kRoomEnough = 3;
    if (home_room >= kRoomEnough) return Put(segment, home, hash, slot);
    const int next_room = std::popcount(next.Empty());
    if (home_room != 0 && home_room >= next_room) return Put(segment, home, hash, slot);
    if (next_room != 0) {
      ++home.meta[kNextDoor];
      return Put(segment, next, hash, slot);
    }
    for (uint32_t i = segment.homes(); i < segment.buckets(); ++i) {
      Bucket& stash = segment.bucket(i);
      if (stash.Empty() == 0) continue;
      ++home.meta[kInStash];
      return Put(segment, stash, hash, slot);
    }
    return nullptr;
  }

  static Slot* Put(Segment segment, Bucket& bucket, uint64_t hash, Slot slot) {
    const int index = std::countr_zero(bucket.Empty());
    bucket.fingerprints[index] = FingerprintOf(hash);
    bucket.slots[index] = slot;
    ++segment.header().used;
    return &bucket.slots[index];
  }

  // Replaces the segment of `hash` by a larger one or, once it has its full size, by two.
  void Enlarge(uint64_t hash) {
    const Segment old(WordOf(hash));
    if (old.code() < kFullCode) {
      single_ = NewSegment(old.code() + 1, 0);
    } else {
      if (old.depth() == depth_) DoubleDirectory();
      const size_t half = WordsOf(old) / 2;
      Word* first = words() + (IndexOf(hash) & ~(2 * half - 1));
      FillWords(first, half, NewSegment(kFullCode, old.depth() + 1));
      FillWords(first + half, half, NewSegment(kFullCode, old.depth() + 1));
    }
    MoveEntries(old);
  }

  // After an erase: merges the segment of `hash` with its buddies as long as they are nearly empty, and makes a lone
  // segment smaller. The bounds are half of what makes a segment grow, so that an entry that comes and goes costs
  // nothing.
  void ShrinkAround(uint64_t hash) {
    while (depth_ > 0) {
      const Segment segment(WordOf(hash));
      const size_t count = WordsOf(segment);
      const size_t first = IndexOf(hash) & ~(count - 1);
      const size_t buddy_first = first ^ count;
      const Segment buddy(directory_[buddy_first]);
      if (segment.depth() == 0 || buddy.depth() != segment.depth()) return;
      if (segment.header().used + buddy.header().used > CapacityOf(kFullCode) / 2) return;
      FillWords(directory_ + (first & ~count), 2 * count, NewSegment(kFullCode, segment.depth() - 1));
      MoveEntries(segment);
      MoveEntries(buddy);
      while (depth_ > 0 && deepest_segments_ == 0) HalveDirectory();
    }
    const Segment lone(single_);
    if (lone.code() == 0 || lone.header().used > CapacityOf(lone.code()) / 4) return;
    single_ = NewSegment(lone.code() - 1, 0);
    MoveEntries(lone);
  }

  // Distributes the entries of `old`, which the directory no longer names, and frees it.
  void MoveEntries(Segment old) {
    std::array<Slot, CapacityOf(kFullCode)> slots;
    size_t count = 0;
    old.ForEachSlot([&](Slot slot) { slots[count++] = slot; });
    ForgetSegment(old);
    constexpr size_t kAhead = 16;
    const auto prefetch = [&](size_t index) {
      if constexpr (requires { policy_.PrefetchSlot(Slot{}); }) policy_.PrefetchSlot(slots[index]);
    };
    for (size_t i = 0; i < count && i < kAhead; ++i) prefetch(i);
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) prefetch(i + kAhead);
      Place(policy_.HashOf(slots[i]), slots[i]);
    }
  }

  static constexpr size_t CapacityOf(uint32_t code) {
    const segment_table_internal::Shape shape = segment_table_internal::kShapes[code];
    return (shape.homes + shape.stashes) * size_t{Bucket::kSlots};
  }
  static void FillWords(Word* first, size_t count, Word word) {
    for (size_t i = 0; i < count; ++i) first[i] = word;
  }

  Word NewSegment(uint32_t code, uint32_t depth) {
    const size_t bytes = sizeof(SegmentHeader) + CapacityOf(code) / Bucket::kSlots * sizeof(Bucket);
    // mimalloc's blocks of these sizes are aligned to the cache line already, and asking for alignment would cost a
    // larger size class.
    void* memory = Allocate(bytes);
    if (reinterpret_cast<uintptr_t>(memory) % kCacheLineBytes == 0) {
      std::memset(memory, 0, bytes);
    } else {
      Free(memory);
      memory = AllocateZeroedAligned(bytes, kCacheLineBytes);
    }
    memory_bytes_ += UsableBytes(memory);
    slot_capacity_ += CapacityOf(code);
    if (depth == depth_) ++deepest_segments_;
    const uintptr_t address = reinterpret_cast<uintptr_t>(memory);
    ASSERT(address < (uintptr_t{1} << 48));
    return address | code | (Word{depth} << 48);
  }

  void ForgetSegment(Segment segment) {
    memory_bytes_ -= UsableBytes(segment.memory());
    slot_capacity_ -= CapacityOf(segment.code());
    if (segment.depth() == depth_) --deepest_segments_;
    Free(segment.memory());
  }

  void DoubleDirectory() {
    ASSERT(depth_ < kDepthMax);
    const size_t count = size_t{1} << depth_;
    Word* doubled = static_cast<Word*>(Allocate(2 * count * sizeof(Word)));
    const Word* old = words();
    for (size_t i = 0; i < count; ++i) doubled[2 * i] = doubled[2 * i + 1] = old[i];
    ReplaceDirectory(doubled, depth_ + 1);
    deepest_segments_ = 0;
  }

  void HalveDirectory() {
    const size_t count = size_t{1} << (depth_ - 1);
    Word* halved = depth_ == 1 ? nullptr : static_cast<Word*>(Allocate(count * sizeof(Word)));
    Word only = directory_[0];
    for (size_t i = 0; halved != nullptr && i < count; ++i) halved[i] = directory_[2 * i];
    ReplaceDirectory(halved, depth_ - 1);
    if (depth_ == 0) single_ = only;
    deepest_segments_ = 0;
    ForEachSegment([&](Segment segment) { deepest_segments_ += segment.depth() == depth_ ? 1 : 0; });
  }

  void ReplaceDirectory(Word* directory, uint32_t depth) {
    if (depth_ > 0) {
      memory_bytes_ -= UsableBytes(directory_);
      Free(directory_);
    }
    if (directory != nullptr) memory_bytes_ += UsableBytes(directory);
    directory_ = directory;
    depth_ = depth;
  }

  Slot* FirstSlotFrom(uint64_t hash) const {
    Slot* found = nullptr;
    const size_t count = size_t{1} << depth_;
    for (size_t i = 0; i < count && found == nullptr; ++i) {
      Segment(words()[(IndexOf(hash) + i) & (count - 1)]).ForEachSlot([&](Slot& slot) { found = &slot; });
    }
    return found;
  }

  void SwapContents(SegmentTable& other) noexcept {
    std::swap(single_, other.single_);  // the union's other member is a pointer of the same size
    std::swap(size_, other.size_);
    std::swap(memory_bytes_, other.memory_bytes_);
    std::swap(slot_capacity_, other.slot_capacity_);
    std::swap(deepest_segments_, other.deepest_segments_);
    std::swap(depth_, other.depth_);
  }

  union {
    Word single_ = 0;  // depth 0: the only segment; 0 when the table is empty
    Word* directory_;  // depth > 0
  };
  size_t size_ = 0;
  size_t memory_bytes_ = 0;
  size_t slot_capacity_ = 0;
  uint32_t deepest_segments_ = 0;  // how many have the directory's depth; none left means it can be halved
  uint32_t depth_ = 0;
  [[no_unique_address]] Policy policy_;
};

}  // namespace usher::engine
