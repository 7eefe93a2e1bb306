// See local_subscribers.h. Pushing only appends to output queues: nobody joins or leaves during a delivery.
#include "server/local_subscribers.h"

#include "engine/base/assert.h"
#include "engine/glob.h"
#include "protocol/resp_writer.h"
#include "server/client_state.h"
#include "server/session.h"

namespace usher::server {

namespace {

using protocol::RespVersion;

/// One message's bytes, encoded when the first receiver of a protocol version asks for them.
class EncodedMessage {
 public:
  EncodedMessage(const Publication& publication, const std::string* pattern)
      : publication_(publication), pattern_(pattern) {}

  std::string_view For(int resp_version) {
    protocol::ReplyBuffer& bytes = bytes_[resp_version == 3 ? 1 : 0];
    if (bytes.empty()) Encode(bytes, resp_version == 3 ? RespVersion::kResp3 : RespVersion::kResp2);
    return bytes.Pending();
  }

 private:
  void Encode(protocol::ReplyBuffer& bytes, RespVersion version) const {
    protocol::RespWriter writer(bytes, version);
    if (pattern_ != nullptr) {
      writer.Push(4);
      writer.Bulk("pmessage");
      writer.Bulk(*pattern_);
    } else {
      writer.Push(3);
      writer.Bulk(publication_.kind == ChannelKind::kShardChannel ? "smessage" : "message");
    }
    writer.Bulk(publication_.channel);
    writer.Bulk(publication_.message);
  }

  const Publication& publication_;
  const std::string* const pattern_;
  std::array<protocol::ReplyBuffer, 2> bytes_;
};

void PushToAll(const std::list<LocalSubscribers::Member>& members, uint64_t stamp, EncodedMessage message) {
  for (const LocalSubscribers::Member& member : members) {
    if (stamp <= member.stamp) continue;
    member.client->Push(message.For(member.info->resp_version.load(std::memory_order_relaxed)));
  }
}

}  // namespace

LocalSubscribers::Place LocalSubscribers::Join(ChannelKind kind, std::string_view channel, const Member& member) {
  Members& members = channels_[static_cast<size_t>(kind)][std::string(channel)];
  return members.insert(members.end(), member);
}

void LocalSubscribers::Leave(ChannelKind kind, std::string_view channel, Place place) {
  Channels& channels = channels_[static_cast<size_t>(kind)];
  const auto found = channels.find(channel);
  ASSERT(found != channels.end());
  found->second.erase(place);
  if (found->second.empty()) channels.erase(found);
}

void LocalSubscribers::Deliver(const Publication& publication) const {
  const Channels& channels = channels_[static_cast<size_t>(publication.kind)];
  if (const auto found = channels.find(publication.channel); found != channels.end()) {
    PushToAll(found->second, publication.channel_stamp, EncodedMessage(publication, nullptr));
  }
  if (publication.pattern_stamp == 0) return;
  for (const auto& [pattern, members] : channels_[static_cast<size_t>(ChannelKind::kPattern)]) {
    if (!engine::GlobMatch(pattern, publication.channel)) continue;
    PushToAll(members, publication.pattern_stamp, EncodedMessage(publication, &pattern));
  }
}

void LocalSubscribers::DeliverToMonitors(std::string_view line) const {
  for (const Member& member : monitors_) member.client->Push(line);
}

}  // namespace usher::server
