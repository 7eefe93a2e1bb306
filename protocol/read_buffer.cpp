// See read_buffer.h.
#include "protocol/read_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace usher::protocol {
namespace {

constexpr size_t kKeptBytesMax = 64 * 1024;             // capacity that a busy connection may keep for ever
constexpr size_t kGiantBytes = 1024 * 1024;             // capacity that is given back as soon as it is not needed
constexpr size_t kReserveStepBytes = 16 * 1024 * 1024;  // granted on the word of a bulk's announced length
constexpr unsigned kSlackUsesMax = 16;

}  // namespace

ReadBuffer& ReadBuffer::operator=(ReadBuffer&& other) noexcept {
  data_ = std::move(other.data_);
  begin_ = std::exchange(other.begin_, 0);
  end_ = std::exchange(other.end_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  expected_bytes_ = std::exchange(other.expected_bytes_, 0);
  slack_uses_ = std::exchange(other.slack_uses_, 0);
  return *this;
}

std::span<char> ReadBuffer::Writable(size_t bytes_min) {
  const size_t unread = end_ - begin_;
  const bool bulk_expected = expected_bytes_ != 0;
  const size_t enough = bulk_expected ? std::min(expected_bytes_, bytes_min) : bytes_min;
  const size_t wanted =
      bulk_expected ? std::min(expected_bytes_, std::max({enough, kReserveStepBytes, unread})) : bytes_min;
  if (capacity_ > kGiantBytes && (unread + wanted) * 4 < capacity_) {
    MoveToNewStorage(std::max(kChunkBytes, unread + wanted));
  } else if (capacity_ - end_ < enough) {
    if (capacity_ - unread >= wanted) {
      std::memmove(data_.get(), data_.get() + begin_, unread);
      begin_ = 0;
      end_ = unread;
    } else {
      MoveToNewStorage(std::max({kChunkBytes, unread + wanted, bulk_expected ? 0 : 2 * unread}));
    }
  }
  return {data_.get() + end_, capacity_ - end_};
}

void ReadBuffer::Consume(size_t bytes) {
  begin_ += bytes;
  if (begin_ != end_) return;
  const size_t used = end_;
  begin_ = end_ = 0;
  if (capacity_ <= kKeptBytesMax) return;
  // Between the two bounds the capacity stays while it is used: a client of 100 KB values allocates once, not each
  // time.
  slack_uses_ = used * 4 < capacity_ ? slack_uses_ + 1 : 0;
  if (capacity_ > kGiantBytes || slack_uses_ >= kSlackUsesMax) Release();
}

void ReadBuffer::ReleaseIfEmpty() {
  if (begin_ == end_) Release();
}

void ReadBuffer::MoveToNewStorage(size_t capacity) {
  auto storage = std::make_unique_for_overwrite<char[]>(capacity);
  const size_t unread = end_ - begin_;
  if (unread != 0) std::memcpy(storage.get(), data_.get() + begin_, unread);
  data_ = std::move(storage);
  begin_ = 0;
  end_ = unread;
  capacity_ = capacity;
  slack_uses_ = 0;
}

void ReadBuffer::Release() {
  data_.reset();
  begin_ = end_ = capacity_ = 0;
  slack_uses_ = 0;
}

}  // namespace usher::protocol
