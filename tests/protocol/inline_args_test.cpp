// SplitInlineArgs: quoting as observed on redis-server 7.0.15.
#include "protocol/inline_args.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace usher::protocol;

namespace {

using Args = std::vector<std::string>;

std::optional<Args> Split(std::string_view line) {
  RequestBatch batch;
  size_t count = 0;
  if (!SplitInlineArgs(line, batch, &count)) return std::nullopt;
  batch.Add(count, line.size());
  return Args(batch[0].args.begin(), batch[0].args.end());
}

}  // namespace

TEST_CASE("SplitInlineArgs: blanks separate") {
  CHECK(Split("  SET  k\tv ") == Args{"SET", "k", "v"});
  CHECK(Split("") == Args{});
  CHECK(Split(" \v\f ") == Args{});
  CHECK(Split("PING\r") == Args{"PING"});
}

TEST_CASE("SplitInlineArgs: vertical tab and form feed only count where an argument may start or a quote has closed") {
  CHECK(Split("ECHO a\vb \vc \"d\"\v") == Args{"ECHO", "a\vb", "c", "d"});
}

TEST_CASE("SplitInlineArgs: double quotes know escapes") {
  CHECK(Split(R"(ECHO "a b\n\r\t\b\a\\\"\q")") == Args{"ECHO", "a b\n\r\t\b\a\\\"q"});
  CHECK(Split(R"("\x41\xfF\xg1\x4")") == Args{"A\xffxg1x4"});
}

TEST_CASE("SplitInlineArgs: single quotes know only themselves") {
  CHECK(Split(R"(ECHO 'a\'b\n"')") == Args{"ECHO", "a'b\\n\""});
}

TEST_CASE("SplitInlineArgs: a quote may open inside an argument") {
  CHECK(Split(R"(ECHO a"b c" "" x'y z')") == Args{"ECHO", "ab c", "", "xy z"});
}

TEST_CASE("SplitInlineArgs: a quote that is open or followed by something is an error") {
  for (const char* line : {"a \"", "a \"b", "'", "'b", "\"a\"b", "'a'b", "\"a\\", "\"a\\\"", "'a\\'", "a'b'\"c\""}) {
    CHECK(Split(line) == std::nullopt);
  }
}

TEST_CASE("SplitInlineArgs: many unescaped arguments stay where they are") {
  std::string line;
  for (int i = 0; i < 2000; ++i) line += "\"\\x41" + std::to_string(i) + "\" b ";
  const auto args = Split(line);
  REQUIRE(args.has_value());
  REQUIRE(args->size() == 4000);
  for (size_t i = 0; i < 2000; ++i) REQUIRE((*args)[2 * i] == "A" + std::to_string(i));
}
