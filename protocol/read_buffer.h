// ReadBuffer: the bytes one connection has received and not yet executed, contiguous, so that requests can be views.
//
//   data_ |  consumed  |  unread (views point here)  |  writable tail  |
//         0          begin_                         end_           capacity_
//
// Invariants: begin_ <= end_ <= capacity_; an empty buffer starts at 0 again. Bytes move only in Writable(), so views
// made of Unread() hold until the next Writable() or Consume(). Nothing is allocated before the first read.
// Complexity: every byte is copied O(1) times amortised, a bulk of any length included; one of up to 16 MiB is not
// copied at all once its length is known (see Expect()). Thread safety: none; the connection's owner has it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace usher::protocol {

class ReadBuffer {
 public:
  /// First allocation: what one read takes at most from an ordinary client.
  static constexpr size_t kChunkBytes = 16 * 1024;
  /// Room below which a read is not worth its system call.
  static constexpr size_t kReadBytesMin = 4 * 1024;

  ReadBuffer() = default;
  ReadBuffer(ReadBuffer&& other) noexcept { *this = std::move(other); }
  ReadBuffer& operator=(ReadBuffer&& other) noexcept;

  /// Room to receive into: at least `bytes_min` bytes, or all that the expected bulk still lacks. Moves the bytes.
  std::span<char> Writable(size_t bytes_min = kReadBytesMin);
  /// Adds the first `bytes` of the last Writable() to the unread bytes.
  void Commit(size_t bytes) { end_ += bytes; }
  std::string_view Unread() const { return {data_.get() + begin_, end_ - begin_}; }
  /// Drops the first `bytes` unread bytes: their requests are executed.
  void Consume(size_t bytes);

  /// Says that a big bulk in progress lacks `missing_bytes` (0: none). Writable() then grows to exactly that, in steps
  /// bounded by what has arrived, so that a length nobody sends costs no memory.
  void Expect(size_t missing_bytes) { expected_bytes_ = missing_bytes; }

  /// Gives the memory of an empty buffer back; for connections that went idle.
  void ReleaseIfEmpty();
  size_t capacity() const { return capacity_; }

 private:
  void MoveToNewStorage(size_t capacity);
  void Release();

  std::unique_ptr<char[]> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
  size_t expected_bytes_ = 0;
  unsigned slack_uses_ = 0;  // times in a row that the buffer ran empty having used little of a big capacity
};

}  // namespace usher::protocol
