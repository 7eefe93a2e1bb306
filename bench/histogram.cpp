// See histogram.h.
#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace usher::bench {
namespace {

constexpr int kSubBucketBits = 7;
constexpr uint64_t kSubBuckets = 1u << kSubBucketBits;
constexpr int kValueBits = 42;
constexpr uint64_t kValueMax = (uint64_t{1} << kValueBits) - 1;
constexpr size_t kBuckets = (kValueBits - kSubBucketBits + 1) * kSubBuckets;

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

size_t Histogram::BucketOf(int64_t value_ns) {
  const uint64_t value = std::min(static_cast<uint64_t>(std::max<int64_t>(value_ns, 0)), kValueMax);
  const int shift = std::max(static_cast<int>(std::bit_width(value)) - (kSubBucketBits + 1), 0);
  return static_cast<size_t>(shift) * kSubBuckets + (value >> shift);
}

int64_t Histogram::UpperBoundOf(size_t bucket) {
  if (bucket < 2 * kSubBuckets) return static_cast<int64_t>(bucket);
  const size_t shift = bucket / kSubBuckets - 1;
  const uint64_t first = (bucket - shift * kSubBuckets) << shift;
  return static_cast<int64_t>(first + (uint64_t{1} << shift) - 1);
}

void Histogram::Record(int64_t value_ns) {
  value_ns = std::max<int64_t>(value_ns, 0);
  ++buckets_[BucketOf(value_ns)];
  ++count_;
  max_ = std::max(max_, value_ns);
  sum_ += static_cast<double>(value_ns);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

int64_t Histogram::ValueAt(double quantile) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  uint64_t seen = 0;
  for (size_t i = 0; i + 1 < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(UpperBoundOf(i), max_);
  }
  return max_;
}

}  // namespace usher::bench
