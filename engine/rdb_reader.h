// RdbReader: the primitives of Redis's RDB format (rdb_format.h), read from memory or piece by piece from a source.
//
// What is read is not trusted: memory is only taken for bytes that are there, or that a compressed string can really
// become. The first thing that is wrong is remembered (error()), and from then on all reads give zeros and empty
// texts, so that a caller may look at ok() once per element.
// Texts are views of the reader's buffer or of the caller's memory, valid until the next read. Memory: one piece and
// the longest single string. Complexity: linear. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace usher::engine {

/// Where an RdbReader gets its bytes from.
class RdbSource {
 public:
  virtual ~RdbSource() = default;
  /// Reads up to `size` bytes to `to`; 0 at the end or on failure.
  virtual size_t Read(char* to, size_t size) = 0;
};

class RdbReader {
 public:
  static constexpr size_t kPieceBytes = 256 * 1024;

  /// Reads `bytes`, which must stay.
  explicit RdbReader(std::string_view bytes) : window_(bytes) {}
  /// Reads what `source` gives; `checked`: its checksum is computed on the way.
  RdbReader(RdbSource& source, bool checked) : source_(&source), checked_(checked) {}
  RdbReader(const RdbReader&) = delete;
  RdbReader& operator=(const RdbReader&) = delete;

  bool ok() const { return error_.empty(); }
  /// What is wrong, first of all.
  std::string_view error() const { return error_; }
  /// Remembers what is wrong unless something was before. Always false.
  bool Fail(std::string_view why);

  uint8_t Byte();
  /// So many bytes.
  std::string_view Bytes(uint64_t count);
  uint64_t Length();
  std::string_view String();
  /// Steps over one, whatever is in it.
  void SkipString();
  /// A string; when it is stored as an integer, true and the value instead of the text.
  bool IntegerOrString(int64_t& value, std::string_view& text);
  uint32_t Little32() { return static_cast<uint32_t>(Little(sizeof(uint32_t))); }
  uint64_t Little64() { return Little(sizeof(uint64_t)); }
  uint64_t Big64();
  double Double();

  /// What is there and unread. Of a source: what has arrived.
  std::string_view window() const { return window_; }
  /// Lets the window become longer, up to `bytes`. False: it did not, because it is or the source has ended.
  bool Extend(size_t bytes);
  /// Nothing is left (of memory; a source is not asked).
  bool AtEnd() const { return window_.empty(); }
  /// Bytes read so far.
  uint64_t consumed() const { return consumed_; }
  /// The checksum of what was read so far.
  uint64_t Checksum();

 private:
  uint64_t Little(size_t bytes);
  uint64_t LengthOf(uint8_t head);
  std::string_view Decompress();
  bool Fill(size_t count);
  void Receive(size_t count, size_t room);
  std::string_view LongBytes(uint64_t count);
  void CheckUpTo(const char* end);

  std::string_view window_;  // what has arrived and is unread
  RdbSource* source_ = nullptr;
  bool checked_ = false;
  const char* unchecked_ = nullptr;  // from here to the window's begin the checksum is behind
  uint64_t checksum_ = 0;
  uint64_t consumed_ = 0;
  std::string buffer_;
  std::string long_text_;  // what did not fit in the buffer
  std::string inflated_;
  std::string digits_;
  std::string error_;
};

}  // namespace usher::engine
