// HeldShards: an engine whose turns a test simply has, so that engine code below the dispatcher can be tested alone.
// Only for tests that do not link the server: it takes the place of its Dispatcher, the one maker of Turns.
#pragma once

#include <cstdint>

#include "engine/engine.h"
#include "engine/engine_context.h"

namespace usher::server {

class Dispatcher {
 public:
  static engine::Turns HoldAll(const engine::Engine& engine, const engine::ShardSet& all) {
    return engine::Turns(engine.shards(), engine::kNoShard, &all);
  }
};

}  // namespace usher::server

namespace usher::tests {

class HeldShards {
 public:
  explicit HeldShards(engine::EngineSettings settings = {}, size_t shard_count = 1)
      : engine_({shard_count, 16, 1 << 20}, std::move(settings)),
        all_(engine::ShardSet::All(shard_count)),
        turns_(server::Dispatcher::HoldAll(engine_, all_)),
        context_(engine_) {}

  engine::Engine& engine() { return engine_; }
  engine::ShardData& shard(engine::ShardIndex index = 0) { return turns_.DataOf(index); }
  /// The context at `now_ms`, in database 0.
  engine::EngineContext& At(int64_t now_ms) {
    context_.End();
    context_.Begin(&turns_, 0, now_ms * 1000);
    return context_;
  }

 private:
  engine::Engine engine_;
  const engine::ShardSet all_;
  const engine::Turns turns_;
  engine::EngineContext context_;
};

}  // namespace usher::tests
