// When keys end: EXPIRE and its relatives, TTL and its relatives, PERSIST.
#include <array>
#include <limits>
#include <string>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::KeyEntry;
using engine::kNoExpiry;
using engine::kNotifyGeneric;

enum class TimeBase : uint8_t { kNow, kEpoch };

struct ExpireConditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;

  /// Whether a key that ends at `old_ms` (or never) may end at `new_ms`. A key without expiry ends later than any
  /// other.
  bool Allow(int64_t old_ms, int64_t new_ms) const {
    const bool has_expiry = old_ms != kNoExpiry;
    if ((nx && has_expiry) || (xx && !has_expiry)) return false;
    if (gt && (!has_expiry || new_ms <= old_ms)) return false;
    return !(lt && has_expiry && new_ms >= old_ms);
  }
};

/// Reads NX, XX, GT, LT from args[3] on. False: the error is replied.
bool ParseConditions(CommandContext& ctx, ExpireConditions& conditions) {
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (reader.Accept("NX")) {
      conditions.nx = true;
    } else if (reader.Accept("XX")) {
      conditions.xx = true;
    } else if (reader.Accept("GT")) {
      conditions.gt = true;
    } else if (reader.Accept("LT")) {
      conditions.lt = true;
    } else {
      ctx.FailText("ERR Unsupported option " + std::string(reader.Peek().substr(0, reader.Peek().find('\0'))));
      return false;
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    ctx.FailText("ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (conditions.gt && conditions.lt) {
    ctx.FailText("ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

/// Makes args[2] an absolute time; it may lie in the past. False: the error is replied.
bool ReadTime(CommandContext& ctx, int64_t unit_ms, TimeBase base, int64_t& at_ms) {
  const std::optional<int64_t> number = ToInteger(ctx.args[2]);
  if (!number) {
    ctx.Fail(Error::kNotAnInteger);
    return false;
  }
  const int64_t base_ms = base == TimeBase::kNow ? ctx.engine.now_ms() : 0;
  if (__builtin_mul_overflow(*number, unit_ms, &at_ms) || __builtin_add_overflow(at_ms, base_ms, &at_ms)) {
    ctx.Fail(Error::kInvalidExpire);
    return false;
  }
  return true;
}

void ExpireAt(CommandContext& ctx, int64_t unit_ms, TimeBase base) {
  ExpireConditions conditions;
  int64_t at_ms = 0;
  if (!ParseConditions(ctx, conditions) || !ReadTime(ctx, unit_ms, base, at_ms)) return;
  const Key key = ctx.KeyAt(1);
  const KeyEntry entry = ctx.engine.ForWrite(key);
  if (!entry || !conditions.Allow(entry.expiry_ms(), at_ms)) return ctx.reply.Integer(0);
  if (ctx.engine.HasPassed(at_ms)) {
    ctx.engine.Delete(key);
    ctx.engine.Modified(key, kNotifyGeneric, "del");
    ctx.engine.Effect({"DEL", key.name});
  } else {
    std::array<char, protocol::kIntegerTextBytesMax> digits;
    const std::string_view text(digits.data(), protocol::FormatInteger(at_ms, digits.data()));
    ctx.engine.SetExpiry(key, at_ms);
    ctx.engine.Modified(key, kNotifyGeneric, "expire");
    ctx.engine.Effect({"PEXPIREAT", key.name, text});
  }
  ctx.reply.Integer(1);
}

void Expire(CommandContext& ctx) {
  ExpireAt(ctx, 1000, TimeBase::kNow);
}
void PExpire(CommandContext& ctx) {
  ExpireAt(ctx, 1, TimeBase::kNow);
}
void ExpireAtSeconds(CommandContext& ctx) {
  ExpireAt(ctx, 1000, TimeBase::kEpoch);
}
void PExpireAt(CommandContext& ctx) {
  ExpireAt(ctx, 1, TimeBase::kEpoch);
}

/// Milliseconds as seconds, half a second rounded up.
constexpr int64_t ToSeconds(int64_t ms) {
  return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
}

/// The key's expiry; none when the key is missing or has none: replied as -2 or -1.
std::optional<int64_t> ExpiryOf(CommandContext& ctx) {
  const KeyEntry entry = ctx.engine.ReadUntouched(ctx.KeyAt(1));
  if (entry && entry.HasExpiry()) return entry.expiry_ms();
  ctx.reply.Integer(entry ? -1 : -2);
  return std::nullopt;
}

void Ttl(CommandContext& ctx) {
  if (const auto at_ms = ExpiryOf(ctx)) ctx.reply.Integer(ToSeconds(*at_ms - ctx.engine.now_ms()));
}
void PTtl(CommandContext& ctx) {
  if (const auto at_ms = ExpiryOf(ctx)) ctx.reply.Integer(*at_ms - ctx.engine.now_ms());
}
void ExpireTime(CommandContext& ctx) {
  if (const auto at_ms = ExpiryOf(ctx)) ctx.reply.Integer(ToSeconds(*at_ms));
}
void PExpireTime(CommandContext& ctx) {
  if (const auto at_ms = ExpiryOf(ctx)) ctx.reply.Integer(*at_ms);
}

void Persist(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  if (!ctx.engine.ClearExpiry(key)) return ctx.reply.Integer(0);
  ctx.engine.Modified(key, kNotifyGeneric, "persist");
  ctx.reply.Integer(1);
}

constexpr KeySpecs kChanged = OneKey(kKeyRw | kKeyUpdate);
constexpr KeySpecs kAsked = OneKey(kKeyRo | kKeyAccess);
constexpr uint32_t kChangeFlags = kWrite | kFast;
constexpr uint32_t kAskFlags = kReadOnly | kFast;

constexpr CommandSpec kRows[] = {
    {.name = "expire",
     .arity = -3,
     .flags = kChangeFlags,
     .categories = kCatKeyspace,
     .keys = kChanged,
     .handler = Expire},
    {.name = "expireat",
     .arity = -3,
     .flags = kChangeFlags,
     .categories = kCatKeyspace,
     .keys = kChanged,
     .handler = ExpireAtSeconds},
    {.name = "expiretime",
     .arity = 2,
     .flags = kAskFlags,
     .categories = kCatKeyspace,
     .keys = kAsked,
     .handler = ExpireTime},
    {.name = "persist",
     .arity = 2,
     .flags = kChangeFlags,
     .categories = kCatKeyspace,
     .keys = kChanged,
     .handler = Persist},
    {.name = "pexpire",
     .arity = -3,
     .flags = kChangeFlags,
     .categories = kCatKeyspace,
     .keys = kChanged,
     .handler = PExpire},
    {.name = "pexpireat",
     .arity = -3,
     .flags = kChangeFlags,
     .categories = kCatKeyspace,
     .keys = kChanged,
     .handler = PExpireAt},
    {.name = "pexpiretime",
     .arity = 2,
     .flags = kAskFlags,
     .categories = kCatKeyspace,
     .keys = kAsked,
     .handler = PExpireTime},
    {.name = "pttl",
     .arity = 2,
     .flags = kAskFlags,
     .categories = kCatKeyspace,
     .keys = kAsked,
     .handler = PTtl,
     .tips = "nondeterministic_output"},
    {.name = "ttl",
     .arity = 2,
     .flags = kAskFlags,
     .categories = kCatKeyspace,
     .keys = kAsked,
     .handler = Ttl,
     .tips = "nondeterministic_output"},
};

}  // namespace

const CommandGroup kKeyExpireCommands{"generic", kRows};

}  // namespace usher::server
