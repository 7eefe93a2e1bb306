// Hashes: setting, reading and deleting fields. Numbers are in hash_number.cpp, whole hashes in hash_scan.cpp.
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Hash;
using engine::HashLimits;
using engine::Key;
using engine::kNotifyHash;
using engine::PackedScratch;

/// HSET and HMSET: sets the fields and counts the new ones; nothing, with the error replied, if that cannot be done.
std::optional<int64_t> SetFields(CommandContext& ctx) {
  if (ctx.args.size() % 2 != 0) {
    ctx.FailArity();
    return std::nullopt;
  }
  const Key key = ctx.KeyAt(1);
  auto hash = ctx.engine.ForWriteOrCreate<Hash>(key);
  if (!hash) {
    ctx.Fail(hash.error());
    return std::nullopt;
  }
  const HashLimits& limits = ctx.engine.settings().hash;
  if ((ctx.args.size() - 2) / 2 > limits.packed_entries_max) (*hash)->ConvertToTable();
  int64_t created = 0;
  for (size_t i = 2; i < ctx.args.size(); i += 2) {
    created += (*hash)->Set(ctx.args[i], ctx.args[i + 1], limits) == Hash::SetResult::kCreated ? 1 : 0;
  }
  ctx.engine.Modified(key, kNotifyHash, "hset");
  return created;
}

void HSet(CommandContext& ctx) {
  if (const std::optional<int64_t> created = SetFields(ctx)) ctx.reply.Integer(*created);
}
void HMSet(CommandContext& ctx) {
  if (SetFields(ctx)) ctx.reply.Ok();
}

void HSetNx(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto hash = ctx.engine.ForWriteOrCreate<Hash>(key);
  if (!hash) return ctx.Fail(hash.error());
  if ((*hash)->Contains(ctx.args[2])) return ctx.reply.Integer(0);
  (*hash)->Set(ctx.args[2], ctx.args[3], ctx.engine.settings().hash);
  ctx.engine.Modified(key, kNotifyHash, "hset");
  ctx.reply.Integer(1);
}

void HDel(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto hash = ctx.engine.ForWriteAs<Hash>(key);
  if (!hash) return ctx.Fail(hash.error());
  if (!*hash) return ctx.reply.Integer(0);
  int64_t deleted = 0;
  for (size_t i = 2; i < ctx.args.size() && !(*hash)->empty(); ++i) deleted += (*hash)->Delete(ctx.args[i]) ? 1 : 0;
  if (deleted > 0) ctx.engine.Modified(key, kNotifyHash, "hdel");
  ctx.reply.Integer(deleted);
}

void ReplyField(CommandContext& ctx, const Hash* hash, std::string_view field) {
  PackedScratch scratch;
  const auto value = hash == nullptr ? std::nullopt : hash->Get(field, scratch);
  if (!value) return ctx.reply.Null();
  ctx.reply.Bulk(*value);
}

void HGet(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ReplyField(ctx, *hash, ctx.args[2]);
}

void HMGet(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view field : ctx.args.subspan(2)) ReplyField(ctx, *hash, field);
}

void HExists(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ctx.reply.Integer(*hash != nullptr && (*hash)->Contains(ctx.args[2]) ? 1 : 0);
}

void HLen(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ctx.reply.Integer(*hash == nullptr ? 0 : static_cast<int64_t>((*hash)->size()));
}

void HStrLen(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ctx.reply.Integer(*hash == nullptr ? 0 : static_cast<int64_t>((*hash)->ValueLength(ctx.args[2])));
}

constexpr CommandSpec kRows[] = {
    {.name = "hdel",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRw | kKeyDelete),
     .handler = HDel},
    {.name = "hexists",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRo),
     .handler = HExists},
    {.name = "hget",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = HGet},
    {.name = "hlen",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRo),
     .handler = HLen},
    {.name = "hmget",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = HMGet},
    {.name = "hmset",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRw | kKeyUpdate),
     .handler = HMSet},
    {.name = "hset",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRw | kKeyUpdate),
     .handler = HSet},
    {.name = "hsetnx",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRw | kKeyInsert),
     .handler = HSetNx},
    {.name = "hstrlen",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .categories = kCatHash,
     .keys = OneKey(kKeyRo),
     .handler = HStrLen},
};

}  // namespace

const CommandGroup kHashCommands{"hash", kRows};

}  // namespace usher::server
