// See rdb_packed.h.
#include "engine/rdb_packed.h"

#include <algorithm>
#include <limits>

#include "engine/listpack.h"

namespace usher::engine {
namespace {

constexpr size_t kZiplistHeaderBytes = 10;
constexpr size_t kIntsetHeaderBytes = 8;
constexpr uint8_t kEndMark = 0xFF;
constexpr uint64_t kNotCounted = std::numeric_limits<uint16_t>::max();
constexpr uint8_t kZipmapNotCounted = 254;
constexpr uint8_t kLongMark = 254;  // of ziplists and zipmaps: four bytes follow

/// Bytes in which a listpack writes the size of an element's body behind it.
size_t BackLengthBytes(size_t body) {
  if (body <= 127) return 1;
  if (body < 16383) return 2;
  if (body < 2097151) return 3;
  return body < 268435455 ? 4 : 5;
}

int64_t SignExtend(uint64_t value, unsigned bits) {
  const unsigned unused = 64 - bits;
  return static_cast<int64_t>(value << unused) >> unused;
}

}  // namespace

PackedReader::PackedReader(Format format, std::string_view block) : format_(format), block_(block) {
  Open();
}

uint64_t PackedReader::Little(size_t at, size_t bytes) const {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{Unsigned(at + i)} << (8 * i);
  return value;
}

int64_t PackedReader::SignedLittle(size_t at, size_t bytes) const {
  return SignExtend(Little(at, bytes), static_cast<unsigned>(8 * bytes));
}

bool PackedReader::Corrupt() {
  corrupt_ = true;
  return false;
}

void PackedReader::Open() {
  const size_t size = block_.size();
  const auto open = [&](size_t header, size_t count_at, size_t count_bytes, uint64_t not_counted) {
    if (size < header + (format_ == Format::kIntset ? 0 : 1)) return Corrupt();
    at_ = header;
    end_ = format_ == Format::kIntset ? size : size - 1;
    count_ = Little(count_at, count_bytes);
    counted_ = count_ < not_counted;
    return format_ == Format::kIntset || Unsigned(end_) == kEndMark || Corrupt();
  };
  switch (format_) {
    case Format::kListpack:
      if (open(listpack::kHeaderBytes, 4, 2, kNotCounted) && Little(0, 4) != size) Corrupt();
      break;
    case Format::kZiplist:
      last_at_ = kZiplistHeaderBytes;
      if (open(kZiplistHeaderBytes, 8, 2, kNotCounted) && Little(0, 4) != size) Corrupt();
      break;
    case Format::kZipmap:
      open(1, 0, 1, kZipmapNotCounted);
      break;
    case Format::kIntset:
      if (!open(kIntsetHeaderBytes, 4, 4, std::numeric_limits<uint64_t>::max())) break;
      width_ = Little(0, 4);
      if ((width_ != 2 && width_ != 4 && width_ != 8) || size - kIntsetHeaderBytes != count_ * width_) Corrupt();
      break;
  }
}

bool PackedReader::Step(Element& element) {
  if (corrupt_ || at_ >= end_) return false;
  ++seen_;
  switch (format_) {
    case Format::kListpack:
      return StepListpack(element);
    case Format::kZiplist:
      return StepZiplist(element);
    case Format::kZipmap:
      return StepZipmap(element);
    default:
      return StepIntset(element);
  }
}

// The body (encoding and data) of the listpack's element that is next.
bool PackedReader::ListpackBody(Element& element, size_t& body) {
  const size_t room = end_ - at_;
  const uint8_t head = Unsigned(at_);
  const auto text = [&](size_t header, size_t length) {
    if (header > room || length > room - header) return Corrupt();
    body = header + length;
    element.text = block_.substr(at_ + header, length);
    return true;
  };
  const auto integer = [&](size_t bytes) {
    body = 1 + bytes;
    if (body > room) return Corrupt();
    element.integer = SignedLittle(at_ + 1, bytes);
    return true;
  };
  if (head >= 0x80 && head < 0xC0) return text(1, head & 0x3F);
  if (head >= 0xE0 && head < 0xF0) return room < 2 ? Corrupt() : text(2, (head & 0xFu) << 8 | Unsigned(at_ + 1));
  if (head == 0xF0) return room < 5 ? Corrupt() : text(5, Little(at_ + 1, 4));
  element.is_integer = true;
  if (head < 0x80) {
    body = 1;
    element.integer = head;
    return true;
  }
  if (head < 0xE0) {
    body = 2;
    if (body > room) return Corrupt();
    element.integer = SignExtend((head & 0x1Fu) << 8 | Unsigned(at_ + 1), 13);
    return true;
  }
  if (head > 0xF4) return Corrupt();
  return integer(head == 0xF4 ? 8 : head - 0xEFu);
}

bool PackedReader::StepListpack(Element& element) {
  size_t body = 0;
  if (!ListpackBody(element, body)) return false;
  const size_t back = BackLengthBytes(body);
  if (back > end_ - at_ - body) return Corrupt();
  at_ += body;
  for (size_t i = 0; i < back; ++i) {
    const uint8_t bits = (body >> (7 * (back - 1 - i))) & 0x7F;
    if (Unsigned(at_ + i) != (i == 0 ? bits : bits | 0x80)) return Corrupt();
  }
  at_ += back;
  return true;
}

// Encoding and data of the ziplist's entry, from `end` on, which is moved behind them.
bool PackedReader::ZiplistBody(Element& element, size_t& end) {
  if (end >= end_) return Corrupt();
  const size_t room = end_ - end;
  const uint8_t head = Unsigned(end);
  const auto text = [&](size_t header, size_t length) {
    if (header > room || length > room - header) return Corrupt();
    element.text = block_.substr(end + header, length);
    end += header + length;
    return true;
  };
  const auto integer = [&](size_t bytes) {
    if (1 + bytes > room) return Corrupt();
    element.integer = SignedLittle(end + 1, bytes);
    end += 1 + bytes;
    return true;
  };
  if (head < 0x40) return text(1, head);
  if (head < 0x80) return room < 2 ? Corrupt() : text(2, (head & 0x3Fu) << 8 | Unsigned(end + 1));
  if (head == 0x80) {
    if (room < 5) return Corrupt();
    size_t length = 0;
    for (size_t i = 1; i < 5; ++i) length = length << 8 | Unsigned(end + i);
    return text(5, length);
  }
  element.is_integer = true;
  switch (head) {
    case 0xC0:
      return integer(2);
    case 0xD0:
      return integer(4);
    case 0xE0:
      return integer(8);
    case 0xF0:
      return integer(3);
    case 0xFE:
      return integer(1);
    default:
      if (head < 0xF1 || head > 0xFD) return Corrupt();
      element.integer = head - 0xF1;
      ++end;
      return true;
  }
}

bool PackedReader::StepZiplist(Element& element) {
  size_t end = at_;
  const bool is_long = Unsigned(at_) == kLongMark;
  const size_t header = is_long ? 5 : 1;
  if (Unsigned(at_) == kEndMark || header > end_ - at_) return Corrupt();
  const uint64_t before = is_long ? Little(at_ + 1, 4) : Unsigned(at_);
  if (before != previous_) return Corrupt();
  end += header;
  if (!ZiplistBody(element, end)) return false;
  last_at_ = at_;
  previous_ = end - at_;
  at_ = end;
  return true;
}

bool PackedReader::ZipmapLength(uint64_t& length) {
  const bool is_long = Unsigned(at_) == kLongMark;
  const size_t bytes = is_long ? 5 : 1;
  if (Unsigned(at_) == kEndMark || bytes > end_ - at_) return Corrupt();
  length = is_long ? Little(at_ + 1, 4) : Unsigned(at_);
  at_ += bytes;
  return true;
}

// Keys and values in turn: a value has spare bytes behind it, whose number is in front.
bool PackedReader::StepZipmap(Element& element) {
  uint64_t length = 0;
  if (!ZipmapLength(length)) return false;
  const bool is_value = seen_ % 2 == 0;
  uint64_t spare = 0;
  if (is_value) {
    if (at_ >= end_) return Corrupt();
    spare = Unsigned(at_++);
  }
  if (length + spare > end_ - at_) return Corrupt();
  element.text = block_.substr(at_, length);
  at_ += length + spare;
  return true;
}

bool PackedReader::StepIntset(Element& element) {
  element.is_integer = true;
  element.integer = SignedLittle(at_, width_);
  at_ += width_;
  if (seen_ > 1 && element.integer <= last_integer_) return Corrupt();
  last_integer_ = element.integer;
  return true;
}

bool PackedReader::Next(std::string_view& text) {
  Element element;
  if (!Step(element)) return false;
  text = element.text;
  if (element.is_integer) {
    std::array<char, protocol::kIntegerTextBytesMax>& digits = digits_[seen_ % digits_.size()];
    text = {digits.data(), protocol::FormatInteger(element.integer, digits.data())};
  }
  return true;
}

bool PackedReader::NextInteger(int64_t& value) {
  Element element;
  if (!Step(element) || !element.is_integer) return Corrupt();
  value = element.integer;
  return true;
}

bool PackedReader::Finished() {
  if (corrupt_ || at_ != end_) return false;
  const uint64_t counted = format_ == Format::kZipmap ? seen_ / 2 : seen_;
  if (format_ == Format::kZipmap && seen_ % 2 != 0) return false;
  if (format_ == Format::kZiplist && Little(4, 4) != last_at_) return false;
  return !counted_ || counted == count_;
}

// ---- ListpackWriter

void ListpackWriter::Clear() {
  block_.assign(listpack::kHeaderBytes, '\0');
  count_ = 0;
}

void ListpackWriter::Append(std::string_view text) {
  const size_t before = block_.size();
  block_.resize(before + text.size() + listpack::kOverheadMax);
  uint8_t* const to = reinterpret_cast<uint8_t*>(block_.data()) + before;
  block_.resize(before + static_cast<size_t>(listpack::Write(to, text) - to));
  ++count_;
}

std::string_view ListpackWriter::Finish() {
  block_.push_back(static_cast<char>(listpack::kEnd));
  const size_t total = block_.size();
  const size_t count = std::min<size_t>(count_, kNotCounted);
  for (unsigned i = 0; i < 4; ++i) block_[i] = static_cast<char>(total >> (8 * i));
  for (unsigned i = 0; i < 2; ++i) block_[4 + i] = static_cast<char>(count >> (8 * i));
  return block_;
}

}  // namespace usher::engine
