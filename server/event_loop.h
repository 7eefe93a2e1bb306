// EventLoop: libuv wrapped, the one place that includes uv.h. One loop belongs to one thread; only Wake() may be called
// from others. Handles are owned by the objects here and closed asynchronously by libuv, so each keeps its libuv part
// alive until the close callback has run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

struct uv_loop_s;

namespace usher::server {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  enum class Wait : uint8_t { kBlock, kPoll };
  /// One loop turn: waits for events (kBlock) or only polls, and runs their callbacks.
  void RunOnce(Wait wait);
  /// In a callback: the RunOnce() that calls it returns without waiting (any longer).
  void ReturnSoon();
  /// Makes a blocked RunOnce() return. Any thread.
  void Wake();
  uv_loop_s* raw() { return loop_.get(); }

 private:
  struct Impl;
  std::unique_ptr<uv_loop_s> loop_;
  Impl* wake_;
};

/// Readiness of one socket. Callbacks run on the loop's thread.
class SocketWatcher {
 public:
  enum Events : int { kReadable = 1, kWritable = 2 };
  using Callback = void (*)(void* owner, int events, bool error);

  /// `owner` is handed to the callback and must outlive Close().
  SocketWatcher(EventLoop& loop, int fd, Callback callback, void* owner);
  ~SocketWatcher();
  SocketWatcher(const SocketWatcher&) = delete;
  SocketWatcher& operator=(const SocketWatcher&) = delete;

  /// Chooses the events to be told of; 0 stops. Cheap when nothing changes.
  void Watch(int events);

 private:
  struct Impl;
  Impl* impl_;
  int events_ = 0;
};

/// A repeating or one-shot timer on the loop's thread.
class LoopTimer {
 public:
  LoopTimer(EventLoop& loop, std::function<void()> callback);
  ~LoopTimer();
  LoopTimer(const LoopTimer&) = delete;
  LoopTimer& operator=(const LoopTimer&) = delete;
  /// Fires after `delay_ms`, then every `repeat_ms` (0: once).
  void Start(uint64_t delay_ms, uint64_t repeat_ms);
  void Stop();

 private:
  struct Impl;
  Impl* impl_;
};

/// Calls back on the loop's thread when the process gets `signal_number`.
class SignalWatcher {
 public:
  SignalWatcher(EventLoop& loop, int signal_number, std::function<void(int)> callback);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace usher::server
