// Taking from the ends of sorted sets, waiting for one to have something if need be: ZPOPMIN, ZPOPMAX, ZMPOP and their
// blocking forms. Whichever way entries leave, the journal has ZPOPMIN or ZPOPMAX.
#include <algorithm>
#include <array>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/multi_pop.h"
#include "server/commands/zset_result.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::Order;
using engine::Writable;
using engine::Zset;

constexpr int64_t kEntryNs = 200;

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

/// What popping may take.
int64_t PopOneKeyCost(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  if (!entry || entry.type() != engine::ValueType::kZset) return 0;
  const auto size = static_cast<int64_t>(entry.As<Zset>().size());
  return std::clamp<int64_t>(ToInteger(ctx.args[2]).value_or(0), 0, size) * kEntryNs;
}

struct ZsetPops {
  using Value = Zset;
  static constexpr std::array<std::string_view, 2> kWords = {"MIN", "MAX"};
  static constexpr int64_t kPopNs = kEntryNs;
  static constexpr uint32_t kBlockingFlags = kFast;
  static constexpr uint32_t kCategory = kCatSortedSet;

  static PopEnd EndOf(bool second) { return second ? PopEnd::kMax : PopEnd::kMin; }

  /// [key, member, score]
  static void PopOne(CommandContext& ctx, const Key& key, Writable<Zset>& zset, bool second) {
    const PopEnd end = EndOf(second);
    ctx.reply.Array(3);
    ctx.reply.Bulk(key.name);
    Pop(ctx, key, zset, end, 1, [&](std::string_view member, double score) {
      ctx.reply.Bulk(member);
      ctx.reply.Double(score);
    });
    ctx.engine.Effect({CommandOf(end), key.name});
  }

  /// [key, [[member, score] ...]]
  static void PopSeveral(CommandContext& ctx, const Key& key, Writable<Zset>& zset, const MultiPop& request) {
    const PopEnd end = EndOf(request.second_word);
    const size_t count = std::min(static_cast<size_t>(request.count), zset->size());
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
};
using ZsetCommands = PopCommands<ZsetPops>;

constexpr CommandSpec PopRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -2,
          .flags = kWrite | kFast,
          .categories = kCatSortedSet,
          .keys = OneKey(kKeyRw | kKeyAccess | kKeyDelete),
          .handler = handler,
          .cost = PopOneKeyCost,
          .cost_from_args = 3};
}

constexpr CommandSpec kRows[] = {
    PopRow("zpopmin", ZPopMin),
    PopRow("zpopmax", ZPopMax),
    ZsetCommands::MultiRow("zmpop"),
    ZsetCommands::BlockingRow<false>("bzpopmin"),
    ZsetCommands::BlockingRow<true>("bzpopmax"),
    ZsetCommands::BlockingMultiRow("bzmpop"),
};

}  // namespace

const CommandGroup kZsetPopCommands{"sorted-set", kRows};

}  // namespace usher::server
