// See aof_reader.h.
#include "engine/aof_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace usher::engine {

namespace {
constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr size_t kCountDigitsMax = 12;
constexpr size_t kArgsMax = size_t{1} << 31;
}  // namespace

AofReader::~AofReader() {
  if (fd_ >= 0) close(fd_);
}

bool AofReader::Open(const std::string& path, uint64_t offset) {
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0 || lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    error_ = std::strerror(errno);
    return false;
  }
  posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  offset_ = offset;
  return true;
}

AofReader::Got AofReader::Next() {
  for (;;) {
    Parsed parsed = Parsed::kNeedsMore;
    if (begin_ < end_) parsed = buffer_[begin_] == '#' ? SkipComment() : Parse();
    if (parsed == Parsed::kMalformed) return Got::kMalformed;
    if (parsed == Parsed::kYes && !args_.empty()) return Got::kCommand;
    if (parsed == Parsed::kYes) continue;
    if (at_end_) return begin_ == end_ ? Got::kEnd : Got::kTruncated;
    if (!Fill()) return Got::kFailed;
  }
}

AofReader::Parsed AofReader::SkipComment() {
  args_.clear();
  const void* const line_end = std::memchr(buffer_.data() + begin_, '\n', end_ - begin_);
  if (line_end == nullptr) return Parsed::kNeedsMore;
  const auto next = static_cast<size_t>(static_cast<const char*>(line_end) - buffer_.data()) + 1;
  offset_ += next - begin_;
  begin_ = next;
  return Parsed::kYes;
}

AofReader::Parsed AofReader::ReadCount(size_t& at, char mark, size_t& count) const {
  if (at >= end_) return Parsed::kNeedsMore;
  if (buffer_[at] != mark) return Parsed::kMalformed;
  count = 0;
  size_t place = at + 1;
  for (; place < end_ && buffer_[place] >= '0' && buffer_[place] <= '9'; ++place) {
    if (place - at > kCountDigitsMax) return Parsed::kMalformed;
    count = count * 10 + static_cast<size_t>(buffer_[place] - '0');
  }
  if (place + 2 > end_) return Parsed::kNeedsMore;
  if (place == at + 1 || buffer_[place] != '\r' || buffer_[place + 1] != '\n') return Parsed::kMalformed;
  at = place + 2;
  return Parsed::kYes;
}

AofReader::Parsed AofReader::Parse() {
  args_.clear();
  size_t at = begin_;
  size_t count = 0;
  if (const Parsed read = ReadCount(at, '*', count); read != Parsed::kYes) return read;
  if (count == 0 || count > kArgsMax) return Parsed::kMalformed;
  for (size_t i = 0; i < count; ++i) {
    size_t bytes = 0;
    if (const Parsed read = ReadCount(at, '$', bytes); read != Parsed::kYes) return read;
    if (at + bytes + 2 > end_) {
      wanted_ = at + bytes + 2 - begin_;
      return Parsed::kNeedsMore;
    }
    args_.emplace_back(buffer_.data() + at, bytes);
    at += bytes + 2;
  }
  offset_ += at - begin_;
  begin_ = at;
  wanted_ = 0;
  return Parsed::kYes;
}

bool AofReader::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  // A command that claims to be long is believed as it comes: the buffer only doubles.
  const size_t room = std::min(std::max(wanted_, end_ + kPieceBytes), std::max(2 * buffer_.size(), kPieceBytes));
  if (buffer_.size() < room) buffer_.resize(room);
  if (buffer_.size() == end_) buffer_.resize(2 * end_);
  for (;;) {
    const ssize_t got = read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      error_ = std::strerror(errno);
      return false;
    }
    at_end_ = got == 0;
    end_ += static_cast<size_t>(got);
    loaded_.fetch_add(static_cast<uint64_t>(got), std::memory_order_relaxed);
    return true;
  }
}

}  // namespace usher::engine
