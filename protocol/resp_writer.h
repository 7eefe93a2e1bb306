// ReplyBuffer: the reply bytes of one connection that the socket has not taken yet. RespWriter: the ReplySink that
// encodes them as RESP2 or RESP3.
//
//   data_ |  sent  |  pending  |  room  |
//         0      head_       tail_   capacity_
//
// An aggregate of unknown length leaves a gap where its header will be; EndArray() and its like fit the gap to the
// header, which moves the elements by a few bytes at most once per level.
// Invariants: head_ <= tail_ <= capacity_; an emptied buffer starts at 0 again; MarkSent() never comes between
// BeginDeferred() and its End. Complexity: O(1) amortised per byte. Thread safety: none; whoever runs the connection's
// commands has both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "protocol/reply_sink.h"

namespace usher::protocol {

class ReplyBuffer {
 public:
  ReplyBuffer() = default;
  ReplyBuffer(ReplyBuffer&& other) noexcept { *this = std::move(other); }
  ReplyBuffer& operator=(ReplyBuffer&& other) noexcept;

  void Append(std::string_view bytes) {
    char* const room = Room(bytes.size());
    if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
    Commit(bytes.size());
  }

  /// Room for `bytes` more bytes, of which Commit() adds the first ones. Moves the pending bytes if it has to grow.
  char* Room(size_t bytes) {
    if (capacity_ - tail_ < bytes) [[unlikely]]
      Grow(bytes);
    return data_.get() + tail_;
  }
  void Commit(size_t bytes) { tail_ += bytes; }

  std::string_view Pending() const { return {data_.get() + head_, tail_ - head_}; }
  size_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }

  /// Drops the first `bytes` pending bytes: the socket has taken them. Frees a giant buffer once it is empty.
  void MarkSent(size_t bytes);
  /// Drops the pending bytes from `size` on. REQUIRES: size <= size().
  void Truncate(size_t size) { tail_ = head_ + size; }
  /// Makes the `old_bytes` at `offset` of Pending() into `text`, moving what is behind them.
  void Replace(size_t offset, size_t old_bytes, std::string_view text);

  /// Gives the memory of an empty buffer back; for connections that went idle.
  void ReleaseIfEmpty();
  size_t capacity() const { return capacity_; }

 private:
  void Grow(size_t bytes);

  std::unique_ptr<char[]> data_;
  size_t head_ = 0;
  size_t tail_ = 0;
  size_t capacity_ = 0;
};

class RespWriter final : public ReplySink {
 public:
  explicit RespWriter(ReplyBuffer& buffer, RespVersion version = RespVersion::kResp2)
      : buffer_(&buffer), version_(version) {}

  /// For HELLO: the next value is written in `version`.
  void set_version(RespVersion version) { version_ = version; }
  ReplyBuffer& buffer() { return *buffer_; }

  RespVersion version() const override { return version_; }
  void SimpleString(std::string_view text) override;
  void Error(std::string_view text) override;
  void Integer(int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void NullArray() override;
  void Double(double value) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  void Verbatim(std::string_view format, std::string_view text) override;
  void Array(size_t elements) override;
  void Map(size_t pairs) override;
  void Set(size_t elements) override;
  void Push(size_t elements) override;
  void Attribute(size_t pairs) override;
  Deferred BeginDeferred() override;
  void EndArray(Deferred start, size_t elements) override;
  void EndMap(Deferred start, size_t pairs) override;
  void EndSet(Deferred start, size_t elements) override;

  /// Bytes already encoded in this writer's version, written as they are.
  void Raw(std::string_view encoded) { buffer_->Append(encoded); }

 private:
  bool resp3() const { return version_ == RespVersion::kResp3; }
  void Header(char type, uint64_t number);
  void EndWith(Deferred start, char type, uint64_t number);
  void Line(char type, std::string_view text);

  ReplyBuffer* buffer_;
  RespVersion version_;
};

}  // namespace usher::protocol
