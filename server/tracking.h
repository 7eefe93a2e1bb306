// TrackingHub: CLIENT TRACKING, the server's side of caches that clients keep. Which keys a client has read is in the
// shards (engine/tracking_index.h); here are the clients that want to hear of every key with a prefix (BCAST), and the
// way of an invalidation to its client.
//
//   Modified(key) -> OnKeyChanged, under the turn -> one message to each worker with readers -> its clients' pushes
//                         |                                             (REDIRECT: on to the other client's worker)
//                         +-- BCAST: collected until the command (EXEC, expiry run) is done: one message for a prefix
//
// Order: a message is posted before the turn is given up, so it follows every reply that was read under an earlier
// turn, and precedes the reply of whoever changed the key (that of one's own change comes right behind the reply).
// Costs nothing while nobody tracks: see ShardData::observed. Thread safety: Enable, Disable: whoever executes the
// client's session. The rest: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread_role.h"
#include "engine/engine_context.h"
#include "server/client_state.h"

namespace usher::server {

class Server;
class Session;
struct ChangedKey;

/// What CLIENT TRACKING ON says.
struct TrackingOptions {
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  uint64_t redirect = 0;              // 0: none
  std::vector<std::string> prefixes;  // of BCAST; checked already
};

class TrackingHub {
 public:
  explicit TrackingHub(Server& server) : server_(server) {}
  TrackingHub(const TrackingHub&) = delete;
  TrackingHub& operator=(const TrackingHub&) = delete;

  /// Turns tracking on, or changes its options. Under all turns, so that no change is missed afterwards.
  void Enable(ClientState& client, const TrackingOptions& options, engine::EngineContext& engine);
  void Disable(ClientState& client);

  /// A tracking client's command is done, its turns still held: remembers what it has read.
  void AfterCommand(Session& session, engine::EngineContext& engine);
  /// A key was changed; under its turn.
  void OnKeyChanged(std::string_view key, engine::CachingReaders readers);
  /// A command is done, its turns still held: tells of the keys that it has changed, and forgets them.
  void TellChanges(std::vector<ChangedKey>& changes);
  /// A database was flushed: all caches are void; under all turns.
  void OnFlush(engine::EngineContext& engine);

  size_t clients() const { return clients_.load(std::memory_order_relaxed); }
  uint64_t keys() const { return keys_.load(std::memory_order_relaxed); }
  uint64_t items() const { return items_.load(std::memory_order_relaxed); }
  /// Different prefixes of BCAST.
  size_t prefixes() const EXCLUDES(mutex_);

 private:
  using Audience = std::vector<std::shared_ptr<ClientInfo>>;
  using Prefixes = std::map<std::string, Audience, std::less<>>;

  void Remember(ClientState& client, const engine::Key& key, engine::EngineContext& engine);
  using Names = std::vector<std::string>;
  /// Names that are told to some clients; null: all there are.
  struct Announcement {
    std::shared_ptr<const Names> names;
    Audience audience;
  };
  void TellReaders(std::string_view key, engine::CachingReaders readers, const ClientInfo* writer);
  static void Announce(std::span<const ChangedKey> changes, const Audience& listeners, std::vector<Announcement>& out);
  void Send(const Announcement& announcement);

  Server& server_;
  std::atomic<size_t> clients_{0};
  std::atomic<size_t> listeners_{0};  // clients in broadcast mode
  std::atomic<uint64_t> keys_{0};     // in all shards
  std::atomic<uint64_t> items_{0};
  mutable engine::Mutex mutex_;
  Prefixes prefixes_ GUARDED_BY(mutex_);
};

}  // namespace usher::server
