// EvictionPolicy: which keys go first when memory is full; in the order of maxmemory-policy's values.
#pragma once

#include <cstdint>

namespace usher::engine {

enum class EvictionPolicy : uint8_t {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoEviction,
};

}  // namespace usher::engine
