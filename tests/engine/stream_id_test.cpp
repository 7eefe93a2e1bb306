// StreamId: order, neighbours, texts.
#include "engine/stream_id.h"

#include <doctest/doctest.h>

#include <string>

namespace usher::engine {
namespace {

constexpr uint64_t kMax = kStreamIdMax.seq;

std::optional<StreamId> Parse(std::string_view text, StreamIdForm form = StreamIdForm::kNumbers) {
  const auto parsed = ParseStreamId(text, 7, form);
  return parsed ? std::optional(parsed->id) : std::nullopt;
}

TEST_CASE("StreamId: neighbours carry between the parts and end at the limits") {
  CHECK(*StreamId{5, kMax}.Next() == StreamId{6, 0});
  CHECK(*StreamId{6, 0}.Previous() == StreamId{5, kMax});
  CHECK(*StreamId{5, 1}.Next() == StreamId{5, 2});
  CHECK_FALSE(kStreamIdMax.Next());
  CHECK_FALSE(StreamId{}.Previous());
}

TEST_CASE("StreamId: as text") {
  CHECK(StreamIdText({1526919030474, 55}).view() == "1526919030474-55");
  CHECK(StreamIdText(kStreamIdMax).view() == "18446744073709551615-18446744073709551615");
}

TEST_CASE("StreamId: texts that are one") {
  CHECK(Parse("5") == StreamId{5, 7});
  CHECK(Parse("5-1") == StreamId{5, 1});
  CHECK(Parse("18446744073709551615-0") == StreamId{kMax, 0});
  CHECK(Parse("007- 1") == StreamId{7, 1});  // as strtoull() reads
  CHECK(Parse("-", StreamIdForm::kEnds) == StreamId{});
  CHECK(Parse("+", StreamIdForm::kEnds) == kStreamIdMax);
  const auto open = ParseStreamId("5-*", 0, StreamIdForm::kSequence);
  REQUIRE(open);
  CHECK_FALSE(open->seq_given);
}

TEST_CASE("StreamId: texts that are none") {
  for (const std::string_view text : {"", "-", "+", "a", "5-", "-5", "5--1", "5-*", "5-1-2", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(Parse(text));
  }
  CHECK_FALSE(Parse(std::string(128, '1')));
}

}  // namespace
}  // namespace usher::engine
