// The scale of randomised tests: USHER_TEST_SCALE, a number in (0, 1], set by ./dev test under sanitizers, where a step
// costs ten times as much. It scales how often something is tried, never what is asserted.
#pragma once

namespace usher::tests {

/// `count` repetitions scaled down, at least `floor` of them (what the test's assertions need to make sense).
int Scaled(int count, int floor = 1);

}  // namespace usher::tests
