// The seed of randomised tests: USHER_TEST_SEED if set, else drawn; printed once, so that a failure can be repeated.
#pragma once

#include <cstdint>

namespace usher::tests {

/// The seed of this process's randomised tests.
uint64_t TestSeed();

}  // namespace usher::tests
