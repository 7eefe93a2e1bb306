// Clang's thread-safety annotations (no-ops elsewhere) and ThreadRole, a capability that stands for "runs on this
// worker's thread". Entry points from libuv call AssertHeld() once; below them the compiler checks REQUIRES().
#pragma once

#include <thread>

#include "engine/base/assert.h"

#if defined(__clang__)
#define USHER_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define USHER_THREAD_ATTRIBUTE(x)
#endif

#define CAPABILITY(x) USHER_THREAD_ATTRIBUTE(capability(x))
#define GUARDED_BY(x) USHER_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) USHER_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) USHER_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) USHER_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define EXCLUDES(...) USHER_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) USHER_THREAD_ATTRIBUTE(assert_capability(x))
#define SCOPED_CAPABILITY USHER_THREAD_ATTRIBUTE(scoped_lockable)
#define NO_THREAD_SAFETY_ANALYSIS USHER_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace usher::engine {

class CAPABILITY("role") ThreadRole {
 public:
  /// Binds the role to the calling thread.
  void Bind() { owner_ = std::this_thread::get_id(); }
  void AssertHeld() const ASSERT_CAPABILITY(this) { ASSERT_DEBUG(owner_ == std::this_thread::get_id()); }

 private:
  std::thread::id owner_;
};

}  // namespace usher::engine
