// AofLog: writes the journal to the append-only file, and makes it durable as often as asked.
//
//   journal   |######## durable ########|#### written ####|.... recorded ....|
//
// Commands record under their turns and never wait for the disk; a thread of the log follows. With kAlways replies wait
// until what they tell of is durable, and all that was recorded meanwhile is synced with one call. A disk that is quick
// about it is not worth two hand-overs between threads: whoever has replies to send and nothing else to do writes and
// syncs itself (SyncHere). If the disk is slow, the log's thread does, so that the others can go on meanwhile. Those
// who were just told (on_durable) are given a moment, the time that a sync takes at most, to come back with more, so
// that all who wait share one sync and do not fall into two halves that wait for each other's.
// Only one thread at a time writes: who holds the `writer_` role. The file is changed at an exact place of the journal
// (SwitchAt), so that a rewrite's base and the increment behind it fit. Errors: what could not be written is tried
// again every second, and write_ok() says so meanwhile; with kAlways, where clients have been promised that what they
// see is on disk, on_fatal is called. Thread safety: all methods, any thread; the callbacks come from the log's thread,
// on_durable and on_fatal also from SyncHere().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/mutex.h"
#include "engine/journal.h"

namespace usher::engine {

enum class AofSync : uint8_t { kNever, kEverySecond, kAlways };

/// What becomes of a file that is opened for appending.
enum class AofContent : uint8_t { kKept, kNew };

/// Who makes things durable.
enum class AofSynced : uint8_t { kHere, kElsewhere, kByThread };

class AofLog {
 public:
  struct Callbacks {
    std::function<void()> on_durable;                  // after each sync; the next may begin
    std::function<void(const std::string&)> on_error;  // "": it works again
    std::function<void(const std::string&)> on_fatal;  // kAlways and the disk fails
  };

  AofLog(Journal& journal, Callbacks callbacks);
  /// Stops without writing what is left; see Close().
  ~AofLog();
  AofLog(const AofLog&) = delete;
  AofLog& operator=(const AofLog&) = delete;

  /// Opens the file for appending, emptied before if it is kNew, and follows the journal from `position` on. An error
  /// text, or "". It may be started again after Close().
  std::string Start(const std::string& path, AofContent content, uint64_t position) EXCLUDES(mutex_);
  /// From the journal's `position` on, records go to a new file, which is created now. Under the turns of all shards,
  /// with their present position; once at a time. An error text, or "". `commit` is called by the log's thread when the
  /// old file is complete and nothing is in the new one yet; if it says no, the old file is gone on with.
  using Commit = std::function<bool()>;
  std::string SwitchAt(uint64_t position, const std::string& path, Commit commit) EXCLUDES(mutex_);
  /// Whether a switch is still to come.
  bool switching() const { return switching_.load(std::memory_order_acquire); }
  /// Writes and syncs what is recorded until now, ends the thread and closes the file. False: it could not be written.
  bool Close() EXCLUDES(mutex_);

  void SetSync(AofSync sync);
  /// Records' times go into the file as comments (aof-timestamp-enabled).
  void SetTimestamps(bool timestamps) { timestamps_.store(timestamps, std::memory_order_relaxed); }
  /// Nothing is synced for the time being; what is written counts as durable (no-appendfsync-on-rewrite). What was
  /// left is synced afterwards.
  void PauseSync(bool paused) {
    if (sync_paused_.exchange(paused) && !paused) Notice();
  }
  /// There may be something to write: wakes the thread. Cheap when it is awake.
  void Notice() EXCLUDES(mutex_);

  // With kAlways.
  /// Makes what is recorded durable: here and now; or another thread is at it, and on_durable tells when it is done; or
  /// it is left to the log's thread, which is noticed. The caller holds no turns.
  AofSynced SyncHere() EXCLUDES(mutex_, writer_);
  /// Whether some thread writes or syncs just now.
  bool busy() const { return writer_.taken(); }
  /// How many clients begin or cease to wait for the disk.
  void AddWaiting() {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    arrived_.fetch_add(1, std::memory_order_relaxed);
  }
  void RemoveWaiting(int64_t count) { waiting_.fetch_sub(count, std::memory_order_relaxed); }
  /// Waits until no more than `bytes` are unwritten: commands go on only as fast as the disk does.
  void WaitForRoom(uint64_t bytes) EXCLUDES(mutex_);

  /// The place of the journal that everything recorded until now is before.
  uint64_t journal_position() const { return journal_.position(); }
  /// Journal positions up to which all is in the file, and on disk; `synced` is the same without what only counts as
  /// durable while syncs are paused.
  uint64_t written() const { return written_.load(std::memory_order_acquire); }
  uint64_t durable() const { return durable_.load(std::memory_order_acquire); }
  uint64_t synced() const { return synced_.load(std::memory_order_acquire); }
  AofSync sync() const { return sync_.load(std::memory_order_relaxed); }
  /// Bytes of the current file, and of all that were started with.
  uint64_t file_bytes() const { return file_bytes_.load(std::memory_order_relaxed); }
  bool syncing() const { return syncing_.load(std::memory_order_relaxed); }
  uint64_t delayed_syncs() const { return delayed_syncs_.load(std::memory_order_relaxed); }
  bool write_ok() const { return write_ok_.load(std::memory_order_relaxed); }

 private:
  struct Switch {
    uint64_t position = 0;
    int fd = -1;
    std::string path;
    Commit commit;
  };
  enum class Pumped : uint8_t { kIdle, kMore, kFailed };

  /// Who writes the file.
  class CAPABILITY("role") WriterRole {
   public:
    bool TryTake() USHER_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return !taken_.exchange(true); }
    void Take() ACQUIRE() {
      while (taken_.exchange(true)) taken_.wait(true);
    }
    void Give() RELEASE() {
      taken_.store(false);
      taken_.notify_one();
    }
    bool taken() const { return taken_.load(); }

   private:
    std::atomic<bool> taken_{false};
  };

  void Main();
  Pumped TakeAndPump() EXCLUDES(mutex_, writer_);
  Pumped Pump() REQUIRES(writer_);
  void PumpAll() REQUIRES(writer_);
  void Gather(uint64_t until) REQUIRES(writer_);
  bool WriteBuffer() REQUIRES(writer_);
  bool Sync() REQUIRES(writer_);
  bool HasToSync() const { return (sync_paused_.load() ? durable() : synced()) != written(); }
  bool IsSyncDue(int64_t now_ms) const;
  int64_t CrowdWaitNs() const;
  void SleepUntilNoticed(MutexLock& lock, Pumped pumped, bool others_sync) REQUIRES(mutex_);
  bool TakeSwitch() REQUIRES(writer_);
  void TellDurable() {
    if (callbacks_.on_durable) callbacks_.on_durable();
  }
  void Fail(const std::string& what);
  void Worked();
  void CloseFile() REQUIRES(writer_);

  Journal& journal_;
  const Callbacks callbacks_;
  std::atomic<AofSync> sync_{AofSync::kEverySecond};
  std::atomic<bool> timestamps_{false};
  std::atomic<bool> sync_paused_{false};
  std::atomic<bool> switching_{false};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> durable_{0};
  std::atomic<uint64_t> synced_{0};
  std::atomic<uint64_t> file_bytes_{0};
  std::atomic<uint64_t> delayed_syncs_{0};
  std::atomic<bool> syncing_{false};
  std::atomic<bool> write_ok_{true};
  std::atomic<int64_t> waiting_{0};          // clients
  std::atomic<int64_t> arrived_{0};          // clients that ever began to wait
  std::atomic<int64_t> crowd_at_{0};         // arrived_ when those who waited for the last sync are back
  std::atomic<int64_t> crowd_end_ns_{0};     // but the next one waits no longer for them
  std::atomic<int64_t> sync_ns_{0};          // how long the last one took
  std::atomic<int64_t> synced_ms_{0};        // when the file was last synced
  std::atomic<uint64_t> synced_here_{0};     // how often SyncHere() did it
  std::atomic<bool> idle_{false};            // the thread sleeps until Notice()
  std::atomic<bool> idle_for_crowd_{false};  // or until the crowd is complete, or its time over

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable_any room_;
  bool noticed_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;   // write everything, then end
  bool stopping_ GUARDED_BY(mutex_) = false;  // end
  std::optional<Switch> switch_ GUARDED_BY(mutex_);
  std::thread thread_;

  WriterRole writer_;
  bool open_ GUARDED_BY(writer_) = false;  // there is a file, and the thread
  int fd_ GUARDED_BY(writer_) = -1;
  std::string buffer_ GUARDED_BY(writer_);      // what is to be written
  size_t buffer_sent_ GUARDED_BY(writer_) = 0;  // of it
  uint64_t gathered_ GUARDED_BY(writer_) = 0;   // journal position behind the buffer
  int64_t stamped_s_ GUARDED_BY(writer_) = 0;   // the last comment's time
};

}  // namespace usher::engine
