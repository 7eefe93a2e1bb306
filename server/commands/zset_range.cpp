// Sorted sets by range: ZRANGE and the commands it replaced, ZRANGESTORE, counting and removing by range.
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/zset_result.h"
#include "server/error_text.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::Order;
using engine::RankRange;
using engine::Result;
using engine::Zset;

constexpr size_t kSmallSet = 8000;  // whatever is done with so many entries is quick
constexpr int64_t kReplyEntryNs = 80;
constexpr int64_t kEraseEntryNs = 120;
constexpr int64_t kStoreEntryNs = 400;

enum class RangeBy : uint8_t { kRank, kScore, kLex };

/// The two bounds of a range and what they mean.
struct RangeBounds {
  RangeBy by = RangeBy::kRank;
  int64_t start = 0;
  int64_t stop = 0;
  engine::ScoreRange scores{};
  engine::LexRange members{};

  /// kNotAnInteger, kMinMaxNotFloat, kMinMaxNotString.
  static Result<RangeBounds> Parse(RangeBy by, std::string_view min, std::string_view max);
  RankRange RanksIn(const Zset& zset, Order order) const;
};

Result<RangeBounds> RangeBounds::Parse(RangeBy by, std::string_view min, std::string_view max) {
  RangeBounds bounds;
  bounds.by = by;
  if (by == RangeBy::kScore) {
    const auto scores = engine::ScoreRange::Parse(min, max);
    if (!scores) return scores.error();
    bounds.scores = *scores;
  } else if (by == RangeBy::kLex) {
    const auto members = engine::LexRange::Parse(min, max);
    if (!members) return members.error();
    bounds.members = *members;
  } else if (!protocol::ParseInteger(min, bounds.start) || !protocol::ParseInteger(max, bounds.stop)) {
    return Error::kNotAnInteger;
  }
  return bounds;
}

RankRange RangeBounds::RanksIn(const Zset& zset, Order order) const {
  switch (by) {
    case RangeBy::kScore:
      return zset.RanksOf(scores);
    case RangeBy::kLex:
      return zset.RanksOf(members);
    case RangeBy::kRank:
      break;
  }
  return RankRange::FromIndexes(start, stop, zset.size(), order);
}

/// What a command's name fixes; the rest is left to options.
struct RangeSyntax {
  size_t key_at = 1;
  std::optional<RangeBy> by = {};
  std::optional<Order> order = {};
  bool stores = false;
};
constexpr RangeSyntax kZRange{};
constexpr RangeSyntax kZRangeStore{.key_at = 2, .stores = true};
constexpr RangeSyntax kZRevRange{.by = RangeBy::kRank, .order = Order::kReversed};
constexpr RangeSyntax kZRangeByScore{.by = RangeBy::kScore, .order = Order::kAscending};
constexpr RangeSyntax kZRevRangeByScore{.by = RangeBy::kScore, .order = Order::kReversed};
constexpr RangeSyntax kZRangeByLex{.by = RangeBy::kLex, .order = Order::kAscending};
constexpr RangeSyntax kZRevRangeByLex{.by = RangeBy::kLex, .order = Order::kReversed};

struct RangeRequest {
  RangeBounds bounds;
  Order order = Order::kAscending;
  Scores scores = Scores::kOmitted;
  int64_t offset = 0;
  int64_t limit = -1;

  RankRange RanksIn(const Zset& zset) const {
    const RankRange ranks = bounds.RanksIn(zset, order);
    return bounds.by == RangeBy::kRank ? ranks : ranks.Limited(offset, limit, order);
  }
};

/// Reads the options behind the bounds, completing `syntax`. kSyntax, kNotAnInteger.
engine::Status ParseRangeOptions(const CommandContext& ctx, RangeSyntax& syntax, RangeRequest& request) {
  ArgReader reader(ctx.args, syntax.key_at + 3);
  while (!reader.done()) {
    if (!syntax.stores && reader.Accept("WITHSCORES")) {
      request.scores = Scores::kShown;
    } else if (reader.AcceptWith("LIMIT", 2)) {
      if (!protocol::ParseInteger(reader.Next(), request.offset)) return Error::kNotAnInteger;
      if (!protocol::ParseInteger(reader.Next(), request.limit)) return Error::kNotAnInteger;
    } else if (!syntax.order && reader.Accept("REV")) {
      syntax.order = Order::kReversed;
    } else if (!syntax.by && reader.Accept("BYLEX")) {
      syntax.by = RangeBy::kLex;
    } else if (!syntax.by && reader.Accept("BYSCORE")) {
      syntax.by = RangeBy::kScore;
    } else {
      return Error::kSyntax;
    }
  }
  return {};
}

/// The text of the error, or nothing.
std::string ParseRange(const CommandContext& ctx, RangeSyntax syntax, RangeRequest& request) {
  const engine::Status options = ParseRangeOptions(ctx, syntax, request);
  if (!options) return ErrorText(options.error());
  const RangeBy by = syntax.by.value_or(RangeBy::kRank);
  request.order = syntax.order.value_or(Order::kAscending);
  if (request.limit != -1 && by == RangeBy::kRank) {
    return "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
  }
  if (request.scores == Scores::kShown && by == RangeBy::kLex) {
    return "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
  }
  std::string_view min = ctx.args[syntax.key_at + 1];
  std::string_view max = ctx.args[syntax.key_at + 2];
  if (request.order == Order::kReversed && by != RangeBy::kRank) std::swap(min, max);
  const Result<RangeBounds> bounds = RangeBounds::Parse(by, min, max);
  if (!bounds) return ErrorText(bounds.error());
  request.bounds = *bounds;
  return {};
}

void ReplyRange(CommandContext& ctx, const RangeSyntax& syntax) {
  RangeRequest request;
  const std::string error = ParseRange(ctx, syntax, request);
  if (!error.empty()) return ctx.FailText(error);
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  if (*zset == nullptr) return ctx.reply.Array(0);
  const RankRange ranks = request.RanksIn(**zset);
  ZsetReply reply(ctx.reply, ranks.count, request.scores);
  (*zset)->ForEach(ranks, request.order, [&](std::string_view member, double score) { reply.Entry(member, score); });
}

template <const RangeSyntax& kSyntax>
void Range(CommandContext& ctx) {
  ReplyRange(ctx, kSyntax);
}

void ZRangeStore(CommandContext& ctx) {
  RangeRequest request;
  const std::string error = ParseRange(ctx, kZRangeStore, request);
  if (!error.empty()) return ctx.FailText(error);
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(2));
  if (!zset) return ctx.Fail(zset.error());
  Zset result;
  if (*zset != nullptr) {
    const RankRange ranks = request.RanksIn(**zset);
    // Redis knows beforehand how many they are for ranks only; a result that becomes a table on the way is built
    // packed.
    const size_t expected = request.bounds.by == RangeBy::kRank ? ranks.count : 0;
    const engine::ZsetLimits limits = LimitsForResult(ctx.engine.settings().zset, expected, 0);
    // A small set may become a table on the way, and only then the order of adding shows: -0 turns 0 in a packed set.
    const Order order = limits.packed_entries_max == 0 ? Order::kAscending : request.order;
    (*zset)->ForEach(ranks, order, [&](std::string_view member, double score) { result.Add(member, score, limits); });
  }
  StoreZset(ctx, ctx.KeyAt(1), result, "zrangestore");
}

/// The sorted set at an argument's place if it is large enough for its size to matter.
const Zset* PeekLarge(CommandContext& ctx, size_t key_at) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(key_at));
  if (!entry || entry.type() != engine::ValueType::kZset) return nullptr;
  const Zset& zset = entry.As<Zset>();
  return zset.size() > kSmallSet ? &zset : nullptr;
}

template <const RangeSyntax& kSyntax>
int64_t RangeCost(CommandContext& ctx) {
  const Zset* zset = PeekLarge(ctx, kSyntax.key_at);
  RangeRequest request;
  if (zset == nullptr || !ParseRange(ctx, kSyntax, request).empty()) return 0;
  return static_cast<int64_t>(request.RanksIn(*zset).count) * (kSyntax.stores ? kStoreEntryNs : kReplyEntryNs);
}

template <RangeBy kBy>
void Count(CommandContext& ctx) {
  const Result<RangeBounds> bounds = RangeBounds::Parse(kBy, ctx.args[2], ctx.args[3]);
  if (!bounds) return ctx.Fail(bounds.error());
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  const size_t count = *zset == nullptr ? 0 : (*bounds).RanksIn(**zset, Order::kAscending).count;
  ctx.reply.Integer(static_cast<int64_t>(count));
}

constexpr std::string_view RemovalEvent(RangeBy by) {
  switch (by) {
    case RangeBy::kScore:
      return "zremrangebyscore";
    case RangeBy::kLex:
      return "zremrangebylex";
    case RangeBy::kRank:
      break;
  }
  return "zremrangebyrank";
}

template <RangeBy kBy>
void RemoveRange(CommandContext& ctx) {
  const Result<RangeBounds> bounds = RangeBounds::Parse(kBy, ctx.args[2], ctx.args[3]);
  if (!bounds) return ctx.Fail(bounds.error());
  const Key key = ctx.KeyAt(1);
  const auto zset = ctx.engine.ForWriteAs<Zset>(key);
  if (!zset) return ctx.Fail(zset.error());
  size_t removed = 0;
  if (*zset) {
    removed = (**zset).RemoveRange((*bounds).RanksIn(**zset, Order::kAscending));
    if (removed > 0) ctx.engine.Modified(key, engine::kNotifyZset, RemovalEvent(kBy));
  }
  ctx.reply.Integer(static_cast<int64_t>(removed));
}

template <RangeBy kBy>
int64_t RemoveRangeCost(CommandContext& ctx) {
  const Zset* zset = PeekLarge(ctx, 1);
  if (zset == nullptr) return 0;
  const Result<RangeBounds> bounds = RangeBounds::Parse(kBy, ctx.args[2], ctx.args[3]);
  if (!bounds) return 0;
  return static_cast<int64_t>((*bounds).RanksIn(*zset, Order::kAscending).count) * kEraseEntryNs;
}

template <const RangeSyntax& kSyntax>
constexpr CommandSpec RangeRow(std::string_view name) {
  return {.name = name,
          .arity = -4,
          .flags = kReadOnly,
          .categories = kCatSortedSet,
          .keys = OneKey(kKeyRo | kKeyAccess),
          .handler = Range<kSyntax>,
          .cost = RangeCost<kSyntax>};
}

template <RangeBy kBy>
constexpr CommandSpec CountRow(std::string_view name) {
  return {.name = name,
          .arity = 4,
          .flags = kReadOnly | kFast,
          .categories = kCatSortedSet,
          .keys = OneKey(kKeyRo | kKeyAccess),
          .handler = Count<kBy>};
}

template <RangeBy kBy>
constexpr CommandSpec RemovalRow() {
  return {.name = RemovalEvent(kBy),  // named like their events
          .arity = 4,
          .flags = kWrite,
          .categories = kCatSortedSet,
          .keys = OneKey(kKeyRw | kKeyDelete),
          .handler = RemoveRange<kBy>,
          .cost = RemoveRangeCost<kBy>};
}

constexpr CommandSpec kRows[] = {
    RangeRow<kZRange>("zrange"),
    RangeRow<kZRevRange>("zrevrange"),
    RangeRow<kZRangeByScore>("zrangebyscore"),
    RangeRow<kZRevRangeByScore>("zrevrangebyscore"),
    RangeRow<kZRangeByLex>("zrangebylex"),
    RangeRow<kZRevRangeByLex>("zrevrangebylex"),
    {.name = "zrangestore",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kCatSortedSet,
     .keys = Keys(KeyRange(kKeyOw | kKeyUpdate, 1, 1), KeyRange(kKeyRo | kKeyAccess, 2, 2)),
     .handler = ZRangeStore,
     .cost = RangeCost<kZRangeStore>},
    CountRow<RangeBy::kScore>("zcount"),
    CountRow<RangeBy::kLex>("zlexcount"),
    RemovalRow<RangeBy::kRank>(),
    RemovalRow<RangeBy::kScore>(),
    RemovalRow<RangeBy::kLex>(),
};

}  // namespace

const CommandGroup kZsetRangeCommands{"sorted-set", kRows};

}  // namespace usher::server
