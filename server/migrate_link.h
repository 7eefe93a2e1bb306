// MigrateLink: a connection to another server that MIGRATE hands keys to, and MigrateLinks, where they wait for ten
// seconds for the next one. A link blocks the calling thread, at most for the timeout per step, so it is used on the
// pool only. What goes wrong closes the link and is no more than a failed call. Thread safety: a link belongs to one
// command at a time; MigrateLinks: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread_role.h"

namespace usher::server {

class MigrateLink {
 public:
  /// Why a call failed.
  enum class Failure : uint8_t { kNone, kTimeout, kBroken };

  /// Takes a socket that is connected, or soon will be.
  explicit MigrateLink(int socket) : socket_(socket) {}
  ~MigrateLink();
  MigrateLink(const MigrateLink&) = delete;
  MigrateLink& operator=(const MigrateLink&) = delete;

  /// Starts to connect and waits for it: null when the name is unknown, nothing leads there or the time was up. A
  /// refusal shows when something is sent.
  static std::unique_ptr<MigrateLink> Connect(const std::string& host, const std::string& port, int timeout_ms);

  /// Sends everything, in pieces that may each take the timeout.
  bool Send(std::string_view bytes, int timeout_ms);
  /// The next line, without its end.
  std::optional<std::string> ReadLine(int timeout_ms);
  Failure failure() const { return failure_; }

  /// The database that the other side has selected for us, if known.
  std::optional<int64_t> db;

 private:
  bool WaitFor(short events, int64_t deadline_ms);
  bool Fail(Failure failure) {
    failure_ = failure;
    return false;
  }

  const int socket_;
  std::string received_;
  Failure failure_ = Failure::kNone;
};

class MigrateLinks {
 public:
  /// A link to the target that nobody uses; null when there is none. The caller gives it back, or closes it.
  std::unique_ptr<MigrateLink> Take(std::string_view target) EXCLUDES(mutex_);
  void GiveBack(std::string_view target, std::unique_ptr<MigrateLink> link, int64_t now_ms) EXCLUDES(mutex_);
  /// Closes those that have waited for too long.
  void CloseIdle(int64_t now_ms) EXCLUDES(mutex_);
  size_t size() const EXCLUDES(mutex_);

 private:
  static constexpr int64_t kIdleMs = 10'000;
  static constexpr size_t kLinksMax = 64;

  struct Idle {
    std::string target;
    std::unique_ptr<MigrateLink> link;
    int64_t since_ms = 0;
  };

  mutable engine::Mutex mutex_;
  std::vector<Idle> idle_ GUARDED_BY(mutex_);  // the longest idle first
};

}  // namespace usher::server
