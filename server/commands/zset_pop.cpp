// Taking from the ends of sorted sets, waiting for one to have something if need be: ZPOPMIN, ZPOPMAX, ZMPOP and their
// blocking forms. Whichever way entries leave, the journal has ZPOPMIN or ZPOPMAX.
#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/groups.h"
#include "server/commands/multi_pop.h"
#include "server/commands/zset_result.h"
#include "server/worker.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::Order;
using engine::Writable;
using engine::Zset;

constexpr int64_t kPopNs = 200;

enum class PopEnd : uint8_t { kMin, kMax };

std::string_view CommandOf(PopEnd end) {
  return end == PopEnd::kMin ? "ZPOPMIN" : "ZPOPMAX";
}
std::string_view EventOf(PopEnd end) {
  return end == PopEnd::kMin ? "zpopmin" : "zpopmax";
}

/// Removes `count` entries (at most its size), calling fn(member, score) for each, and reports it. The key goes with
/// its last entry.
template <class Fn>
void Pop(CommandContext& ctx, const Key& key, Writable<Zset>& zset, PopEnd end, size_t count, Fn&& fn) {
  if (end == PopEnd::kMin) {
    zset->PopMin(count, fn);
  } else {
    zset->PopMax(count, fn);
  }
  ctx.engine.Modified(key, engine::kNotifyZset, EventOf(end));
  zset.Finish();
}

void PopOneKey(CommandContext& ctx, PopEnd end) {
  if (ctx.args.size() > 3) return ctx.Fail(Error::kSyntax);
  const bool counted = ctx.args.size() == 3;
  const std::optional<int64_t> wanted = counted ? ToInteger(ctx.args[2]) : 1;
  if (!wanted || *wanted < 0) return ctx.Fail(Error::kMustBePositive);
  const Key key = ctx.KeyAt(1);
  auto zset = ctx.engine.ForWriteAs<Zset>(key);
  if (!zset) return ctx.Fail(zset.error());
  if (!*zset || *wanted == 0) return ctx.reply.Array(0);
  const size_t count = std::min(static_cast<size_t>(*wanted), (**zset).size());
  if (counted) {
    ZsetReply reply(ctx.reply, count, Scores::kShown);
    return Pop(ctx, key, *zset, end, count, [&](std::string_view member, double score) { reply.Entry(member, score); });
  }
  ctx.reply.Array(2);
  Pop(ctx, key, *zset, end, count, [&](std::string_view member, double score) {
    ctx.reply.Bulk(member);
    ctx.reply.Double(score);
  });
}

void ZPopMin(CommandContext& ctx) {
  PopOneKey(ctx, PopEnd::kMin);
}
void ZPopMax(CommandContext& ctx) {
  PopOneKey(ctx, PopEnd::kMax);
}

/// What popping up to `wanted` entries of a key may take.
int64_t PopCost(CommandContext& ctx, const Key& key, int64_t wanted) {
  const engine::KeyEntry entry = ctx.engine.Peek(key);
  if (!entry || entry.type() != engine::ValueType::kZset) return 0;
  return std::clamp<int64_t>(wanted, 0, static_cast<int64_t>(entry.As<Zset>().size())) * kPopNs;
}

int64_t PopOneKeyCost(CommandContext& ctx) {
  return PopCost(ctx, ctx.KeyAt(1), ToInteger(ctx.args[2]).value_or(0));
}

/// BZPOPMIN's way: one entry, [key, member, score].
void ReplyOneOf(CommandContext& ctx, const Key& key, Writable<Zset>& zset, PopEnd end) {
  ctx.reply.Array(3);
  ctx.reply.Bulk(key.name);
  Pop(ctx, key, zset, end, 1, [&](std::string_view member, double score) {
    ctx.reply.Bulk(member);
    ctx.reply.Double(score);
  });
  ctx.engine.Effect({CommandOf(end), key.name});
}

/// ZMPOP's way: [key, [[member, score] ...]].
void ReplySeveralOf(CommandContext& ctx, const Key& key, Writable<Zset>& zset, PopEnd end, int64_t wanted) {
  const size_t count = std::min(static_cast<size_t>(wanted), zset->size());
  ctx.reply.Array(2);
  ctx.reply.Bulk(key.name);
  ctx.reply.Array(count);
  Pop(ctx, key, zset, end, count, [&](std::string_view member, double score) {
    ctx.reply.Array(2);
    ctx.reply.Bulk(member);
    ctx.reply.Double(score);
  });
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  const size_t length = protocol::FormatUnsigned(count, digits.data());
  ctx.engine.Effect({CommandOf(end), key.name, std::string_view(digits.data(), length)});
}

/// Pops from the first of `keys` that has something. False: none has, and nothing was replied. A key of another type
/// is an error.
template <class PopFrom>
bool PopFirstOf(CommandContext& ctx, std::span<const Key> keys, PopFrom&& pop_from) {
  for (const Key& key : keys) {
    auto zset = ctx.engine.ForWriteAs<Zset>(key);
    if (!zset) {
      ctx.Fail(zset.error());
      return true;
    }
    if (!*zset) continue;
    pop_from(key, *zset);
    return true;
  }
  return false;
}

void WriteNullArray(protocol::RespWriter& reply) {
  reply.NullArray();
}

bool HasZset(CommandContext& ctx, const Key& key) {
  const engine::KeyEntry entry = ctx.engine.Peek(key);
  return entry && entry.type() == engine::ValueType::kZset;
}

template <PopEnd kEnd>
bool ServeBlockingPop(CommandContext& ctx, const Key& key, ServeStep step) {
  if (step == ServeStep::kCheck) return HasZset(ctx, key);
  return PopFirstOf(ctx, {&key, 1}, [&](const Key& from, Writable<Zset>& zset) { ReplyOneOf(ctx, from, zset, kEnd); });
}

template <PopEnd kEnd>
void BlockingPop(CommandContext& ctx) {
  const auto deadline_ms = ParseBlockTimeout(ctx.args.back(), Worker::MonotonicMs());
  if (!deadline_ms) return ctx.Fail(deadline_ms.error());
  const std::vector<Key> keys = KeysAt(ctx, 1, ctx.args.size() - 2);
  const bool replied =
      PopFirstOf(ctx, keys, [&](const Key& key, Writable<Zset>& zset) { ReplyOneOf(ctx, key, zset, kEnd); });
  if (!replied) ctx.Block(keys, ServeBlockingPop<kEnd>, WriteNullArray, *deadline_ms);
}

constexpr std::array<std::string_view, 2> kEnds = {"MIN", "MAX"};

PopEnd EndOf(const MultiPop& request) {
  return request.second_word ? PopEnd::kMax : PopEnd::kMin;
}

void ZMPop(CommandContext& ctx) {
  MultiPop request;
  const std::string_view error = request.Parse(ctx.args, 1, kEnds);
  if (!error.empty()) return ctx.FailText(error);
  const std::vector<Key> keys = KeysAt(ctx, request.first_key, request.key_count);
  const bool replied = PopFirstOf(ctx, keys, [&](const Key& key, Writable<Zset>& zset) {
    ReplySeveralOf(ctx, key, zset, EndOf(request), request.count);
  });
  if (!replied) ctx.reply.NullArray();
}

template <size_t kCountAt>
int64_t MultiPopCost(CommandContext& ctx) {
  MultiPop request;
  if (!request.Parse(ctx.args, kCountAt, kEnds).empty()) return 0;
  int64_t largest = 0;  // which key it will be, the handler finds out
  for (size_t i = 0; i < request.key_count; ++i) {
    largest = std::max(largest, PopCost(ctx, ctx.KeyAt(request.first_key + i), request.count));
  }
  return largest;
}

bool ServeMultiPop(CommandContext& ctx, const Key& key, ServeStep step) {
  if (step == ServeStep::kCheck) return HasZset(ctx, key);
  MultiPop request;
  request.Parse(ctx.args, 2, kEnds);
  return PopFirstOf(ctx, {&key, 1}, [&](const Key& from, Writable<Zset>& zset) {
    ReplySeveralOf(ctx, from, zset, EndOf(request), request.count);
  });
}

void BZMPop(CommandContext& ctx) {
  MultiPop request;
  const std::string_view error = request.Parse(ctx.args, 2, kEnds);
  if (!error.empty()) return ctx.FailText(error);
  const auto deadline_ms = ParseBlockTimeout(ctx.args[1], Worker::MonotonicMs());
  if (!deadline_ms) return ctx.Fail(deadline_ms.error());
  const std::vector<Key> keys = KeysAt(ctx, request.first_key, request.key_count);
  const bool replied = PopFirstOf(ctx, keys, [&](const Key& key, Writable<Zset>& zset) {
    ReplySeveralOf(ctx, key, zset, EndOf(request), request.count);
  });
  if (!replied) ctx.Block(keys, ServeMultiPop, WriteNullArray, *deadline_ms);
}

constexpr uint16_t kPopKey = kKeyRw | kKeyAccess | kKeyDelete;

constexpr CommandSpec PopRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -2,
          .flags = kWrite | kFast,
          .categories = kCatSortedSet,
          .keys = OneKey(kPopKey),
          .handler = handler,
          .cost = PopOneKeyCost,
          .cost_from_args = 3};
}

constexpr CommandSpec BlockingPopRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -3,
          .flags = kWrite | kBlocking | kFast,
          .categories = kCatSortedSet,
          .keys = Keys(KeyRange(kPopKey, 1, -2)),
          .handler = handler};
}

constexpr CommandSpec kRows[] = {
    PopRow("zpopmin", ZPopMin),
    PopRow("zpopmax", ZPopMax),
    {.name = "zmpop",
     .arity = -4,
     .flags = kWrite | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = Keys(KeyCount(kPopKey, 1)),
     .handler = ZMPop,
     .cost = MultiPopCost<1>,
     .cost_from_args = 6},
    BlockingPopRow("bzpopmin", BlockingPop<PopEnd::kMin>),
    BlockingPopRow("bzpopmax", BlockingPop<PopEnd::kMax>),
    {.name = "bzmpop",
     .arity = -5,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kCatSortedSet,
     .keys = Keys(KeyCount(kPopKey, 2)),
     .handler = BZMPop,
     .cost = MultiPopCost<2>,
     .cost_from_args = 7},
};

}  // namespace

const CommandGroup kZsetPopCommands{"sorted-set", kRows};

}  // namespace usher::server
