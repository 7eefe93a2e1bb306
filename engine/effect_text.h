// EffectText: RESP commands one after the other, as the journal takes them, and how many they are.
// Complexity: O(1) amortised per byte; the memory is kept for the next time, up to what a large admission takes.
// Thread safety: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "protocol/number_text.h"
#include "protocol/resp_writer.h"

namespace usher::engine {

class EffectText {
 public:
  EffectText() = default;
  EffectText(const EffectText&) = delete;
  EffectText& operator=(const EffectText&) = delete;

  /// Starts a command of `words` words, which must follow.
  void Command(size_t words) {
    writer_.Array(words);
    ++commands_;
  }
  void Word(std::string_view word) { writer_.Bulk(word); }
  void Integer(int64_t value) {
    std::array<char, protocol::kIntegerTextBytesMax> digits;
    Word({digits.data(), protocol::FormatInteger(value, digits.data())});
  }
  void Add(std::span<const std::string_view> words) {
    Command(words.size());
    for (const std::string_view word : words) Word(word);
  }
  void Add(std::initializer_list<std::string_view> words) { Add(std::span(words.begin(), words.size())); }
  /// Text that is encoded already, in which `commands` commands start.
  void Encoded(std::string_view text, size_t commands) {
    writer_.Raw(text);
    commands_ += commands;
  }
  void Encoded(const EffectText& other) { Encoded(other.text(), other.commands()); }

  std::string_view text() const { return buffer_.Pending(); }
  size_t commands() const { return commands_; }

  void Clear() {
    Truncate(0, 0);
    if (buffer_.capacity() > kKeptBytesMax) buffer_.ReleaseIfEmpty();
  }
  /// Drops what was added since there were so many bytes and commands.
  void Truncate(size_t bytes, size_t commands) {
    buffer_.Truncate(bytes);
    commands_ = commands;
  }

 private:
  static constexpr size_t kKeptBytesMax = size_t{4} << 20;

  protocol::ReplyBuffer buffer_;
  protocol::RespWriter writer_{buffer_};
  size_t commands_ = 0;
};

}  // namespace usher::engine
