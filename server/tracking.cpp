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

/// "Forget these keys", or everything, for some clients of one worker.
class InvalidationMessage final : public Message {
 public:
  enum class To : uint8_t { kClients, kRedirected };

  InvalidationMessage(Server& server, std::shared_ptr<const std::vector<std::string>> names, To to)
      : server_(server), names_(std::move(names)), to_(to) {}
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
    auto* const message = new InvalidationMessage(server_, names_, To::kRedirected);
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
    if (names_ == nullptr) {
      writer.Null();
    } else {
      writer.Array(names_->size());
      for (const std::string& name : *names_) writer.Bulk(name);
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
  const std::shared_ptr<const std::vector<std::string>> names_;  // null: everything
  const To to_;
  std::vector<std::shared_ptr<ClientInfo>> clients_;
};

/// Whether the client does not want to hear of what `writer` has changed.
bool IsOwnChange(const ClientInfo& client, const ClientInfo* writer) {
  return &client == writer && (client.flags.load(std::memory_order_relaxed) & kClientTrackingNoLoop) != 0;
}

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
      // Of a client that waited, what woke it has changed, whose turns are held; it remembers the other keys already.
      if ((key.flags & kKeyNotKey) != 0 || !engine.turns().Holds(server_.engine().ShardOf(key.key.slot))) continue;
      Remember(client, key.key, engine);
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
    TellReaders(name, std::move(readers), /*writer=*/nullptr);
  }
}

void TrackingHub::OnKeyChanged(std::string_view key, engine::CachingReaders readers) {
  ExecutionThread& thread = *ExecutionThread::Current();
  if (listeners_.load(std::memory_order_relaxed) != 0) {
    thread.changed_keys.push_back({std::string(key), thread.running_client});
  }
  if (!readers.empty()) TellReaders(key, std::move(readers), thread.running_client);
}

void TrackingHub::TellReaders(std::string_view key, engine::CachingReaders readers, const ClientInfo* writer) {
  keys_.fetch_sub(1, std::memory_order_relaxed);
  items_.fetch_sub(readers.size(), std::memory_order_relaxed);
  Announcement announcement{std::make_shared<const Names>(Names{std::string(key)}), {}};
  announcement.audience.reserve(readers.size());
  for (auto& reader : readers) {
    auto client = std::static_pointer_cast<ClientInfo>(std::move(reader));
    if (IsOwnChange(*client, writer)) continue;
    if (client.get() == writer) ExecutionThread::Current()->NoteTold(client->home);
    announcement.audience.push_back(std::move(client));
  }
  Send(announcement);
}

// In the order of the names and each of them once, as in Redis; of several writers of a key the first one counts.
void TrackingHub::TellChanges(std::vector<ChangedKey>& changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const ChangedKey& left, const ChangedKey& right) { return left.name < right.name; });
  const auto same = [](const ChangedKey& left, const ChangedKey& right) { return left.name == right.name; };
  changes.erase(std::unique(changes.begin(), changes.end(), same), changes.end());
  std::vector<Announcement> announcements;
  {
    const engine::MutexLock lock(mutex_);
    for (const auto& [prefix, listeners] : prefixes_) {
      const auto first =
          std::lower_bound(changes.begin(), changes.end(), prefix,
                           [](const ChangedKey& change, const std::string& begin) { return change.name < begin; });
      const auto last = std::find_if(first, changes.end(), [&start = prefix](const ChangedKey& change) {
        return !change.name.starts_with(start);
      });
      if (first != last) Announce({first, last}, listeners, announcements);
    }
  }
  changes.clear();
  for (const Announcement& announcement : announcements) Send(announcement);
}

/// Tells all listeners of a prefix the same, but for those that are not to hear of changes of their own.
void TrackingHub::Announce(std::span<const ChangedKey> changes, const Audience& listeners,
                           std::vector<Announcement>& out) {
  Names all;
  for (const ChangedKey& change : changes) all.push_back(change.name);
  Announcement to_most{std::make_shared<const Names>(std::move(all)), {}};
  for (const std::shared_ptr<ClientInfo>& client : listeners) {
    const auto is_own = [&](const ChangedKey& change) { return IsOwnChange(*client, change.writer); };
    if (std::none_of(changes.begin(), changes.end(), is_own)) {
      to_most.audience.push_back(client);
      continue;
    }
    Names others;
    for (const ChangedKey& change : changes) {
      if (!is_own(change)) others.push_back(change.name);
    }
    if (!others.empty()) out.push_back({std::make_shared<const Names>(std::move(others)), {client}});
  }
  if (!to_most.audience.empty()) out.push_back(std::move(to_most));
}

void TrackingHub::OnFlush(engine::EngineContext& engine) {
  engine.turns().ForEachHeld([&](engine::ShardData& shard) {
    keys_.fetch_sub(shard.tracked.keys(), std::memory_order_relaxed);
    items_.fetch_sub(shard.tracked.items(), std::memory_order_relaxed);
    shard.tracked.Clear();
  });
  if (clients() == 0) return;
  Announcement announcement{nullptr, server_.clients().All()};
  std::erase_if(announcement.audience, [](const std::shared_ptr<ClientInfo>& client) {
    return (client->flags.load(std::memory_order_relaxed) & kClientTracking) == 0;
  });
  ExecutionThread& thread = *ExecutionThread::Current();
  if (thread.running_client != nullptr) thread.NoteTold(thread.running_client->home);
  Send(announcement);
}

void TrackingHub::Send(const Announcement& announcement) {
  std::vector<std::pair<Worker*, InvalidationMessage*>> messages;
  for (const std::shared_ptr<ClientInfo>& client : announcement.audience) {
    auto found = std::find_if(messages.begin(), messages.end(),
                              [&](const auto& message) { return message.first == &client->home; });
    if (found == messages.end()) {
      auto* const message = new InvalidationMessage(server_, announcement.names, InvalidationMessage::To::kClients);
      found = messages.insert(messages.end(), {&client->home, message});
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
