// See glob.h.
#include "engine/glob.h"

#include <algorithm>
#include <cstddef>

namespace usher::engine {
namespace {

// A byte as it compares: as it is, or with ASCII capitals lowered. Signed, which is how Redis orders bytes in ranges.
template <GlobCase kCase>
signed char Fold(char byte) {
  return static_cast<signed char>(kCase == GlobCase::kIgnored && byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

// Matches one byte against the class that opens at pattern[*at]; moves *at behind the class. As in Redis, an escaped
// byte in a class keeps its case, and the ends of a range are put in order before they are folded.
template <GlobCase kCase>
bool MatchClass(std::string_view pattern, size_t* at, char byte) {
  size_t p = *at + 1;
  const bool negated = p < pattern.size() && pattern[p] == '^';
  if (negated) ++p;
  bool found = false;
  while (p < pattern.size() && pattern[p] != ']') {
    if (pattern[p] == '\\' && p + 1 < pattern.size()) {
      found |= pattern[p + 1] == byte;
      p += 2;
    } else if (p + 2 < pattern.size() && pattern[p + 1] == '-') {
      const auto [first, last] = std::minmax(pattern[p], pattern[p + 2], [](char left, char right) {
        return static_cast<signed char>(left) < static_cast<signed char>(right);
      });
      found |= Fold<kCase>(first) <= Fold<kCase>(byte) && Fold<kCase>(byte) <= Fold<kCase>(last);
      p += 3;
    } else {
      found |= Fold<kCase>(pattern[p]) == Fold<kCase>(byte);
      ++p;
    }
  }
  *at = std::min(p + 1, pattern.size());
  return found != negated;
}

// Matches one byte against the element at pattern[*at], which is not a star; moves *at behind the element.
template <GlobCase kCase>
bool MatchOne(std::string_view pattern, size_t* at, char byte) {
  switch (pattern[*at]) {
    case '?':
      ++*at;
      return true;
    case '[':
      return MatchClass<kCase>(pattern, at, byte);
    case '\\':
      if (*at + 1 < pattern.size()) ++*at;
      break;
    default:
      break;
  }
  return Fold<kCase>(pattern[(*at)++]) == Fold<kCase>(byte);
}

template <GlobCase kCase>
bool Match(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  if (text.empty()) return pattern.empty() || pattern == "*";
  size_t p = 0;
  size_t t = 0;
  size_t after_star = kNone;  // where matching resumes in the pattern when the last star takes one byte more
  size_t star_end = 0;        // the end of what the last star took
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_end = t;
      continue;
    }
    if (p < pattern.size() && MatchOne<kCase>(pattern, &p, text[t])) {
      ++t;
      continue;
    }
    if (after_star == kNone) return false;
    p = after_star;
    t = ++star_end;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, GlobCase letter_case) {
  return letter_case == GlobCase::kIgnored ? Match<GlobCase::kIgnored>(pattern, text)
                                           : Match<GlobCase::kSensitive>(pattern, text);
}

}  // namespace usher::engine
