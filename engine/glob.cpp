// See glob.h.
#include "engine/glob.h"

#include <algorithm>
#include <cstddef>

namespace usher::engine {
namespace {

unsigned char Byte(std::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Matches one byte against the class that opens at pattern[*at]; moves *at behind the class.
bool MatchClass(std::string_view pattern, size_t* at, unsigned char byte) {
  size_t p = *at + 1;
  const bool negated = p < pattern.size() && pattern[p] == '^';
  if (negated) ++p;
  bool found = false;
  while (p < pattern.size() && pattern[p] != ']') {
    if (pattern[p] == '\\' && p + 1 < pattern.size()) {
      found |= Byte(pattern, p + 1) == byte;
      p += 2;
    } else if (p + 2 < pattern.size() && pattern[p + 1] == '-') {
      const unsigned char first = Byte(pattern, p);
      const unsigned char last = Byte(pattern, p + 2);
      found |= std::min(first, last) <= byte && byte <= std::max(first, last);
      p += 3;
    } else {
      found |= Byte(pattern, p) == byte;
      ++p;
    }
  }
  *at = std::min(p + 1, pattern.size());
  return found != negated;
}

// Matches one byte against the element at pattern[*at], which is not a star; moves *at behind the element.
bool MatchOne(std::string_view pattern, size_t* at, unsigned char byte) {
  switch (pattern[*at]) {
    case '?':
      ++*at;
      return true;
    case '[':
      return MatchClass(pattern, at, byte);
    case '\\':
      if (*at + 1 < pattern.size()) ++*at;
      break;
    default:
      break;
  }
  return Byte(pattern, (*at)++) == byte;
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
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
    if (p < pattern.size() && MatchOne(pattern, &p, Byte(text, t))) {
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

}  // namespace usher::engine
