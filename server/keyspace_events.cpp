// See keyspace_events.h.
#include "server/keyspace_events.h"

#include <string>
#include <utility>

#include "server/server.h"

namespace usher::server {

namespace {
std::string ChannelName(std::string_view kind, int db, std::string_view rest) {
  std::string name = "__";
  name.append(kind).append("@").append(std::to_string(db)).append("__:").append(rest);
  return name;
}
}  // namespace

void KeyspaceEvents::OnKeyspaceEvent(int db, engine::NotifyClass, std::string_view event, std::string_view key) {
  PubSub& pubsub = server_.pubsub();
  if (pubsub.idle()) return;
  const uint32_t classes = server_.config().notify_classes;
  if ((classes & engine::kNotifyKeyspace) != 0) {
    pubsub.Publish(ChannelKind::kChannel, ChannelName("keyspace", db, key), event);
  }
  if ((classes & engine::kNotifyKeyevent) != 0) {
    pubsub.Publish(ChannelKind::kChannel, ChannelName("keyevent", db, event), key);
  }
}

void KeyspaceEvents::OnPublish(std::string_view channel, std::string_view message) {
  server_.pubsub().Publish(ChannelKind::kChannel, channel, message);
}

void KeyspaceEvents::OnKeyChanged(std::string_view key, engine::CachingReaders readers) {
  server_.tracking().OnKeyChanged(key, std::move(readers));
}

bool KeyspaceEvents::HasSubscribers(std::string_view channel) const {
  return server_.pubsub().HasSubscribers(channel);
}

}  // namespace usher::server
