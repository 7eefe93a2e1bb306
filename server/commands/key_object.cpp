// OBJECT: what is known about a key beside its value.
#include <limits>

#include "engine/access_clock.h"
#include "server/command_context.h"
#include "server/commands/encoding_name.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::EngineSettings;
using engine::KeyEntry;

constexpr std::string_view kHelp[] = {
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
    "HELP",
    "    Prints this help.",
};

void ObjectHelp(CommandContext& ctx) {
  ctx.reply.Array(std::size(kHelp));
  for (const std::string_view line : kHelp) ctx.reply.SimpleString(line);
}

/// The key at args[2]; null is replied when it is missing. It counts as a hit or a miss, but no event says so.
KeyEntry Subject(CommandContext& ctx) {
  const engine::Key key = ctx.KeyAt(2);
  const KeyEntry entry = ctx.engine.Peek(key);
  engine::ShardStats& stats = ctx.engine.ShardOf(key).stats;
  (entry ? stats.hits : stats.misses).Add(1);
  if (!entry) ctx.reply.Null();
  return entry;
}

void ObjectEncoding(CommandContext& ctx) {
  if (const KeyEntry entry = Subject(ctx)) ctx.reply.Bulk(EncodingName(entry));
}

/// Redis shares the objects of small numbers unless each needs an access clock of its own.
bool SharesNumbers(const EngineSettings& settings) {
  using enum engine::EvictionPolicy;
  const bool needs_clock = settings.policy == kAllkeysLru || settings.policy == kVolatileLru || settings.uses_lfu();
  return settings.maxmemory_bytes == 0 || !needs_clock;
}

void ObjectRefCount(CommandContext& ctx) {
  constexpr int64_t kSharedNumbers = 10'000;
  constexpr int64_t kSharedCount = std::numeric_limits<int32_t>::max();
  const KeyEntry entry = Subject(ctx);
  if (!entry) return;
  const bool small = entry.IsInt() && entry.int_value() >= 0 && entry.int_value() < kSharedNumbers;
  ctx.reply.Integer(small && SharesNumbers(ctx.engine.settings()) ? kSharedCount : 1);
}

void ObjectIdleTime(CommandContext& ctx) {
  const KeyEntry entry = Subject(ctx);
  if (!entry) return;
  if (ctx.engine.settings().uses_lfu()) {
    return ctx.FailText(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
        "policies at runtime LRU and LFU data will take some time to adjust.");
  }
  ctx.reply.Integer(engine::LruIdleSeconds(entry.access(), ctx.engine.now_ms()));
}

void ObjectFreq(CommandContext& ctx) {
  const KeyEntry entry = Subject(ctx);
  if (!entry) return;
  const EngineSettings& settings = ctx.engine.settings();
  if (!settings.uses_lfu()) {
    return ctx.FailText(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  const engine::LfuSettings lfu{static_cast<uint32_t>(settings.lfu_log_factor),
                                static_cast<uint32_t>(settings.lfu_decay_minutes)};
  ctx.reply.Integer(engine::LfuFrequency(entry.access(), ctx.engine.now_ms(), lfu));
}

constexpr KeySpecs kKey = OneKey(kKeyRo, 2);

constexpr CommandSpec kRows[] = {
    {.name = "object", .arity = -2, .flags = kContainer},
    {.name = "object|encoding",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kCatKeyspace,
     .keys = kKey,
     .handler = ObjectEncoding,
     .tips = "nondeterministic_output"},
    {.name = "object|freq",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kCatKeyspace,
     .keys = kKey,
     .handler = ObjectFreq,
     .tips = "nondeterministic_output"},
    {.name = "object|help", .arity = 2, .flags = kLoading | kStale, .categories = kCatKeyspace, .handler = ObjectHelp},
    {.name = "object|idletime",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kCatKeyspace,
     .keys = kKey,
     .handler = ObjectIdleTime,
     .tips = "nondeterministic_output"},
    {.name = "object|refcount",
     .arity = 3,
     .flags = kReadOnly,
     .categories = kCatKeyspace,
     .keys = kKey,
     .handler = ObjectRefCount,
     .tips = "nondeterministic_output"},
};

}  // namespace

const CommandGroup kKeyObjectCommands{"generic", kRows};

}  // namespace usher::server
