// See stream_id.h.
#include "engine/stream_id.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "protocol/number_text.h"

namespace usher::engine {
namespace {

constexpr size_t kTextBytesMax = 127;

/// A canonical number, or whatever strtoull() reads wholly (leading zeros, blanks, a sign that wraps around). A
/// canonical negative number is refused.
bool ReadNumber(const char* text, uint64_t& value) {
  int64_t number = 0;
  if (protocol::ParseInteger(text, number)) {
    value = static_cast<uint64_t>(number);
    return number >= 0;
  }
  errno = 0;
  char* end = nullptr;
  value = std::strtoull(text, &end, 10);
  return errno == 0 && *text != '\0' && *end == '\0';
}

}  // namespace

std::optional<StreamId> StreamId::Next() const {
  if (*this == kStreamIdMax) return std::nullopt;
  if (seq == kStreamIdMax.seq) return StreamId{ms + 1, 0};
  return StreamId{ms, seq + 1};
}

std::optional<StreamId> StreamId::Previous() const {
  if (IsZero()) return std::nullopt;
  if (seq == 0) return StreamId{ms - 1, kStreamIdMax.seq};
  return StreamId{ms, seq - 1};
}

StreamIdText::StreamIdText(StreamId id) {
  size_ = protocol::FormatUnsigned(id.ms, text_.data());
  text_[size_++] = '-';
  size_ += protocol::FormatUnsigned(id.seq, text_.data() + size_);
}

std::optional<ParsedStreamId> ParseStreamId(std::string_view text, uint64_t missing_seq, StreamIdForm form) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  if (form == StreamIdForm::kEnds && text == "-") return ParsedStreamId{};
  if (form == StreamIdForm::kEnds && text == "+") return ParsedStreamId{kStreamIdMax};
  std::array<char, kTextBytesMax + 1> buffer;  // ends at its first NUL, as in Redis
  if (!text.empty()) std::memcpy(buffer.data(), text.data(), text.size());
  buffer[text.size()] = '\0';
  ParsedStreamId parsed;
  char* const dash = std::strchr(buffer.data(), '-');
  if (dash != nullptr) *dash = '\0';
  if (!ReadNumber(buffer.data(), parsed.id.ms)) return std::nullopt;
  if (dash == nullptr) {
    parsed.id.seq = missing_seq;
  } else if (form == StreamIdForm::kSequence && std::strcmp(dash + 1, "*") == 0) {
    parsed.seq_given = false;
  } else if (!ReadNumber(dash + 1, parsed.id.seq)) {
    return std::nullopt;
  }
  return parsed;
}

}  // namespace usher::engine
