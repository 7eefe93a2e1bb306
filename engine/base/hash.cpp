// Draws the process-wide hash seed from the kernel, once, before main().
#include "engine/base/hash.h"

#include <sys/random.h>

namespace usher::engine {

namespace {
uint64_t DrawSeed() {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) seed = 0x9E3779B97F4A7C15u;
  return seed;
}
}  // namespace

const uint64_t kHashSeed = DrawSeed();

}  // namespace usher::engine
