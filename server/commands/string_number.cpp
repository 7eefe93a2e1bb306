// Strings as numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
#include <array>
#include <cmath>
#include <limits>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::EntryBuilder;
using engine::Error;
using engine::IntegerScratch;
using engine::Key;
using engine::KeyEntry;
using engine::kNotifyString;
using engine::ValueType;

void Increment(CommandContext& ctx, int64_t by) {
  const Key key = ctx.KeyAt(1);
  const KeyEntry entry = ctx.engine.ForWrite(key);
  std::optional<int64_t> old = 0;
  if (entry && entry.IsInt()) {
    old = entry.int_value();
  } else if (entry) {
    if (entry.type() != ValueType::kString) return ctx.Fail(Error::kWrongType);
    IntegerScratch scratch;
    old = ToInteger(entry.StringBytes(scratch));
    if (!old) return ctx.Fail(Error::kNotAnInteger);
  }
  int64_t value = 0;
  if (__builtin_add_overflow(*old, by, &value)) return ctx.Fail(Error::kOverflow);
  if (entry) {
    ctx.engine.SetInt(entry, value, key);
  } else {
    ctx.engine.SetBuilt(key, EntryBuilder::Int(value), engine::kNoExpiry);
  }
  ctx.engine.Modified(key, kNotifyString, "incrby");
  ctx.reply.Integer(value);
}

void Incr(CommandContext& ctx) {
  Increment(ctx, 1);
}
void Decr(CommandContext& ctx) {
  Increment(ctx, -1);
}

void IncrBy(CommandContext& ctx) {
  const std::optional<int64_t> by = ToInteger(ctx.args[2]);
  if (!by) return ctx.Fail(Error::kNotAnInteger);
  Increment(ctx, *by);
}

void DecrBy(CommandContext& ctx) {
  const std::optional<int64_t> by = ToInteger(ctx.args[2]);
  if (!by) return ctx.Fail(Error::kNotAnInteger);
  if (*by == std::numeric_limits<int64_t>::min()) return ctx.FailText("ERR decrement would overflow");
  Increment(ctx, -*by);
}

void IncrByFloat(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  IntegerScratch scratch;
  long double value = 0;
  if (const KeyEntry entry = ctx.engine.ForWrite(key)) {
    if (entry.type() != ValueType::kString) return ctx.Fail(Error::kWrongType);
    if (!protocol::ParseLongDouble(entry.StringBytes(scratch), value)) return ctx.Fail(Error::kNotAFloat);
  }
  long double by = 0;
  if (!protocol::ParseLongDouble(ctx.args[2], by)) return ctx.Fail(Error::kNotAFloat);
  value += by;
  if (!std::isfinite(value)) return ctx.Fail(Error::kNanOrInfinity);
  std::array<char, protocol::kLongDoubleTextBytesMax> text;
  const std::string_view result(text.data(), protocol::FormatLongDouble(value, text.data()));
  ctx.engine.SetBuilt(key, EntryBuilder::Text(result), engine::kKeepExpiry);
  ctx.engine.Modified(key, kNotifyString, "incrbyfloat");
  ctx.engine.Effect({"SET", key.name, result, "KEEPTTL"});  // floats may add up differently elsewhere
  ctx.reply.Bulk(result);
}

constexpr uint32_t kFlags = kWrite | kDenyOom | kFast;
constexpr KeySpecs kKey = OneKey(kKeyRw | kKeyAccess | kKeyUpdate);

constexpr CommandSpec kRows[] = {
    {.name = "decr", .arity = 2, .flags = kFlags, .categories = kCatString, .keys = kKey, .handler = Decr},
    {.name = "decrby", .arity = 3, .flags = kFlags, .categories = kCatString, .keys = kKey, .handler = DecrBy},
    {.name = "incr", .arity = 2, .flags = kFlags, .categories = kCatString, .keys = kKey, .handler = Incr},
    {.name = "incrby", .arity = 3, .flags = kFlags, .categories = kCatString, .keys = kKey, .handler = IncrBy},
    {.name = "incrbyfloat",
     .arity = 3,
     .flags = kFlags,
     .categories = kCatString,
     .keys = kKey,
     .handler = IncrByFloat},
};

}  // namespace

const CommandGroup kStringNumberCommands{"string", kRows};

}  // namespace usher::server
