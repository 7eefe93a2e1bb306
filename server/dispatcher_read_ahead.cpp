// The dispatcher's reading ahead: a look-up in a large table is a few cache misses, one after the other; those of a
// pipeline's requests can run side by side. Hints only: nothing is decided by what is seen here. See dispatcher.h.
#include <algorithm>
#include <array>

#include "server/dispatcher.h"
#include "server/execution_thread.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr size_t kRequestsMin = 4;    // fewer gain less than the passes cost
constexpr size_t kKeysMin = 1 << 10;  // of a shard: the tables of fewer are in the cache anyway

/// The rows of requests with one key. It begins with the client's last row, since clients repeat themselves.
class KeyRows {
 public:
  explicit KeyRows(const Session& session) : name_(session.client.last_name), row_(session.prepared.row) {}

  /// Null: the request has no key, or several.
  const CommandRow* Of(std::span<const std::string_view> args) {
    if (!name_.Matches(args[0])) {
      name_.Set(args[0]);
      row_ = CommandTable::Get().Find(args[0]);
    }
    const bool has_key = row_ != nullptr && row_->only_key != 0 && row_->only_key < args.size();
    return has_key ? row_ : nullptr;
  }

 private:
  RecentName name_;
  const CommandRow* row_;
};

}  // namespace

// Two passes, first over the tables' buckets and then over the entries they point to. Each look takes the turn for an
// instant, because a table may only be looked at under it; a busy shard is left out.
void Dispatcher::ReadAheadBatch(Session& session, ExecutionThread& thread) {
  const size_t from = session.next_request;
  const size_t end = session.batch.size();
  ReadAheadKeys& ahead = thread.ahead;
  if (end - from < kRequestsMin) return ahead.Begin(nullptr);
  ahead.Begin(&session);
  KeyRows rows(session);
  std::array<bool, protocol::RequestBatch::kRequestsMax> looked{};
  bool large = true;
  const auto look = [&](size_t request, auto&& at_table) {
    const engine::Key& key = ahead[request];
    const engine::ShardIndex shard = server_.engine().ShardOf(key.slot);
    if (!thread.executor.TryTake(shard)) return;
    const engine::Turns turns(server_.engine().shards(), shard, nullptr);
    at_table(turns.KeyspaceOf(key, session.client.db), key);
    thread.executor.Release(shard);
  };
  for (size_t i = from; i < end && large; ++i) {
    const std::span<const std::string_view> args = session.batch[i].args;
    const CommandRow* const row = rows.Of(args);
    if (row == nullptr || !ahead.Add(i, args[row->only_key], row)) continue;
    looked[i] = true;
    look(i, [&](const engine::Keyspace& keyspace, const engine::Key& key) {
      large = keyspace.size() >= kKeysMin;
      keyspace.Prefetch(key);
    });
  }
  for (size_t i = from; i < end && large; ++i) {
    if (!looked[i]) continue;
    look(i, [](const engine::Keyspace& keyspace, const engine::Key& key) { keyspace.PrefetchEntry(key); });
  }
  if (thread.executor.has_work()) [[unlikely]]
    thread.executor.Drain();
}

// Pipelines often repeat one command on one key (a waiting room, a leaderboard): these run under one turn, so what they
// will look up may be loaded for all of them at once.
void Dispatcher::ReadAheadValue(Session& session, engine::EngineContext& engine) {
  std::array<std::span<const std::string_view>, protocol::RequestBatch::kRequestsMax> requests;
  const std::span<const std::string_view> first = session.prepared.args;
  const size_t key_at = session.prepared.row->only_key;
  size_t count = 0;
  size_t at = session.next_request;
  for (; at < session.batch.size(); ++at) {
    const std::span<const std::string_view> args = session.batch[at].args;
    if (args.size() != first.size() || args[0] != first[0] || args[key_at] != first[key_at]) break;
    requests[count++] = args;
  }
  session.read_ahead_until = at;
  if (count > 1 && key_at != 0) {
    session.prepared.row->spec->read_ahead(engine, session.prepared.keys[0].key, {requests.data(), count});
  }
}

}  // namespace usher::server
