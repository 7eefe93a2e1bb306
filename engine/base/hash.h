// Hash functions, the one place that includes xxHash. HashBytes is XXH3-64 with a process-wide seed drawn at start,
// so that clients cannot prepare colliding keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace usher::engine {

extern const uint64_t kHashSeed;

/// XXH3-64 of `bytes`, seeded per process. O(length).
inline uint64_t HashBytes(std::string_view bytes) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), kHashSeed);
}

}  // namespace usher::engine
