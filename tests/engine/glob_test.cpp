// Glob patterns: the facts redis-server 7.0.15 shows, and a naive recursive model under random patterns.
#include "engine/glob.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

// Only '*', '?', classes of plain letters and letters: what the random patterns are made of.
bool ModelMatch(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return ModelMatch(pattern.substr(1), text) || (!text.empty() && ModelMatch(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  if (pattern[0] == '[') {
    const size_t close = pattern.find(']');
    const bool in_class = pattern.substr(1, close - 1).find(text[0]) != std::string_view::npos;
    return in_class && ModelMatch(pattern.substr(close + 1), text.substr(1));
  }
  return (pattern[0] == '?' || pattern[0] == text[0]) && ModelMatch(pattern.substr(1), text.substr(1));
}

TEST_CASE("Glob: the elements match as Redis's do") {
  CHECK(GlobMatch("*", ""));
  CHECK(GlobMatch("h?llo", "hello"));
  CHECK_FALSE(GlobMatch("h?llo", "hllo"));
  CHECK(GlobMatch("h[ae]llo", "hallo"));
  CHECK_FALSE(GlobMatch("h[^e]llo", "hello"));
  CHECK(GlobMatch("h[a-c]llo", "hbllo"));
  CHECK(GlobMatch("h[c-a]llo", "hbllo"));
  CHECK(GlobMatch("a\\*b", "a*b"));
  CHECK_FALSE(GlobMatch("a\\*b", "axb"));
  CHECK(GlobMatch("a\\", "a\\"));
  CHECK(GlobMatch("[\\]]", "]"));
  CHECK(GlobMatch("x[abc", "xb"));
  CHECK_FALSE(GlobMatch("", "x"));
  CHECK(GlobMatch("a*b*c", "a-b-b-c"));
}

TEST_CASE("Glob: the edges are Redis's") {
  CHECK(GlobMatch("", ""));
  CHECK_FALSE(GlobMatch("**", ""));
  CHECK(GlobMatch("a**", "a"));
  CHECK_FALSE(GlobMatch("[]a", "a"));
  CHECK(GlobMatch("[^]a", "xa"));
  CHECK_FALSE(GlobMatch("[", "["));
  CHECK(GlobMatch("[^", "x"));
  CHECK(GlobMatch("[a-", "-"));
  CHECK(GlobMatch("[\xC0-a]", "\xFF"));  // signed: C0 < FF < a
  CHECK(GlobMatch("[\xC0-a]", "A"));
  CHECK_FALSE(GlobMatch("[\xC0-a]", "b"));
}

TEST_CASE("Glob: case is ignored on request, but for escapes in classes") {
  CHECK_FALSE(GlobMatch("MAX*", "maxmemory"));
  CHECK(GlobMatch("MAX*", "maxmemory", GlobCase::kIgnored));
  CHECK(GlobMatch("max[A-Z]emory", "MAXMEMORY", GlobCase::kIgnored));
  CHECK(GlobMatch("\\A", "a", GlobCase::kIgnored));
  CHECK_FALSE(GlobMatch("[\\A]", "a", GlobCase::kIgnored));
  CHECK_FALSE(GlobMatch("[I-]]", "m", GlobCase::kIgnored));  // I < ] becomes i > ]: empty
}

TEST_CASE("Glob: many stars stay cheap") {
  const std::string text(20'000, 'a');
  CHECK_FALSE(GlobMatch("a*a*a*a*a*a*a*a*b", text));
}

TEST_CASE("Glob: agrees with the model on random patterns") {
  std::mt19937_64 random{tests::TestSeed()};
  const auto pick = [&](std::string_view from) { return from[random() % from.size()]; };
  for (int round = 0; round < 50'000; ++round) {
    std::string pattern;
    std::string text;
    for (size_t i = random() % 8; i > 0; --i) {
      const char element = pick("**??aab[");
      pattern += element;
      if (element == '[') pattern.append(1, pick("abc")).append(1, pick("abc")).append("]");
    }
    for (size_t i = random() % 10; i > 0; --i) text += pick("aabbc");
    CAPTURE(pattern);
    CAPTURE(text);
    if (text.empty()) continue;
    CHECK(GlobMatch(pattern, text) == ModelMatch(pattern, text));
  }
}

}  // namespace
}  // namespace usher::engine
