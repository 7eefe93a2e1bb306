// See script_control.h.
#include "server/script_control.h"

#include <algorithm>
#include <utility>

namespace usher::server {

using engine::MutexLock;
using scripting::RuntimeKind;

ScriptControl::KillAnswer ScriptControl::Kill(RuntimeKind kind) {
  const MutexLock lock(mutex_);
  KillAnswer answer = KillAnswer::kNotBusy;
  for (const SlowScript& script : slow_) {
    if (script.run->wrote.load(std::memory_order_relaxed)) {
      answer = std::max(answer, KillAnswer::kUnkillable);
    } else if (script.kind != kind) {
      answer = std::max(answer, KillAnswer::kOtherKind);
    } else {
      script.run->killed_ns.store(script.start_ns, std::memory_order_relaxed);
    }
  }
  const bool killed = std::any_of(slow_.begin(), slow_.end(), [](const SlowScript& script) {
    return script.run->killed_ns.load(std::memory_order_relaxed) == script.start_ns;
  });
  return killed ? KillAnswer::kKilled : answer;
}

void ScriptControl::ReportSlow(SlowScript script) {
  const MutexLock lock(mutex_);
  slow_.push_back(std::move(script));
}

void ScriptControl::ReportBusy(const ActiveScript& run, const engine::ShardSet& held) {
  const MutexLock lock(mutex_);
  for (SlowScript& script : slow_) {
    if (script.run != &run) continue;
    if (!std::exchange(script.busy, true)) busy_.fetch_add(1, std::memory_order_relaxed);
    script.held = held;
  }
}

void ScriptControl::Finished(const ActiveScript& run) {
  const MutexLock lock(mutex_);
  std::erase_if(slow_, [&](const SlowScript& script) {
    if (script.run != &run) return false;
    if (script.busy) busy_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  });
}

std::optional<RuntimeKind> ScriptControl::BusyWith(const engine::ShardSet& wanted) const {
  const MutexLock lock(mutex_);
  for (const SlowScript& script : slow_) {
    if (script.busy && script.held.Intersects(wanted)) return script.kind;
  }
  return std::nullopt;
}

std::optional<SlowScript> ScriptControl::Longest() const {
  const MutexLock lock(mutex_);
  if (slow_.empty()) return std::nullopt;
  return slow_.front();
}

// The first one's wish decides: who holds what it needs must end, or both would wait for ever.
StrayAnswer ScriptControl::AskToStray(const ActiveScript& run, const engine::ShardSet& held,
                                      const engine::ShardSet& missing) {
  const MutexLock lock(mutex_);
  const auto is_own = [&](const WaitingStray& waiting) { return waiting.run == &run; };
  const auto own = std::find_if(waiting_strays_.begin(), waiting_strays_.end(), is_own);
  const bool in_the_way = own != waiting_strays_.end() && own->in_the_way;
  if (in_the_way || (stray_ != nullptr && stray_ != &run && stray_wants_.Intersects(held))) {
    return StrayAnswer::kConflict;
  }
  if (stray_ != nullptr && stray_ != &run) {
    if (own == waiting_strays_.end()) waiting_strays_.push_back({&run, held, false});
    return StrayAnswer::kWait;
  }
  std::erase_if(waiting_strays_, is_own);
  stray_ = &run;
  stray_wants_ = missing;
  for (WaitingStray& waiting : waiting_strays_) {
    waiting.in_the_way = waiting.in_the_way || waiting.held.Intersects(missing);
  }
  return StrayAnswer::kGoOn;
}

void ScriptControl::StrayIsOver(const ActiveScript& run) {
  const MutexLock lock(mutex_);
  std::erase_if(waiting_strays_, [&](const WaitingStray& waiting) { return waiting.run == &run; });
  if (stray_ != &run) return;
  stray_ = nullptr;
  stray_wants_.Clear();
}

std::string_view BusyText(RuntimeKind kind) {
  return kind == RuntimeKind::kEval
             ? "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
             : "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
}

}  // namespace usher::server
