// Persistence: when the data set is saved to its RDB file and loaded from it: SAVE, BGSAVE, save points, SHUTDOWN,
// DEBUG RELOAD, the load at start; and what INFO tells of them.
//
//   background save:  StartBackground (all turns: the epoch) -> slices by Maintenance, shard by shard
//   (engine/snapshot.h)
//                     -> SnapshotFile's thread writes -> OnTick collects the result
//
// Invariants: (1) one save at a time. (2) while a background save runs, shard_active_[s] says that shard s has a
// ShardSnapshot; the SnapshotFile is freed by OnTick when none has.
// Thread safety: Save, StartBackground, Load and Reload under the turns of all shards, any thread; OnTick on the main
// thread; MaintenanceJob's as said there; the rest any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/engine_context.h"
#include "engine/snapshot_file.h"
#include "server/maintenance.h"

namespace usher::server {

class Server;

/// What INFO shows.
struct PersistenceInfo {
  bool loading = false;
  int64_t loading_start_s = 0;
  uint64_t loading_total_bytes = 0;
  uint64_t loading_loaded_bytes = 0;
  bool saving = false;  // an RDB file, in the background
  bool snapshot_for_aof = false;
  uint64_t keys_processed = 0;
  uint64_t keys_total = 0;
  uint64_t snapshot_bytes = 0;
  uint64_t snapshot_bytes_peak = 0;
  uint64_t changes = 0;  // since the last save
  int64_t last_save_s = 0;
  bool last_background_ok = true;
  int64_t last_background_seconds = -1;
  int64_t current_background_seconds = -1;
  uint64_t saves = 0;
  uint64_t last_snapshot_bytes = 0;
  uint64_t keys_expired_at_load = 0;
  uint64_t keys_loaded = 0;
};

class Persistence final : public MaintenanceJob {
 public:
  explicit Persistence(Server& server);
  ~Persistence() override;

  // Loading.
  /// At start: whether there is a file to load.
  bool HasFile() const;
  /// Before the first client: those that come are told to wait.
  void BeginLoading();
  /// Loads the file that is there. Returns what is wrong, or "".
  std::string Load(engine::EngineContext& context);
  void EndLoading();
  /// Whether keys that have expired are loaded all the same: commands that come after them may give them a new life.
  enum class Expired : uint8_t { kDropped, kKept };
  /// Loads any file in RDB format. `end`: the place behind it, where something else may follow.
  std::string LoadFile(engine::EngineContext& context, const std::string& path, Expired expired, uint64_t* end);
  /// What INFO shows of loading: bytes of all files, and how many of them have been read.
  void SetLoadingTotal(uint64_t bytes) { loading_total_bytes_.store(bytes); }
  std::atomic<uint64_t>& loading_loaded_bytes() { return loading_loaded_bytes_; }

  // Saving.
  /// Writes the file now. False: the log says why.
  bool Save(engine::EngineContext& context) EXCLUDES(mutex_);
  /// Begins a background save. False: one is running.
  bool StartBackground(engine::EngineContext& context) EXCLUDES(mutex_);
  /// A base for the append-only file: the data set now, written at once or in the background. `done` is called on the
  /// main thread with what went wrong, or "". False: a snapshot is running.
  std::string SaveBase(engine::EngineContext& context, engine::FileForm form, const std::string& temporary,
                       const std::string& path) const;
  using BaseDone = std::function<void(const std::string& error)>;
  bool StartBase(engine::EngineContext& context, engine::FileForm form, const std::string& temporary,
                 const std::string& path, BaseDone done) EXCLUDES(mutex_);
  /// The base that is being written is not wanted any more; `done` says so.
  void GiveUpBase() EXCLUDES(mutex_);
  /// A snapshot is being written, for whatever.
  bool saving() const { return current_.load(std::memory_order_acquire) != nullptr; }
  /// The same, of an RDB file of its own.
  bool saving_rdb() const { return saving() && !writes_base_.load(); }
  /// BGSAVE SCHEDULE: begins a background save as soon as nothing is in its way.
  void Schedule() { scheduled_.store(true); }
  /// DEBUG RELOAD: saves (perhaps), empties (perhaps) and loads. Returns what is wrong, or "".
  std::string Reload(engine::EngineContext& context, bool save, bool unload);
  /// Whether the configuration wants a save when the server stops.
  bool SavesAtShutdown() const;
  /// The server stops: gives a background save up.
  void Abandon() EXCLUDES(mutex_);

  /// Collects a background save that has ended, and starts one that is due.
  void OnTick() override;
  /// What depends on the configuration.
  void OnConfig();
  bool IsDue(engine::ShardIndex shard, int64_t now_ms) override;
  bool RunStep(engine::EngineContext& context, engine::ShardData& shard) override;

  int64_t last_save_s() const { return last_save_s_.load(std::memory_order_relaxed); }
  PersistenceInfo Info() const EXCLUDES(mutex_);

 private:
  struct LoadedKeys;
  class KeyTaker;
  class FileTarget;

  std::string PathOf(std::string_view name) const;
  enum class FileKind : uint8_t { kRdb, kAofBase };
  engine::RdbFilePlan PlanFile(engine::EngineContext& context, FileKind kind, const std::string& temporary,
                               const std::string& path) const;
  engine::RdbFilePlan PlanBase(engine::EngineContext& context, engine::FileForm form, const std::string& temporary,
                               const std::string& path) const;
  engine::RdbFilePlan PlanOwnFile(engine::EngineContext& context) const;
  void StartSnapshot(engine::EngineContext& context, engine::RdbFilePlan plan) EXCLUDES(mutex_);
  static bool WriteFile(engine::EngineContext& context, const engine::RdbFilePlan& plan, std::string& error);
  void Collect() EXCLUDES(mutex_);
  bool IsSavePointReached() const;
  void NoteSaved(uint64_t dirty) EXCLUDES(mutex_);

  Server& server_;
  std::unique_ptr<std::atomic<bool>[]> shard_active_;
  std::unique_ptr<std::atomic<uint64_t>[]> shard_bytes_;  // ShardSnapshot::MemoryBytes()
  std::atomic<size_t> shards_left_{0};
  std::atomic<engine::SnapshotFile*> current_{nullptr};
  std::atomic<bool> writes_base_{false};  // the snapshot is the append-only file's
  BaseDone base_done_;                    // its; set before current_, called when that is null again
  std::atomic<bool> scheduled_{false};
  std::atomic<bool> start_posted_{false};  // a save point's start is on its way
  std::atomic<int64_t> last_save_s_;
  std::atomic<int64_t> last_try_s_{0};
  std::atomic<int64_t> background_start_ms_{0};
  std::atomic<uint64_t> dirty_at_start_{0};
  std::atomic<uint64_t> keys_at_start_{0};
  std::atomic<uint64_t> peak_bytes_{0};
  std::atomic<bool> loading_{false};
  std::atomic<int64_t> loading_start_s_{0};
  std::atomic<uint64_t> loading_total_bytes_{0};
  std::atomic<uint64_t> loading_loaded_bytes_{0};
  std::atomic<uint64_t> dirty_when_saved_{0};
  std::atomic<bool> last_background_ok_{true};

  mutable engine::Mutex mutex_;
  std::unique_ptr<engine::SnapshotFile> file_ GUARDED_BY(mutex_);
  int64_t last_background_seconds_ GUARDED_BY(mutex_) = -1;
  uint64_t saves_ GUARDED_BY(mutex_) = 0;
  uint64_t last_snapshot_bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t keys_expired_ GUARDED_BY(mutex_) = 0;
  uint64_t keys_loaded_ GUARDED_BY(mutex_) = 0;
};

}  // namespace usher::server
