// Histogram: latencies in nanoseconds, counted in log-linear buckets (the idea of HdrHistogram): below 2^7 every value
// has a bucket of its own; above, each power of two is cut into 2^7 equal buckets, so that any recorded value is known
// to 1/128.
//
//   value     0 .. 127 | 128 .. 255 | 256 .. 511   | 512 .. 1023  | ...      values from 2^42 ns (73 minutes) on share
//   width            1 |          1 |            2 |            4 | ...      the last bucket
//
// Invariant: bucket upper bounds ascend strictly with the index.  Complexity: Record O(1), no allocation after
// construction; ValueAt O(buckets).  Thread safety: none; each generator thread owns its own and they are merged at the
// end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace usher::bench {

class Histogram {
 public:
  Histogram();

  /// Counts one latency; a negative one (a clock's rounding) counts as 0.
  void Record(int64_t value_ns);
  /// Adds everything `other` has counted.
  void Merge(const Histogram& other);

  uint64_t Count() const { return count_; }
  int64_t Max() const { return max_; }
  double Mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  /// The smallest bucket bound that at least `quantile` (0..1) of the values do not exceed, never above Max(); 0 when
  /// empty.
  int64_t ValueAt(double quantile) const;

  /// The bucket of a value and the largest value of a bucket; public because the tests compare them.
  static size_t BucketOf(int64_t value_ns);
  static int64_t UpperBoundOf(size_t bucket);

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace usher::bench
