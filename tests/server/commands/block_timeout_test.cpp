// Timeouts of blocking commands.
#include "server/commands/block_timeout.h"

#include <doctest/doctest.h>

namespace usher::server {
namespace {

using engine::Error;

constexpr int64_t kNow = 1'000;

TEST_CASE("ParseBlockTimeout: seconds with fractions, rounded up to a millisecond") {
  CHECK(*ParseBlockTimeout("2", kNow) == 3'000);
  CHECK(*ParseBlockTimeout("0.0001", kNow) == 1'001);
  CHECK(*ParseBlockTimeout("1e-1", kNow) == 1'100);
}

TEST_CASE("ParseBlockTimeout: zero and what rounds to it is for ever") {
  CHECK_FALSE((*ParseBlockTimeout("0", kNow)).has_value());
  CHECK_FALSE((*ParseBlockTimeout("-0.0001", kNow)).has_value());
}

TEST_CASE("ParseBlockTimeout: errors") {
  CHECK(ParseBlockTimeout("abc", kNow).error() == Error::kTimeoutNotFloat);
  CHECK(ParseBlockTimeout("nan", kNow).error() == Error::kTimeoutNotFloat);
  CHECK(ParseBlockTimeout("-1", kNow).error() == Error::kTimeoutNegative);
  CHECK(ParseBlockTimeout("1e300", kNow).error() == Error::kTimeoutOutOfRange);
  CHECK(ParseBlockTimeout("inf", kNow).error() == Error::kTimeoutOutOfRange);
  CHECK(ParseBlockTimeout("9223372036854775.807", kNow).error() == Error::kTimeoutOutOfRange);
}

}  // namespace
}  // namespace usher::server
