// See tracking.h.
#include "server/tracking.h"

#include <algorithm>
#include <utility>

#include "protocol/resp_writer.h"
#include "server/server.h"
#include "server/session.h"

namespace usher::server {

namespace {

constexpr std::string_view kChannel = "__redis__:invalidate";
constexpr uint32_t kAllFlags =
    kClientTracking | kClientTrackingBroken | kClientTrackingBroadcast | kClientTrackingNoLoop;
constexpr int kTrimmedPerRead = 8;

/// "Forget this key", or everything, for some clients of one worker.
class InvalidationMessage final : public Message {
 public:
  enum class To : uint8_t { kClients, kRedirected };

  InvalidationMessage(Server& server, std::shared_ptr<const std::string> key, To to)
      : server_(server), key_(std::move(key)), to_(to) {}
  void Add(std::shared_ptr<ClientInfo> client) { clients_.push_back(std::move(client)); }

  void Deliver() override {
    const std::unique_ptr<InvalidationMessage> self(this);
    for (const auto& client : clients_) to_ == To::kClients ? Tell(client) : Push(*client, To::kRedirected);
  }
  void Discard() override { delete this; }

 private:
  void Tell(const std::shared_ptr<ClientInfo>& client) {
    if ((client->flags.load(std::memory_order_relaxed) & kClientTracking) == 0) return;
    const uint64_t redirect = client->redirect.load(std::memory_order_relaxed);
    if (redirect == 0) return Push(*client, To::kClients);
    std::shared_ptr<ClientInfo> other = server_.clients().Find(redirect);
    if (other == nullptr) return PushBroken(*client, redirect);
    Worker& home = other->home;
    auto* const message = new InvalidationMessage(server_, key_, To::kRedirected);
    message->Add(std::move(other));
    home.PostAndWake(*message);
  }

  void Push(const ClientInfo& client, To to) const {
    if (client.pushes_to == nullptr) return;
    const bool resp3 = client.resp_version.load(std::memory_order_relaxed) == 3;
    const bool subscribed = (client.flags.load(std::memory_order_relaxed) & kClientSubscribed) != 0;
    if (!resp3 && (to == To::kClients || !subscribed)) return;
    protocol::ReplyBuffer bytes;
    protocol::RespWriter writer(bytes, resp3 ? protocol::RespVersion::kResp3 : protocol::RespVersion::kResp2);
    writer.Push(resp3 ? 2 : 3);
    if (!resp3) writer.Bulk("message");
    writer.Bulk(resp3 ? "invalidate" : kChannel);
    if (key_ == nullptr) {
      writer.Null();
    } else {
      writer.Array(1);
      writer.Bulk(*key_);
    }
    client.pushes_to->Push(bytes.Pending());
  }

  static void PushBroken(ClientInfo& client, uint64_t redirect) {
    client.flags.fetch_or(kClientTrackingBroken, std::memory_order_relaxed);
    if (client.pushes_to == nullptr || client.resp_version.load(std::memory_order_relaxed) != 3) return;
    protocol::ReplyBuffer bytes;
    protocol::RespWriter writer(bytes, protocol::RespVersion::kResp3);
    writer.Push(2);
    writer.Bulk("tracking-redir-broken");
    writer.Integer(static_cast<int64_t>(redirect));
    client.pushes_to->Push(bytes.Pending());
  }

  Server& server_;
  const std::shared_ptr<const std::string> key_;  // null: everything
  const To to_;
  std::vector<std::shared_ptr<ClientInfo>> clients_;
};

}  // namespace

void TrackingHub::Enable(ClientState& client, const TrackingOptions& options, engine::EngineContext& engine) {
  ClientInfo& info = *client.info;
  const uint32_t before = info.flags.load(std::memory_order_relaxed);
  if ((before & kClientTracking) == 0) clients_.fetch_add(1, std::memory_order_relaxed);
  uint32_t flags = kClientTracking;
  if (options.broadcast) flags |= kClientTrackingBroadcast;
  if (options.no_loop) flags |= kClientTrackingNoLoop;
  // Never off in between: an invalidation that is on its way must arrive.
  info.flags.fetch_or(flags, std::memory_order_relaxed);
  info.flags.fetch_and(~(kAllFlags & ~flags), std::memory_order_relaxed);
  info.redirect.store(options.redirect, std::memory_order_relaxed);
  const uint8_t chosen = client.tracking & kTracksChosen;
  client.tracking = static_cast<uint8_t>((options.broadcast ? 0 : kTracksReads) | (options.opt_in ? kTracksOptIn : 0) |
                                         (options.opt_out ? kTracksOptOut : 0) | chosen);
  if (!options.broadcast) return;
  if ((before & kClientTrackingBroadcast) == 0) {
    listeners_.fetch_add(1, std::memory_order_relaxed);
    server_.engine().AddBroadcast();
    engine.turns().ForEachHeld([](engine::ShardData& shard) { shard.observed = true; });
  }
  const engine::MutexLock lock(mutex_);
  for (const std::string& prefix : options.prefixes) {
    Audience& audience = prefixes_[prefix];
    if (std::find(audience.begin(), audience.end(), client.info) != audience.end()) continue;
    audience.push_back(client.info);
    client.tracked_prefixes.insert(
        std::lower_bound(client.tracked_prefixes.begin(), client.tracked_prefixes.end(), prefix), prefix);
  }
}

void TrackingHub::Disable(ClientState& client) {
  client.tracking = 0;
  const uint32_t before = client.info->flags.fetch_and(~kAllFlags, std::memory_order_relaxed);
  if ((before & kClientTracking) == 0) return;
  clients_.fetch_sub(1, std::memory_order_relaxed);
  if ((before & kClientTrackingBroadcast) == 0) return;
  listeners_.fetch_sub(1, std::memory_order_relaxed);
  server_.engine().RemoveBroadcast();
  const engine::MutexLock lock(mutex_);
  for (const std::string& prefix : client.tracked_prefixes) {
    const auto found = prefixes_.find(prefix);
    std::erase(found->second, client.info);
    if (found->second.empty()) prefixes_.erase(found);
  }
  client.tracked_prefixes.clear();
}

void TrackingHub::AfterCommand(Session& session, engine::EngineContext& engine) {
  ClientState& client = session.client;
  const PreparedCommand& prepared = session.prepared;
  const bool chosen = (client.tracking & kTracksChosen) != 0;
  const bool remembers =
      (client.tracking & kTracksOptIn) != 0 ? chosen : !((client.tracking & kTracksOptOut) != 0 && chosen);
  if (remembers && (client.tracking & kTracksReads) != 0 && (prepared.row->spec->flags & kReadOnly) != 0) {
    for (const CommandKey& key : prepared.keys) {
      if ((key.flags & kKeyNotKey) == 0) Remember(client, key.key, engine);
    }
  }
  // CACHING is for one command, or one transaction.
  const bool in_multi = (client.restrictions & kInMulti) != 0 || client.in_exec();
  if (chosen && !in_multi && !prepared.row->spec->name.starts_with("client")) {
    client.tracking = static_cast<uint8_t>(client.tracking & ~kTracksChosen);
  }
}

void TrackingHub::Remember(ClientState& client, const engine::Key& key, engine::EngineContext& engine) {
  engine::ShardData& shard = engine.ShardOf(key);
  const size_t keys_before = shard.tracked.keys();
  const uint64_t items_before = shard.tracked.items();
  shard.tracked.Add(key.name, client.info);
  shard.observed = true;
  items_.fetch_add(shard.tracked.items() - items_before, std::memory_order_relaxed);
  if (shard.tracked.keys() == keys_before) return;
  keys_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t limit = server_.config().tracked_keys_max;
  for (int i = 0; i < kTrimmedPerRead && limit != 0 && keys() > limit && !shard.tracked.empty(); ++i) {
    auto [name, readers] = shard.tracked.TakeAny(key.name);
    OnKeyChanged(name, std::move(readers));
  }
}

void TrackingHub::OnKeyChanged(std::string_view key, engine::CachingReaders readers) {
  Audience audience;
  audience.reserve(readers.size());
  if (!readers.empty()) {
    keys_.fetch_sub(1, std::memory_order_relaxed);
    items_.fetch_sub(readers.size(), std::memory_order_relaxed);
  }
  for (auto& reader : readers) audience.push_back(std::static_pointer_cast<ClientInfo>(std::move(reader)));
  if (listeners_.load(std::memory_order_relaxed) != 0) AddListeners(key, audience);
  const ClientInfo* const writer = ExecutionThread::Current()->running_client;
  std::erase_if(audience, [&](const std::shared_ptr<ClientInfo>& client) {
    return client.get() == writer && (client->flags.load(std::memory_order_relaxed) & kClientTrackingNoLoop) != 0;
  });
  const std::string name(key);
  Send(&name, audience);
}

void TrackingHub::AddListeners(std::string_view key, Audience& audience) const {
  const engine::MutexLock lock(mutex_);
  for (const auto& [prefix, listeners] : prefixes_) {
    if (key.starts_with(prefix)) audience.insert(audience.end(), listeners.begin(), listeners.end());
  }
}

void TrackingHub::OnFlush(engine::EngineContext& engine) {
  engine.turns().ForEachHeld([&](engine::ShardData& shard) {
    keys_.fetch_sub(shard.tracked.keys(), std::memory_order_relaxed);
    items_.fetch_sub(shard.tracked.items(), std::memory_order_relaxed);
    shard.tracked.Clear();
  });
  if (clients() == 0) return;
  Audience audience = server_.clients().All();
  std::erase_if(audience, [](const std::shared_ptr<ClientInfo>& client) {
    return (client->flags.load(std::memory_order_relaxed) & kClientTracking) == 0;
  });
  Send(nullptr, audience);
}

void TrackingHub::Send(const std::string* key, const Audience& audience) {
  if (audience.empty()) return;
  const auto shared = key == nullptr ? nullptr : std::make_shared<const std::string>(*key);
  std::vector<std::pair<Worker*, InvalidationMessage*>> messages;
  for (const std::shared_ptr<ClientInfo>& client : audience) {
    auto found = std::find_if(messages.begin(), messages.end(),
                              [&](const auto& message) { return message.first == &client->home; });
    if (found == messages.end()) {
      messages.emplace_back(&client->home, new InvalidationMessage(server_, shared, InvalidationMessage::To::kClients));
      found = messages.end() - 1;
    }
    found->second->Add(client);
  }
  for (const auto& [worker, message] : messages) worker->PostAndWake(*message);
}

size_t TrackingHub::prefixes() const {
  const engine::MutexLock lock(mutex_);
  return prefixes_.size();
}

}  // namespace usher::server
