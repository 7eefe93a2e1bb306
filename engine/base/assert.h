// Assertions for broken invariants. ASSERT stays on in release builds; ASSERT_DEBUG is for costly sweeps.
// Expected failures are values (result.h), never assertions.
#pragma once

namespace usher::engine {

/// Prints `condition` with its place and aborts. Never returns.
[[noreturn]] void AssertFailed(const char* condition, const char* file, int line);

}  // namespace usher::engine

#define ASSERT(condition)                                            \
  do {                                                               \
    if (!(condition)) [[unlikely]]                                   \
      ::usher::engine::AssertFailed(#condition, __FILE__, __LINE__); \
  } while (false)

#ifdef NDEBUG
#define ASSERT_DEBUG(condition) static_cast<void>(0)
#else
#define ASSERT_DEBUG(condition) ASSERT(condition)
#endif
