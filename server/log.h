// Log: the server's log in Redis's line format (pid:role date level message), to a file or standard output.
// Thread safety: all methods, any thread. Never called while turns are held.
#pragma once

#include <atomic>
#include <cstdio>
#include <string>
#include <string_view>

#include "engine/base/mutex.h"
#include "server/config_values.h"

namespace usher::server {

class Log {
 public:
  Log() = default;
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Opens `file` ("" = standard output). False when it cannot be opened.
  bool Open(const std::string& file);
  void SetLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  void Debug(std::string_view message) { Write(LogLevel::kDebug, '.', message); }
  void Verbose(std::string_view message) { Write(LogLevel::kVerbose, '-', message); }
  void Notice(std::string_view message) { Write(LogLevel::kNotice, '*', message); }
  void Warning(std::string_view message) { Write(LogLevel::kWarning, '#', message); }

 private:
  void Write(LogLevel level, char mark, std::string_view message);

  std::atomic<LogLevel> level_{LogLevel::kNotice};
  engine::Mutex mutex_;
  std::FILE* file_ = nullptr;  // guarded by mutex_; null: standard output
};

}  // namespace usher::server
