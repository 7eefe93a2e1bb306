// AofLog: the thread that writes the journal to the append-only file, and makes it durable as often as asked.
//
//   journal   |######## durable ########|#### written ####|.... recorded ....|
//
// Commands record under their turns and never wait for the disk; this thread follows. With kAlways it syncs whatever
// has arrived meanwhile with one call, and says so (on_durable): replies wait for that. Those who were just told so are
// given a moment, the time that a sync takes at most, to come back with more, so that all who wait share one sync and
// do not fall into two halves that wait for each other's. The file is changed at an exact place of the journal
// (SwitchAt), so that a rewrite's base and the increment behind it fit. Errors: what could not be written is tried
// again every second, and error() says so meanwhile; with kAlways, where clients have been promised that what they see
// is on disk, on_fatal is called. Thread safety: all methods, any thread; the callbacks come from the log's thread.
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

class AofLog {
 public:
  struct Callbacks {
    std::function<void()> on_durable;                  // after each sync
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
  enum class Content : uint8_t { kKept, kNew };
  std::string Start(const std::string& path, Content content, uint64_t position) EXCLUDES(mutex_);
  /// From the journal's `position` on, records go to a new file, which is created now. Under the turns of all shards,
  /// with their present position; once at a time. An error text, or "". `commit` is called by the log's thread when the
  /// old file is complete and nothing is in the new one yet; if it says no, the old file is gone on with.
  using Commit = std::function<bool()>;
  std::string SwitchAt(uint64_t position, const std::string& path, Commit commit) EXCLUDES(mutex_);
  /// Whether a switch is still to come.
  bool switching() const { return switching_.load(std::memory_order_acquire); }
  /// Writes and syncs what is recorded until now, and ends the thread. False: it could not be written.
  bool Close() EXCLUDES(mutex_);

  void SetSync(AofSync sync);
  /// Records' times go into the file as comments (aof-timestamp-enabled).
  void SetTimestamps(bool timestamps) { timestamps_.store(timestamps, std::memory_order_relaxed); }
  /// Nothing is synced for the time being; what is written counts as durable (no-appendfsync-on-rewrite).
  void PauseSync(bool paused) { sync_paused_.store(paused, std::memory_order_relaxed); }
  /// There may be something to write: wakes the thread. Cheap when it is awake.
  void Notice() EXCLUDES(mutex_);
  /// With kAlways: how many clients begin or cease to wait for the disk.
  void AddWaiting() {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    arrived_.fetch_add(1, std::memory_order_relaxed);
  }
  void RemoveWaiting(int64_t count) { waiting_.fetch_sub(count, std::memory_order_relaxed); }
  /// Waits until no more than `bytes` are unwritten: commands go on only as fast as the disk does.
  void WaitForRoom(uint64_t bytes) EXCLUDES(mutex_);

  /// The place of the journal that everything recorded until now is before.
  uint64_t journal_position() const { return journal_.position(); }
  /// Journal positions up to which all is in the file, and on disk.
  uint64_t written() const { return written_.load(std::memory_order_acquire); }
  uint64_t durable() const { return durable_.load(std::memory_order_acquire); }
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

  void Main();
  Pumped Pump();
  void Gather(uint64_t until);
  bool WriteBuffer();
  bool Sync();
  bool IsSyncDue(int64_t now_ms) const;
  int64_t CrowdWaitNs() const;
  bool TakeSwitch();
  void TellDurable();
  void Fail(const std::string& what);
  void Worked();
  void CloseFile();

  Journal& journal_;
  const Callbacks callbacks_;
  std::atomic<AofSync> sync_{AofSync::kEverySecond};
  std::atomic<bool> timestamps_{false};
  std::atomic<bool> sync_paused_{false};
  std::atomic<bool> switching_{false};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> durable_{0};
  std::atomic<uint64_t> file_bytes_{0};
  std::atomic<uint64_t> delayed_syncs_{0};
  std::atomic<bool> syncing_{false};
  std::atomic<bool> write_ok_{true};
  std::atomic<int64_t> waiting_{0};   // clients
  std::atomic<uint64_t> arrived_{0};  // clients that ever began to wait
  std::atomic<bool> idle_{false};     // the thread sleeps until Notice()

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable_any room_;
  bool noticed_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;   // write everything, then end
  bool stopping_ GUARDED_BY(mutex_) = false;  // end
  std::optional<Switch> switch_ GUARDED_BY(mutex_);
  std::thread thread_;

  // The log's thread only, and whoever starts it.
  int fd_ = -1;
  std::string buffer_;              // what is to be written
  size_t buffer_sent_ = 0;          // of it
  uint64_t gathered_ = 0;           // journal position behind the buffer
  int64_t synced_ms_ = 0;           // when the file was last synced
  int64_t stamped_s_ = 0;           // the last comment's time
  int64_t sync_end_ns_ = 0;         // of the last sync
  int64_t sync_ns_ = 0;             // how long it took
  uint64_t arrived_at_sync_ = 0;    // arrived_ when it began
  int64_t waiting_after_sync_ = 0;  // waiting_ when it ended
};

}  // namespace usher::engine
