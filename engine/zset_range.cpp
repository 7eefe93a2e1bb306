// Parsing and arithmetic of sorted-set ranges, see zset_range.h.
#include "engine/zset_range.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace usher::engine {

namespace {

struct ScoreBound {
  double score;
  bool exclusive;
};

// Range bounds are looser than scores: whatever strtod() reads to the end, so an empty text is 0 and 1e999 is infinity.
Result<ScoreBound> ParseScoreBound(std::string_view text) {
  ScoreBound bound{0, false};
  if (text.starts_with('(')) {
    bound.exclusive = true;
    text.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound.score);
  if (error != std::errc() || end != text.data() + text.size()) {
    const std::string terminated(text);
    char* stop = nullptr;
    bound.score = std::strtod(terminated.c_str(), &stop);
    if (*stop != '\0') return Error::kMinMaxNotFloat;
  }
  if (std::isnan(bound.score)) return Error::kMinMaxNotFloat;
  return bound;
}

}  // namespace

RankRange RankRange::Limited(int64_t offset, int64_t limit, Order order) const {
  if (offset < 0 || static_cast<uint64_t>(offset) >= count) return {first, 0};
  const size_t skipped = static_cast<size_t>(offset);
  const size_t rest = count - skipped;
  const size_t taken = limit < 0 ? rest : std::min(rest, static_cast<size_t>(limit));
  return {order == Order::kAscending ? first + skipped : first + rest - taken, taken};
}

RankRange RankRange::FromIndexes(int64_t start, int64_t stop, size_t size, Order order) {
  const auto signed_size = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + signed_size, 0);
  if (stop < 0) stop += signed_size;
  if (start > stop || start >= signed_size) return {};
  stop = std::min(stop, signed_size - 1);
  const int64_t first = order == Order::kAscending ? start : signed_size - 1 - stop;
  return {static_cast<size_t>(first), static_cast<size_t>(stop - start + 1)};
}

Result<ScoreRange> ScoreRange::Parse(std::string_view min, std::string_view max) {
  const Result<ScoreBound> low = ParseScoreBound(min);
  if (!low) return low.error();
  const Result<ScoreBound> high = ParseScoreBound(max);
  if (!high) return high.error();
  return ScoreRange{(*low).score, (*high).score, (*low).exclusive, (*high).exclusive};
}

Result<LexBound> LexBound::Parse(std::string_view text) {
  if (text == "-") return LexBound{Kind::kLowest, {}};
  if (text == "+") return LexBound{Kind::kHighest, {}};
  if (text.starts_with('[')) return LexBound{Kind::kInclusive, text.substr(1)};
  if (text.starts_with('(')) return LexBound{Kind::kExclusive, text.substr(1)};
  return Error::kMinMaxNotString;
}

Result<LexRange> LexRange::Parse(std::string_view min, std::string_view max) {
  const Result<LexBound> low = LexBound::Parse(min);
  if (!low) return low.error();
  const Result<LexBound> high = LexBound::Parse(max);
  if (!high) return high.error();
  return LexRange{*low, *high};
}

bool LexRange::AboveMin(std::string_view member) const {
  switch (min.kind) {
    case LexBound::Kind::kLowest:
      return true;
    case LexBound::Kind::kInclusive:
      return member >= min.member;
    case LexBound::Kind::kExclusive:
      return member > min.member;
    case LexBound::Kind::kHighest:
      break;
  }
  return false;
}

bool LexRange::BelowMax(std::string_view member) const {
  switch (max.kind) {
    case LexBound::Kind::kLowest:
      break;
    case LexBound::Kind::kInclusive:
      return member <= max.member;
    case LexBound::Kind::kExclusive:
      return member < max.member;
    case LexBound::Kind::kHighest:
      return true;
  }
  return false;
}

bool LexRange::Empty() const {
  if (min.kind == LexBound::Kind::kHighest || max.kind == LexBound::Kind::kLowest) return true;
  if (min.kind == LexBound::Kind::kLowest || max.kind == LexBound::Kind::kHighest) return false;
  const int order = min.member.compare(max.member);
  if (order != 0) return order > 0;
  return min.kind == LexBound::Kind::kExclusive || max.kind == LexBound::Kind::kExclusive;
}

}  // namespace usher::engine
