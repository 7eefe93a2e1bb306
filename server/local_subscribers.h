// LocalSubscribers: the subscribers and monitors among one worker's clients. It turns a message into bytes once per
// protocol version and pushes them to everybody concerned. Complexity: joining and leaving O(1); a delivery is O(its
// receivers + this worker's patterns). Thread safety: the worker's thread only.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/pubsub.h"
#include "server/text_hash.h"

namespace usher::server {

struct ClientInfo;
class SessionHome;

class LocalSubscribers {
 public:
  struct Member {
    SessionHome* client = nullptr;
    const ClientInfo* info = nullptr;
    uint64_t stamp = 0;  // publications up to this one are older than the subscription
  };
  /// One membership; stays valid until it is left.
  using Place = std::list<Member>::iterator;

  Place Join(ChannelKind kind, std::string_view channel, const Member& member);
  void Leave(ChannelKind kind, std::string_view channel, Place place);
  /// Pushes a publication to its subscribers here.
  void Deliver(const Publication& publication) const;

  Place JoinMonitors(const Member& member) { return monitors_.insert(monitors_.end(), member); }
  void LeaveMonitors(Place place) { monitors_.erase(place); }
  /// Pushes a line that is encoded already.
  void DeliverToMonitors(std::string_view line) const;

 private:
  using Members = std::list<Member>;
  using Channels = std::unordered_map<std::string, Members, TextHash, std::equal_to<>>;

  std::array<Channels, kChannelKinds> channels_;
  Members monitors_;
};

}  // namespace usher::server
