// PreparedCommand: a request after lookup and key extraction: its row, its keys (hashed once) and the shards whose
// turns it needs. It names bytes of the read buffer, so it lives as long as the request does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/key_slot.h"
#include "engine/shard_set.h"
#include "server/command_table.h"

namespace usher::server {

/// One key argument of a request.
struct CommandKey {
  engine::Key key;
  uint32_t arg_index = 0;
  uint16_t flags = 0;  // KeySpecFlag
};

/// What came of asking all shards for room (memory_guard.h).
enum class RoomAnswer : uint8_t { kNotAsked, kFound, kNone };

struct PreparedCommand {
  RoomAnswer room = RoomAnswer::kNotAsked;
  const CommandRow* row = nullptr;
  std::span<const std::string_view> args;
  std::vector<CommandKey> keys;                 // reused: no allocation once warm
  engine::ShardIndex shard = engine::kNoShard;  // the one shard, when there is exactly one
  engine::ShardSet shards;                      // when there are more
  bool many_shards = false;
  bool long_work = false;  // belongs on the pool (a script that is not known to be short)
  uint32_t flags = 0;      // the row's CommandFlags, or what a script says of itself

  bool needs_turns() const { return many_shards || shard != engine::kNoShard; }
  /// All turns are needed.
  void AddAllShards(size_t shard_count) {
    shards = engine::ShardSet::All(shard_count);
    many_shards = true;
  }
  /// Adds one shard to those whose turns are needed.
  void AddShard(engine::ShardIndex added) {
    if (many_shards) {
      shards.Add(added);
    } else if (shard == engine::kNoShard) {
      shard = added;
    } else if (shard != added) {
      shards = engine::ShardSet::Of(shard);
      shards.Add(added);
      many_shards = true;
    }
  }
};

/// Appends the keys of `args` as the row's key specs say (Redis's key specifications). False when the arguments do not
/// fit the specs (a key count that is no number or too large): the handler will report it.
bool ExtractKeys(const CommandSpec& spec, std::span<const std::string_view> args, std::vector<CommandKey>& keys);

/// What this very request does to a key of ExtractKeys(): variable flags are resolved by the row's own hook.
uint16_t KeyFlagsOf(const CommandSpec& spec, std::span<const std::string_view> args, const CommandKey& key);

}  // namespace usher::server
