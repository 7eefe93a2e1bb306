// Formatting of log lines: "12345:M 21 Nov 2026 14:00:00.123 * message".
#include "server/log.h"

#include <sys/time.h>
#include <unistd.h>

#include <ctime>

namespace usher::server {

Log::~Log() {
  if (file_ != nullptr) std::fclose(file_);
}

bool Log::Open(const std::string& file) {
  if (file.empty()) return true;
  std::FILE* opened = std::fopen(file.c_str(), "ae");
  if (opened == nullptr) return false;
  const engine::MutexLock lock(mutex_);
  file_ = opened;
  return true;
}

void Log::Write(LogLevel level, char mark, std::string_view message) {
  if (level < level_.load(std::memory_order_relaxed)) return;
  timeval now{};
  gettimeofday(&now, nullptr);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  char stamp[64];
  std::strftime(stamp, sizeof stamp, "%d %b %Y %H:%M:%S", &local);
  const engine::MutexLock lock(mutex_);
  std::FILE* out = file_ != nullptr ? file_ : stdout;
  std::fprintf(out, "%d:M %s.%03d %c %.*s\n", static_cast<int>(getpid()), stamp, static_cast<int>(now.tv_usec / 1000),
               mark, static_cast<int>(message.size()), message.data());
  std::fflush(out);
}

}  // namespace usher::server
