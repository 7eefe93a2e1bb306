// PackedList: a sequence of short texts in one heap block, the small form of hashes, sets, sorted sets and lists.
//
//   block    [used bytes, 4][count, 4][element][element] ... [spare]       a null block is an empty list
//   element  [byte >= 0x80]                                                a word of the dictionary, or an integer 0 to
//   63
//            [tag < 0x80][payload][body length: 1 byte, or 4 bytes + 0x7F]  everything else; the body is tag and
//            payload
//
// The last byte tells where an element begins, so the list is walked both ways. A text has exactly one encoding, the
// shortest: canonical decimal integers take 1 to 8 bytes of payload, even runs of 8 to 64 lowercase hex digits half
// their length (a token of 32: 18 bytes in all), the product's own words one byte; so texts are equal exactly if their
// encodings are, and a search never decodes. The layout is private to the process: it is never written to a file or
// sent.
//
// PackedList is a plain 8-byte handle: copying it copies the pointer, Destroy() frees the block. Positions are byte
// offsets; a change invalidates positions behind it, and texts read from the list end with the next change. A text
// given to a change must not point into the same list. Complexity: walking is O(1) per element; a change moves the
// bytes behind it. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace usher::engine {

/// Room in which an encoded text is spelled out.
struct PackedScratch {
  char bytes[64];
};

/// A text in its encoded form, made once to be searched for or stored. Views the text while it lives.
class PackedText {
 public:
  explicit PackedText(std::string_view text);
  explicit PackedText(int64_t integer) { EncodeInteger(integer); }

  /// Bytes that the element takes in a list.
  size_t ElementBytes() const;
  /// Bytes that it would take in Redis's listpack, by which Redis's limits count.
  size_t ListpackBytes() const;
  /// Writes the element, of ElementBytes().
  void WriteTo(uint8_t* at) const;

 private:
  friend class PackedElement;

  void EncodeInteger(int64_t integer);
  void EncodeLiteral(std::string_view text);

  uint8_t head_[35];  // tag, length, packed payload
  uint8_t head_bytes_ = 0;
  std::string_view literal_;  // the rest of the payload
};

/// One element of a list, valid until the list changes.
class PackedElement {
 public:
  /// The element whose first byte is at `at`, and the one that ends before `end`.
  explicit PackedElement(const uint8_t* at) : at_(at) {}
  static PackedElement EndingAt(const uint8_t* end);

  const uint8_t* begin() const { return at_; }
  const uint8_t* end() const;
  /// The text; spelled out in `scratch` unless it is stored literally.
  std::string_view Text(PackedScratch& scratch) const;
  /// Length of the text.
  size_t TextBytes() const;
  /// The value, if the text is a canonical decimal integer of 64 bits.
  std::optional<int64_t> Integer() const;
  bool operator==(const PackedText& text) const;
  /// Bytes that the text would take in Redis's listpack.
  size_t ListpackBytes() const;

 private:
  const uint8_t* at_;
};

class PackedList {
 public:
  using Position = uint32_t;

  PackedList() = default;
  /// The list whose block() was `block`.
  static PackedList FromBlock(void* block) { return PackedList(static_cast<Block*>(block)); }
  /// The heap block, null when empty; at least 8-byte aligned. Changes may move it.
  void* block() const { return block_; }

  uint32_t size() const { return block_ == nullptr ? 0 : block_->count; }
  bool empty() const { return size() == 0; }
  Position Begin() const { return 0; }
  Position End() const { return block_ == nullptr ? 0 : block_->used_bytes; }
  /// `position` < End().
  Position Next(Position position) const;
  /// `position` > Begin(); End() is allowed.
  Position Previous(Position position) const;
  PackedElement At(Position position) const { return PackedElement(Elements() + position); }
  /// Place of the element number `index` (0-based, at most size()), walking from the nearer end.
  Position Seek(uint32_t index) const;
  /// First element equal to `text` among those at `from`, `from` + `stride` elements, and so on; End() if there is
  /// none.
  Position Find(const PackedText& text, Position from = 0, uint32_t stride = 1) const;

  void Append(const PackedText& text) { Insert(End(), text); }
  /// Puts `text` before the element at `position`; it is then at `position`.
  void Insert(Position position, const PackedText& text);
  void Replace(Position position, const PackedText& text);
  /// Removes `count` elements from `position` on; the next one is then at `position`.
  void Erase(Position position, uint32_t count = 1);

  /// Heap bytes really held.
  size_t MemoryBytes() const;
  PackedList Copy() const;
  /// Frees the block; the list is empty afterwards.
  void Destroy();

 private:
  struct Block {
    uint32_t used_bytes;  // of the elements
    uint32_t count;
  };

  explicit PackedList(Block* block) : block_(block) {}
  uint8_t* Elements() const { return reinterpret_cast<uint8_t*>(block_ + 1); }
  uint8_t* Resize(Position position, uint32_t old_bytes, size_t new_bytes);
  void Shrink();

  Block* block_ = nullptr;
};

}  // namespace usher::engine
