// The ranges of sorted-set commands: what clients may write, and the arithmetic of ranks.
#include "engine/zset_range.h"

#include <doctest/doctest.h>

#include <limits>

namespace usher::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("ScoreRange: bounds are numbers, infinities, or exclusive with a parenthesis") {
  const ScoreRange range = *ScoreRange::Parse("(1.5", "+inf");
  CHECK(range.min == 1.5);
  CHECK(range.min_exclusive);
  CHECK(range.max == kInfinity);
  CHECK_FALSE(range.max_exclusive);
  CHECK((*ScoreRange::Parse("-inf", "(-Infinity")).max == -kInfinity);
  CHECK((*ScoreRange::Parse("+5", "0x10")).max == 16);
}

TEST_CASE("ScoreRange: an empty bound is zero and an overflowing one infinite, as strtod reads them") {
  CHECK((*ScoreRange::Parse("", "(")).min == 0);
  CHECK((*ScoreRange::Parse("", "(")).max_exclusive);
  CHECK((*ScoreRange::Parse("1", "1e999")).max == kInfinity);
  CHECK((*ScoreRange::Parse(" 1", "2")).min == 1);
}

TEST_CASE("ScoreRange: what is not wholly a number is refused") {
  for (const char* text : {"a", "1a", "nan", "(nan", "((1", "1 ", "[1", "1,5"}) {
    CHECK(ScoreRange::Parse(text, "1").error() == Error::kMinMaxNotFloat);
    CHECK(ScoreRange::Parse("1", text).error() == Error::kMinMaxNotFloat);
  }
}

TEST_CASE("LexRange: bounds need a bracket, a parenthesis, or are the ends") {
  const LexRange range = *LexRange::Parse("[a", "(b");
  CHECK(range.AboveMin("a"));
  CHECK_FALSE(range.AboveMin(""));
  CHECK(range.BelowMax("azzz"));
  CHECK_FALSE(range.BelowMax("b"));
  CHECK((*LexRange::Parse("-", "+")).AboveMin(""));
  CHECK((*LexRange::Parse("+", "-")).Empty());
  for (const char* text : {"", "a", "--", "-a", "++"}) {
    CHECK(LexRange::Parse(text, "+").error() == Error::kMinMaxNotString);
    CHECK(LexRange::Parse("-", text).error() == Error::kMinMaxNotString);
  }
}

TEST_CASE("RankRange: indexes may be negative and beyond either end") {
  const auto check = [](int64_t start, int64_t stop, Order order, size_t first, size_t count) {
    const RankRange range = RankRange::FromIndexes(start, stop, 10, order);
    CHECK(range.count == count);
    if (count > 0) CHECK(range.first == first);
  };
  check(0, -1, Order::kAscending, 0, 10);
  check(-3, -2, Order::kAscending, 7, 2);
  check(-100, 100, Order::kAscending, 0, 10);
  check(2, 3, Order::kReversed, 6, 2);
  check(0, 0, Order::kReversed, 9, 1);
  check(5, 4, Order::kAscending, 0, 0);
  check(10, 12, Order::kAscending, 0, 0);
  check(0, -11, Order::kAscending, 0, 0);
  CHECK(RankRange::FromIndexes(0, -1, 0, Order::kAscending).count == 0);
}

}  // namespace
}  // namespace usher::engine
