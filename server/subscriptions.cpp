// See subscriptions.h.
#include "server/subscriptions.h"

#include "server/client_state.h"
#include "server/server.h"

namespace usher::server {

Subscriptions::Subscriptions(Server& server, SessionHome& client, std::shared_ptr<ClientInfo> info)
    : server_(server), client_(client), info_(std::move(info)), local_(info_->home.subscribers()) {}

Subscriptions::~Subscriptions() {
  for (size_t i = 0; i < kChannelKinds; ++i) {
    const auto kind = static_cast<ChannelKind>(i);
    while (!names_[i].empty()) Remove(kind, std::string(names_[i].begin()->first));
  }
  if (!monitor_) return;
  local_.LeaveMonitors(*monitor_);
  server_.monitors().Remove(info_->home);
  info_->flags.fetch_and(~uint32_t{kClientMonitor}, std::memory_order_relaxed);
}

bool Subscriptions::Add(ChannelKind kind, std::string_view channel) {
  Names& names = names_[static_cast<size_t>(kind)];
  if (names.find(channel) != names.end()) return false;
  const uint64_t stamp = server_.pubsub().Add(kind, channel, info_->home);
  names.emplace(channel, local_.Join(kind, channel, {&client_, info_.get(), stamp}));
  ShowCounts();
  return true;
}

bool Subscriptions::Remove(ChannelKind kind, std::string_view channel) {
  Names& names = names_[static_cast<size_t>(kind)];
  const auto found = names.find(channel);
  if (found == names.end()) return false;
  server_.pubsub().Remove(kind, channel, info_->home);
  local_.Leave(kind, channel, found->second);
  names.erase(found);
  ShowCounts();
  return true;
}

size_t Subscriptions::CountFor(ChannelKind kind) const {
  if (kind == ChannelKind::kShardChannel) return Of(kind).size();
  return Of(ChannelKind::kChannel).size() + Of(ChannelKind::kPattern).size();
}

bool Subscriptions::empty() const {
  return CountFor(ChannelKind::kChannel) + CountFor(ChannelKind::kShardChannel) == 0;
}

bool Subscriptions::StartMonitoring() {
  if (monitor_) return false;
  monitor_ = local_.JoinMonitors({&client_, info_.get(), 0});
  server_.monitors().Add(info_->home);
  info_->flags.fetch_or(kClientMonitor, std::memory_order_relaxed);
  return true;
}

void Subscriptions::ShowCounts() {
  for (size_t i = 0; i < kChannelKinds; ++i) {
    info_->subscriptions[i].store(static_cast<uint32_t>(names_[i].size()), std::memory_order_relaxed);
  }
  if (empty()) {
    info_->flags.fetch_and(~uint32_t{kClientSubscribed}, std::memory_order_relaxed);
  } else {
    info_->flags.fetch_or(kClientSubscribed, std::memory_order_relaxed);
  }
}

}  // namespace usher::server
