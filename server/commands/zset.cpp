// Sorted sets: adding, removing, scores and ranks. Ranges are in zset_range.cpp, pops in zset_pop.cpp, set algebra in
// zset_combine.cpp, random members and ZSCAN in zset_scan.cpp.
#include <algorithm>
#include <array>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/zset_read_ahead.h"
#include "server/error_text.h"

namespace usher::server {

namespace {

using engine::AddResult;
using engine::AddRules;
using engine::Error;
using engine::Key;
using engine::kNotifyZset;
using engine::Result;
using engine::Zset;
using engine::ZsetKey;

constexpr int64_t kAddNs = 500;
constexpr int64_t kLookupNs = 100;
constexpr uint16_t kCostFromArgs = 1000;
constexpr size_t kFetchedAhead = 16;

struct AddOptions {
  AddRules rules;
  bool count_changed = false;  // CH
  size_t first = 2;            // where the first score is

  size_t Pairs(const CommandContext& ctx) const { return (ctx.args.size() - first) / 2; }
};

/// Reads ZADD's options; the text of the error, or nothing.
std::string ParseAddOptions(const CommandContext& ctx, AddOptions& options) {
  AddRules& rules = options.rules;
  ArgReader reader(ctx.args, 2);
  for (;;) {
    if (reader.Accept("NX")) {
      rules.only_new = true;
    } else if (reader.Accept("XX")) {
      rules.only_existing = true;
    } else if (reader.Accept("CH")) {
      options.count_changed = true;
    } else if (reader.Accept("GT")) {
      rules.only_greater = true;
    } else if (reader.Accept("LT")) {
      rules.only_less = true;
    } else if (reader.Accept("INCR")) {
      rules.increment = true;
    } else {
      break;
    }
  }
  options.first = reader.position();
  if (reader.done() || reader.left() % 2 != 0) return ErrorText(Error::kSyntax);
  if (rules.only_new && rules.only_existing) return "ERR XX and NX options at the same time are not compatible";
  if ((rules.only_greater && rules.only_less) || (rules.only_new && (rules.only_greater || rules.only_less))) {
    return "ERR GT, LT, and/or NX options at the same time are not compatible";
  }
  if (rules.increment && reader.left() > 2) return "ERR INCR option supports a single increment-element pair";
  return {};
}

/// All scores are read before the first change. They stay on the stack unless there are many.
class AddScores {
 public:
  /// False: one of them is no number.
  bool Parse(const CommandContext& ctx, const AddOptions& options) {
    const size_t pairs = options.Pairs(ctx);
    if (pairs > few_.size()) {
      many_.resize(pairs);
      scores_ = many_.data();
    }
    for (size_t i = 0; i < pairs; ++i) {
      if (!protocol::ParseDouble(ctx.args[options.first + 2 * i], scores_[i])) return false;
    }
    return true;
  }
  double operator[](size_t i) const { return scores_[i]; }

 private:
  std::array<double, 16> few_;
  std::vector<double> many_;
  double* scores_ = few_.data();
};

struct AddCounts {
  size_t added = 0;
  size_t changed = 0;
};

/// Several at once: the lookups' cache misses overlap.
AddCounts AddPairs(CommandContext& ctx, const AddOptions& options, const AddScores& scores, Zset& zset) {
  const size_t pairs = options.Pairs(ctx);
  const engine::ZsetLimits& limits = ctx.engine.settings().zset;
  AddCounts counts;
  std::array<uint64_t, kFetchedAhead> hashes;
  for (size_t base = 0; base < pairs; base += kFetchedAhead) {
    const size_t end = std::min(pairs, base + kFetchedAhead);
    for (size_t i = base; i < end; ++i) {
      hashes[i - base] = Zset::HashOf(ctx.args[options.first + 2 * i + 1]);
      zset.Prefetch(hashes[i - base]);
    }
    for (size_t i = base; i < end; ++i) {
      const ZsetKey member(ctx.args[options.first + 2 * i + 1], hashes[i - base]);
      const AddResult result = *zset.Add(member, scores[i], options.rules, limits);
      counts.added += result.added() ? 1 : 0;
      counts.changed += result.changed() ? 1 : 0;
    }
  }
  return counts;
}

/// ZADD with INCR and ZINCRBY: the reply is the new score.
void Increment(CommandContext& ctx, const AddRules& rules, std::string_view member, double increment) {
  const Key key = ctx.KeyAt(1);
  auto zset = rules.only_existing ? ctx.engine.ForWriteAs<Zset>(key) : ctx.engine.ForWriteOrCreate<Zset>(key);
  if (!zset) return ctx.Fail(zset.error());
  if (!*zset) return ctx.reply.Null();
  const Result<AddResult> result = (**zset).Add(member, increment, rules, ctx.engine.settings().zset);
  if (!result) return ctx.Fail(result.error());
  if ((*result).outcome == engine::AddOutcome::kRefused) return ctx.reply.Null();
  if ((*result).added() || (*result).changed()) ctx.engine.Modified(key, kNotifyZset, "zincr");
  ctx.reply.Double((*result).score);
}

void ZAdd(CommandContext& ctx) {
  AddOptions options;
  const std::string error = ParseAddOptions(ctx, options);
  if (!error.empty()) return ctx.FailText(error);
  AddScores scores;
  if (!scores.Parse(ctx, options)) return ctx.Fail(Error::kNotAFloat);
  if (options.rules.increment) return Increment(ctx, options.rules, ctx.args[options.first + 1], scores[0]);
  const Key key = ctx.KeyAt(1);
  auto zset = options.rules.only_existing ? ctx.engine.ForWriteAs<Zset>(key) : ctx.engine.ForWriteOrCreate<Zset>(key);
  if (!zset) return ctx.Fail(zset.error());
  if (!*zset) return ctx.reply.Integer(0);
  const AddCounts counts = AddPairs(ctx, options, scores, **zset);
  if (counts.added + counts.changed > 0) ctx.engine.Modified(key, kNotifyZset, "zadd");
  ctx.reply.Integer(static_cast<int64_t>(counts.added + (options.count_changed ? counts.changed : 0)));
}

int64_t ZAddCost(CommandContext& ctx) {
  return static_cast<int64_t>(ctx.args.size() / 2) * kAddNs;
}

void ZIncrBy(CommandContext& ctx) {
  // Redis reads ZADD's options here too, and then lacks a member.
  for (const std::string_view option : {"NX", "XX", "GT", "LT", "CH", "INCR"}) {
    if (EqualsIgnoringCase(ctx.args[2], option)) return ctx.Fail(Error::kSyntax);
  }
  const std::optional<double> increment = ToDouble(ctx.args[2]);
  if (!increment) return ctx.Fail(Error::kNotAFloat);
  Increment(ctx, AddRules{.increment = true}, ctx.args[3], *increment);
}

void ZRem(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  const auto zset = ctx.engine.ForWriteAs<Zset>(key);
  if (!zset) return ctx.Fail(zset.error());
  int64_t removed = 0;
  if (*zset) {
    for (size_t i = 2; i < ctx.args.size() && !(**zset).empty(); ++i) {
      if ((**zset).Remove(ctx.args[i])) ++removed;
    }
    if (removed > 0) ctx.engine.Modified(key, kNotifyZset, "zrem");
  }
  ctx.reply.Integer(removed);
}

int64_t ZRemCost(CommandContext& ctx) {
  return static_cast<int64_t>(ctx.args.size()) * kAddNs;
}

void ZCard(CommandContext& ctx) {
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  ctx.reply.Integer(*zset == nullptr ? 0 : static_cast<int64_t>((*zset)->size()));
}

void ReplyScore(CommandContext& ctx, const Zset* zset, std::string_view member) {
  const std::optional<double> score = zset == nullptr ? std::nullopt : zset->Score(member);
  if (!score) return ctx.reply.Null();
  ctx.reply.Double(*score);
}

void ZScore(CommandContext& ctx) {
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  ReplyScore(ctx, *zset, ctx.args[2]);
}

void ZMScore(CommandContext& ctx) {
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  ctx.reply.Array(ctx.args.size() - 2);
  for (size_t i = 2; i < ctx.args.size(); ++i) ReplyScore(ctx, *zset, ctx.args[i]);
}

int64_t ZMScoreCost(CommandContext& ctx) {
  return static_cast<int64_t>(ctx.args.size()) * kLookupNs;
}

void ReplyRank(CommandContext& ctx, engine::Order order) {
  if (ctx.args.size() > 4) return ctx.FailArity();
  const bool with_score = ctx.args.size() == 4;
  if (with_score && !EqualsIgnoringCase(ctx.args[3], "WITHSCORE")) return ctx.Fail(Error::kSyntax);
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  const auto ranked = *zset == nullptr ? std::nullopt : (*zset)->Rank(ctx.args[2]);
  if (!ranked) return with_score ? ctx.reply.NullArray() : ctx.reply.Null();
  const size_t rank = order == engine::Order::kAscending ? ranked->rank : (*zset)->size() - 1 - ranked->rank;
  if (with_score) ctx.reply.Array(2);
  ctx.reply.Integer(static_cast<int64_t>(rank));
  if (with_score) ctx.reply.Double(ranked->score);
}

void ZRank(CommandContext& ctx) {
  ReplyRank(ctx, engine::Order::kAscending);
}
void ZRevRank(CommandContext& ctx) {
  ReplyRank(ctx, engine::Order::kReversed);
}

constexpr CommandSpec ReadRow(std::string_view name, int16_t arity, CommandHandler handler) {
  return {.name = name,
          .arity = arity,
          .flags = kReadOnly | kFast,
          .categories = kCatSortedSet,
          .keys = OneKey(kKeyRo | kKeyAccess),
          .handler = handler};
}

constexpr CommandSpec WriteRow(std::string_view name, int16_t arity, uint32_t more_flags, uint16_t key_flags,
                               CommandHandler handler) {
  return {.name = name,
          .arity = arity,
          .flags = kWrite | kFast | more_flags,
          .categories = kCatSortedSet,
          .keys = OneKey(kKeyRw | key_flags),
          .handler = handler};
}

constexpr CommandSpec WithCost(CommandSpec row, CommandCost cost) {
  row.cost = cost;
  row.cost_from_args = kCostFromArgs;
  return row;
}

constexpr CommandSpec kRows[] = {
    WithReadAhead(WithCost(WriteRow("zadd", -4, kDenyOom, kKeyUpdate, ZAdd), ZAddCost), ReadAheadMembers<3>),
    WithReadAhead(WriteRow("zincrby", 4, kDenyOom, kKeyAccess | kKeyUpdate, ZIncrBy), ReadAheadMembers<3>),
    WithReadAhead(WithCost(WriteRow("zrem", -3, 0, kKeyDelete, ZRem), ZRemCost), ReadAheadMembers<2>),
    {.name = "zcard",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatSortedSet,
     .keys = OneKey(kKeyRo),
     .handler = ZCard},
    WithReadAhead(ReadRow("zscore", 3, ZScore), ReadAheadMembers<2>),
    WithCost(ReadRow("zmscore", -3, ZMScore), ZMScoreCost),
    WithReadAhead(ReadRow("zrank", -3, ZRank), ReadAheadMembers<2>),
    WithReadAhead(ReadRow("zrevrank", -3, ZRevRank), ReadAheadMembers<2>),
};

}  // namespace

const CommandGroup kZsetCommands{"sorted-set", kRows};

}  // namespace usher::server
