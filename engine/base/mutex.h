// Mutex and MutexLock: std::mutex with the annotations that Clang's thread-safety analysis needs. Whatever names its
// mutex in GUARDED_BY, REQUIRES or EXCLUDES uses these: the analysis does not see through std::mutex and
// std::lock_guard. For a condition variable use std::condition_variable_any and wait on the MutexLock.
#pragma once

#include <mutex>

#include "engine/base/thread_role.h"

namespace usher::engine {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex until the end of the scope.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // What std::condition_variable_any calls around its wait; to the analysis the mutex stays held.
  void lock() NO_THREAD_SAFETY_ANALYSIS { mutex_.lock(); }
  void unlock() NO_THREAD_SAFETY_ANALYSIS { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace usher::engine
