// See transaction.h.
#include "server/transaction.h"

#include <algorithm>

#include "engine/engine_context.h"
#include "server/execution_thread.h"
#include "server/server.h"
#include "server/subscriptions.h"

namespace usher::server {

namespace {

constexpr size_t kKeptBytesMax = size_t{64} << 10;
constexpr size_t kKeptCommandsMax = 256;

/// Whether the rows' key specs tell all keys the command may touch.
bool HasCompleteSpecs(const CommandSpec& spec) {
  return std::none_of(spec.keys.begin(), spec.keys.end(), [](const KeySpec& key) {
    return (key.flags & kKeyIncomplete) != 0 || key.begin == KeySpec::Begin::kUnknown ||
           (key.begin != KeySpec::Begin::kNone && key.find == KeySpec::Find::kUnknown);
  });
}

/// Removes the registrations of a client that watches no more, from shards whose turns it had not.
class ForgetWatchesTask final : public engine::TurnTask {
 public:
  ForgetWatchesTask(Server& server, std::shared_ptr<engine::Watcher> watcher, std::vector<WatchList::Watch> watches)
      : server_(server), watcher_(std::move(watcher)), watches_(std::move(watches)) {
    for (const WatchList::Watch& watch : watches_) wanted.Add(server.engine().ShardOf(engine::KeySlot(watch.key)));
  }
  void Run(engine::TurnExecutor& executor) override {
    const std::unique_ptr<ForgetWatchesTask> self(this);
    server_.dispatcher().ForgetWatches(wanted, *watcher_, watches_);
    executor.Release(wanted);
  }

 private:
  Server& server_;
  const std::shared_ptr<engine::Watcher> watcher_;
  const std::vector<WatchList::Watch> watches_;
};

}  // namespace

ClientState::ClientState() = default;
ClientState::~ClientState() = default;

Transaction& ClientState::OwnTransaction() {
  if (transaction == nullptr) transaction = std::make_unique<Transaction>(info);
  return *transaction;
}

void ClientState::DropTransaction() {
  Restrict(kInMulti, false);
  if (transaction == nullptr) return;
  transaction->Close();
  transaction->watches().Abandon();
}

bool ClientState::in_exec() const {
  return in_script || never_waits || (transaction != nullptr && transaction->running());
}

void WatchList::Add(engine::EngineContext& engine, const engine::Key& key) {
  const int db = engine.db();
  const bool known = std::any_of(watches_.begin(), watches_.end(),
                                 [&](const Watch& watch) { return watch.db == db && watch.key == key.name; });
  if (known) return;
  if (watcher_ == nullptr) {
    watcher_ = std::make_shared<engine::Watcher>();
    const engine::MutexLock lock(info_->mutex);
    info_->watcher = watcher_;
  }
  watches_.push_back({db, std::string(key.name)});
  const engine::KeyEntry entry = engine.KeyspaceOf(key).Find(key);
  engine::ShardData& shard = engine.ShardOf(key);
  shard.watched.Add(db, key.name, watcher_, entry && entry.IsExpired(engine.now_ms()));
  shard.observed = true;
}

bool WatchList::IsTouched(engine::EngineContext& engine) const {
  if (watcher_ == nullptr) return false;
  return watcher_->touched() || std::any_of(watches_.begin(), watches_.end(), [&](const Watch& watch) {
           const engine::Key key = engine::MakeKey(watch.key);
           const engine::KeyEntry entry = engine.turns().KeyspaceOf(key, watch.db).Find(key);
           return entry && entry.IsExpired(engine.now_ms()) &&
                  !engine.ShardOf(key).watched.KnowsExpired(watch.db, watch.key, *watcher_);
         });
}

void WatchList::Release(engine::EngineContext& engine) {
  for (const Watch& watch : watches_) {
    engine.ShardOf(engine::MakeKey(watch.key)).watched.Remove(watch.db, watch.key, *watcher_);
  }
  Forget();
}

void WatchList::Abandon() {
  if (watcher_ == nullptr) return;
  // Without a thread that executes, the server is going away, and the shards with it.
  if (ExecutionThread* const thread = ExecutionThread::Current()) {
    thread->executor.Submit(*new ForgetWatchesTask(thread->server, watcher_, std::move(watches_)));
  }
  Forget();
}

void WatchList::Forget() {
  if (watcher_ == nullptr) return;
  watches_.clear();
  watcher_.reset();
  const engine::MutexLock lock(info_->mutex);
  info_->watcher.reset();
}

void Transaction::Open() {
  open_ = true;
  ShowSize(0);
}

void Transaction::Close() {
  open_ = aborted_ = at_home_ = false;
  flags_ = 0;
  if (text_.capacity() > kKeptBytesMax) std::string().swap(text_);
  if (pieces_.capacity() > kKeptCommandsMax * 4) std::vector<Piece>().swap(pieces_);
  if (commands_.capacity() > kKeptCommandsMax) std::vector<Queued>().swap(commands_);
  if (args_.capacity() > kKeptCommandsMax * 4) std::vector<std::string_view>().swap(args_);
  if (keys_.capacity() > kKeptCommandsMax) std::vector<CommandKey>().swap(keys_);
  text_.clear();
  pieces_.clear();
  commands_.clear();
  args_.clear();
  keys_.clear();
  ShowSize(-1);
}

void Transaction::Queue(const CommandRow& row, std::span<const std::string_view> args) {
  Queued command;
  command.row = &row;
  command.first_arg = static_cast<uint32_t>(pieces_.size());
  command.arg_count = static_cast<uint32_t>(args.size());
  for (const std::string_view arg : args) {
    pieces_.push_back({text_.size(), arg.size()});
    text_ += arg;
  }
  commands_.push_back(command);
  flags_ |= row.spec->flags;
  ShowSize(static_cast<int>(commands_.size()));
}

void Transaction::ShowSize(int queued) {
  info_->queued_commands.store(queued, std::memory_order_relaxed);
  info_->queued_bytes.store(
      queued < 0 ? 0 : text_.capacity() + pieces_.capacity() * sizeof(Piece) + commands_.capacity() * sizeof(Queued),
      std::memory_order_relaxed);
}

void Transaction::Plan(const engine::Engine& engine, PreparedCommand& exec) {
  args_.clear();
  keys_.clear();
  at_home_ = false;
  if (!open_ || aborted_ || watches_.touched()) return;  // it will fail, without touching any key
  for (const Piece& piece : pieces_) args_.push_back(std::string_view(text_).substr(piece.offset, piece.size));
  for (Queued& command : commands_) PlanOne(engine, command, exec);
  for (const WatchList::Watch& watch : watches_.watches()) exec.AddShard(engine.ShardOf(engine::KeySlot(watch.key)));
}

void Transaction::PlanOne(const engine::Engine& engine, Queued& command, PreparedCommand& exec) {
  const CommandSpec& spec = *command.row->spec;
  command.first_key = static_cast<uint32_t>(keys_.size());
  ExtractKeys(spec, std::span(args_).subspan(command.first_arg, command.arg_count), keys_);
  command.key_count = static_cast<uint32_t>(keys_.size()) - command.first_key;
  bool on_keys = false;
  for (const CommandKey& key : std::span(keys_).subspan(command.first_key)) {
    if ((key.flags & kKeyNotKey) != 0) continue;
    exec.AddShard(engine.ShardOf(key.key.slot));
    on_keys = true;
  }
  const bool all = (spec.flags & (kVisitShards | kRunsScript)) != 0 || ((spec.flags & kAllShards) != 0 && !on_keys);
  if (spec.plan != nullptr) {
    PreparedCommand planned;
    Load(static_cast<size_t>(&command - commands_.data()), planned);
    spec.plan(*ExecutionThread::Current(), planned);
    exec.long_work = exec.long_work || planned.long_work;
  }
  if (all || !HasCompleteSpecs(spec)) {
    exec.AddAllShards(engine.shard_count());
  } else if (!on_keys) {
    at_home_ = true;
  }
}

void Transaction::Load(size_t index, PreparedCommand& prepared) const {
  const Queued& command = commands_[index];
  prepared.row = command.row;
  prepared.args = std::span(args_).subspan(command.first_arg, command.arg_count);
  const auto first = keys_.begin() + command.first_key;
  prepared.keys.assign(first, first + command.key_count);
}

}  // namespace usher::server
