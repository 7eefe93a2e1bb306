// Bucket arithmetic of LatencyHistogram.
#include "server/thread_stats.h"

#include <algorithm>
#include <bit>

namespace usher::server {

namespace {
constexpr int kSteps = 1 << LatencyHistogram::kSubBits;
}

int LatencyHistogram::BucketOf(int64_t ns) {
  const uint64_t value = static_cast<uint64_t>(std::max<int64_t>(ns, 1));
  if (value < kSteps) return static_cast<int>(value);
  const int power = std::bit_width(value) - 1;
  const int step = static_cast<int>(value >> (power - kSubBits)) - kSteps;
  return std::min(((power - kSubBits + 1) << kSubBits) + step, kBuckets - 1);
}

int64_t LatencyHistogram::UpperBoundOf(int bucket) {
  if (bucket < kSteps) return bucket;
  const int power = (bucket >> kSubBits) + kSubBits - 1;
  const int64_t step = bucket & (kSteps - 1);
  return ((kSteps + step + 1) << (power - kSubBits)) - 1;
}

}  // namespace usher::server
