// Sets as a whole and at random: SMEMBERS, SSCAN, SRANDMEMBER, SPOP. What SPOP took is journaled as SREM, a set that it
// emptied by count as DEL.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/draw_count.h"
#include "server/commands/groups.h"
#include "server/commands/scan_option.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::KeyEntry;
using engine::Set;

constexpr int64_t kNsPerMember = 60;
constexpr int64_t kNsPerDraw = 150;

void SMembers(CommandContext& ctx) {
  const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(1));
  if (!set) return ctx.Fail(set.error());
  ctx.reply.Set(*set == nullptr ? 0 : (*set)->size());
  if (*set != nullptr) (*set)->ForEach([&](std::string_view member) { ctx.reply.Bulk(member); });
}

void ReplyOneRandomMember(CommandContext& ctx) {
  const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(1));
  if (!set) return ctx.Fail(set.error());
  if (*set == nullptr) return ctx.reply.Null();
  (*set)->RandomMember(ctx.thread.random, [&](std::string_view member) { ctx.reply.Bulk(member); });
}

void SRandMember(CommandContext& ctx) {
  if (ctx.args.size() == 2) return ReplyOneRandomMember(ctx);
  if (ctx.args.size() > 3) return ctx.Fail(Error::kSyntax);
  int64_t count = 0;
  const std::string_view error = ParseDrawCount(ctx.args[2], count);
  if (!error.empty()) return ctx.FailText(error);
  const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(1));
  if (!set) return ctx.Fail(set.error());
  if (*set == nullptr || count == 0) return ctx.reply.Array(0);
  const auto reply_member = [&](std::string_view member) { ctx.reply.Bulk(member); };
  if (count < 0) {
    const auto draws = static_cast<size_t>(-count);
    ctx.reply.Array(draws);
    return (*set)->RandomRepeated(ctx.thread.random, draws, reply_member);
  }
  const size_t distinct = std::min(static_cast<size_t>(count), (*set)->size());
  ctx.reply.Array(distinct);
  if (distinct == (*set)->size()) return (*set)->ForEach(reply_member);
  (*set)->RandomDistinct(ctx.thread.random, distinct, reply_member);
}

/// Collects removed members and journals them, so many to a command.
class RemovalEffects {
 public:
  RemovalEffects(engine::EngineContext& engine, const Key& key) : engine_(engine), key_(key) {}
  ~RemovalEffects() { Flush(); }
  RemovalEffects(const RemovalEffects&) = delete;
  RemovalEffects& operator=(const RemovalEffects&) = delete;

  void Add(std::string_view member) {
    if (!engine_.journaling()) return;
    members_.emplace_back(member);
    if (members_.size() == kMembersMax) Flush();
  }

 private:
  static constexpr size_t kMembersMax = 1024;

  void Flush() {
    if (members_.empty()) return;
    std::vector<std::string_view> words = {"SREM", key_.name};
    words.insert(words.end(), members_.begin(), members_.end());
    engine_.Effect(words);
    members_.clear();
  }

  engine::EngineContext& engine_;
  const Key key_;
  std::vector<std::string> members_;
};

void PopOne(CommandContext& ctx, const Key& key, Set& set) {
  set.PopRandom(ctx.thread.random, 1, [&](std::string_view member) {
    ctx.reply.Bulk(member);
    ctx.engine.Effect({"SREM", key.name, member});
  });
  ctx.engine.Modified(key, engine::kNotifySet, "spop");
}

void PopAll(CommandContext& ctx, const Key& key, engine::Writable<Set>& set) {
  ctx.reply.Set(set->size());
  set->ForEach([&](std::string_view member) { ctx.reply.Bulk(member); });
  set.Finish();
  ctx.engine.Effect({"DEL", key.name});
  ctx.engine.Modified(key, engine::kNotifySet, "spop");
  ctx.engine.Delete(key);
  ctx.engine.Notify(key, ctx.engine.db(), engine::kNotifyGeneric, "del");
}

void PopSome(CommandContext& ctx, const Key& key, Set& set, size_t count) {
  ctx.reply.Set(count);
  RemovalEffects effects(ctx.engine, key);
  set.PopRandom(ctx.thread.random, count, [&](std::string_view member) {
    ctx.reply.Bulk(member);
    effects.Add(member);
  });
  ctx.engine.Modified(key, engine::kNotifySet, "spop");
}

void SPop(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ctx.Fail(Error::kSyntax);
  const bool counted = ctx.args.size() == 3;
  const int64_t count = counted ? ToInteger(ctx.args[2]).value_or(-1) : 1;
  if (count < 0) return ctx.Fail(Error::kMustBePositive);
  const Key key = ctx.KeyAt(1);
  auto set = ctx.engine.ForWriteAs<Set>(key);
  if (!set) return ctx.Fail(set.error());
  if (!counted) return *set ? PopOne(ctx, key, **set) : ctx.reply.Null();
  if (!*set || count == 0) return ctx.reply.Set(0);
  const auto wanted = static_cast<size_t>(count);
  if (wanted >= (*set)->size()) return PopAll(ctx, key, *set);
  PopSome(ctx, key, **set, wanted);
}

size_t SizeOf(CommandContext& ctx) {
  const KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  return entry && entry.type() == engine::ValueType::kSet ? entry.As<Set>().size() : 0;
}

int64_t WholeSetCost(CommandContext& ctx) {
  return static_cast<int64_t>(SizeOf(ctx)) * kNsPerMember;
}

int64_t DrawCost(CommandContext& ctx) {
  constexpr int64_t kDrawsMax = 1'000'000'000;
  const int64_t size = static_cast<int64_t>(SizeOf(ctx));
  const int64_t count = std::clamp(ToInteger(ctx.args[2]).value_or(0), -kDrawsMax, kDrawsMax);
  if (size == 0) return 0;
  return (count < 0 ? -count : std::min(count, size)) * kNsPerDraw;
}

constexpr CommandSpec kRows[] = {
    {.name = "smembers",
     .arity = 2,
     .flags = kReadOnly,
     .categories = kCatSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = SMembers,
     .tips = "nondeterministic_output_order",
     .cost = WholeSetCost},
    {.name = "spop",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatSet,
     .keys = OneKey(kKeyRw | kKeyAccess | kKeyDelete),
     .handler = SPop,
     .tips = "nondeterministic_output",
     .cost = DrawCost,
     .cost_from_args = 3},
    {.name = "srandmember",
     .arity = -2,
     .flags = kReadOnly,
     .categories = kCatSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = SRandMember,
     .tips = "nondeterministic_output",
     .cost = DrawCost,
     .cost_from_args = 3},
    {.name = "sscan",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kCatSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = ScanContainer<Set, FoundTexts>,
     .tips = "nondeterministic_output"},
};

}  // namespace

const CommandGroup kSetScanCommands{"set", kRows};

}  // namespace usher::server
