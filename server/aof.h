// Aof: the append-only file of a server: loaded at start, written while it runs, rewritten when it has grown, switched
// on and off at run time.
//
//   commands -> journal (under their turns) -> AofLog -> increment              manifest: [base] [increment]...
//   rewrite:  all turns: the journal's place, where the log goes on in a new increment, and the epoch of a snapshot
//             -> the snapshot is written as the new base -> manifest: [new base] [new increment], the old is history
//
// The manifest lists an increment before anything is in it, and only after the one before it is complete; so a crash at
// any moment leaves a list that can be loaded, of which only the last file may be cut short.
// With appendfsync always nobody sees what a crash could undo: holds_replies(), released().
// Thread safety: Load, Open, Rewrite under the turns of all shards; OnTick, Close on the main thread; the rest any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/aof_folder.h"
#include "engine/base/mutex.h"
#include "engine/engine_context.h"
#include "server/config.h"

namespace usher::engine {
enum class AofContent : uint8_t;
enum class AofSynced : uint8_t;
enum class FileForm : uint8_t;
class AofLog;
}  // namespace usher::engine

namespace usher::server {

class BlockedClient;
class Server;

/// What INFO shows.
struct AofInfo {
  bool enabled = false;
  bool rewriting = false;
  bool scheduled = false;
  int64_t last_rewrite_seconds = -1;
  int64_t current_rewrite_seconds = -1;
  bool last_rewrite_ok = true;
  bool last_write_ok = true;
  uint64_t rewrites = 0;
  uint64_t rewrites_failed = 0;  // one after the other
  uint64_t current_bytes = 0;
  uint64_t base_bytes = 0;
  uint64_t buffered_bytes = 0;
  uint64_t pending_syncs = 0;
  uint64_t delayed_syncs = 0;
};

class Aof {
 public:
  explicit Aof(Server& server);
  ~Aof();
  Aof(const Aof&) = delete;
  Aof& operator=(const Aof&) = delete;

  // Start and stop.
  /// Loads the files that are there. Returns what is wrong, or "".
  std::string Load(engine::EngineContext& context) EXCLUDES(mutex_);
  /// Writes from here on. Returns what is wrong, or "".
  std::string Open(engine::EngineContext& context) EXCLUDES(mutex_);
  /// DEBUG LOADAOF: everything is forgotten and loaded again from the files. Returns what is wrong, or "".
  std::string Reload(engine::EngineContext& context) EXCLUDES(mutex_);
  /// Whether it could be switched on now. Returns what is wrong, or "".
  std::string Probe(const ConfigValues& config) const;
  /// Everything recorded goes to disk. Nothing is recorded any more.
  void Close() EXCLUDES(mutex_);

  // Rewriting.
  enum class Answer : uint8_t { kStarted, kScheduled, kRunning, kFailed };
  /// BGREWRITEAOF. `later`: not now, inside EXEC or a script.
  Answer Rewrite(engine::EngineContext& context, bool later) EXCLUDES(mutex_);

  // While it runs.
  void OnTick() EXCLUDES(mutex_);
  void OnConfig(const ConfigChange& change) EXCLUDES(mutex_);
  /// Whether the server must not stop, since the first base is being written and nothing could be loaded without it.
  /// The log says so; `force`: it says so, but no.
  bool RefusesShutdown(bool force) const;
  bool enabled() const { return state_.load(std::memory_order_relaxed) != State::kOff; }
  AofInfo Info() const EXCLUDES(mutex_);
  /// Why writes are refused; "": they are not.
  std::string WriteError() const EXCLUDES(error_mutex_);

  // Replies wait for the disk.
  bool holds_replies() const { return holds_replies_.load(std::memory_order_relaxed); }
  /// The place of the journal that everything executed until now is before.
  uint64_t position() const;
  /// Replies to what was executed before this place may leave.
  uint64_t released() const { return holds_replies() ? durable() : UINT64_MAX; }
  /// The place up to which all is on disk.
  uint64_t durable() const;
  /// A client begins, or some cease, to wait for the disk.
  void AddWaiting() const;
  void RemoveWaiting(size_t count) const;
  /// Makes what is recorded durable: here and now, in a thread that holds no turns; or another worker is at it, then it
  /// is to be called again when MaySync(); or it is left to the log's thread.
  engine::AofSynced Sync() const;
  bool MaySync() const;
  /// A worker waits here, holding no turns, when commands run much faster than the disk.
  void WaitForRoom() const {
    if (enabled()) [[unlikely]]
      WaitWhileFarBehind();
  }
  /// WAITAOF: whether what was recorded before `position` would be found after a crash. Not before the first base.
  bool Acknowledges(uint64_t position) const;
  /// Ends the client's wait once it is acknowledged, or nobody wants the file any more.
  void AddWaiter(std::shared_ptr<BlockedClient> waiter, uint64_t position) EXCLUDES(waiters_mutex_);

 private:
  /// kStarting: the log is written, but the manifest does not know it before the first base is complete.
  enum class State : uint8_t { kOff, kStarting, kOn };
  struct Rewriting {
    engine::FileForm form{};
    engine::AofFile base;
    engine::AofFile increment;
    bool has_increment = false;
    bool adds_increment = false;  // the manifest learns of it together with the base
  };
  struct Waiter {
    std::shared_ptr<BlockedClient> client;
    uint64_t position = 0;
  };

  std::string LoadFiles(engine::EngineContext& context) REQUIRES(mutex_);
  std::string LoadOne(engine::EngineContext& context, const std::string& name, bool last) REQUIRES(mutex_);
  std::string RunCommands(engine::EngineContext& context, const std::string& name, uint64_t offset, bool last)
      REQUIRES(mutex_);
  static engine::AofFolder FolderOf(const ConfigValues& config);
  void Locate() REQUIRES(mutex_);
  std::string UpgradeFolder() REQUIRES(mutex_);
  engine::AofLog& MakeLog(engine::EngineContext& context);
  std::string StartLog(engine::EngineContext& context, const engine::AofFile& file, engine::AofContent content)
      REQUIRES(mutex_);
  std::string PrepareFiles(engine::EngineContext& context) REQUIRES(mutex_);
  engine::FileForm BaseForm() const;
  std::string StartRewrite(engine::EngineContext& context) EXCLUDES(mutex_);
  std::string SwitchIncrement() REQUIRES(mutex_);
  void StartBase(engine::EngineContext& context) REQUIRES(mutex_);
  bool CommitIncrement(const engine::AofFile& file) EXCLUDES(mutex_);
  void FinishRewrite(const std::string& error) EXCLUDES(mutex_);
  void DropRewrite() EXCLUDES(mutex_);
  std::string TakeBase() REQUIRES(mutex_);
  void EndRewrite(bool ok) EXCLUDES(mutex_);
  std::string Enable(engine::EngineContext& context) EXCLUDES(mutex_);
  void Disable();
  void FollowWish();
  void PostRewrite();
  bool IsRewriteDue() EXCLUDES(mutex_);
  bool IsRewriteLimited() REQUIRES(mutex_);
  uint64_t CurrentBytes() const REQUIRES(mutex_);
  void ApplyConfig();
  void OnDurable();
  void EndWaits() EXCLUDES(waiters_mutex_);
  void OnLogError(const std::string& what);
  void OnFatal(const std::string& what);
  void WaitWhileFarBehind() const;
  std::string TemporaryBase() const REQUIRES(mutex_);

  Server& server_;
  std::atomic<State> state_{State::kOff};
  std::atomic<bool> holds_replies_{false};
  std::unique_ptr<engine::AofLog> own_log_;    // made once, under all turns
  std::atomic<engine::AofLog*> log_{nullptr};  // the same
  std::atomic<bool> rewriting_{false};
  std::atomic<bool> gives_up_{false};  // switched off meanwhile: the base is not wanted
  std::atomic<bool> scheduled_{false};
  std::atomic<bool> posted_{false};    // a start or a stop is on its way to the turns
  std::atomic<bool> stopping_{false};  // the journal has stopped; the log is to be closed
  std::atomic<int64_t> retry_ms_{0};   // not before this is what failed tried again

  mutable engine::Mutex mutex_;
  engine::AofFolder folder_ GUARDED_BY(mutex_);
  engine::AofManifest manifest_ GUARDED_BY(mutex_);
  Rewriting rewrite_ GUARDED_BY(mutex_);
  std::string snapshot_error_ GUARDED_BY(mutex_);
  bool snapshot_ended_ GUARDED_BY(mutex_) = false;
  uint64_t closed_bytes_ GUARDED_BY(mutex_) = 0;  // of the base and of increments before the current one
  uint64_t base_bytes_ GUARDED_BY(mutex_) = 0;    // when it was last rewritten
  int64_t rewrite_start_ms_ GUARDED_BY(mutex_) = 0;
  int64_t last_rewrite_seconds_ GUARDED_BY(mutex_) = -1;
  bool last_rewrite_ok_ GUARDED_BY(mutex_) = true;
  uint64_t rewrites_ GUARDED_BY(mutex_) = 0;
  uint64_t rewrites_failed_ GUARDED_BY(mutex_) = 0;
  int64_t limit_minutes_ GUARDED_BY(mutex_) = 0;
  int64_t limited_until_s_ GUARDED_BY(mutex_) = 0;

  mutable engine::Mutex error_mutex_;
  std::string write_error_ GUARDED_BY(error_mutex_);

  engine::Mutex waiters_mutex_;
  std::vector<Waiter> waiters_ GUARDED_BY(waiters_mutex_);
};

}  // namespace usher::server
