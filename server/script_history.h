// ScriptHistory: what the runs of one script (or function) have shown so far, which decides under which turns and where
// the next ones run (docs/design.md, section 4):
//
//   first      under all turns, and on the pool
//   10 runs in a row below a millisecond       -> on the worker          one above: back to the pool for 10 runs
//   100 runs within its declared keys' shards  -> under their turns only one stray: 100 more; MarkForEver(): never
//
// The counters stop at what they decide, so a proven script's runs write nothing here. Thread safety: atomics; a count
// that is off by a few does no harm.
#pragma once

#include <atomic>
#include <cstdint>

namespace usher::server {

class ScriptHistory {
 public:
  static constexpr uint32_t kCleanRunsNeeded = 100;
  static constexpr uint32_t kShortRunsNeeded = 10;
  static constexpr int64_t kShortRunNs = 1'000'000;

  /// The turns of its declared keys will do, as far as is known.
  bool StaysInside() const { return clean_runs_.load(std::memory_order_relaxed) >= kCleanRunsNeeded; }
  /// It need not leave the worker.
  bool IsShort() const { return short_runs_.load(std::memory_order_relaxed) >= kShortRunsNeeded; }
  bool IsMarked() const { return marked_.load(std::memory_order_relaxed); }

  /// A run under all turns touched no other shards than those of its declared keys.
  void NoteInside() {
    if (!StaysInside() && !IsMarked()) clean_runs_.fetch_add(1, std::memory_order_relaxed);
  }
  /// A run touched others.
  void NoteStray() {
    if (clean_runs_.load(std::memory_order_relaxed) != 0) clean_runs_.store(0, std::memory_order_relaxed);
  }
  /// It strayed when it could not begin again any more.
  void MarkForEver() {
    marked_.store(true, std::memory_order_relaxed);
    NoteStray();
  }
  void NoteDuration(int64_t ns) {
    if (ns > kShortRunNs) {
      short_runs_.store(0, std::memory_order_relaxed);
    } else if (!IsShort()) {
      short_runs_.fetch_add(1, std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<uint32_t> clean_runs_{0};
  std::atomic<uint32_t> short_runs_{0};
  std::atomic<bool> marked_{false};
};

}  // namespace usher::server
