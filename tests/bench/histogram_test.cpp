// Tests of bench/histogram.
#include "bench/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tests/support/test_seed.h"

using usher::bench::Histogram;

TEST_CASE("Histogram: bucket bounds ascend and every value lies in its bucket") {
  int64_t previous = -1;
  const size_t last = Histogram::BucketOf((int64_t{1} << 42) - 1);
  for (size_t bucket = 0; bucket <= last; ++bucket) {
    const int64_t bound = Histogram::UpperBoundOf(bucket);
    REQUIRE(bound > previous);
    REQUIRE(Histogram::BucketOf(bound) == bucket);
    REQUIRE(Histogram::BucketOf(previous + 1) == bucket);
    previous = bound;
  }
}

TEST_CASE("Histogram: quantiles are within 1/128 above the exact ones") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  for (int round = 0; round < 20; ++round) {
    Histogram histogram;
    std::vector<int64_t> values;
    const size_t count = 1 + random() % 5'000;
    for (size_t i = 0; i < count; ++i) {
      values.push_back(static_cast<int64_t>(random() >> (22 + random() % 40)));
      histogram.Record(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double quantile : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(quantile * static_cast<double>(count))));
      const int64_t exact = values[rank - 1];
      CHECK(histogram.ValueAt(quantile) >= exact);
      CHECK(static_cast<double>(histogram.ValueAt(quantile)) <= static_cast<double>(exact) * (1 + 1.0 / 128) + 1);
    }
    CHECK(histogram.Max() == values.back());
    CHECK(histogram.ValueAt(1.0) == values.back());
  }
}

TEST_CASE("Histogram: merging two is recording all in one") {
  std::mt19937_64 random{usher::tests::TestSeed() + 1};
  Histogram left, right, whole;
  for (int i = 0; i < 1'000; ++i) {
    const auto value = static_cast<int64_t>(random() % 10'000'000);
    (i % 3 == 0 ? left : right).Record(value);
    whole.Record(value);
  }
  left.Merge(right);
  CHECK(left.Count() == 1'000);
  CHECK(left.Max() == whole.Max());
  CHECK(left.Mean() == doctest::Approx(whole.Mean()));
  for (double quantile = 0; quantile <= 1; quantile += 0.05) CHECK(left.ValueAt(quantile) == whole.ValueAt(quantile));
}

TEST_CASE("Histogram: empty, negative and enormous values") {
  Histogram histogram;
  CHECK(histogram.ValueAt(0.99) == 0);
  CHECK(histogram.Mean() == 0);
  histogram.Record(-5);
  CHECK(histogram.ValueAt(1) == 0);
  histogram.Record(INT64_MAX);
  CHECK(histogram.ValueAt(1) == INT64_MAX);
}
