// StreamId: the name of a stream's entry, <milliseconds>-<sequence>, and its text forms.
// Thread safety: values; pure functions.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace usher::engine {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  auto operator<=>(const StreamId&) const = default;
  bool IsZero() const { return ms == 0 && seq == 0; }
  /// The smallest greater ID; none behind the last.
  std::optional<StreamId> Next() const;
  /// The greatest smaller ID; none before 0-0.
  std::optional<StreamId> Previous() const;
};

inline constexpr StreamId kStreamIdMax{std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max()};

/// An ID as "1526919030474-55".
class StreamIdText {
 public:
  explicit StreamIdText(StreamId id);
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 41> text_;
  size_t size_;
};

/// Which texts besides numbers are an ID.
enum class StreamIdForm : uint8_t {
  kNumbers,   // "5", "5-1"
  kEnds,      // also "-" and "+", the least and the greatest
  kSequence,  // also "5-*", a sequence yet to be chosen
};

struct ParsedStreamId {
  StreamId id;
  bool seq_given = true;  // false: "5-*"
};

/// Reads an ID as leniently as Redis does; `missing_seq` completes one without a sequence.
std::optional<ParsedStreamId> ParseStreamId(std::string_view text, uint64_t missing_seq, StreamIdForm form);

}  // namespace usher::engine
