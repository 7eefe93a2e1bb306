// EngineFixture: an engine without a server, for tests and benches of what works through an EngineContext. It holds all
// turns for good. Must not be linked together with the server, whose Dispatcher it stands in for.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/engine_context.h"

namespace usher::server {

class Dispatcher {
 public:
  static engine::Turns Hold(const engine::Engine& engine, const engine::ShardSet& shards) {
    return engine::Turns(engine.shards(), engine::kNoShard, &shards);
  }
};

}  // namespace usher::server

namespace usher::tests {

/// Remembers what was published and listens to the channels it was told to.
class FakeObserver final : public engine::EngineObserver {
 public:
  void OnKeyspaceEvent(int, engine::NotifyClass, std::string_view event, std::string_view key) override {
    events.emplace_back(std::string(event) + ' ' + std::string(key));
  }
  void OnPublish(std::string_view, std::string_view message) override { messages.emplace_back(message); }
  void OnKeyChanged(std::string_view key, engine::CachingReaders) override { changed.emplace_back(key); }
  bool HasSubscribers(std::string_view channel) const override { return channels.contains(std::string(channel)); }

  std::set<std::string> channels;
  std::vector<std::string> messages;
  std::vector<std::string> events;
  std::vector<std::string> changed;
};

class EngineFixture {
 public:
  explicit EngineFixture(size_t journal_bytes = 0, size_t shard_count = 2)
      : engine({shard_count, 2, journal_bytes}, {}),
        shards_(engine::ShardSet::All(shard_count)),
        turns_(server::Dispatcher::Hold(engine, shards_)),
        context(engine) {
    context.set_observer(&observer);
  }

  /// Runs fn(context) as one command.
  template <class Fn>
  decltype(auto) Run(Fn&& fn, int db = 0) {
    context.Begin(&turns_, db, now_ms * 1000);
    struct End {
      engine::EngineContext& context;
      ~End() {
        context.AppendToJournal({});
        engine::ReadyKey ready;
        while (context.PopReadyKey(ready)) {
        }
        context.End();
      }
    } const end{context};
    return fn(context);
  }
  engine::ShardData& ShardOf(const engine::Key& key) { return turns_.DataOf(key); }

  engine::Engine engine;
  FakeObserver observer;
  int64_t now_ms = 1'000'000;

 private:
  const engine::ShardSet shards_;
  const engine::Turns turns_;

 public:
  engine::EngineContext context;
};

}  // namespace usher::tests
