// AofReader: the commands of an append-only file, one after the other, as arrays of RESP bulk strings. Lines that start
// with '#' (times) are skipped.
//
//   buffer   |.. read ..[ the command at hand ][ not yet looked at ]   |      moved to the front when more is read
//
// Memory: a piece and the longest command. Complexity: linear. Thread safety: none, but that `loaded` may be watched.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usher::engine {

class AofReader {
 public:
  enum class Got : uint8_t {
    kCommand,
    kEnd,        // all of the file was read
    kTruncated,  // it ends inside a command
    kMalformed,
    kFailed  // error() says why
  };

  /// `loaded` is told how many bytes have been read.
  explicit AofReader(std::atomic<uint64_t>& loaded) : loaded_(loaded) {}
  ~AofReader();
  AofReader(const AofReader&) = delete;
  AofReader& operator=(const AofReader&) = delete;

  /// Opens the file and starts at `offset`. False: error() says why.
  bool Open(const std::string& path, uint64_t offset);
  Got Next();
  /// The words of the command that Next() got, valid until the next call.
  std::span<const std::string_view> args() const { return args_; }
  /// Place in the file behind the last command.
  uint64_t offset() const { return offset_; }
  const std::string& error() const { return error_; }

 private:
  enum class Parsed : uint8_t { kYes, kNeedsMore, kMalformed };

  Parsed Parse();
  Parsed SkipComment();
  /// A line "<mark><count>\r\n" at `at`, which moves behind it.
  Parsed ReadCount(size_t& at, char mark, size_t& count) const;
  bool Fill();

  std::atomic<uint64_t>& loaded_;
  int fd_ = -1;
  bool at_end_ = false;
  std::vector<char> buffer_;
  size_t begin_ = 0;   // what is not yet handed out
  size_t end_ = 0;     // what is read
  size_t wanted_ = 0;  // bytes from begin_ that the command at hand has at least
  uint64_t offset_ = 0;
  std::vector<std::string_view> args_;
  std::string error_;
};

}  // namespace usher::engine
