// See client_line.h.
#include "server/commands/client_line.h"

#include <algorithm>
#include <utility>

#include "server/arg_reader.h"
#include "server/command_spec.h"

namespace usher::server {

namespace {

constexpr size_t kFirstChunkBytes = 16 * 1024;  // what Redis keeps in the client itself; the rest is a list

// Further flags, which follow from the rest of ClientInfo.
constexpr uint32_t kInTransaction = 1u << 30;
constexpr uint32_t kWatchedChanged = 1u << 31;

std::string FlagLetters(uint32_t flags) {
  static constexpr std::pair<uint32_t, char> kLetters[] = {{kClientMonitor, 'O'},
                                                           {kClientSubscribed, 'P'},
                                                           {kInTransaction, 'x'},
                                                           {kClientBlocked, 'b'},
                                                           {kClientTracking, 't'},
                                                           {kClientTrackingBroken, 'R'},
                                                           {kClientTrackingBroadcast, 'B'},
                                                           {kWatchedChanged, 'd'},
                                                           {kClientCloseAfterReply, 'c'},
                                                           {kClientCloseAsap, 'A'},
                                                           {kClientUnixSocket, 'U'},
                                                           {kClientNoEvict, 'e'},
                                                           {kClientNoTouch, 'T'}};
  std::string letters;
  for (const auto& [flag, letter] : kLetters) {
    if ((flags & flag) != 0) letters += letter;
  }
  return letters.empty() ? "N" : letters;
}

class Line {
 public:
  Line& Add(std::string_view field, std::string_view value) {
    if (!text_.empty()) text_ += ' ';
    text_.append(field).append("=").append(value);
    return *this;
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> Line& Add(std::string_view field, Number value) {
    return Add(field, std::string_view(std::to_string(value)));
  }
  std::string Finish() && { return std::move(text_) + '\n'; }

 private:
  std::string text_;
};

}  // namespace

std::optional<ClientType> ParseClientType(std::string_view text) {
  if (EqualsIgnoringCase(text, "normal")) return ClientType::kNormal;
  if (EqualsIgnoringCase(text, "master")) return ClientType::kMaster;
  if (EqualsIgnoringCase(text, "replica") || EqualsIgnoringCase(text, "slave")) return ClientType::kReplica;
  if (EqualsIgnoringCase(text, "pubsub")) return ClientType::kPubSub;
  return std::nullopt;
}

ClientType TypeOf(const ClientInfo& info) {
  return (info.flags.load(std::memory_order_relaxed) & kClientSubscribed) != 0 ? ClientType::kPubSub
                                                                               : ClientType::kNormal;
}

std::string ClientLine(const ClientInfo& info, int64_t wall_ms, int64_t monotonic_ms, size_t arg_bytes) {
  const auto of = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  const engine::MutexLock lock(info.mutex);
  const CommandSpec* const command = of(info.last_command);
  const size_t unsent = of(info.output_bytes);
  uint32_t flags = of(info.flags);
  if (of(info.queued_commands) >= 0) flags |= kInTransaction;
  if (info.watcher != nullptr && info.watcher->touched()) flags |= kWatchedChanged;
  const bool tracking = (flags & kClientTracking) != 0;
  const size_t listed = unsent - std::min(unsent, kFirstChunkBytes);
  Line line;
  line.Add("id", info.id).Add("addr", info.address).Add("laddr", info.local_address).Add("fd", info.fd);
  line.Add("name", info.name).Add("age", std::max<int64_t>(0, wall_ms - info.connected_ms) / 1000);
  line.Add("idle", std::max<int64_t>(0, monotonic_ms - of(info.last_interaction_ms)) / 1000);
  line.Add("flags", FlagLetters(flags)).Add("db", of(info.db));
  line.Add("sub", of(info.subscriptions[0])).Add("psub", of(info.subscriptions[2]));
  line.Add("ssub", of(info.subscriptions[1])).Add("multi", of(info.queued_commands));
  line.Add("qbuf", of(info.query_bytes)).Add("qbuf-free", of(info.query_free_bytes));
  line.Add("argv-mem", arg_bytes).Add("multi-mem", of(info.queued_bytes));
  line.Add("rbs", of(info.reply_buffer_bytes)).Add("rbp", unsent);
  line.Add("obl", unsent - listed).Add("oll", listed > 0 ? 1 : 0).Add("omem", listed);
  line.Add("tot-mem", of(info.memory_bytes)).Add("events", unsent > 0 ? "rw" : "r");
  line.Add("cmd", command == nullptr ? "NULL" : command->name).Add("user", info.user);
  line.Add("redir", tracking ? static_cast<int64_t>(of(info.redirect)) : -1).Add("resp", of(info.resp_version));
  line.Add("lib-name", info.library_name).Add("lib-ver", info.library_version);
  return std::move(line).Finish();
}

}  // namespace usher::server
