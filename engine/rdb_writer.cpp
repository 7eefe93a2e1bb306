// See rdb_writer.h.
#include "engine/rdb_writer.h"

#include <bit>
#include <limits>

#include "engine/lzf.h"
#include "engine/rdb_format.h"
#include "protocol/number_text.h"

namespace usher::engine {
namespace {

constexpr size_t kIntegerDigitsMax = 11;
constexpr size_t kCompressedFrom = 21;  // bytes of text
constexpr size_t kSavedMin = 4;

}  // namespace

void RdbWriter::Little(uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) Byte(static_cast<uint8_t>(value >> (8 * i)));
}

void RdbWriter::Big64(uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) Byte(static_cast<uint8_t>(value >> (56 - 8 * i)));
}

void RdbWriter::Double(double value) {
  Little64(std::bit_cast<uint64_t>(value));
}

void RdbWriter::Length(uint64_t length) {
  if (length < 0x40) return Byte(static_cast<uint8_t>(length));
  if (length < 0x4000) {
    Byte(static_cast<uint8_t>(0x40 | (length >> 8)));
    return Byte(static_cast<uint8_t>(length));
  }
  if (length > std::numeric_limits<uint32_t>::max()) {
    Byte(rdb::kLength64);
    return Big64(length);
  }
  Byte(rdb::kLength32);
  for (unsigned i = 0; i < 4; ++i) Byte(static_cast<uint8_t>(length >> (24 - 8 * i)));
}

// An integer of up to 32 bits has a form of its own.
bool RdbWriter::ShortInteger(int64_t value) {
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) return false;
  const size_t bytes = value == static_cast<int8_t>(value) ? 1 : value == static_cast<int16_t>(value) ? 2 : 4;
  Byte(bytes == 1 ? rdb::kInt8 : bytes == 2 ? rdb::kInt16 : rdb::kInt32);
  Little(static_cast<uint64_t>(value), bytes);
  return true;
}

void RdbWriter::String(std::string_view text) {
  int64_t value = 0;
  if (text.size() <= kIntegerDigitsMax && protocol::ParseInteger(text, value) && ShortInteger(value)) return;
  if (compress_ && text.size() >= kCompressedFrom && LzfCompress(text, kSavedMin, compressed_)) {
    Byte(rdb::kCompressed);
    Length(compressed_.size());
    Length(text.size());
    return Bytes(compressed_);
  }
  Length(text.size());
  Bytes(text);
}

void RdbWriter::IntegerString(int64_t value) {
  if (ShortInteger(value)) return;
  char digits[protocol::kIntegerTextBytesMax];
  const size_t length = protocol::FormatInteger(value, digits);
  Length(length);
  Bytes({digits, length});
}

bool RdbWriter::Flush() {
  if (sink_ == nullptr) return ok_;
  ok_ = ok_ && sink_->Write(bytes_);
  bytes_.clear();
  return ok_;
}

}  // namespace usher::engine
