// See memory_guard.h.
#include "server/memory_guard.h"

#include <algorithm>
#include <memory>

#include "engine/base/cycle_clock.h"
#include "server/server.h"
#include "server/session.h"
#include "server/worker.h"

namespace usher::server {

namespace {
// Between two ticks (10 ms) nobody writes as much as this.
constexpr uint64_t kFarBytes = uint64_t{64} << 20;
constexpr int64_t kCommandEvictionNs = 500'000;
constexpr int64_t kStepNs = 100'000;
constexpr int64_t kRetryMs = 100;
}  // namespace

MemoryGuard::MemoryGuard(Server& server) : server_(server), next_try_(server.engine().shard_count(), 0) {
  OnConfig();
}

uint64_t MemoryGuard::ClientBytes() const {
  uint64_t bytes = 0;
  for (const auto& worker : server_.workers()) bytes += worker->client_bytes();
  return bytes;
}

uint64_t MemoryGuard::UsedBytes() const {
  return server_.engine().KeyMemoryBytes() + ClientBytes() + kIdleServerBytes;
}

bool MemoryGuard::IsOver() const {
  const uint64_t limit = server_.engine().settings().maxmemory_bytes;
  return limit != 0 && UsedBytes() > limit;
}

void MemoryGuard::OnConfig() {
  must_check_.store(server_.engine().settings().maxmemory_bytes != 0, std::memory_order_relaxed);
  refusing_.store(server_.engine().settings().policy == engine::EvictionPolicy::kNoEviction, std::memory_order_relaxed);
}

void MemoryGuard::OnTick() {
  const uint64_t limit = server_.engine().settings().maxmemory_bytes;
  const uint64_t used = UsedBytes();
  must_check_.store(limit != 0 && used + kFarBytes > limit, std::memory_order_relaxed);
  const bool over = limit != 0 && used > limit;
  const int64_t now_ms = server_.clock().MonotonicNs() / 1'000'000;
  if (over && over_at_tick_.load(std::memory_order_relaxed)) {
    current_exceeded_ms_.fetch_add(now_ms - last_tick_ms_, std::memory_order_relaxed);
    total_exceeded_ms_.fetch_add(now_ms - last_tick_ms_, std::memory_order_relaxed);
  } else if (!over) {
    current_exceeded_ms_.store(0, std::memory_order_relaxed);
  }
  last_tick_ms_ = now_ms;
  over_at_tick_.store(over, std::memory_order_relaxed);
}

Room MemoryGuard::EvictFrom(engine::EngineContext& context, engine::ShardData& shard, int64_t deadline_ns) {
  engine::Evictor& evictor = engine::Evictor::Of(shard, context);
  Room room = Room::kNotFound;
  while (IsOver()) {
    const engine::EvictResult result = evictor.EvictOne(context, shard);
    if (result == engine::EvictResult::kNoCandidate) return room;
    if (result == engine::EvictResult::kEvicted) refusing_.store(false, std::memory_order_relaxed);
    room = Room::kMade;
    if (engine::CycleClock::NowNs() >= deadline_ns) return room;
  }
  return Room::kEnough;
}

Room MemoryGuard::MakeRoom(engine::EngineContext& context) {
  if (!IsOver()) return Room::kEnough;
  if (context.settings().policy == engine::EvictionPolicy::kNoEviction) return Room::kNotFound;
  const int64_t deadline_ns = engine::CycleClock::NowNs() + kCommandEvictionNs;
  Room best = Room::kNotFound;
  context.turns().ForEachHeld([&](engine::ShardData& shard) {
    if (best != Room::kEnough) best = std::min(best, EvictFrom(context, shard, deadline_ns));
  });
  return best;
}

/// Visits one shard after the other for a session that waits for room.
class MemoryGuard::AskTask final : public engine::TurnTask {
 public:
  AskTask(MemoryGuard& guard, Session& session) : guard_(guard), session_(session) {
    wanted = engine::ShardSet::Of(shard_);
  }

  void Run(engine::TurnExecutor& executor) override {
    ExecutionThread& thread = *ExecutionThread::Current();
    bool found = false;
    bool searching = false;
    guard_.server_.dispatcher().RunOwnWork(shard_, thread, [&](engine::ShardData& shard) {
      if (!guard_.IsOver()) {
        found = true;
        return;
      }
      const engine::EvictResult result = engine::Evictor::Of(shard, thread.engine).EvictOne(thread.engine, shard);
      found = result == engine::EvictResult::kEvicted;
      searching = result == engine::EvictResult::kSearching;
    });
    executor.Release(shard_);
    if (!found && !searching) ++shard_;
    const bool last = shard_ == guard_.server_.engine().shard_count();
    if (found || last) return Finish(executor, found);
    wanted = engine::ShardSet::Of(shard_);
    executor.Submit(*this);
  }

 private:
  void Finish(engine::TurnExecutor& executor, bool found) {
    const std::unique_ptr<AskTask> self(this);
    guard_.refusing_.store(!found, std::memory_order_relaxed);
    session_.prepared.room = found ? RoomAnswer::kFound : RoomAnswer::kNone;
    executor.Submit(session_);
  }

  MemoryGuard& guard_;
  Session& session_;
  engine::ShardIndex shard_ = 0;
};

void MemoryGuard::AskOthers(Session& session, engine::TurnExecutor& executor) {
  executor.Submit(*new AskTask(*this, session));
}

bool MemoryGuard::IsDue(engine::ShardIndex shard, int64_t now_ms) {
  return over_at_tick_.load(std::memory_order_relaxed) &&
         server_.engine().settings().policy != engine::EvictionPolicy::kNoEviction && next_try_.IsDue(shard, now_ms);
}

bool MemoryGuard::RunStep(engine::EngineContext& context, engine::ShardData& shard) {
  const Room room = EvictFrom(context, shard, engine::CycleClock::NowNs() + kStepNs);
  if (room == Room::kNotFound) next_try_.Set(shard.index, context.now_ms() + kRetryMs);
  return room == Room::kMade;
}

}  // namespace usher::server
