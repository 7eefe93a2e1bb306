// ZsetPacked: a small sorted set as one block of bytes, its entries in (score, member) order.
//
//   header           entry                                                            entry ...
//   [bytes][count]   [width][score, width bytes][length, varint][member][size before]
//
// Width 0 to 7: the score is an integer below 2^53, zigzag, little endian, in as many bytes; 8: the double as it is.
// The entry's size is repeated behind it, so that it can be walked backwards: one byte below 128, otherwise four bytes
// and a byte 128. No entries, no block.
//
// Complexity: O(n), O(1) at both ends. A value of 8 bytes that may be moved bytewise; Destroy() frees it.
// Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/zset_range.h"

namespace usher::engine {

class ZsetPacked {
 public:
  struct Entry {
    double score = 0;
    std::string_view member;
    uint32_t begin = 0;  // offset of its first byte
    uint32_t end = 0;    // offset of the next entry
  };
  struct Found {
    Entry entry;
    size_t rank;
  };

  explicit ZsetPacked(char* block = nullptr) : block_(block) {}
  char* block() const { return block_; }
  void Destroy();

  size_t size() const { return block_ == nullptr ? 0 : header().count; }
  size_t MemoryBytes() const;
  ZsetPacked Copy() const;

  std::optional<Found> Find(std::string_view member) const;
  /// Adds a member that is not there.
  void Insert(std::string_view member, double score);
  void Erase(const Entry& entry) { EraseBytes(entry.begin, entry.end, 1); }
  /// The set must not be empty.
  Entry Front() const { return EntryAt(0); }
  /// The set must not be empty.
  Entry Back() const { return EntryBefore(header().bytes); }
  /// `rank` must be below size().
  Entry At(size_t rank) const;

  /// How many entries, from the first on, satisfy `before(score, member)`.
  template <class Before>
  size_t CountWhile(Before&& before) const {
    size_t count = 0;
    const size_t total = size();
    for (uint32_t offset = 0; count < total; ++count) {
      const Entry entry = EntryAt(offset);
      if (!before(entry.score, entry.member)) break;
      offset = entry.end;
    }
    return count;
  }

  /// Calls fn(member, score) for the entries of `range`, read in `order`.
  template <class Fn>
  void ForEach(RankRange range, Order order, Fn&& fn) const {
    if (range.count == 0) return;
    Entry entry = At(order == Order::kAscending ? range.first : range.first + range.count - 1);
    for (size_t left = range.count;;) {
      fn(entry.member, entry.score);
      if (--left == 0) return;
      entry = order == Order::kAscending ? EntryAt(entry.end) : EntryBefore(entry.begin);
    }
  }

  /// Removes the entries of `range`.
  void EraseRange(RankRange range);

 private:
  struct Header {
    uint32_t bytes;  // of entries
    uint32_t count;
  };

  Header& header() const { return *reinterpret_cast<Header*>(block_); }
  char* bytes() const { return block_ + sizeof(Header); }
  Entry EntryAt(uint32_t offset) const;
  Entry EntryBefore(uint32_t offset) const;
  uint32_t InsertionOffset(std::string_view member, double score) const;
  void EraseBytes(uint32_t begin, uint32_t end, size_t count);

  char* block_;
};

}  // namespace usher::engine
