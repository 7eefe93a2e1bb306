// What sorted-set commands range over: scores, members in lexical order, ranks. Small value types with parse functions
// for the forms clients write ("(1.5", "-inf", "[a", "(b", "-", "+"). Bounds of a LexRange are views of the request.
// Thread safety: values, nothing shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/result.h"

namespace usher::engine {

/// The direction of a range. Ranks and offsets count from the end that comes first.
enum class Order : uint8_t { kAscending, kReversed };

/// Consecutive ranks, counted in ascending order.
struct RankRange {
  size_t first = 0;
  size_t count = 0;

  /// The part left by LIMIT `offset` `count` when read in `order`; a negative offset leaves nothing, a negative count
  /// takes all.
  RankRange Limited(int64_t offset, int64_t limit, Order order) const;
  /// ZRANGE's start and stop (negative: from the end) on a set of `size` entries, in `order`.
  static RankRange FromIndexes(int64_t start, int64_t stop, size_t size, Order order);
};

struct ScoreRange {
  double min;
  double max;
  bool min_exclusive = false;
  bool max_exclusive = false;

  /// `min` and `max` as ZRANGEBYSCORE takes them. kMinMaxNotFloat.
  static Result<ScoreRange> Parse(std::string_view min, std::string_view max);
  bool AboveMin(double score) const { return min_exclusive ? score > min : score >= min; }
  bool BelowMax(double score) const { return max_exclusive ? score < max : score <= max; }
  /// True if no score can be in the range.
  bool Empty() const { return min > max || (min == max && (min_exclusive || max_exclusive)); }
};

struct LexBound {
  enum class Kind : uint8_t { kLowest, kInclusive, kExclusive, kHighest };
  Kind kind = Kind::kLowest;
  std::string_view member;

  /// "-", "+", "[member" or "(member". kMinMaxNotString.
  static Result<LexBound> Parse(std::string_view text);
};

struct LexRange {
  LexBound min;
  LexBound max;

  /// `min` and `max` as ZRANGEBYLEX takes them. kMinMaxNotString.
  static Result<LexRange> Parse(std::string_view min, std::string_view max);
  bool AboveMin(std::string_view member) const;
  bool BelowMax(std::string_view member) const;
  /// True if no member can be in the range.
  bool Empty() const;
};

}  // namespace usher::engine
