// See rdb_reader.h.
#include "engine/rdb_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/crc64.h"
#include "engine/lzf.h"
#include "engine/rdb_format.h"
#include "protocol/number_text.h"

namespace usher::engine {
namespace {

constexpr std::string_view kTruncated = "unexpected end of data";
constexpr std::string_view kUnknownString = "unknown encoding of a string";

bool IsSpecial(uint8_t head) {
  return head >= rdb::kInt8;
}

}  // namespace

bool RdbReader::Fail(std::string_view why) {
  if (ok()) error_ = why;
  window_ = {};
  return false;
}

void RdbReader::CheckUpTo(const char* end) {
  if (checked_) checksum_ = Crc64(checksum_, {unchecked_, static_cast<size_t>(end - unchecked_)});
  unchecked_ = end;
}

uint64_t RdbReader::Checksum() {
  if (ok() && unchecked_ != nullptr) CheckUpTo(window_.data());
  return checksum_;
}

// Lets bytes arrive until the window has `count` of them, in a buffer of at least `room`.
void RdbReader::Receive(size_t count, size_t room) {
  if (buffer_.empty()) {
    buffer_.resize(kPieceBytes);
    window_ = {buffer_.data(), 0};
    unchecked_ = buffer_.data();
  }
  CheckUpTo(window_.data());
  size_t have = window_.size();
  std::memmove(buffer_.data(), window_.data(), have);
  if (buffer_.size() < room) buffer_.resize(room);
  while (have < count) {
    const size_t wanted = std::max(count - have, std::min(kPieceBytes, buffer_.size() - have));
    const size_t arrived = source_->Read(buffer_.data() + have, wanted);
    if (arrived == 0) break;
    have += arrived;
  }
  window_ = {buffer_.data(), have};
  unchecked_ = buffer_.data();
}

// Makes `count` bytes, at most a piece, the window's.
bool RdbReader::Fill(size_t count) {
  if (window_.size() >= count) return true;
  if (!ok()) return false;
  if (source_ == nullptr) return Fail(kTruncated);
  Receive(count, kPieceBytes);
  return window_.size() >= count || Fail(kTruncated);
}

bool RdbReader::Extend(size_t bytes) {
  const size_t before = window_.size();
  if (before >= bytes || source_ == nullptr || !ok()) return false;
  Receive(bytes, bytes);
  return window_.size() > before;
}

std::string_view RdbReader::Bytes(uint64_t count) {
  if (count > window_.size()) {
    if (source_ != nullptr && count > kPieceBytes) return LongBytes(count);
    if (source_ == nullptr || !Fill(count)) {
      Fail(kTruncated);
      return {};
    }
  }
  const std::string_view bytes = window_.substr(0, count);
  window_.remove_prefix(count);
  consumed_ += count;
  return bytes;
}

// Longer than the buffer: it grows as the bytes arrive, whatever length they claim.
std::string_view RdbReader::LongBytes(uint64_t count) {
  long_text_.clear();
  while (long_text_.size() < count) {
    if (window_.empty() && !Fill(1)) return {};
    const size_t taken = static_cast<size_t>(std::min<uint64_t>(count - long_text_.size(), window_.size()));
    long_text_.append(window_.substr(0, taken));
    window_.remove_prefix(taken);
    consumed_ += taken;
  }
  return long_text_;
}

uint8_t RdbReader::Byte() {
  if (!Fill(1)) return 0;
  const uint8_t byte = static_cast<uint8_t>(window_.front());
  window_.remove_prefix(1);
  ++consumed_;
  return byte;
}

uint64_t RdbReader::Little(size_t bytes) {
  const std::string_view text = Bytes(bytes);
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) value |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  return value;
}

uint64_t RdbReader::Big64() {
  uint64_t value = 0;
  for (const char byte : Bytes(sizeof value)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

double RdbReader::Double() {
  return std::bit_cast<double>(Little64());
}

uint64_t RdbReader::LengthOf(uint8_t head) {
  if (head < 0x40) return head;
  if (head < 0x80) return (uint64_t{head & 0x3Fu} << 8) | Byte();
  if (head == rdb::kLength64) return Big64();
  if (head != rdb::kLength32) {
    Fail("unknown encoding of a length");
    return 0;
  }
  uint64_t length = 0;
  for (const char byte : Bytes(sizeof(uint32_t))) length = length << 8 | static_cast<uint8_t>(byte);
  return length;
}

uint64_t RdbReader::Length() {
  return LengthOf(Byte());
}

std::string_view RdbReader::Decompress() {
  const uint64_t compressed_size = Length();
  const uint64_t size = Length();
  const std::string_view compressed = Bytes(compressed_size);
  if (ok() && LzfDecompress(compressed, size, inflated_)) return inflated_;
  Fail("invalid compressed string");
  return {};
}

void RdbReader::SkipString() {
  const uint8_t head = Byte();
  switch (head) {
    case rdb::kInt8:
    case rdb::kInt16:
    case rdb::kInt32:
      Bytes(uint64_t{1} << (head - rdb::kInt8));
      return;
    case rdb::kCompressed: {
      const uint64_t compressed_size = Length();
      Length();
      Bytes(compressed_size);
      return;
    }
    default:
      if (IsSpecial(head)) {
        Fail(kUnknownString);
      } else {
        Bytes(LengthOf(head));
      }
  }
}

bool RdbReader::IntegerOrString(int64_t& value, std::string_view& text) {
  const uint8_t head = Byte();
  switch (head) {
    case rdb::kInt8:
      value = static_cast<int8_t>(Byte());
      return true;
    case rdb::kInt16:
      value = static_cast<int16_t>(Little(2));
      return true;
    case rdb::kInt32:
      value = static_cast<int32_t>(Little(4));
      return true;
    case rdb::kCompressed:
      text = Decompress();
      return false;
    default:
      text = IsSpecial(head) ? std::string_view() : Bytes(LengthOf(head));
      if (IsSpecial(head)) Fail(kUnknownString);
      return false;
  }
}

std::string_view RdbReader::String() {
  int64_t value = 0;
  std::string_view text;
  if (!IntegerOrString(value, text)) return text;
  digits_.resize(protocol::kIntegerTextBytesMax);
  digits_.resize(protocol::FormatInteger(value, digits_.data()));
  return digits_;
}

}  // namespace usher::engine
