// Sets: adding, removing, asking for and moving members. Whole sets and drawing are in set_scan.cpp, several sets in
// set_algebra.cpp.
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::kNotifySet;
using engine::Set;

void SAdd(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto set = ctx.engine.ForWriteOrCreate<Set>(key);
  if (!set) return ctx.Fail(set.error());
  const size_t added = (*set)->AddAll(ctx.args.subspan(2), ctx.engine.settings().set);
  if (added > 0) ctx.engine.Modified(key, kNotifySet, "sadd");
  ctx.reply.Integer(static_cast<int64_t>(added));
}

void SRem(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto set = ctx.engine.ForWriteAs<Set>(key);
  if (!set) return ctx.Fail(set.error());
  if (!*set) return ctx.reply.Integer(0);
  int64_t removed = 0;
  for (size_t i = 2; i < ctx.args.size() && !(*set)->empty(); ++i) removed += (*set)->Remove(ctx.args[i]) ? 1 : 0;
  if (removed > 0) ctx.engine.Modified(key, kNotifySet, "srem");
  ctx.reply.Integer(removed);
}

void SIsMember(CommandContext& ctx) {
  const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(1));
  if (!set) return ctx.Fail(set.error());
  ctx.reply.Integer(*set != nullptr && (*set)->Contains(ctx.args[2]) ? 1 : 0);
}

void SMIsMember(CommandContext& ctx) {
  const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(1));
  if (!set) return ctx.Fail(set.error());
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view member : ctx.args.subspan(2)) {
    ctx.reply.Integer(*set != nullptr && (*set)->Contains(member) ? 1 : 0);
  }
}

void SCard(CommandContext& ctx) {
  const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(1));
  if (!set) return ctx.Fail(set.error());
  ctx.reply.Integer(*set == nullptr ? 0 : static_cast<int64_t>((*set)->size()));
}

// Without a source, Redis does not look at the destination's type.
void SMove(CommandContext& ctx) {
  const Key from = ctx.KeyAt(1);
  const Key to = ctx.KeyAt(2);
  const std::string_view member = ctx.args[3];
  auto source = ctx.engine.ForWriteAs<Set>(from);
  if (!source) return ctx.Fail(source.error());
  if (!*source) return ctx.reply.Integer(0);
  const engine::KeyEntry target = ctx.engine.Peek(to);
  if (target && target.type() != engine::ValueType::kSet) return ctx.Fail(Error::kWrongType);
  if (from.name == to.name) return ctx.reply.Integer((*source)->Contains(member) ? 1 : 0);
  if (!(*source)->Remove(member)) return ctx.reply.Integer(0);
  ctx.engine.Modified(from, kNotifySet, "srem");
  source->Finish();
  auto destination = ctx.engine.ForWriteOrCreate<Set>(to);
  if ((*destination)->Add(member, ctx.engine.settings().set)) ctx.engine.Modified(to, kNotifySet, "sadd");
  ctx.reply.Integer(1);
}

/// Loads where the member at argument 2 of each request would be.
void ReadAheadMembers(engine::EngineContext& engine, const Key& key,
                      std::span<const std::span<const std::string_view>> requests) {
  const engine::KeyEntry entry = engine.KeyspaceOf(key).Find(key);
  if (!entry || entry.type() != engine::ValueType::kSet) return;
  for (const std::span<const std::string_view> args : requests) {
    if (args.size() > 2) entry.As<Set>().Prefetch(args[2]);
  }
}

constexpr CommandSpec kRows[] = {
    {.name = "sadd",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatSet,
     .keys = OneKey(kKeyRw | kKeyInsert),
     .handler = SAdd,
     .read_ahead = ReadAheadMembers},
    {.name = "scard",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatSet,
     .keys = OneKey(kKeyRo),
     .handler = SCard},
    {.name = "sismember",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .categories = kCatSet,
     .keys = OneKey(kKeyRo),
     .handler = SIsMember,
     .read_ahead = ReadAheadMembers},
    {.name = "smismember",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .categories = kCatSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = SMIsMember},
    {.name = "smove",
     .arity = 4,
     .flags = kWrite | kFast,
     .categories = kCatSet,
     .keys = Keys(KeyRange(kKeyRw | kKeyAccess | kKeyDelete, 1, 1), KeyRange(kKeyRw | kKeyInsert, 2, 2)),
     .handler = SMove},
    {.name = "srem",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatSet,
     .keys = OneKey(kKeyRw | kKeyDelete),
     .handler = SRem,
     .read_ahead = ReadAheadMembers},
};

}  // namespace

const CommandGroup kSetCommands{"set", kRows};

}  // namespace usher::server
