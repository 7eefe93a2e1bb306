// The packed blocks that values are stored in inside Redis's files, read without trusting them, and listpacks written.
//
//   listpack  listpack.h
//   ziplist   [bytes, 4][offset of the last entry, 4][entries, 2] entry ... 0xFF
//             entry: [size of the one before, 1, or 0xFE and 4][encoding][data]; the listpack's predecessor
//   zipmap    [pairs, 1; 254: not counted] [length][key] [length][spare, 1][value][spare bytes] ... 0xFF
//   intset    [width, 4][integers, 4] integer ...                  ascending
//
// PackedReader checks every byte it steps over: lengths, the links backwards, the counts, the end. What it gives are
// views of the block, or of digits of its own that stay for the next two elements.
// Complexity: linear. Thread safety: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/number_text.h"

namespace usher::engine {

class PackedReader {
 public:
  enum class Format : uint8_t { kListpack, kZiplist, kZipmap, kIntset };

  PackedReader(Format format, std::string_view block);

  /// The next element's text. False: there is none, or the block is corrupt.
  bool Next(std::string_view& text);
  /// The next element, which must be an integer.
  bool NextInteger(int64_t& value);
  bool corrupt() const { return corrupt_; }
  /// All elements were read and the block ends as it should.
  bool Finished();
  /// The next element's first byte, 0xFF at the end (listpacks).
  uint8_t Head() const { return at_ < block_.size() ? Unsigned(at_) : 0xFF; }

 private:
  struct Element {
    std::string_view text;
    int64_t integer = 0;
    bool is_integer = false;
  };

  uint8_t Unsigned(size_t at) const { return static_cast<uint8_t>(block_[at]); }
  uint64_t Little(size_t at, size_t bytes) const;
  int64_t SignedLittle(size_t at, size_t bytes) const;
  bool Corrupt();
  void Open();
  bool Step(Element& element);
  bool StepListpack(Element& element);
  bool StepZiplist(Element& element);
  bool StepZipmap(Element& element);
  bool StepIntset(Element& element);
  bool ListpackBody(Element& element, size_t& body);
  bool ZiplistBody(Element& element, size_t& end);
  bool ZipmapLength(uint64_t& length);

  const Format format_;
  const std::string_view block_;
  size_t at_ = 0;
  size_t end_ = 0;      // where the elements end
  uint64_t count_ = 0;  // of elements, as the header says
  bool counted_ = false;
  uint64_t seen_ = 0;
  size_t previous_ = 0;  // size of the element before (ziplist)
  size_t width_ = 0;     // of an integer (intset)
  size_t last_at_ = 0;   // where it begins
  int64_t last_integer_ = 0;
  bool corrupt_ = false;
  std::array<std::array<char, protocol::kIntegerTextBytesMax>, 3> digits_;
};

/// A listpack being written.
class ListpackWriter {
 public:
  ListpackWriter() { Clear(); }
  void Clear();
  void Append(std::string_view text);
  size_t size() const { return count_; }
  size_t bytes() const { return block_.size(); }
  /// The whole block.
  std::string_view Finish();

 private:
  std::string block_;
  size_t count_ = 0;
};

}  // namespace usher::engine
