// RandomId: 40 random hex digits, and ReplicationId: the one that names this server's history to replicas (INFO's
// master_replid), which DEBUG CHANGE-REPL-ID replaces. Thread safety: all methods, any thread.
#pragma once

#include <array>
#include <string>

#include "engine/base/mutex.h"
#include "engine/base/random.h"

namespace usher::server {

inline std::string DrawRandomId() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<unsigned char, 20> bytes;
  engine::FillSecure(bytes.data(), bytes.size());
  std::string id;
  for (const unsigned char byte : bytes) {
    id.push_back(kHex[byte >> 4]);
    id.push_back(kHex[byte & 15]);
  }
  return id;
}

class ReplicationId {
 public:
  std::string Get() const EXCLUDES(mutex_) {
    const engine::MutexLock lock(mutex_);
    return id_;
  }
  void Change() EXCLUDES(mutex_) {
    const engine::MutexLock lock(mutex_);
    id_ = DrawRandomId();
  }

 private:
  mutable engine::Mutex mutex_;
  std::string id_ GUARDED_BY(mutex_) = DrawRandomId();
};

}  // namespace usher::server
