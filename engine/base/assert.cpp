// Where a failed assertion ends: one line on stderr, then abort() for the core dump.
#include "engine/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace usher::engine {

void AssertFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "=== USHER BUG: assertion failed: %s at %s:%d ===\n", condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace usher::engine
