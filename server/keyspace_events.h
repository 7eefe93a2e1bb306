// KeyspaceEvents: what the engine reports while commands run, as messages: keyspace events on the channels that
// notify-keyspace-events asks for, and the waiting room's own messages. Called under turns: it only posts to mailboxes.
// Thread safety: all methods, any thread.
#pragma once

#include <string_view>

#include "engine/engine_context.h"

namespace usher::server {

class Server;

class KeyspaceEvents final : public engine::EngineObserver {
 public:
  explicit KeyspaceEvents(Server& server) : server_(server) {}

  /// "__keyspace@db__:key" with the event, and "__keyevent@db__:event" with the key.
  void OnKeyspaceEvent(int db, engine::NotifyClass event_class, std::string_view event, std::string_view key) override;
  void OnPublish(std::string_view channel, std::string_view message) override;
  void OnKeyChanged(std::string_view key, engine::CachingReaders readers) override;
  bool HasSubscribers(std::string_view channel) const override;

 private:
  Server& server_;
};

}  // namespace usher::server
