// Single values in Redis's serialised form: DUMP, RESTORE, RESTORE-ASKING.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/access_clock.h"
#include "engine/rdb_decode.h"
#include "engine/rdb_dump.h"
#include "engine/rdb_encode.h"
#include "engine/rdb_format.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;

void Dump(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Read(ctx.KeyAt(1));
  if (!entry) return ctx.reply.Null();
  ctx.reply.Bulk(engine::DumpOf(entry));
}

struct RestoreOptions {
  bool replace = false;
  bool absolute_ttl = false;
  int64_t idle_seconds = -1;
  int64_t frequency = -1;
  int64_t ttl_ms = 0;
};

/// False: the error is replied.
bool ParseNumber(CommandContext& ctx, std::string_view text, int64_t& number) {
  if (const auto parsed = ToInteger(text)) {
    number = *parsed;
    return true;
  }
  ctx.Fail(Error::kNotAnInteger);
  return false;
}

/// False: the error is replied.
bool ParseOptions(CommandContext& ctx, RestoreOptions& options) {
  constexpr int64_t kFrequencyMax = 255;
  ArgReader reader(ctx.args, 4);
  while (!reader.done()) {
    if (reader.Accept("REPLACE")) {
      options.replace = true;
    } else if (reader.Accept("ABSTTL")) {
      options.absolute_ttl = true;
    } else if (options.frequency == -1 && reader.AcceptWith("IDLETIME", 1)) {
      if (!ParseNumber(ctx, reader.Next(), options.idle_seconds)) return false;
      if (options.idle_seconds < 0) {
        ctx.FailText("ERR Invalid IDLETIME value, must be >= 0");
        return false;
      }
    } else if (options.idle_seconds == -1 && reader.AcceptWith("FREQ", 1)) {
      if (!ParseNumber(ctx, reader.Next(), options.frequency)) return false;
      if (options.frequency < 0 || options.frequency > kFrequencyMax) {
        ctx.FailText("ERR Invalid FREQ value, must be >= 0 and <= 255");
        return false;
      }
    } else {
      ctx.Fail(Error::kSyntax);
      return false;
    }
  }
  return true;
}

/// False: the error is replied.
bool CheckKeyAndTtl(CommandContext& ctx, RestoreOptions& options) {
  if (!options.replace && ctx.engine.Peek(ctx.KeyAt(1))) {
    ctx.FailText("BUSYKEY Target key name already exists.");
    return false;
  }
  if (!ParseNumber(ctx, ctx.args[2], options.ttl_ms)) return false;
  if (options.ttl_ms < 0) {
    ctx.FailText("ERR Invalid TTL value, must be >= 0");
    return false;
  }
  return true;
}

/// When the key expires. What is beyond all time wraps, as in Redis, and has expired.
int64_t ExpiryOf(const CommandContext& ctx, const RestoreOptions& options) {
  if (options.ttl_ms == 0) return engine::kNoExpiry;
  if (options.absolute_ttl) return options.ttl_ms;
  return static_cast<int64_t>(static_cast<uint64_t>(options.ttl_ms) + static_cast<uint64_t>(ctx.engine.now_ms()));
}

void SetAccess(CommandContext& ctx, engine::KeyEntry entry, const RestoreOptions& options) {
  const int64_t now_ms = ctx.engine.now_ms();
  if (ctx.engine.settings().uses_lfu()) {
    if (options.frequency >= 0) entry.set_access(engine::LfuWord(static_cast<uint32_t>(options.frequency), now_ms));
  } else if (options.idle_seconds >= 0) {
    const int64_t idle_seconds = std::min<int64_t>(options.idle_seconds, engine::kAccessMask);
    entry.set_access(engine::LruAccess(now_ms - idle_seconds * 1000));
  }
}

/// The command with an absolute time to live, so that it means the same whenever it is repeated.
void JournalRestore(CommandContext& ctx, const RestoreOptions& options, int64_t expiry_ms) {
  if (options.absolute_ttl || options.ttl_ms == 0) return;
  const std::string expiry = std::to_string(expiry_ms);
  std::vector<std::string_view> words(ctx.args.begin(), ctx.args.end());
  words[2] = expiry;
  words.push_back("ABSTTL");
  ctx.engine.Effect(words);
}

/// The value would be gone at once: only what it replaces goes.
void RestoreExpired(CommandContext& ctx, const Key& key, bool deleted) {
  if (deleted) {
    ctx.engine.Modified(key, engine::kNotifyGeneric, "del");
    ctx.engine.Effect({"DEL", key.name});
  }
  ctx.reply.Ok();
}

void Restore(CommandContext& ctx) {
  RestoreOptions options;
  if (!ParseOptions(ctx, options) || !CheckKeyAndTtl(ctx, options)) return;
  const auto content = engine::DumpContent(ctx.args[3]);
  if (!content) return ctx.FailText("ERR DUMP payload version or checksum are wrong");
  engine::RdbReader reader(*content);
  const uint8_t type = reader.Byte();
  engine::DecodedValue value;
  // As in Redis, bytes behind the value go unread.
  if (!engine::DecodeRdbValue(reader, type, ctx.engine.settings(), value) || value.is_void()) {
    return ctx.FailText("ERR Bad data format");
  }
  const Key key = ctx.KeyAt(1);
  const bool deleted = options.replace && ctx.engine.Delete(key);
  const int64_t expiry_ms = ExpiryOf(ctx, options);
  if (options.ttl_ms != 0 && ctx.engine.HasPassed(expiry_ms)) return RestoreExpired(ctx, key, deleted);
  ctx.engine.SetBuilt(key, value.Take(), expiry_ms);
  SetAccess(ctx, ctx.engine.KeyspaceOf(key).Find(key), options);
  ctx.engine.Modified(key, engine::kNotifyGeneric, "restore");
  JournalRestore(ctx, options, expiry_ms);
  ctx.reply.Ok();
}

constexpr CommandSpec kRows[] = {
    {.name = "dump",
     .arity = 2,
     .flags = kReadOnly,
     .categories = kCatKeyspace,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = Dump,
     .tips = "nondeterministic_output"},
    {.name = "restore",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = OneKey(kKeyOw | kKeyUpdate),
     .handler = Restore},
};

constexpr CommandSpec kAskingRows[] = {
    {.name = "restore-asking",
     .arity = -4,
     .flags = kWrite | kDenyOom | kAsking,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = OneKey(kKeyOw | kKeyUpdate),
     .handler = Restore},
};

}  // namespace

const CommandGroup kDumpCommands{"generic", kRows};
const CommandGroup kRestoreAskingCommands{"server", kAskingRows};

}  // namespace usher::server
