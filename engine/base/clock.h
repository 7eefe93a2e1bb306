// Injectable time. Everything that needs "now" is given a Clock, so that tests can set and advance it.
#pragma once

#include <atomic>
#include <cstdint>

namespace usher::engine {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time in microseconds since the epoch. May step backwards.
  virtual int64_t NowUs() const = 0;
  /// Monotonic time in nanoseconds, for durations only.
  virtual int64_t MonotonicNs() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  int64_t NowUs() const override;
  int64_t MonotonicNs() const override;
};

/// A clock that stands still until a test moves it. Thread safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t now_ms) : now_us_(now_ms * 1000) {}
  int64_t NowUs() const override { return now_us_.load(); }
  int64_t MonotonicNs() const override { return now_us_.load() * 1000; }
  void AdvanceMs(int64_t ms) { now_us_ += ms * 1000; }
  void SetMs(int64_t now_ms) { now_us_ = now_ms * 1000; }

 private:
  std::atomic<int64_t> now_us_;
};

}  // namespace usher::engine
