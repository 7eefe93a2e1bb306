// SnapshotFile: the thread that turns a snapshot's records into an RDB file. Shards append records under their turns
// and never wait; the thread frames them by database, writes, syncs and renames. It can make commands of them instead
// (the base of an append-only file): then it reads what would be the RDB file, key by key.
//
//   Start(plan) -> OnRecords() ... -> Close() -> [thread: last record, end mark, fsync, rename] -> finished()
//
// A record that comes in pieces is not interrupted: what other shards give meanwhile waits behind it, and their slices
// pause.
// Bound: when more than kPendingBytesMax wait for the disk, must_wait() tells the slices to pause; images of keys that
// are being changed come all the same, since nobody may wait for a disk under a turn.
// Thread safety: OnRecords, OnPiece, Close, Abort, finished, must_wait: any thread. Result(): after finished().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/rdb_save.h"
#include "engine/snapshot.h"

namespace usher::engine {

class CommandEncoder;
class RdbFileSink;

/// How many keys a database has.
struct RdbDatabaseSize {
  int db = 0;
  uint64_t keys = 0;
  uint64_t expires = 0;
};

/// How keys are written: in RDB format, or as the commands that make them (command_encode.h).
enum class FileForm : uint8_t { kRdb, kCommands };

/// What a file holds beside its keys, and where it goes.
struct RdbFilePlan {
  FileForm form = FileForm::kRdb;
  std::string temporary;
  std::string path;
  uint64_t sync_every_bytes = 0;  // RdbFileSink::SyncEvery()
  int64_t time_s = 0;             // kCommands: begins with a comment about it, unless it is 0
  RdbSaveOptions options;
  RdbSaver::Aux aux;
  std::vector<std::string> functions;
  std::vector<RdbDatabaseSize> sizes;
};

/// Writes the part of a file that comes before the keys.
void BeginRdbFile(RdbSaver& saver, const RdbFilePlan& plan);
void BeginCommandFile(CommandEncoder& encoder, const RdbFilePlan& plan);

class SnapshotFile final : public SnapshotSink {
 public:
  static constexpr uint64_t kPendingBytesMax = uint64_t{16} << 20;

  explicit SnapshotFile(RdbFilePlan plan);
  /// Aborts unless it is finished.
  ~SnapshotFile() override;

  void OnRecords(int db, std::string records, uint64_t keys) override EXCLUDES(mutex_);
  void OnLongString(int db, std::string head, std::string text) override EXCLUDES(mutex_);
  bool OnPiece(ShardIndex shard, int db, std::string& piece, bool last) override EXCLUDES(mutex_);
  /// Everything was given.
  void Close() EXCLUDES(mutex_);
  /// Gives up and removes what was written; what else comes is dropped.
  void Abort() EXCLUDES(mutex_);
  /// Whether the slices of this shard are to pause.
  bool must_wait(ShardIndex shard) const {
    const ShardIndex speaker = speaker_.load(std::memory_order_relaxed);
    return (speaker != kNoShard && speaker != shard) ||
           pending_bytes_.load(std::memory_order_relaxed) > kPendingBytesMax;
  }
  /// The disk has failed: what else comes is dropped.
  bool has_failed() const { return failed_.load(std::memory_order_relaxed); }
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  /// Why there is no new file; "": there is.
  const std::string& error() const { return error_; }
  uint64_t keys_written() const { return keys_.load(std::memory_order_relaxed); }
  uint64_t pending_bytes() const {
    return pending_bytes_.load(std::memory_order_relaxed) + behind_bytes_.load(std::memory_order_relaxed);
  }

 private:
  struct Records {
    int db;
    std::string bytes;
    uint64_t keys;
    std::string text = {};  // a string to be encoded behind them, if it is not empty
    size_t MemoryBytes() const { return bytes.size() + text.size(); }
  };

  class AsRdb;
  class AsCommands;

  void Add(Records records) EXCLUDES(mutex_);
  void Main();
  bool WriteRdb(RdbFileSink& file) EXCLUDES(mutex_);
  bool WriteCommands(RdbFileSink& file) EXCLUDES(mutex_);
  bool WriteNext(RdbSaver& saver) EXCLUDES(mutex_);
  bool is_aborted() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return aborted_;
  }

  const RdbFilePlan plan_;
  Mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Records> queue_ GUARDED_BY(mutex_);
  std::deque<Records> behind_ GUARDED_BY(mutex_);  // the record that is under way in pieces
  std::atomic<ShardIndex> speaker_{kNoShard};      // whose it is
  bool closed_ GUARDED_BY(mutex_) = false;
  bool aborted_ GUARDED_BY(mutex_) = false;
  std::atomic<uint64_t> pending_bytes_{0};  // in queue_, or being written
  std::atomic<uint64_t> behind_bytes_{0};
  std::atomic<uint64_t> keys_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> finished_{false};
  std::deque<Records> batch_;  // the thread's: what it has taken and not written
  int selected_ = -1;          // the thread's: the database of the last record
  std::string error_;          // the thread's until finished_
  std::thread thread_;
};

}  // namespace usher::engine
