// ShardSet: a set of shard indexes as a bitmap, so that it is sorted and unique by construction: turns are always taken
// in ascending order. All operations are O(words). Thread safety: a value.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/base/assert.h"

namespace usher::engine {

using ShardIndex = uint16_t;
constexpr size_t kShardsMax = 256;
constexpr ShardIndex kNoShard = 0xFFFF;

class ShardSet {
 public:
  ShardSet() = default;

  static ShardSet Of(ShardIndex shard) {
    ShardSet set;
    set.Add(shard);
    return set;
  }
  /// Shards 0 .. count-1.
  static ShardSet All(size_t count) {
    ASSERT(count <= kShardsMax);
    ShardSet set;
    for (size_t shard = 0; shard < count; ++shard) set.Add(static_cast<ShardIndex>(shard));
    return set;
  }

  void Add(ShardIndex shard) { words_[WordOf(shard)] |= Bit(shard); }
  void Remove(ShardIndex shard) { words_[WordOf(shard)] &= ~Bit(shard); }
  bool Contains(ShardIndex shard) const { return (words_[WordOf(shard)] & Bit(shard)) != 0; }
  bool empty() const { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }
  void Clear() { *this = ShardSet(); }
  size_t size() const {
    size_t count = 0;
    for (const uint64_t word : words_) count += static_cast<size_t>(std::popcount(word));
    return count;
  }
  bool ContainsAll(const ShardSet& other) const {
    for (size_t word = 0; word < kWords; ++word) {
      if ((other.words_[word] & ~words_[word]) != 0) return false;
    }
    return true;
  }
  bool Intersects(const ShardSet& other) const {
    uint64_t common = 0;
    for (size_t word = 0; word < kWords; ++word) common |= other.words_[word] & words_[word];
    return common != 0;
  }
  bool operator==(const ShardSet&) const = default;

  /// The lowest member that is >= `from`, or kNoShard.
  ShardIndex Next(size_t from) const {
    if (from >= kShardsMax) return kNoShard;
    size_t word = from >> 6;
    uint64_t bits = words_[word] & (~uint64_t{0} << (from & 63));
    while (bits == 0) {
      if (++word == kWords) return kNoShard;
      bits = words_[word];
    }
    return static_cast<ShardIndex>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
  }
  ShardIndex First() const { return Next(0); }

  /// Calls fn(shard) in ascending order.
  template <class Fn>
  void ForEach(Fn&& fn) const {
    for (ShardIndex shard = First(); shard != kNoShard; shard = Next(shard + size_t{1})) fn(shard);
  }

 private:
  static constexpr size_t kWords = kShardsMax / 64;
  static size_t WordOf(ShardIndex shard) {
    ASSERT_DEBUG(shard < kShardsMax);
    return shard >> 6;
  }
  static uint64_t Bit(ShardIndex shard) { return uint64_t{1} << (shard & 63); }
  uint64_t words_[kWords] = {};
};

}  // namespace usher::engine
