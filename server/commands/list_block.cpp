// Popping from the first of several lists that has something, waiting for one if need be: LMPOP, BLPOP, BRPOP, BLMPOP.
// Whichever way elements leave, the journal has LPOP or RPOP.
#include <algorithm>
#include <array>
#include <vector>

#include "protocol/number_text.h"
#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/groups.h"
#include "server/commands/list_pop.h"
#include "server/commands/multi_pop.h"
#include "server/worker.h"

namespace usher::server {

namespace {

using engine::Key;
using engine::List;
using engine::ListEnd;
using engine::Writable;

constexpr std::array<std::string_view, 2> kEnds = {"LEFT", "RIGHT"};
constexpr int64_t kPopNs = 40;

ListEnd EndOf(const MultiPop& request) {
  return request.second_word ? ListEnd::kTail : ListEnd::kHead;
}

/// BLPOP's way: one element, [key, element].
void ReplyOneOf(CommandContext& ctx, const Key& key, Writable<List>& list, ListEnd end) {
  ctx.reply.Array(2);
  ctx.reply.Bulk(key.name);
  PopAndReply(ctx, key, list, end, 1);
  ctx.engine.Effect({ListPopCommand(end), key.name});
}

/// LMPOP's way: [key, [element ...]].
void ReplySeveralOf(CommandContext& ctx, const Key& key, Writable<List>& list, const MultiPop& request) {
  const uint64_t count = std::min(static_cast<uint64_t>(request.count), list->size());
  ctx.reply.Array(2);
  ctx.reply.Bulk(key.name);
  ctx.reply.Array(count);
  PopAndReply(ctx, key, list, EndOf(request), count);
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  const size_t length = protocol::FormatUnsigned(count, digits.data());
  ctx.engine.Effect({ListPopCommand(EndOf(request)), key.name, std::string_view(digits.data(), length)});
}

/// Pops from the first of `keys` that has something. False: none has, and nothing was replied. A key of another type
/// is an error.
template <class PopFrom>
bool PopFirstOf(CommandContext& ctx, std::span<const Key> keys, PopFrom&& pop_from) {
  for (const Key& key : keys) {
    auto list = ctx.engine.ForWriteAs<List>(key);
    if (!list) {
      ctx.Fail(list.error());
      return true;
    }
    if (!*list) continue;
    pop_from(key, *list);
    return true;
  }
  return false;
}

void WriteNullArray(protocol::RespWriter& reply) {
  reply.NullArray();
}

template <ListEnd kEnd>
bool ServeBlockingPop(CommandContext& ctx, const Key& key, ServeStep step) {
  if (step == ServeStep::kCheck) return HasList(ctx, key);
  return PopFirstOf(ctx, {&key, 1}, [&](const Key& from, Writable<List>& list) { ReplyOneOf(ctx, from, list, kEnd); });
}

template <ListEnd kEnd>
void BlockingPop(CommandContext& ctx) {
  const auto deadline_ms = ParseBlockTimeout(ctx.args.back(), Worker::MonotonicMs());
  if (!deadline_ms) return ctx.Fail(deadline_ms.error());
  const std::vector<Key> keys = KeysAt(ctx, 1, ctx.args.size() - 2);
  const bool replied =
      PopFirstOf(ctx, keys, [&](const Key& key, Writable<List>& list) { ReplyOneOf(ctx, key, list, kEnd); });
  if (!replied) ctx.Block(keys, ServeBlockingPop<kEnd>, WriteNullArray, *deadline_ms);
}

bool PopSeveral(CommandContext& ctx, std::span<const Key> keys, const MultiPop& request) {
  return PopFirstOf(ctx, keys, [&](const Key& key, Writable<List>& list) { ReplySeveralOf(ctx, key, list, request); });
}

void LMPop(CommandContext& ctx) {
  MultiPop request;
  const std::string_view error = request.Parse(ctx.args, 1, kEnds);
  if (!error.empty()) return ctx.FailText(error);
  if (!PopSeveral(ctx, KeysAt(ctx, request.first_key, request.key_count), request)) ctx.reply.NullArray();
}

template <size_t kCountAt>
int64_t MultiPopCost(CommandContext& ctx) {
  MultiPop request;
  if (!request.Parse(ctx.args, kCountAt, kEnds).empty()) return 0;
  uint64_t largest = 0;  // which key it will be, the handler finds out
  for (const Key& key : KeysAt(ctx, request.first_key, request.key_count)) {
    if (HasList(ctx, key)) largest = std::max(largest, ctx.engine.Peek(key).As<List>().size());
  }
  return static_cast<int64_t>(std::min(largest, static_cast<uint64_t>(request.count))) * kPopNs;
}

bool ServeMultiPop(CommandContext& ctx, const Key& key, ServeStep step) {
  if (step == ServeStep::kCheck) return HasList(ctx, key);
  MultiPop request;
  request.Parse(ctx.args, 2, kEnds);
  return PopSeveral(ctx, {&key, 1}, request);
}

void BLMPop(CommandContext& ctx) {
  MultiPop request;
  const std::string_view error = request.Parse(ctx.args, 2, kEnds);
  if (!error.empty()) return ctx.FailText(error);
  const auto deadline_ms = ParseBlockTimeout(ctx.args[1], Worker::MonotonicMs());
  if (!deadline_ms) return ctx.Fail(deadline_ms.error());
  const std::vector<Key> keys = KeysAt(ctx, request.first_key, request.key_count);
  if (!PopSeveral(ctx, keys, request)) ctx.Block(keys, ServeMultiPop, WriteNullArray, *deadline_ms);
}

constexpr uint16_t kPopKey = kKeyRw | kKeyAccess | kKeyDelete;

constexpr CommandSpec BlockingPopRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -3,
          .flags = kWrite | kBlocking,
          .categories = kCatList,
          .keys = Keys(KeyRange(kPopKey, 1, -2)),
          .handler = handler};
}

constexpr CommandSpec kRows[] = {
    {.name = "lmpop",
     .arity = -4,
     .flags = kWrite | kMovableKeys,
     .categories = kCatList,
     .keys = Keys(KeyCount(kPopKey, 1)),
     .handler = LMPop,
     .cost = MultiPopCost<1>,
     .cost_from_args = 6},
    BlockingPopRow("blpop", BlockingPop<ListEnd::kHead>),
    BlockingPopRow("brpop", BlockingPop<ListEnd::kTail>),
    {.name = "blmpop",
     .arity = -5,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kCatList,
     .keys = Keys(KeyCount(kPopKey, 2)),
     .handler = BLMPop,
     .cost = MultiPopCost<2>,
     .cost_from_args = 7},
};

}  // namespace

const CommandGroup kListBlockCommands{"list", kRows};

}  // namespace usher::server
