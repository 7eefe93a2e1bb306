// See test_seed.h.
#include "tests/support/test_seed.h"

#include <cstdio>
#include <cstdlib>
#include <random>

namespace usher::tests {

uint64_t TestSeed() {
  static const uint64_t seed = [] {
    const char* fixed = std::getenv("USHER_TEST_SEED");
    const uint64_t value = fixed != nullptr ? std::strtoull(fixed, nullptr, 10) : std::random_device{}();
    std::printf("USHER_TEST_SEED=%llu\n", static_cast<unsigned long long>(value));
    return value;
  }();
  return seed;
}

}  // namespace usher::tests
