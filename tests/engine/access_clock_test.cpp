// Tests of the access word: idle time across its wrap, the LFU counter's growth and decay.
#include "engine/access_clock.h"

#include <doctest/doctest.h>

#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("LruIdleSeconds: counts seconds, also across the wrap") {
  const int64_t now_ms = (int64_t{1} << kAccessBits) * 1000 - 500;
  const uint32_t access = LruAccess(now_ms);
  CHECK(LruIdleSeconds(access, now_ms) == 0);
  CHECK(LruIdleSeconds(access, now_ms + 10'000) == 10);
}

TEST_CASE("LfuFrequency: decays by one per decay time and never below zero") {
  const int64_t now_ms = 1'700'000'000'000;
  const uint32_t access = LfuInitial(now_ms);
  CHECK(LfuFrequency(access, now_ms, {}) == kLfuInitialCount);
  CHECK(LfuFrequency(access, now_ms + 2 * 60'000, {}) == kLfuInitialCount - 2);
  CHECK(LfuFrequency(access, now_ms + 2 * 60'000, {10, 2}) == kLfuInitialCount - 1);
  CHECK(LfuFrequency(access, now_ms + 2 * 60'000, {10, 0}) == kLfuInitialCount);
  CHECK(LfuFrequency(access, now_ms + 60 * 60'000, {}) == 0);
}

TEST_CASE("LfuTouched: the counter grows with the logarithm of the uses and saturates") {
  Random random{tests::TestSeed()};
  const int64_t now_ms = 1'700'000'000'000;
  const auto count_after = [&](int uses, LfuSettings settings) {
    uint32_t access = LfuInitial(now_ms);
    for (int i = 0; i < uses; ++i) access = LfuTouched(access, now_ms, settings, random);
    return LfuFrequency(access, now_ms, settings);
  };
  // Redis's own table for factor 10: 100 uses 10, 1000 uses 18, 100000 uses 142.
  CHECK(count_after(100, {}) >= 6);
  CHECK(count_after(100, {}) <= 16);
  CHECK(count_after(100'000, {}) >= 120);
  CHECK(count_after(100'000, {}) <= 165);
  CHECK(count_after(300, {0, 1}) == 255);
}

}  // namespace
}  // namespace usher::engine
