// libuv behind EventLoop, SocketWatcher, LoopTimer and SignalWatcher. A handle's libuv struct lives in a heap Impl that
// its close callback deletes, since libuv may still use it for one loop turn after the wrapper is gone.
#include "server/event_loop.h"

#include <uv.h>

#include <utility>

#include "engine/base/assert.h"

namespace usher::server {

namespace {
template <class Impl>
void CloseAndDelete(Impl* impl) {
  impl->handle.data = impl;
  uv_close(reinterpret_cast<uv_handle_t*>(&impl->handle),
           [](uv_handle_t* handle) { delete static_cast<Impl*>(handle->data); });
}
}  // namespace

struct EventLoop::Impl {
  uv_async_t handle;
};

EventLoop::EventLoop() : loop_(std::make_unique<uv_loop_s>()), wake_(new Impl) {
  ASSERT(uv_loop_init(loop_.get()) == 0);
  ASSERT(uv_async_init(loop_.get(), &wake_->handle, nullptr) == 0);
}

EventLoop::~EventLoop() {
  CloseAndDelete(wake_);
  while (uv_loop_close(loop_.get()) == UV_EBUSY) uv_run(loop_.get(), UV_RUN_NOWAIT);
}

void EventLoop::RunOnce(Wait wait) {
  uv_run(loop_.get(), wait == Wait::kBlock ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

void EventLoop::ReturnSoon() {
  uv_stop(loop_.get());
}

void EventLoop::Wake() {
  uv_async_send(&wake_->handle);
}

struct SocketWatcher::Impl {
  uv_poll_t handle;
  Callback callback;
  void* owner;  // null once the watcher is gone
};

SocketWatcher::SocketWatcher(EventLoop& loop, int fd, Callback callback, void* owner) : impl_(new Impl) {
  impl_->callback = callback;
  impl_->owner = owner;
  ASSERT(uv_poll_init_socket(loop.raw(), &impl_->handle, fd) == 0);
  impl_->handle.data = impl_;
}

SocketWatcher::~SocketWatcher() {
  impl_->owner = nullptr;
  uv_poll_stop(&impl_->handle);
  CloseAndDelete(impl_);
}

void SocketWatcher::Watch(int events) {
  if (events == events_) return;
  events_ = events;
  if (events == 0) {
    uv_poll_stop(&impl_->handle);
    return;
  }
  static_assert(int{kReadable} == int{UV_READABLE} && int{kWritable} == int{UV_WRITABLE});
  uv_poll_start(&impl_->handle, events, [](uv_poll_t* handle, int status, int ready) {
    auto* impl = static_cast<Impl*>(handle->data);
    if (impl->owner != nullptr) impl->callback(impl->owner, ready, status < 0);
  });
}

struct LoopTimer::Impl {
  uv_timer_t handle;
  std::function<void()> callback;
};

LoopTimer::LoopTimer(EventLoop& loop, std::function<void()> callback) : impl_(new Impl) {
  impl_->callback = std::move(callback);
  ASSERT(uv_timer_init(loop.raw(), &impl_->handle) == 0);
  impl_->handle.data = impl_;
}

LoopTimer::~LoopTimer() {
  uv_timer_stop(&impl_->handle);
  CloseAndDelete(impl_);
}

// libuv counts from the time at which the loop woke up, in whole milliseconds: without the two a delay would end early.
void LoopTimer::Start(uint64_t delay_ms, uint64_t repeat_ms) {
  uv_update_time(impl_->handle.loop);
  if (repeat_ms == 0 && delay_ms > 0) ++delay_ms;
  uv_timer_start(
      &impl_->handle, [](uv_timer_t* handle) { static_cast<Impl*>(handle->data)->callback(); }, delay_ms, repeat_ms);
}

void LoopTimer::Stop() {
  uv_timer_stop(&impl_->handle);
}

struct SignalWatcher::Impl {
  uv_signal_t handle;
  std::function<void(int)> callback;
};

SignalWatcher::SignalWatcher(EventLoop& loop, int signal_number, std::function<void(int)> callback) : impl_(new Impl) {
  impl_->callback = std::move(callback);
  ASSERT(uv_signal_init(loop.raw(), &impl_->handle) == 0);
  impl_->handle.data = impl_;
  uv_signal_start(
      &impl_->handle, [](uv_signal_t* handle, int number) { static_cast<Impl*>(handle->data)->callback(number); },
      signal_number);
}

SignalWatcher::~SignalWatcher() {
  uv_signal_stop(&impl_->handle);
  CloseAndDelete(impl_);
}

}  // namespace usher::server
