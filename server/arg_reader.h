// ArgReader: walks a command's options by keyword and parses numbers, so that option loops read like the syntax.
// Thread safety: a value on the handler's stack.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/number_text.h"

namespace usher::server {

/// Whether two texts are equal but for the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

/// The text as a canonical 64-bit integer.
inline std::optional<int64_t> ToInteger(std::string_view text) {
  int64_t value = 0;
  return protocol::ParseInteger(text, value) ? std::optional(value) : std::nullopt;
}
/// The text as a double, as strict as Redis; NaN is refused.
inline std::optional<double> ToDouble(std::string_view text) {
  double value = 0;
  return protocol::ParseDouble(text, value) ? std::optional(value) : std::nullopt;
}

class ArgReader {
 public:
  ArgReader(std::span<const std::string_view> args, size_t first) : args_(args), next_(first) {}

  bool done() const { return next_ >= args_.size(); }
  size_t left() const { return args_.size() - next_; }
  size_t position() const { return next_; }
  std::string_view Peek() const { return args_[next_]; }
  std::string_view Next() { return args_[next_++]; }
  /// Consumes the next argument if it is this keyword.
  bool Accept(std::string_view keyword) {
    if (done() || !EqualsIgnoringCase(args_[next_], keyword)) return false;
    ++next_;
    return true;
  }
  /// The same when at least `values` more arguments follow the keyword.
  bool AcceptWith(std::string_view keyword, size_t values) { return left() > values && Accept(keyword); }

 private:
  std::span<const std::string_view> args_;
  size_t next_;
};

}  // namespace usher::server
