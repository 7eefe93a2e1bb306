// What the commands share that pop from the first of several keys which has something, for one type of value or the
// other: LMPOP and ZMPOP, and BLPOP, BRPOP, BZPOPMIN, BZPOPMAX, BLMPOP, BZMPOP, which wait for it if need be.
//
// A client that waited is served as if its command came again, as in Redis 7.2: not from the key that woke it but from
// the first of its keys that is there, so that of two keys written by one transaction the order of the arguments
// decides. Passed by are keys for which somebody has waited longer, and those whose turns are not held: had they
// something, their writer would have served the client.
// Complexity: O(keys) and what popping takes. Thread safety: values on the handler's stack.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/worker.h"

namespace usher::server {

/// numkeys key ... <first word>|<second word> [COUNT count]
struct MultiPop {
  size_t first_key = 0;
  size_t key_count = 0;
  bool second_word = false;
  int64_t count = 1;

  /// Reads the arguments from numkeys, at `count_at`, on. Returns the text of the error, or nothing.
  std::string_view Parse(std::span<const std::string_view> args, size_t count_at,
                         const std::array<std::string_view, 2>& words);
};

/// The keys at `count` arguments from `first` on.
std::vector<engine::Key> KeysAt(const CommandContext& ctx, size_t first, size_t count);
/// Those of them that a client which waited may be served from, `ready` having woken it.
std::vector<engine::Key> ServableKeysAt(const CommandContext& ctx, size_t first, size_t count,
                                        const engine::Key& ready);

/// The handlers. `Pops` says what is popped and how:
///   Value                                              the type of the values
///   kWords                                             the two words of MultiPop, the first end and the second
///   PopOne(ctx, key, writable, second)                 pops one element, in the reply of BLPOP or BZPOPMIN
///   PopSeveral(ctx, key, writable, request)            pops some, in the reply of LMPOP or ZMPOP
///   kPopNs, kBlockingFlags, kCategory                  of the rows
template <class Pops>
class PopCommands {
  using Value = typename Pops::Value;
  using Found = engine::Writable<Value>;

 public:
  /// BLPOP, BZPOPMIN: the first end; BRPOP, BZPOPMAX: the second.
  template <bool kSecond>
  static constexpr CommandSpec BlockingRow(std::string_view name) {
    return {.name = name,
            .arity = -3,
            .flags = kWrite | kBlocking | Pops::kBlockingFlags,
            .categories = Pops::kCategory,
            .keys = Keys(KeyRange(kPopKey, 1, -2)),
            .handler = PopOneOrWait<kSecond>};
  }
  /// LMPOP, ZMPOP.
  static constexpr CommandSpec MultiRow(std::string_view name) {
    return {.name = name,
            .arity = -4,
            .flags = kWrite | kMovableKeys,
            .categories = Pops::kCategory,
            .keys = Keys(KeyCount(kPopKey, 1)),
            .handler = PopSeveralOrNone,
            .cost = CostOfSeveral<1>,
            .cost_from_args = 6};
  }
  /// BLMPOP, BZMPOP.
  static constexpr CommandSpec BlockingMultiRow(std::string_view name) {
    return {.name = name,
            .arity = -5,
            .flags = kWrite | kBlocking | kMovableKeys,
            .categories = Pops::kCategory,
            .keys = Keys(KeyCount(kPopKey, 2)),
            .handler = PopSeveralOrWait,
            .cost = CostOfSeveral<2>,
            .cost_from_args = 7};
  }

 private:
  static constexpr uint16_t kPopKey = kKeyRw | kKeyAccess | kKeyDelete;

  static bool Has(CommandContext& ctx, const engine::Key& key) {
    const engine::KeyEntry entry = ctx.engine.Peek(key);
    return entry && entry.type() == engine::kTypeOf<Value>;
  }

  /// Pops from the first of `keys` that has something. False: none has, and nothing was replied. A key of another type
  /// is an error.
  template <class Pop>
  static bool PopFirstOf(CommandContext& ctx, std::span<const engine::Key> keys, Pop&& pop) {
    for (const engine::Key& key : keys) {
      auto found = ctx.engine.ForWriteAs<Value>(key);
      if (!found) {
        ctx.Fail(found.error());
        return true;
      }
      if (!*found) continue;
      pop(key, *found);
      return true;
    }
    return false;
  }

  template <bool kSecond>
  static bool PopOneOf(CommandContext& ctx, std::span<const engine::Key> keys) {
    return PopFirstOf(ctx, keys, [&](const engine::Key& key, Found& found) { Pops::PopOne(ctx, key, found, kSecond); });
  }
  static bool PopSeveralOf(CommandContext& ctx, std::span<const engine::Key> keys, const MultiPop& request) {
    return PopFirstOf(ctx, keys,
                      [&](const engine::Key& key, Found& found) { Pops::PopSeveral(ctx, key, found, request); });
  }

  template <bool kSecond>
  static bool ServeOne(CommandContext& ctx, const engine::Key& key, ServeStep step) {
    if (step == ServeStep::kCheck) return Has(ctx, key);
    return PopOneOf<kSecond>(ctx, ServableKeysAt(ctx, 1, ctx.args.size() - 2, key));
  }
  static bool ServeSeveral(CommandContext& ctx, const engine::Key& key, ServeStep step) {
    if (step == ServeStep::kCheck) return Has(ctx, key);
    MultiPop request;
    request.Parse(ctx.args, 2, Pops::kWords);
    return PopSeveralOf(ctx, ServableKeysAt(ctx, request.first_key, request.key_count, key), request);
  }

  template <bool kSecond>
  static void PopOneOrWait(CommandContext& ctx) {
    const auto deadline_ms = ParseBlockTimeout(ctx.args.back(), Worker::MonotonicMs());
    if (!deadline_ms) return ctx.Fail(deadline_ms.error());
    const std::vector<engine::Key> keys = KeysAt(ctx, 1, ctx.args.size() - 2);
    if (!PopOneOf<kSecond>(ctx, keys)) ctx.Block(keys, ServeOne<kSecond>, TimeoutAsNullArray, *deadline_ms);
  }

  static void PopSeveralOrNone(CommandContext& ctx) {
    MultiPop request;
    const std::string_view error = request.Parse(ctx.args, 1, Pops::kWords);
    if (!error.empty()) return ctx.FailText(error);
    if (!PopSeveralOf(ctx, KeysAt(ctx, request.first_key, request.key_count), request)) ctx.reply.NullArray();
  }

  static void PopSeveralOrWait(CommandContext& ctx) {
    MultiPop request;
    const std::string_view error = request.Parse(ctx.args, 2, Pops::kWords);
    if (!error.empty()) return ctx.FailText(error);
    const auto deadline_ms = ParseBlockTimeout(ctx.args[1], Worker::MonotonicMs());
    if (!deadline_ms) return ctx.Fail(deadline_ms.error());
    const std::vector<engine::Key> keys = KeysAt(ctx, request.first_key, request.key_count);
    if (!PopSeveralOf(ctx, keys, request)) ctx.Block(keys, ServeSeveral, TimeoutAsNullArray, *deadline_ms);
  }

  template <size_t kCountAt>
  static int64_t CostOfSeveral(CommandContext& ctx) {
    MultiPop request;
    if (!request.Parse(ctx.args, kCountAt, Pops::kWords).empty()) return 0;
    uint64_t largest = 0;  // which key it will be, the handler finds out
    for (const engine::Key& key : KeysAt(ctx, request.first_key, request.key_count)) {
      if (Has(ctx, key)) largest = std::max<uint64_t>(largest, ctx.engine.Peek(key).template As<Value>().size());
    }
    return static_cast<int64_t>(std::min(largest, static_cast<uint64_t>(request.count))) * Pops::kPopNs;
  }
};

}  // namespace usher::server
