// See multi_pop.h.
#include "server/commands/multi_pop.h"

#include "server/arg_reader.h"

namespace usher::server {

std::string_view MultiPop::Parse(std::span<const std::string_view> args, size_t count_at,
                                 const std::array<std::string_view, 2>& words) {
  constexpr std::string_view kSyntax = "ERR syntax error";
  const std::optional<int64_t> keys = ToInteger(args[count_at]);
  if (!keys || *keys <= 0) return "ERR numkeys should be greater than 0";
  first_key = count_at + 1;
  if (static_cast<uint64_t>(*keys) >= args.size() - first_key) return kSyntax;
  key_count = static_cast<size_t>(*keys);
  ArgReader reader(args, first_key + key_count);
  if (reader.Accept(words[1])) {
    second_word = true;
  } else if (!reader.Accept(words[0])) {
    return kSyntax;
  }
  if (reader.done()) return {};
  if (!reader.AcceptWith("COUNT", 1)) return kSyntax;
  count = ToInteger(reader.Next()).value_or(0);
  if (count <= 0) return "ERR count should be greater than 0";
  return reader.done() ? std::string_view() : kSyntax;
}

std::vector<engine::Key> KeysAt(const CommandContext& ctx, size_t first, size_t count) {
  std::vector<engine::Key> keys;
  keys.reserve(count);
  for (size_t i = first; i < first + count; ++i) keys.push_back(ctx.KeyAt(i));
  return keys;
}

namespace {

/// Whether of all that wait for the key the context's client has waited longest.
bool IsOldestWaiter(const CommandContext& ctx, const engine::Key& key) {
  const engine::BlockedIndex::Waiters* const waiters = ctx.engine.ShardOf(key).blocked.Find(ctx.engine.db(), key.name);
  if (waiters == nullptr) return true;
  const engine::BlockedWaiter* const own = ctx.session.blocked.get();
  for (const auto& waiter : *waiters) {
    if (waiter.get() == own) return true;
    if (!waiter->claimed()) return false;
  }
  return true;
}

}  // namespace

std::vector<engine::Key> ServableKeysAt(const CommandContext& ctx, size_t first, size_t count,
                                        const engine::Key& ready) {
  std::vector<engine::Key> keys = KeysAt(ctx, first, count);
  std::erase_if(keys, [&](const engine::Key& key) {
    return key.name != ready.name && (!ctx.Holds(key) || !IsOldestWaiter(ctx, key));
  });
  return keys;
}

}  // namespace usher::server
