// CommandSpec: the one row that declares a command. Arity check, ACL categories, key extraction, turns, cluster
// routing, COMMAND and the metrics all read it. Rows are constexpr arrays beside their handlers in server/commands/;
// the list of arrays is server/command_table.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace usher::engine {
class EngineContext;
struct Key;
}  // namespace usher::engine

namespace usher::server {

class CommandContext;
/// Starts loading what several requests of one row and one key will look up, before the first of them runs, so that
/// their cache misses overlap. Called under the turn; changes nothing.
using CommandReadAhead = void (*)(engine::EngineContext& engine, const engine::Key& key,
                                  std::span<const std::span<const std::string_view>> requests);
class ExecutionThread;
struct PreparedCommand;
struct VisitState;
struct CommandKey;
using CommandHandler = void (*)(CommandContext& ctx);
/// Estimated nanoseconds of a command whose turns are held; above about 1 ms it moves to the pool.
using CommandCost = int64_t (*)(CommandContext& ctx);
/// What a request does to a key whose spec says kKeyVariableFlags: the flags in place of the spec's.
using CommandKeyFlags = uint16_t (*)(std::span<const std::string_view> args);
/// Finds keys that the key specs leave out (SORT's STORE) and adds them to `keys`, if not null. False: the command may
/// touch keys that cannot be told from its arguments, so that it needs all turns.
using FurtherKeysFinder = bool (*)(std::span<const std::string_view> args, std::vector<CommandKey>* keys);
/// Finds the keys of a request in the key specs' place (MIGRATE, whose forms they do not tell apart). False: the
/// arguments are wrong.
using KeysFinder = bool (*)(std::span<const std::string_view> args, std::vector<CommandKey>& keys);
/// Corrects, after the key specs, which turns a request needs, whether it is long work and what its flags are: scripts.
using TurnPlanner = void (*)(ExecutionThread& thread, PreparedCommand& prepared);
/// Chooses the first shard to visit from the arguments, of which the handler has not judged yet.
using VisitStart = void (*)(std::span<const std::string_view> args, size_t shard_count, VisitState& visit);

// Redis's command flags (COMMAND INFO), then our own.
enum CommandFlag : uint32_t {
  kWrite = 1u << 0,
  kReadOnly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubSub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,
  kMayReplicate = 1u << 14,  // not shown by COMMAND
  kNoMandatoryKeys = 1u << 15,
  kAllowBusy = 1u << 16,
  kNoAsyncLoading = 1u << 17,
  kNoMulti = 1u << 18,
  kMovableKeys = 1u << 19,
  // Usher's own, not shown by COMMAND.
  kAllShards = 1u << 24,     // runs under the turns of all shards (FLUSHALL, SWAPDB), unless its key specs name keys
  kVisitShards = 1u << 25,   // runs once per shard, one turn at a time (KEYS, DBSIZE, SCAN)
  kLongWork = 1u << 26,      // runs on the pool (DEBUG SLEEP)
  kContainer = 1u << 27,     // has subcommands, the handler is for the bare name only
  kHidden = 1u << 29,        // COMMAND does not show it (the parts of DEBUG)
  kMayWait = 1u << 30,       // may make the client wait although Redis does not call it blocking (WAIT)
  kSubscriberOk = 1u << 28,  // allowed to a RESP2 client that has subscriptions
  kRunsQueued = 1u << 31,    // runs what MULTI queued (EXEC)
  kRunsScript = 1u << 20,    // runs a script or function, which may call any command (EVAL)
};

// Redis's ACL categories, in the order ACL CAT lists them. Those that follow from the flags (read, write, admin,
// dangerous of admin, pubsub, fast, slow, blocking) are added by Categories().
enum AclCategory : uint32_t {
  kCatKeyspace = 1u << 0,
  kCatRead = 1u << 1,
  kCatWrite = 1u << 2,
  kCatSet = 1u << 3,
  kCatSortedSet = 1u << 4,
  kCatList = 1u << 5,
  kCatHash = 1u << 6,
  kCatString = 1u << 7,
  kCatBitmap = 1u << 8,
  kCatHyperLogLog = 1u << 9,
  kCatGeo = 1u << 10,
  kCatStream = 1u << 11,
  kCatPubSub = 1u << 12,
  kCatAdmin = 1u << 13,
  kCatFast = 1u << 14,
  kCatSlow = 1u << 15,
  kCatBlocking = 1u << 16,
  kCatDangerous = 1u << 17,
  kCatConnection = 1u << 18,
  kCatTransaction = 1u << 19,
  kCatScripting = 1u << 20,
};

enum KeySpecFlag : uint16_t {
  kKeyRo = 1u << 0,
  kKeyRw = 1u << 1,
  kKeyOw = 1u << 2,
  kKeyRm = 1u << 3,
  kKeyAccess = 1u << 4,
  kKeyInsert = 1u << 5,
  kKeyUpdate = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariableFlags = 1u << 10,
  kKeyQueueName = 1u << 11,  // Usher: a waiting room's name; its keys derive from it (not shown)
};

/// Where keys begin and how to find them: Redis's key specifications (COMMAND INFO, key-specs).
struct KeySpec {
  enum class Begin : uint8_t { kNone, kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeyNum, kUnknown };

  uint16_t flags = 0;
  Begin begin = Begin::kNone;
  Find find = Find::kRange;
  int16_t index = 0;  // kIndex: position; kKeyword: where the search starts (negative: from the end)
  std::string_view keyword = {};
  int16_t last_key = 0;  // kRange: relative to the first; negative counts from the end
  int16_t key_step = 1;
  int16_t limit = 0;         // kRange with last_key -1: 2 means half of the rest ...
  int16_t keynum_index = 0;  // kKeyNum: relative to begin
  int16_t first_key = 0;     // kKeyNum: relative to begin
  std::string_view notes = {};
};

constexpr size_t kKeySpecsMax = 3;
using KeySpecs = std::array<KeySpec, kKeySpecsMax>;

/// No keys.
constexpr KeySpecs NoKeys() {
  return {};
}
/// Keys at `first` .. `last` (absolute; negative last counts from the end of the arguments), every `step`.
constexpr KeySpec KeyRange(uint16_t flags, int16_t first, int16_t last, int16_t step = 1) {
  KeySpec spec;
  spec.flags = flags;
  spec.begin = KeySpec::Begin::kIndex;
  spec.index = first;
  spec.last_key = static_cast<int16_t>(last < 0 ? last : last - first);
  spec.key_step = step;
  return spec;
}
constexpr KeySpecs OneKey(uint16_t flags, int16_t position = 1) {
  return {KeyRange(flags, position, position)};
}
/// The same with a remark that COMMAND shows.
constexpr KeySpecs OneKeyNoted(uint16_t flags, std::string_view notes) {
  KeySpec spec = KeyRange(flags, 1, 1);
  spec.notes = notes;
  return {spec};
}
constexpr KeySpecs Keys(KeySpec first, KeySpec second = {}, KeySpec third = {}) {
  return {first, second, third};
}
/// A count at `position`, then that many keys.
constexpr KeySpec KeyCount(uint16_t flags, int16_t position) {
  KeySpec spec;
  spec.flags = flags;
  spec.begin = KeySpec::Begin::kIndex;
  spec.find = KeySpec::Find::kKeyNum;
  spec.index = position;
  spec.first_key = 1;
  return spec;
}

struct CommandSpec {
  std::string_view name;  // lower case; a subcommand is "container|sub"
  int16_t arity = 0;      // negative: at least
  uint32_t flags = 0;
  uint32_t categories = 0;
  KeySpecs keys = {};
  CommandHandler handler = nullptr;
  std::string_view tips = {};  // space-separated command tips
  CommandCost cost = nullptr;
  uint16_t cost_from_args = 0;  // with fewer arguments the command is never costly and `cost` is not asked
  CommandReadAhead read_ahead = nullptr;
  CommandKeyFlags key_flags = nullptr;  // of rows with kKeyVariableFlags
  VisitStart visit_start = nullptr;     // of kVisitShards rows: where to begin, if not at shard 0
  FurtherKeysFinder further_keys = nullptr;
  KeysFinder find_keys = nullptr;
  TurnPlanner plan = nullptr;
};

/// Whether a request of so many words, its name included, has as many as the row wants.
constexpr bool ArityFits(const CommandSpec& spec, size_t args) {
  return spec.arity < 0 ? args >= static_cast<size_t>(-spec.arity) : args == static_cast<size_t>(spec.arity);
}

/// The row with a read-ahead.
constexpr CommandSpec WithReadAhead(CommandSpec spec, CommandReadAhead read_ahead) {
  spec.read_ahead = read_ahead;
  return spec;
}

/// The rows of one file of server/commands/.
struct CommandGroup {
  std::string_view name;  // Redis's group ("string", "sorted-set" ...)
  std::span<const CommandSpec> rows;
};

/// The row's ACL categories, the implied ones included.
constexpr uint32_t Categories(const CommandSpec& spec) {
  uint32_t categories = spec.categories;
  if ((spec.flags & kWrite) != 0) categories |= kCatWrite;
  if ((spec.flags & kReadOnly) != 0 && (categories & kCatScripting) == 0) categories |= kCatRead;
  if ((spec.flags & kAdmin) != 0) categories |= kCatAdmin | kCatDangerous;
  if ((spec.flags & kPubSub) != 0) categories |= kCatPubSub;
  if ((spec.flags & kFast) != 0) categories |= kCatFast;
  if ((spec.flags & kBlocking) != 0) categories |= kCatBlocking;
  if ((categories & kCatFast) == 0) categories |= kCatSlow;
  return categories;
}

}  // namespace usher::server
