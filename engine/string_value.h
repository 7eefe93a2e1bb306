// RawString: a string value on the heap, for what is too long to live inside the key's entry or is changed in place.
//
//   word -> [ length 8 | capacity 8 | bytes ... | spare ]
//
// A string made at once has no spare room; one that APPEND or SETRANGE lets grow gets as much again, at most 1 MB more
// (Redis's rule), so that n appends cost O(n). A RawString is one word that can be copied; one copy owns, and
// Destroy() frees. Thread safety: none. The caller holds the shard's turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace usher::engine {

/// OBJECT ENCODING of strings.
enum class StringEncoding : uint8_t { kInt, kEmbstr, kRaw };

/// The longest string Redis calls "embstr".
inline constexpr size_t kEmbstrBytesMax = 44;

class RawString {
 public:
  /// A string equal to `bytes`, without spare room.
  static RawString Make(std::string_view bytes);
  void Destroy();

  std::string_view view() const;
  size_t size() const;
  /// The first size() bytes may be changed.
  char* data();
  /// Becomes equal to `bytes`; keeps its memory unless that is too small or far too large.
  void Assign(std::string_view bytes);
  /// Grows (zero filled, with room to grow further) or is cut to `size` bytes.
  void Resize(size_t size);
  void Append(std::string_view bytes);
  /// Overwrites from `offset` on, growing with zeros where needed. Nothing happens when `bytes` is empty.
  void SetRange(size_t offset, std::string_view bytes);
  /// What the allocator gave.
  size_t MemoryBytes() const;

 private:
  struct Header {
    uint64_t size;
    uint64_t capacity;
  };
  static Header* NewBlock(size_t capacity);
  void Reserve(size_t size);

  Header* header_ = nullptr;
};
static_assert(sizeof(RawString) == 8);

}  // namespace usher::engine
