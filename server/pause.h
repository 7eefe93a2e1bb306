// PauseControl: CLIENT PAUSE. Commands check one atomic word; connections whose next command is held back register here
// and are resumed when the pause ends or is lifted. Thread safety: all methods, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread_role.h"

namespace usher::server {

class Worker;

enum class PauseMode : uint8_t { kNone, kWrites, kAll };

class PauseControl {
 public:
  PauseMode mode() const { return mode_.load(std::memory_order_acquire); }

  /// Pauses until `until_ms` (Worker::MonotonicMs()). A running pause is only ever widened or prolonged, as in Redis.
  void Pause(PauseMode mode, int64_t until_ms) EXCLUDES(mutex_);
  /// Lifts the pause and resumes everybody.
  void Unpause() EXCLUDES(mutex_);
  /// Lifts the pause when its time is up. Called by the server's timer.
  void OnTick(int64_t now_ms) EXCLUDES(mutex_);
  /// A connection waits for the end of the pause.
  void AddHeld(Worker& home, uint64_t connection_id) EXCLUDES(mutex_);

 private:
  void ResumeAll(std::vector<std::pair<Worker*, uint64_t>> held);

  std::atomic<PauseMode> mode_{PauseMode::kNone};
  engine::Mutex mutex_;
  int64_t until_ms_ GUARDED_BY(mutex_) = 0;
  std::vector<std::pair<Worker*, uint64_t>> held_ GUARDED_BY(mutex_);
};

}  // namespace usher::server
