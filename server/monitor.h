// MonitorHub: MONITOR. Each executed command becomes one line for every monitoring client; while there is none, that
// costs one relaxed load. Lines go through the mailboxes of the workers that have monitors, posted before the turns are
// released, so that each monitor sees commands on the same keys in the order they ran. Thread safety: all methods, any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/turn_scheduler.h"

namespace usher::server {

class ExecutionThread;
class Session;
class Worker;

class MonitorHub {
 public:
  bool active() const { return total_.load(std::memory_order_relaxed) != 0; }
  void Add(const Worker& home);
  void Remove(const Worker& home);

  /// Tells the monitors what session.prepared has just done, unless its row hides it.
  void Feed(const Session& session, ExecutionThread& thread) const;
  /// The same before it runs, for what runs a script: the commands that it calls follow.
  void FeedCaller(const Session& session, ExecutionThread& thread) const;
  /// The same of a command that a script has called, shown as that of "lua".
  void FeedCalled(const Session& session, ExecutionThread& thread) const;

 private:
  void Send(const Session& session, ExecutionThread& thread, bool by_script) const;

  std::atomic<uint32_t> total_{0};
  std::array<std::atomic<uint32_t>, engine::TurnScheduler::kExecutorsMax> by_worker_{};
};

/// One argument as MONITOR quotes it.
void AppendQuoted(std::string& line, std::string_view bytes);

}  // namespace usher::server
