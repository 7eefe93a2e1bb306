// ClientState: what outlives one command of a client (user, database, protocol options), and ClientInfo: the part of it
// that other threads may look at (CLIENT LIST, INFO, metrics). ClientState belongs to whoever executes the session;
// ClientInfo's atomics may be read by anybody, its strings under its mutex.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread_role.h"
#include "engine/tracking_index.h"
#include "engine/watch_index.h"

namespace usher::server {

class Worker;
class BlockedClient;
class SessionHome;
class Subscriptions;
class Transaction;
struct CommandSpec;

enum ClientFlag : uint32_t {
  kClientMonitor = 1u << 0,
  kClientBlocked = 1u << 1,
  kClientCloseAfterReply = 1u << 2,
  kClientUnixSocket = 1u << 3,
  kClientNoEvict = 1u << 4,
  kClientNoTouch = 1u << 5,
  kClientCloseAsap = 1u << 6,
  kClientSubscribed = 1u << 7,
  kClientTracking = 1u << 8,
  kClientTrackingBroken = 1u << 9,  // the client that invalidations are redirected to is gone
  kClientTrackingBroadcast = 1u << 10,
  kClientTrackingNoLoop = 1u << 11,
};

struct ClientInfo final : engine::CachingReader {
  ClientInfo(uint64_t client_id, Worker& home_worker) : id(client_id), home(home_worker) {}

  const uint64_t id;
  Worker& home;
  int fd = -1;
  std::string address;        // constant once connected
  std::string local_address;  // constant once connected
  int64_t connected_ms = 0;

  std::atomic<int64_t> last_interaction_ms{0};
  std::atomic<int> db{0};
  std::array<std::atomic<uint32_t>, 3> subscriptions{};  // by ChannelKind
  std::atomic<int> resp_version{2};
  std::atomic<uint32_t> flags{0};
  std::atomic<const CommandSpec*> last_command{nullptr};
  std::atomic<size_t> query_bytes{0};       // unread input
  std::atomic<size_t> query_free_bytes{0};  // room in the input buffer
  std::atomic<size_t> output_bytes{0};      // replies not yet sent
  std::atomic<size_t> reply_buffer_bytes{0};
  std::atomic<size_t> memory_bytes{0};
  std::atomic<uint64_t> commands{0};
  std::atomic<uint64_t> net_in_bytes{0};
  std::atomic<uint64_t> net_out_bytes{0};
  std::atomic<int> queued_commands{-1};  // by MULTI; negative: it is not in MULTI
  std::atomic<size_t> queued_bytes{0};
  std::atomic<uint64_t> redirect{0};  // who is told instead what this client's cache must forget; 0: itself

  /// Where to push messages to; null when the connection is gone. The home worker only.
  SessionHome* pushes_to = nullptr;

  /// The wait that CLIENT UNBLOCK may end. Set by the home worker once it knows that the client waits.
  std::shared_ptr<BlockedClient> Waiter() const EXCLUDES(mutex) {
    const engine::MutexLock lock(mutex);
    return waiter.lock();
  }
  void SetWaiter(const std::shared_ptr<BlockedClient>& blocked) EXCLUDES(mutex) {
    const engine::MutexLock lock(mutex);
    waiter = blocked;
  }

  mutable engine::Mutex mutex;
  std::string name GUARDED_BY(mutex);
  std::string user GUARDED_BY(mutex) = "default";
  std::string library_name GUARDED_BY(mutex);
  std::string library_version GUARDED_BY(mutex);
  std::weak_ptr<BlockedClient> waiter GUARDED_BY(mutex);
  std::shared_ptr<const engine::Watcher> watcher GUARDED_BY(mutex);  // null: watches no key
};

/// Whether the client is on this machine.
inline bool IsLocalClient(const ClientInfo& info) {
  const bool unix_socket = (info.flags.load(std::memory_order_relaxed) & kClientUnixSocket) != 0;
  return unix_socket || info.address.starts_with("127.") || info.address.starts_with("[::1]");
}

enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };

/// The bytes of a short command name.
class RecentName {
 public:
  bool Matches(std::string_view name) const {
    return name.size() == size_ && size_ != 0 && std::memcmp(name.data(), bytes_, size_) == 0;
  }
  void Set(std::string_view name) {
    size_ = name.size() <= sizeof bytes_ ? static_cast<uint8_t>(name.size()) : uint8_t{0};
    if (size_ != 0) std::memcpy(bytes_, name.data(), size_);
  }

 private:
  char bytes_[15];
  uint8_t size_ = 0;
};

/// Why not every command is admitted. Admission looks at all of them with one load.
enum ClientRestriction : uint8_t {
  kNotAuthenticated = 1u << 0,
  kSubscriberMode = 1u << 1,  // subscribed under RESP2: only commands about subscriptions
  kMonitorMode = 1u << 2,     // MONITOR: no commands on keys
  kInMulti = 1u << 3,         // commands are queued
};

/// What CLIENT TRACKING makes of the keys that the client reads.
enum TrackingMode : uint8_t {
  kTracksReads = 1u << 0,   // every key it reads, or with OPTIN, OPTOUT some
  kTracksOptIn = 1u << 1,   // only after CLIENT CACHING yes
  kTracksOptOut = 1u << 2,  // not after CLIENT CACHING no
  kTracksChosen = 1u << 3,  // CLIENT CACHING was called for the next command
};

struct ClientState {
  std::shared_ptr<ClientInfo> info;
  int db = 0;
  uint8_t restrictions = 0;  // ClientRestriction
  bool close_after_reply = false;
  bool no_touch = false;
  uint64_t awaits_position = 0;  // of the journal: WAITAOF
  ReplyMode reply_mode = ReplyMode::kOn;
  std::unique_ptr<Subscriptions> subscriptions;  // null: none yet; the home worker only
  RecentName last_name;                          // of the session's prepared row
  uint8_t tracking = 0;                          // TrackingMode
  bool reply_mode_applied = false;               // EXEC has done so for its commands
  bool in_script = false;                        // commands are a script's
  bool never_waits = false;                      // commands come from a file
  std::vector<std::string> tracked_prefixes;     // CLIENT TRACKING BCAST
  std::unique_ptr<Transaction> transaction;      // null: no MULTI and no WATCH yet

  ClientState();
  ~ClientState();
  /// Its transaction, made now if there was none.
  Transaction& OwnTransaction();
  /// Leaves MULTI and watches nothing any more.
  void DropTransaction();
  /// EXEC or a script runs, or a file is replayed: commands must not wait.
  bool in_exec() const;

  bool authenticated() const { return (restrictions & kNotAuthenticated) == 0; }
  void Restrict(ClientRestriction restriction, bool on) {
    restrictions = static_cast<uint8_t>(on ? restrictions | restriction : restrictions & ~restriction);
  }
};

}  // namespace usher::server
