// See client_registry.h.
#include "server/client_registry.h"

namespace usher::server {

std::shared_ptr<ClientInfo> ClientRegistry::Add(Worker& home) {
  auto info = std::make_shared<ClientInfo>(next_id_.fetch_add(1), home);
  const engine::MutexLock lock(mutex_);
  clients_.emplace(info->id, info);
  return info;
}

void ClientRegistry::Remove(const ClientInfo& info) {
  const engine::MutexLock lock(mutex_);
  clients_.erase(info.id);
}

std::shared_ptr<ClientInfo> ClientRegistry::Find(uint64_t id) const {
  const engine::MutexLock lock(mutex_);
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<ClientInfo>> ClientRegistry::All() const {
  const engine::MutexLock lock(mutex_);
  std::vector<std::shared_ptr<ClientInfo>> all;
  all.reserve(clients_.size());
  for (const auto& [id, info] : clients_) all.push_back(info);
  return all;
}

size_t ClientRegistry::size() const {
  const engine::MutexLock lock(mutex_);
  return clients_.size();
}

}  // namespace usher::server
