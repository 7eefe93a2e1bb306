// Subscriptions: what one client is subscribed to, and whether it watches as a monitor. It keeps the process-wide
// counts (PubSub, MonitorHub) and the worker's lists in step, and leaves everything when it is destroyed. Made when the
// client first subscribes. Complexity: O(log own subscriptions) each. Thread safety: the client's home worker only.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/local_subscribers.h"

namespace usher::server {

class Server;

class Subscriptions {
 public:
  using Names = std::map<std::string, LocalSubscribers::Place, std::less<>>;

  Subscriptions(Server& server, SessionHome& client, std::shared_ptr<ClientInfo> info);
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  /// False when it is subscribed already.
  bool Add(ChannelKind kind, std::string_view channel);
  /// False when it is not subscribed.
  bool Remove(ChannelKind kind, std::string_view channel);
  const Names& Of(ChannelKind kind) const { return names_[static_cast<size_t>(kind)]; }
  /// The number that confirmations show: channels and patterns together, shard channels apart.
  size_t CountFor(ChannelKind kind) const;
  bool empty() const;

  /// Begins to receive all commands. False when it does already.
  bool StartMonitoring();

 private:
  void ShowCounts();

  Server& server_;
  SessionHome& client_;
  const std::shared_ptr<ClientInfo> info_;
  LocalSubscribers& local_;
  std::array<Names, kChannelKinds> names_;
  std::optional<LocalSubscribers::Place> monitor_;
};

}  // namespace usher::server
