// The keys of a file that is loaded: KeyReader decodes them one after the other, FindKeys() finds out where they end,
// and LoadHelpers are the threads that decode runs of them. See rdb_load.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/rdb_load.h"

namespace usher::engine {

/// Reads keys, and what a file says of the next one in front of it. Thread safety: none.
class KeyReader {
 public:
  KeyReader(RdbReader& reader, const EngineSettings& settings, RdbKeyTarget& target)
      : reader_(reader), settings_(settings), target_(target) {}

  void set_db(int db) { key_.db = db; }
  int db() const { return key_.db; }
  /// Something of the next key is known already.
  bool is_within_key() const { return within_key_; }
  /// Reads what follows `code`, if that is something about the next key. False: it is something else.
  bool ReadPrefix(uint8_t code);
  /// Reads name and value, and gives the key to the target.
  void ReadKey(uint8_t type);
  /// The target has a text against the file, unless it is "".
  void Refuse(const std::string& why) {
    if (!why.empty()) reader_.Fail(why);
  }

 private:
  RdbReader& reader_;
  const EngineSettings& settings_;
  RdbKeyTarget& target_;
  RdbKey key_;
  bool within_key_ = false;
  std::string name_;
};

/// The whole keys at the beginning of some bytes.
struct KeyRun {
  size_t bytes = 0;     // that they take
  bool is_cut = false;  // what follows may be a key that is not all there
};
/// Stops when there are about `bytes_wanted`.
KeyRun FindKeys(std::string_view bytes, size_t bytes_wanted);

/// Threads that decode runs of keys. Thread safety: Give() and Finish() are for the thread that made it.
class LoadHelpers {
 public:
  /// The threads start with the first run.
  LoadHelpers(size_t count, const EngineSettings& settings, RdbTarget& target);
  /// Gives up what is left.
  ~LoadHelpers();
  LoadHelpers(const LoadHelpers&) = delete;
  LoadHelpers& operator=(const LoadHelpers&) = delete;

  /// Has `keys`, which are at `offset` of the file, copied and decoded, or decodes them if the others have enough.
  void Give(std::string_view keys, int db, uint64_t offset) EXCLUDES(mutex_);
  /// Decodes what is left and ends the threads.
  void Finish() EXCLUDES(mutex_);
  bool has_failed() const { return failed_.load(std::memory_order_relaxed); }
  /// What was wrong, and where. After Finish().
  std::string error() const EXCLUDES(mutex_);
  uint64_t error_offset() const EXCLUDES(mutex_);

 private:
  struct Run {
    std::string bytes;
    int db;
    uint64_t offset;
  };
  static constexpr size_t kRunsPerHelper = 4;

  void Start();
  void Main(RdbKeyTarget& target) EXCLUDES(mutex_);
  bool TakeRun(Run& run) EXCLUDES(mutex_);
  void Decode(std::string_view keys, int db, uint64_t offset, RdbKeyTarget& target) EXCLUDES(mutex_);
  void Fail(std::string_view why, uint64_t offset) EXCLUDES(mutex_);
  void Close(bool drop) EXCLUDES(mutex_);

  const size_t count_;
  const EngineSettings& settings_;
  RdbTarget& target_;
  std::vector<std::unique_ptr<RdbKeyTarget>> targets_;
  std::vector<std::thread> threads_;
  std::atomic<bool> failed_{false};

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Run> runs_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::string error_ GUARDED_BY(mutex_);
  uint64_t error_offset_ GUARDED_BY(mutex_) = 0;
};

}  // namespace usher::engine
