// ClientRegistry: all connected clients, for CLIENT LIST/KILL, INFO and limits. Thread safety: all methods, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread_role.h"
#include "server/client_state.h"

namespace usher::server {

class ClientRegistry {
 public:
  /// Registers a new client of `home` and gives it the next id.
  std::shared_ptr<ClientInfo> Add(Worker& home) EXCLUDES(mutex_);
  void Remove(const ClientInfo& info) EXCLUDES(mutex_);
  std::shared_ptr<ClientInfo> Find(uint64_t id) const EXCLUDES(mutex_);
  /// All clients in order of their ids. O(clients).
  std::vector<std::shared_ptr<ClientInfo>> All() const EXCLUDES(mutex_);
  size_t size() const EXCLUDES(mutex_);

 private:
  std::atomic<uint64_t> next_id_{1};
  mutable engine::Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<ClientInfo>> clients_ GUARDED_BY(mutex_);
};

}  // namespace usher::server
