// See resp_writer.h. The bytes are those of redis-server 7.0.15 (DEBUG PROTOCOL), doubles those of 7.2 (number_text.h).
#include "protocol/resp_writer.h"

#include <algorithm>
#include <array>

#include "protocol/number_text.h"

namespace usher::protocol {
namespace {

constexpr size_t kFirstBytes = 1024;
constexpr size_t kKeptBytesMax = 64 * 1024;
constexpr size_t kHeaderBytesMax = 1 + kIntegerTextBytesMax + 2;
constexpr size_t kDeferredGapBytes = 4;  // "*7\r\n": an aggregate below ten elements never moves

// "?NN\r\n" with its length in the last byte: the header of a small number is one eight-byte store and its type.
struct SmallHeader {
  std::array<char, 7> text{};
  uint8_t length = 0;
};

constexpr std::array<SmallHeader, 100> kSmallHeaders = [] {
  std::array<SmallHeader, 100> table{};
  for (size_t number = 0; number < table.size(); ++number) {
    SmallHeader& header = table[number];
    size_t at = 1;
    if (number >= 10) header.text[at++] = static_cast<char>('0' + number / 10);
    header.text[at++] = static_cast<char>('0' + number % 10);
    header.text[at++] = '\r';
    header.text[at++] = '\n';
    header.length = static_cast<uint8_t>(at);
  }
  return table;
}();

// Writes "<type><number>\r\n". `out` has room for kHeaderBytesMax bytes.
inline size_t PutHeader(char* out, char type, uint64_t number) {
  if (number < kSmallHeaders.size()) [[likely]] {
    const SmallHeader& header = kSmallHeaders[number];
    std::memcpy(out, &header, sizeof(header));
    *out = type;
    return header.length;
  }
  *out = type;
  const size_t digits = FormatUnsigned(number, out + 1);
  std::memcpy(out + 1 + digits, "\r\n", 2);
  return digits + 3;
}

}  // namespace

ReplyBuffer& ReplyBuffer::operator=(ReplyBuffer&& other) noexcept {
  data_ = std::move(other.data_);
  head_ = std::exchange(other.head_, 0);
  tail_ = std::exchange(other.tail_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void ReplyBuffer::Grow(size_t bytes) {
  const size_t pending = size();
  // What was sent is reused only while it is at least half, so that moving stays cheaper than appending.
  if (head_ >= pending && capacity_ - pending >= bytes) {
    std::memmove(data_.get(), data_.get() + head_, pending);
  } else {
    capacity_ = std::max({kFirstBytes, pending + bytes, pending * 2});
    auto storage = std::make_unique_for_overwrite<char[]>(capacity_);
    if (pending != 0) std::memcpy(storage.get(), data_.get() + head_, pending);
    data_ = std::move(storage);
  }
  head_ = 0;
  tail_ = pending;
}

void ReplyBuffer::MarkSent(size_t bytes) {
  head_ += bytes;
  if (head_ != tail_) return;
  head_ = tail_ = 0;
  if (capacity_ > kKeptBytesMax) ReleaseIfEmpty();
}

void ReplyBuffer::Replace(size_t offset, size_t old_bytes, std::string_view text) {
  if (text.size() > old_bytes) Room(text.size() - old_bytes);
  char* const at = data_.get() + head_ + offset;
  const size_t behind = size() - offset - old_bytes;
  if (text.size() != old_bytes) std::memmove(at + text.size(), at + old_bytes, behind);
  std::memcpy(at, text.data(), text.size());
  tail_ = tail_ - old_bytes + text.size();
}

void ReplyBuffer::ReleaseIfEmpty() {
  if (!empty()) return;
  data_.reset();
  head_ = tail_ = capacity_ = 0;
}

void RespWriter::Header(char type, uint64_t number) {
  buffer_->Commit(PutHeader(buffer_->Room(kHeaderBytesMax), type, number));
}

void RespWriter::Line(char type, std::string_view text) {
  char* const out = buffer_->Room(text.size() + 3);
  *out = type;
  std::memcpy(out + 1, text.data(), text.size());
  std::memcpy(out + 1 + text.size(), "\r\n", 2);
  buffer_->Commit(text.size() + 3);
}

void RespWriter::SimpleString(std::string_view text) {
  Line('+', text);
}

void RespWriter::Error(std::string_view text) {
  while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
  char* const line = buffer_->Room(text.size() + 3) + 1;
  Line('-', text);
  std::replace_if(
      line, line + text.size(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
}

void RespWriter::Integer(int64_t value) {
  if (value >= 0) return Header(':', static_cast<uint64_t>(value));
  char* const out = buffer_->Room(kHeaderBytesMax);
  *out = ':';
  const size_t digits = FormatInteger(value, out + 1);
  std::memcpy(out + 1 + digits, "\r\n", 2);
  buffer_->Commit(digits + 3);
}

void RespWriter::Bulk(std::string_view bytes) {
  char* out = buffer_->Room(kHeaderBytesMax + bytes.size() + 2);
  const size_t header = PutHeader(out, '$', bytes.size());
  out += header;
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  std::memcpy(out + bytes.size(), "\r\n", 2);
  buffer_->Commit(header + bytes.size() + 2);
}

void RespWriter::Null() {
  buffer_->Append(resp3() ? "_\r\n" : "$-1\r\n");
}

void RespWriter::NullArray() {
  buffer_->Append(resp3() ? "_\r\n" : "*-1\r\n");
}

void RespWriter::Double(double value) {
  std::array<char, kDoubleTextBytesMax> text;
  const std::string_view number(text.data(), FormatDouble(value, text.data()));
  if (resp3()) return Line(',', number);
  Bulk(number);
}

void RespWriter::Boolean(bool value) {
  if (resp3()) return buffer_->Append(value ? "#t\r\n" : "#f\r\n");
  Header(':', value ? 1 : 0);
}

void RespWriter::BigNumber(std::string_view digits) {
  if (resp3()) return Line('(', digits);
  Bulk(digits);
}

void RespWriter::Verbatim(std::string_view format, std::string_view text) {
  if (!resp3()) return Bulk(text);
  Header('=', format.size() + 1 + text.size());
  buffer_->Append(format);
  buffer_->Append(":");
  buffer_->Append(text);
  buffer_->Append("\r\n");
}

void RespWriter::Array(size_t elements) {
  Header('*', elements);
}

void RespWriter::Map(size_t pairs) {
  if (resp3()) return Header('%', pairs);
  Header('*', pairs * 2);
}

void RespWriter::Set(size_t elements) {
  Header(resp3() ? '~' : '*', elements);
}

void RespWriter::Push(size_t elements) {
  Header(resp3() ? '>' : '*', elements);
}

void RespWriter::Attribute(size_t pairs) {
  if (resp3()) Header('|', pairs);
}

ReplySink::Deferred RespWriter::BeginDeferred() {
  const Deferred start{buffer_->size()};
  buffer_->Room(kDeferredGapBytes);
  buffer_->Commit(kDeferredGapBytes);
  return start;
}

void RespWriter::EndArray(Deferred start, size_t elements) {
  EndWith(start, '*', elements);
}

void RespWriter::EndMap(Deferred start, size_t pairs) {
  if (resp3()) return EndWith(start, '%', pairs);
  EndWith(start, '*', pairs * 2);
}

void RespWriter::EndSet(Deferred start, size_t elements) {
  EndWith(start, resp3() ? '~' : '*', elements);
}

void RespWriter::EndWith(Deferred start, char type, uint64_t number) {
  std::array<char, kHeaderBytesMax> text;
  buffer_->Replace(start.offset, kDeferredGapBytes, {text.data(), PutHeader(text.data(), type, number)});
}

}  // namespace usher::protocol
