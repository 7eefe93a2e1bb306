// Slowlog: the newest commands that took longer than slowlog-log-slower-than, with their arguments cut short.
// Commands end under turns, where nothing may wait for a mutex: they post an entry to a mailbox, and whoever looks at
// the log (SLOWLOG, the server's tick) collects the mail first.
// Invariants: entries are in order of their ids, newest first; there are at most length_max of the last collection.
// Complexity: Post O(arguments kept); the rest O(entries). Thread safety: all methods, any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "server/client_state.h"
#include "server/mailbox.h"

namespace usher::server {

struct SlowlogEntry {
  uint64_t id = 0;  // given when it is collected
  int64_t time_s = 0;
  int64_t duration_us = 0;
  std::vector<std::string> args;
  std::string client_address;
  std::string client_name;
};

class Slowlog {
 public:
  Slowlog() = default;
  ~Slowlog();
  Slowlog(const Slowlog&) = delete;
  Slowlog& operator=(const Slowlog&) = delete;

  /// Adds an entry; who the client is is filled in when it is collected. Waits for nothing.
  void Post(SlowlogEntry entry, std::shared_ptr<const ClientInfo> client);
  /// Takes in what was posted and cuts the log to `length_max` entries.
  void Collect(size_t length_max) EXCLUDES(mutex_);
  /// The newest `count` entries, newest first.
  std::vector<SlowlogEntry> Newest(size_t count) const EXCLUDES(mutex_);
  size_t size() const EXCLUDES(mutex_);
  void Reset() EXCLUDES(mutex_);

  /// The arguments as the log keeps them: at most 32 of at most 128 bytes, saying what was left out.
  static std::vector<std::string> Shorten(std::span<const std::string_view> args);

 private:
  class Posted;

  Mailbox mail_;  // its owner is whoever holds mutex_
  mutable engine::Mutex mutex_;
  std::deque<SlowlogEntry> entries_ GUARDED_BY(mutex_);  // newest in front
  uint64_t next_id_ GUARDED_BY(mutex_) = 0;
};

}  // namespace usher::server
