// How commands that change the state of a consumer group are journaled, and how they find their consumer.
// Thread safety: the executing thread's.
#pragma once

#include <string_view>

#include "engine/stream_value.h"
#include "server/command_context.h"

namespace usher::server {

/// Journals parts of a group's state. Whoever uses it journals nothing else of its command.
class StreamEffect {
 public:
  StreamEffect(engine::EngineContext& engine, const engine::Key& key, const engine::StreamGroup& group);
  /// The entry is pending as it is now: XCLAIM.
  void Claim(const engine::PendingEntry& entry) const;
  /// How far the group has read: XGROUP SETID.
  void SetId() const;
  void CreateConsumer(std::string_view name) const;

 private:
  engine::EngineContext& engine_;
  const engine::Key& key_;
  const engine::StreamGroup& group_;
};

struct FoundConsumer {
  engine::StreamConsumer& consumer;
  bool created;
};
/// The consumer of that name, made and reported if there is none; it is seen now.
FoundConsumer SeeConsumer(CommandContext& ctx, const engine::Key& key, engine::StreamGroup& group,
                          std::string_view name);

}  // namespace usher::server
