// WaitingRooms: the queues of one keyspace: for each the names of its keys, its settings as last read, its totals and
// when it next needs attention. It belongs to the keyspace and goes where its keys go (FLUSHALL, SWAPDB).
//
// It holds nothing that the keys do not say, but for the totals. The keyspace reports every wait, active and config key
// that comes or goes, and EngineContext::Modified() every one that changes, whoever wrote it; so a queue without a
// state has no keys, and settings are read again exactly when some config key has changed (config_version).
// A state whose keys are all gone is kept for a while, for its totals, and then dropped by Tidy().
//
// Invariants: (1) every queue with a key has a state. (2) `due` holds each state at its due_ms, but for kNever.
// Complexity: O(1) per lookup and report, O(log queues) when a due time changes. Thread safety: none; the shard's turn.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/key_slot.h"
#include "engine/segment_table.h"
#include "engine/waiting_room_keys.h"
#include "engine/waiting_room_rate.h"
#include "engine/waiting_room_settings.h"

namespace usher::engine {

/// What a queue has counted; waiting + active + expired + left == entered. Writes by other commands than the waiting
/// room's own are counted by their net effect, as entered or left, when the queue is next used.
struct QueueTotals {
  uint64_t entered = 0;
  uint64_t admitted = 0;
  uint64_t activated = 0;
  uint64_t expired = 0;
  uint64_t left = 0;
};

/// From arrival to admission. counts[i]: up to kBoundsSeconds[i] and above the bound before; the last: above all.
struct WaitHistogram {
  static constexpr std::array<double, 12> kBoundsSeconds = {1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200};
  void Record(double seconds) {
    size_t bucket = 0;
    while (bucket < kBoundsSeconds.size() && seconds > kBoundsSeconds[bucket]) ++bucket;
    ++counts[bucket];
    sum_seconds += seconds;
  }
  std::array<uint64_t, kBoundsSeconds.size() + 1> counts{};
  double sum_seconds = 0;
};

struct QueueState {
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  QueueState(const QueueKeyTemplates& templates, const Key& queue);
  Key wait() const { return {wait_name, wait_hash, slot}; }
  Key active() const { return {active_name, active_hash, slot}; }
  Key config() const { return {config_name, config_hash, slot}; }
  /// Counts what other commands did since the queue was last used, then expects the sizes to stay.
  void Reconcile(size_t waiting, size_t active);

  const std::string name;
  const std::string wait_name;
  const std::string active_name;
  const std::string config_name;
  const std::string token_prefix;
  const std::string events_channel;
  const uint64_t hash;
  const uint64_t wait_hash;
  const uint64_t active_hash;
  const uint64_t config_hash;
  const uint16_t slot;

  QueueSettings settings;
  bool settings_wrong_type = false;
  uint64_t settings_version = 0;  // config_version() at which they were read
  int64_t settings_until_ms = 0;  // the config key's own expiry, if it has one
  QueueTotals totals;
  uint64_t expected_people = 0;  // waiting and active, after the last command
  AdmissionRate rate;
  WaitHistogram wait_seconds;
  int64_t next_admission_ms = 0;  // of `admit on`; 0: at once
  size_t admission_quota = 0;     // who are still to be admitted in this interval
  int64_t keyless_since_ms = kNever;
  int64_t due_ms = kNever;  // kept by WaitingRooms::SetDue
};

class WaitingRooms {
 public:
  explicit WaitingRooms(const QueueKeyTemplates& templates) : templates_(templates) {}
  ~WaitingRooms();
  WaitingRooms(const WaitingRooms&) = delete;
  WaitingRooms& operator=(const WaitingRooms&) = delete;

  const QueueKeyTemplates& templates() const { return templates_; }
  size_t size() const { return states_.size(); }
  /// Null: the queue has no keys.
  QueueState* Find(const Key& queue) const {
    uint64_t* slot = states_.Find(queue.hash, [&](uint64_t word) { return StateOf(word).name == queue.name; });
    return slot == nullptr ? nullptr : &StateOf(*slot);
  }
  QueueState& FindOrCreate(const Key& queue);
  void Erase(QueueState& state);
  template <class Fn>
  void ForEach(Fn&& fn) const {
    states_.ForEach([&](uint64_t word) { fn(StateOf(word)); });
  }

  enum class Change : uint8_t { kWritten, kErased };
  /// A key of a queue came, went or was changed. Its queue becomes due unless it was a write to the wait key.
  void NoteKey(QueueKeyKind kind, std::string_view queue, Change change);
  /// Moves on with every change of any config key.
  uint64_t config_version() const { return config_version_; }

  void SetDue(QueueState& state, int64_t due_ms);
  /// The first queue to need attention; null: none does.
  QueueState* FirstDue() const { return due_.empty() ? nullptr : due_.begin()->second; }

 private:
  struct Policy {
    using Slot = uint64_t;
    uint64_t HashOf(uint64_t word) const { return StateOf(word).hash; }
  };
  static QueueState& StateOf(uint64_t word) { return *reinterpret_cast<QueueState*>(word); }

  const QueueKeyTemplates& templates_;
  SegmentTable<Policy> states_;  // owned pointers
  std::set<std::pair<int64_t, QueueState*>> due_;
  uint64_t config_version_ = 1;
};

}  // namespace usher::engine
