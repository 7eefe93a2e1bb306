// ScriptControl: the scripts that run at this moment, as the rest of the server sees them: SCRIPT KILL, FUNCTION KILL,
// FUNCTION STATS, -BUSY, and what INFO counts about turns. A run of a few microseconds only stores its start; one that
// lasts is reported by its own thread, which then looks at its kill mark between two polls.
// Thread safety: all methods, any thread; an ActiveScript is written by its own thread but for killed_ns.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/shard_set.h"
#include "scripting/lua_runtime.h"

namespace usher::server {

/// The script that one executing thread runs.
struct ActiveScript {
  int64_t start_ns = 0;               // on the CycleClock
  std::atomic<int64_t> killed_ns{0};  // start_ns of the run that shall end
  std::atomic<bool> wrote{false};
};

/// A script that has been running for a while.
struct SlowScript {
  ActiveScript* run = nullptr;
  scripting::RuntimeKind kind = scripting::RuntimeKind::kEval;
  int64_t start_ns = 0;
  std::string name;
  std::vector<std::string> command;
  engine::ShardSet held;
  bool busy = false;  // over busy-reply-threshold
};

/// May a script take further turns where it stands?
enum class StrayAnswer : uint8_t {
  kGoOn,      // it is the one that may, until StrayIsOver()
  kWait,      // another one is at it: ask again soon
  kConflict,  // each of the two has what the other one needs
};

class ScriptControl {
 public:
  /// From here on a script can be killed.
  static constexpr int64_t kSlowNs = 10'000'000;

  enum class KillAnswer : uint8_t { kNotBusy, kOtherKind, kUnkillable, kKilled };
  /// Marks the running scripts of that kind to be ended.
  KillAnswer Kill(scripting::RuntimeKind kind) EXCLUDES(mutex_);

  /// A script has been running for kSlowNs; Finished() follows.
  void ReportSlow(SlowScript script) EXCLUDES(mutex_);
  /// It is over busy-reply-threshold: whoever needs one of these turns is told -BUSY.
  void ReportBusy(const ActiveScript& run, const engine::ShardSet& held) EXCLUDES(mutex_);
  void Finished(const ActiveScript& run) EXCLUDES(mutex_);

  /// Whether some script is over the threshold. One load.
  bool busy() const { return busy_.load(std::memory_order_relaxed) != 0; }
  /// The kind of a busy script that holds one of these turns.
  std::optional<scripting::RuntimeKind> BusyWith(const engine::ShardSet& wanted) const EXCLUDES(mutex_);
  /// The one that has been running longest.
  std::optional<SlowScript> Longest() const EXCLUDES(mutex_);

  /// Asked by a script that holds `held` and needs `missing` as well.
  StrayAnswer AskToStray(const ActiveScript& run, const engine::ShardSet& held, const engine::ShardSet& missing)
      EXCLUDES(mutex_);
  /// Its run has ended, or it asks no more.
  void StrayIsOver(const ActiveScript& run) EXCLUDES(mutex_);

  // What INFO shows about the turns of scripts.
  std::atomic<uint64_t> restarts{0};      // strayed before they changed anything
  std::atomic<uint64_t> strays_taken{0};  // strayed later and were given the missing turns
  std::atomic<uint64_t> strays_failed{0};

 private:
  struct WaitingStray {
    const ActiveScript* run;
    engine::ShardSet held;
    bool in_the_way;
  };

  mutable engine::Mutex mutex_;
  std::atomic<int> busy_{0};
  std::vector<SlowScript> slow_ GUARDED_BY(mutex_);  // oldest first
  const ActiveScript* stray_ GUARDED_BY(mutex_) = nullptr;
  engine::ShardSet stray_wants_ GUARDED_BY(mutex_);
  std::vector<WaitingStray> waiting_strays_ GUARDED_BY(mutex_);
};

/// What a client is told whose command needs turns that a busy script holds.
std::string_view BusyText(scripting::RuntimeKind kind);

}  // namespace usher::server
