// Transaction: what MULTI has queued for one client, and what the client watches. Made at the client's first MULTI or
// WATCH and kept; it belongs to the session, so to whoever executes it.
//
//   MULTI --> open --> commands are queued (copied: the read buffer moves on) --> EXEC: Plan() says which turns it
//   needs, RunTransaction() (transaction_run.h) runs the commands under them --> closed
//
// Invariants: args and keys of queued commands are views into text_, made by Plan(), after which nothing is queued.
// Complexity: queueing O(bytes) amortised; Plan O(commands + keys); watching O(own watched keys). Thread safety: none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/watch_index.h"
#include "server/prepared_command.h"

namespace usher::engine {
class Engine;
class EngineContext;
}  // namespace usher::engine

namespace usher::server {

struct ClientInfo;

/// The keys that one client watches.
class WatchList {
 public:
  explicit WatchList(std::shared_ptr<ClientInfo> info) : info_(std::move(info)) {}
  ~WatchList() { Abandon(); }
  WatchList(const WatchList&) = delete;
  WatchList& operator=(const WatchList&) = delete;

  struct Watch {
    int db = 0;
    std::string key;
  };

  bool empty() const { return watches_.empty(); }
  size_t size() const { return watches_.size(); }
  bool touched() const { return watcher_ != nullptr && watcher_->touched(); }
  std::span<const Watch> watches() const { return watches_; }

  /// Watches a key, in the context's database and under its turn.
  void Add(engine::EngineContext& engine, const engine::Key& key);
  /// Under the turns of all watched keys: whether one has changed, or has expired since it was watched.
  bool IsTouched(engine::EngineContext& engine) const;
  /// Watches nothing any more; under the turns of all watched keys.
  void Release(engine::EngineContext& engine);
  /// The same without turns: the registrations, which mean nothing any more, are removed by queued work.
  void Abandon();

 private:
  void Forget();

  const std::shared_ptr<ClientInfo> info_;
  std::shared_ptr<engine::Watcher> watcher_;  // null: watches nothing
  std::vector<Watch> watches_;
};

class Transaction {
 public:
  explicit Transaction(std::shared_ptr<ClientInfo> info) : info_(info), watches_(std::move(info)) {}

  bool open() const { return open_; }
  /// EXEC must fail, since a command could not be queued.
  bool aborted() const { return aborted_; }
  /// EXEC is running the commands.
  bool running() const { return running_; }
  size_t size() const { return commands_.size(); }
  /// The flags of all queued rows together.
  uint32_t flags() const { return flags_; }
  /// Something in it may only run on the home worker.
  bool at_home() const { return at_home_; }

  void Open();
  void Abort() { aborted_ = true; }
  void Queue(const CommandRow& row, std::span<const std::string_view> args);
  /// Forgets the queued commands; what is watched stays.
  void Close();
  void set_running(bool running) { running_ = running; }

  /// Chooses the turns that EXEC needs, in `exec`.
  void Plan(const engine::Engine& engine, PreparedCommand& exec);
  /// Makes `prepared` the queued command at `index`. REQUIRES: Plan() was called.
  void Load(size_t index, PreparedCommand& prepared) const;

  WatchList& watches() { return watches_; }

 private:
  struct Queued {
    const CommandRow* row = nullptr;
    uint32_t first_arg = 0;
    uint32_t arg_count = 0;
    uint32_t first_key = 0;
    uint32_t key_count = 0;
  };
  /// One queued argument's place in text_.
  struct Piece {
    size_t offset = 0;
    size_t size = 0;
  };

  void PlanOne(const engine::Engine& engine, Queued& command, PreparedCommand& exec);
  void ShowSize(int queued);

  const std::shared_ptr<ClientInfo> info_;
  WatchList watches_;
  bool open_ = false;
  bool aborted_ = false;
  bool running_ = false;
  bool at_home_ = false;
  uint32_t flags_ = 0;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<Queued> commands_;
  std::vector<std::string_view> args_;  // by Plan()
  std::vector<CommandKey> keys_;        // by Plan()
};

}  // namespace usher::server
