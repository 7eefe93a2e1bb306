// See short_timer.h.
#include "server/short_timer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <utility>

namespace usher::server {

ShortTimer::ShortTimer(EventLoop& loop, std::function<void()> callback)
    : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)), callback_(std::move(callback)) {
  if (fd_ < 0) return;
  watcher_ = std::make_unique<SocketWatcher>(
      loop, fd_, [](void* owner, int, bool) { static_cast<ShortTimer*>(owner)->OnExpired(); }, this);
  watcher_->Watch(SocketWatcher::kReadable);
}

ShortTimer::~ShortTimer() {
  watcher_.reset();
  if (fd_ >= 0) close(fd_);
}

void ShortTimer::SetPeriod(int64_t period_ns) {
  if (period_ns == period_ns_ || fd_ < 0) return;
  period_ns_ = period_ns;
  itimerspec period{};
  period.it_interval.tv_nsec = period_ns;
  period.it_value.tv_nsec = period_ns;
  timerfd_settime(fd_, 0, &period, nullptr);
}

void ShortTimer::OnExpired() {
  uint64_t periods = 0;
  if (read(fd_, &periods, sizeof periods) == static_cast<ssize_t>(sizeof periods)) callback_();
}

}  // namespace usher::server
