// Keys of any type as a whole: DEL, UNLINK, EXISTS, TYPE, TOUCH, RENAME, RENAMENX, COPY, MOVE.
#include <utility>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/db_index.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::EntryBuilder;
using engine::Error;
using engine::Key;
using engine::KeyEntry;
using engine::kNotifyGeneric;
using engine::OwnedEntry;

/// DEL and UNLINK: the engine leaves large values to the background in any case.
void Del(CommandContext& ctx) {
  int64_t deleted = 0;
  for (const CommandKey& wanted : ctx.prepared.keys) {
    if (!ctx.engine.Delete(wanted.key)) continue;
    ctx.engine.Modified(wanted.key, kNotifyGeneric, "del");
    ++deleted;
  }
  ctx.reply.Integer(deleted);
}

void Exists(CommandContext& ctx) {
  int64_t found = 0;
  for (const CommandKey& wanted : ctx.prepared.keys) found += ctx.engine.ReadUntouched(wanted.key) ? 1 : 0;
  ctx.reply.Integer(found);
}

void Touch(CommandContext& ctx) {
  int64_t found = 0;
  for (const CommandKey& wanted : ctx.prepared.keys) found += ctx.engine.Read(wanted.key) ? 1 : 0;
  ctx.reply.Integer(found);
}

void Type(CommandContext& ctx) {
  const KeyEntry entry = ctx.engine.ReadUntouched(ctx.KeyAt(1));
  ctx.reply.SimpleString(entry ? engine::TypeName(entry.type()) : "none");
}

/// False: the source is missing, or the target is there and must not be; replied.
bool MayRename(CommandContext& ctx, bool only_if_free) {
  if (!ctx.engine.Peek(ctx.KeyAt(1))) {
    ctx.Fail(Error::kNoSuchKey);
    return false;
  }
  if (only_if_free && ctx.engine.Peek(ctx.KeyAt(2))) {
    ctx.reply.Integer(0);
    return false;
  }
  return true;
}

void RenameTo(CommandContext& ctx) {
  const Key from = ctx.KeyAt(1);
  const Key to = ctx.KeyAt(2);
  if (from.name == to.name) return;
  ctx.engine.Attach(to, ctx.engine.Detach(from), ctx.engine.db());
  ctx.engine.Modified(from, kNotifyGeneric, "rename_from");
  ctx.engine.Modified(to, kNotifyGeneric, "rename_to");
}

void Rename(CommandContext& ctx) {
  if (!MayRename(ctx, false)) return;
  RenameTo(ctx);
  ctx.reply.Ok();
}

void RenameNx(CommandContext& ctx) {
  if (!MayRename(ctx, true)) return;
  RenameTo(ctx);
  ctx.reply.Integer(1);
}

void Move(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  int db = 0;
  if (!ReadDbIndex(ctx, ctx.args[2], db)) return;
  if (db == ctx.engine.db()) return ctx.Fail(Error::kSameObject);
  if (!ctx.engine.Peek(key) || ctx.engine.Peek(key, db)) return ctx.reply.Integer(0);
  ctx.engine.Attach(key, ctx.engine.Detach(key), db);
  ctx.engine.Modified(key, kNotifyGeneric, "move_from");
  ctx.engine.Modified(key, db, kNotifyGeneric, "move_to");
  ctx.reply.Integer(1);
}

struct CopyOptions {
  int db = 0;
  bool replace = false;
};

bool ParseCopyOptions(CommandContext& ctx, CopyOptions& options) {
  options.db = ctx.engine.db();
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (reader.Accept("REPLACE")) {
      options.replace = true;
    } else if (reader.AcceptWith("DB", 1)) {
      if (!ReadDbIndex(ctx, reader.Next(), options.db)) return false;
    } else {
      ctx.Fail(Error::kSyntax);
      return false;
    }
  }
  return true;
}

void Copy(CommandContext& ctx) {
  CopyOptions options;
  if (!ParseCopyOptions(ctx, options)) return;
  const Key from = ctx.KeyAt(1);
  const Key to = ctx.KeyAt(2);
  if (options.db == ctx.engine.db() && from.name == to.name) return ctx.Fail(Error::kSameObject);
  const bool is_taken = static_cast<bool>(ctx.engine.Peek(to, options.db));
  const KeyEntry source = ctx.engine.Read(from);
  if (!source || (is_taken && !options.replace)) return ctx.reply.Integer(0);
  OwnedEntry copy(EntryBuilder::CopyOf(source).Build(to.name, source.expiry_ms()));
  copy.entry().set_access(source.access());
  ctx.engine.Attach(to, std::move(copy), options.db);
  ctx.engine.Modified(to, options.db, kNotifyGeneric, "copy_to");
  ctx.reply.Integer(1);
}

int64_t CopyCost(CommandContext& ctx) {
  const KeyEntry source = ctx.engine.Peek(ctx.KeyAt(1));
  return source ? static_cast<int64_t>(source.ValueMemoryBytes()) : 0;  // a byte takes about a nanosecond
}

constexpr CommandSpec kRows[] = {
    {.name = "copy",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRo | kKeyAccess, 1, 1), KeyRange(kKeyOw | kKeyUpdate, 2, 2)),
     .handler = Copy,
     .cost = CopyCost},
    {.name = "del",
     .arity = -2,
     .flags = kWrite,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRm | kKeyDelete, 1, -1)),
     .handler = Del,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "exists",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRo, 1, -1)),
     .handler = Exists,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "move",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = OneKey(kKeyRw | kKeyAccess | kKeyUpdate),
     .handler = Move},
    {.name = "rename",
     .arity = 3,
     .flags = kWrite,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRw | kKeyAccess | kKeyDelete, 1, 1), KeyRange(kKeyOw | kKeyUpdate, 2, 2)),
     .handler = Rename},
    {.name = "renamenx",
     .arity = 3,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRw | kKeyAccess | kKeyDelete, 1, 1), KeyRange(kKeyOw | kKeyInsert, 2, 2)),
     .handler = RenameNx},
    {.name = "touch",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRo, 1, -1)),
     .handler = Touch,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
    {.name = "type",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatKeyspace,
     .keys = OneKey(kKeyRo),
     .handler = Type},
    {.name = "unlink",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatKeyspace,
     .keys = Keys(KeyRange(kKeyRm | kKeyDelete, 1, -1)),
     .handler = Del,
     .tips = "request_policy:multi_shard response_policy:agg_sum"},
};

}  // namespace

const CommandGroup kKeyCommands{"generic", kRows};

}  // namespace usher::server
