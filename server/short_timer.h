// ShortTimer: calls back on a loop's thread at a period of some hundred microseconds, where LoopTimer counts in
// milliseconds. Periods that pass while the loop is busy are one call. Without timers of the kernel (no descriptors
// left) it never calls. Thread safety: the loop's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "server/event_loop.h"

namespace usher::server {

class ShortTimer {
 public:
  ShortTimer(EventLoop& loop, std::function<void()> callback);
  ~ShortTimer();
  ShortTimer(const ShortTimer&) = delete;
  ShortTimer& operator=(const ShortTimer&) = delete;

  /// Calls every so often from now on; 0: not at all. Cheap when nothing changes.
  void SetPeriod(int64_t period_ns);

 private:
  void OnExpired();

  const int fd_;
  const std::function<void()> callback_;
  std::unique_ptr<SocketWatcher> watcher_;
  int64_t period_ns_ = 0;
};

}  // namespace usher::server
