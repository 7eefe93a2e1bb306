// Hash fields as numbers: HINCRBY, HINCRBYFLOAT.
#include <array>
#include <cmath>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Hash;
using engine::Key;
using engine::kNotifyHash;
using engine::PackedScratch;

void HIncrBy(CommandContext& ctx) {
  const std::optional<int64_t> by = ToInteger(ctx.args[3]);
  if (!by) return ctx.Fail(Error::kNotAnInteger);
  const Key key = ctx.KeyAt(1);
  auto hash = ctx.engine.ForWriteOrCreate<Hash>(key);
  if (!hash) return ctx.Fail(hash.error());
  int64_t value = 0;
  PackedScratch scratch;
  if (const auto text = (*hash)->Get(ctx.args[2], scratch)) {
    const std::optional<int64_t> old = ToInteger(*text);
    if (!old) return ctx.Fail(Error::kHashValueNotInteger);
    value = *old;
  }
  if (__builtin_add_overflow(value, *by, &value)) return ctx.Fail(Error::kOverflow);
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  const std::string_view result(digits.data(), protocol::FormatInteger(value, digits.data()));
  (*hash)->Set(ctx.args[2], result, ctx.engine.settings().hash);
  ctx.engine.Modified(key, kNotifyHash, "hincrby");
  ctx.reply.Integer(value);
}

void HIncrByFloat(CommandContext& ctx) {
  long double by = 0;
  if (!protocol::ParseLongDouble(ctx.args[3], by)) return ctx.Fail(Error::kNotAFloat);
  if (!std::isfinite(by)) return ctx.FailText("ERR value is NaN or Infinity");
  const Key key = ctx.KeyAt(1);
  auto hash = ctx.engine.ForWriteOrCreate<Hash>(key);
  if (!hash) return ctx.Fail(hash.error());
  long double value = 0;
  PackedScratch scratch;
  if (const auto text = (*hash)->Get(ctx.args[2], scratch)) {
    if (!protocol::ParseLongDouble(*text, value)) return ctx.Fail(Error::kHashValueNotFloat);
  }
  value += by;
  if (!std::isfinite(value)) return ctx.Fail(Error::kNanOrInfinity);
  std::array<char, protocol::kLongDoubleTextBytesMax> text;
  const std::string_view result(text.data(), protocol::FormatLongDouble(value, text.data()));
  (*hash)->Set(ctx.args[2], result, ctx.engine.settings().hash);
  ctx.engine.Modified(key, kNotifyHash, "hincrbyfloat");
  ctx.engine.Effect({"HSET", key.name, ctx.args[2], result});  // floats may add up differently elsewhere
  ctx.reply.Bulk(result);
}

constexpr uint32_t kFlags = kWrite | kDenyOom | kFast;
constexpr KeySpecs kKey = OneKey(kKeyRw | kKeyAccess | kKeyUpdate);

constexpr CommandSpec kRows[] = {
    {.name = "hincrby", .arity = 4, .flags = kFlags, .categories = kCatHash, .keys = kKey, .handler = HIncrBy},
    {.name = "hincrbyfloat",
     .arity = 4,
     .flags = kFlags,
     .categories = kCatHash,
     .keys = kKey,
     .handler = HIncrByFloat},
};

}  // namespace

const CommandGroup kHashNumberCommands{"hash", kRows};

}  // namespace usher::server
