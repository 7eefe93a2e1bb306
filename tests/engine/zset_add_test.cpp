// ZADD's rules, row by row.
#include "engine/zset_add.h"

#include <doctest/doctest.h>

#include <limits>

namespace usher::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

AddResult Decide(const AddRules& rules, std::optional<double> current, double score) {
  return *DecideAdd(rules, current, score);
}

TEST_CASE("DecideAdd: without options a member is added, changed or left the same") {
  CHECK(Decide({}, std::nullopt, 1).outcome == AddOutcome::kAdded);
  CHECK(Decide({}, 1, 2).outcome == AddOutcome::kChanged);
  CHECK(Decide({}, 1, 2).score == 2);
  CHECK(Decide({}, 1, 2).old_score == 1);
  CHECK(Decide({}, 2, 2).outcome == AddOutcome::kSame);
  CHECK(Decide({}, 0.0, -0.0).outcome == AddOutcome::kSame);
}

TEST_CASE("DecideAdd: NX leaves existing members alone, XX missing ones") {
  CHECK(Decide({.only_new = true}, 1, 2).outcome == AddOutcome::kRefused);
  CHECK(Decide({.only_new = true}, 1, 2).score == 1);
  CHECK(Decide({.only_new = true}, std::nullopt, 2).added());
  CHECK(Decide({.only_existing = true}, std::nullopt, 2).outcome == AddOutcome::kRefused);
  CHECK(Decide({.only_existing = true}, 1, 2).changed());
}

TEST_CASE("DecideAdd: GT and LT restrict changes, not additions") {
  CHECK(Decide({.only_greater = true}, std::nullopt, -5).added());
  CHECK(Decide({.only_greater = true}, 1, 2).changed());
  CHECK(Decide({.only_greater = true}, 1, 1).outcome == AddOutcome::kRefused);
  CHECK(Decide({.only_greater = true}, 1, 0).outcome == AddOutcome::kRefused);
  CHECK(Decide({.only_less = true}, 1, 0).changed());
  CHECK(Decide({.only_less = true}, 1, 2).outcome == AddOutcome::kRefused);
  CHECK(Decide({.only_existing = true, .only_less = true}, std::nullopt, 2).outcome == AddOutcome::kRefused);
}

TEST_CASE("DecideAdd: INCR adds to the present score, and GT and LT look at the sum") {
  CHECK(Decide({.increment = true}, 1, 2).score == 3);
  CHECK(Decide({.increment = true}, std::nullopt, 2).score == 2);
  CHECK(Decide({.increment = true}, 1, 0).outcome == AddOutcome::kSame);
  CHECK(Decide({.only_greater = true, .increment = true}, 5, -1).outcome == AddOutcome::kRefused);
  CHECK(Decide({.only_less = true, .increment = true}, 5, -1).score == 4);
}

TEST_CASE("DecideAdd: a sum that is no number is an error") {
  CHECK(DecideAdd({.increment = true}, kInfinity, -kInfinity).error() == Error::kScoreNan);
  CHECK(DecideAdd({.only_new = true, .increment = true}, kInfinity, -kInfinity));
}

}  // namespace
}  // namespace usher::engine
