// Which keys there are: KEYS, SCAN, RANDOMKEY, DBSIZE. They visit the shards one at a time.
//
// A SCAN cursor names a shard and a position in it:   cursor = position * shard count + shard,   below 2^53.
// Positions are Keyspace::Scan's, of 48 bits; with more than 32 shards the lowest bits are cut off. A position that is
// cut lies a little earlier, so a bucket may be seen twice, and a call goes on until the cut position has moved.
#include <algorithm>
#include <bit>
#include <utility>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/scan_option.h"

namespace usher::server {

namespace {

using engine::KeyEntry;
using engine::Keyspace;

constexpr int kCursorBits = 53;    // what a double holds exactly; clients in such languages exist
constexpr int kPositionBits = 48;  // of Keyspace::Scan
constexpr int64_t kLookAtKeyNs = 100;

size_t ShardCount(const CommandContext& ctx) {
  return ctx.engine.turns().shard_count();
}
engine::ShardData& VisitedShard(CommandContext& ctx) {
  return ctx.engine.turns().DataOf(ctx.visit().shard);
}
Keyspace& VisitedKeyspace(CommandContext& ctx) {
  return *VisitedShard(ctx).databases[static_cast<size_t>(ctx.engine.db())];
}
bool IsLastVisit(CommandContext& ctx) {
  return ctx.visit().visited + 1 == ShardCount(ctx);
}

/// The low bits of a position that a cursor has no room for.
int CutBits(size_t shard_count) {
  const int room = kCursorBits - std::countr_zero(shard_count);
  return room < kPositionBits ? kPositionBits - room : 0;
}

/// Replies the collected names and gives their memory back.
void ReplyFound(CommandContext& ctx) {
  const std::vector<std::string> found = std::exchange(ctx.visit().found, {});
  ctx.reply.Array(found.size());
  for (const std::string& name : found) ctx.reply.Bulk(name);
  ctx.visit().done = true;
}

void Keys(CommandContext& ctx) {
  const std::string_view pattern = ctx.args[1];
  const int64_t now_ms = ctx.engine.now_ms();
  VisitedKeyspace(ctx).ForEach([&](KeyEntry entry) {
    if (entry.IsExpired(now_ms) || !engine::GlobMatch(pattern, entry.key())) return;
    ctx.visit().found.emplace_back(entry.key());
  });
  if (IsLastVisit(ctx)) ReplyFound(ctx);
}

/// Of the shards that are left, taking them to be as large as this one.
int64_t KeysCost(CommandContext& ctx) {
  const size_t shards_left = ShardCount(ctx) - ctx.visit().visited;
  return static_cast<int64_t>(VisitedKeyspace(ctx).size() * shards_left) * kLookAtKeyNs;
}

void DbSize(CommandContext& ctx) {
  ctx.visit().total += static_cast<int64_t>(VisitedKeyspace(ctx).size());
  if (!IsLastVisit(ctx)) return;
  ctx.visit().done = true;
  ctx.reply.Integer(ctx.visit().total);
}

/// A random key that has not expired; expired ones met are deleted.
KeyEntry DrawLiveKey(CommandContext& ctx) {
  Keyspace& keyspace = VisitedKeyspace(ctx);
  for (;;) {
    const KeyEntry entry = keyspace.RandomKey(VisitedShard(ctx).random);
    if (!entry || !entry.IsExpired(ctx.engine.now_ms())) return entry;
    ctx.engine.Expire(engine::MakeKey(entry.key()), ctx.engine.db());
  }
}

// Each shard's key replaces the one drawn so far with the chance that its share of the keys seen so far gives it, which
// makes the last one standing uniformly drawn.
void RandomKey(CommandContext& ctx) {
  VisitState& visit = ctx.visit();
  if (const KeyEntry entry = DrawLiveKey(ctx)) {
    const size_t size = VisitedKeyspace(ctx).size();
    visit.total += static_cast<int64_t>(size);
    const bool wins = VisitedShard(ctx).random.Below(static_cast<uint64_t>(visit.total)) < size;
    if (wins) visit.found.assign(1, std::string(entry.key()));
  }
  if (!IsLastVisit(ctx)) return;
  visit.done = true;
  if (visit.found.empty()) return ctx.reply.Null();
  ctx.reply.Bulk(visit.found.front());
}

/// Takes the cursor apart before the first visit. One that is no number is left to the handler.
void StartScan(std::span<const std::string_view> args, size_t shard_count, VisitState& visit) {
  const auto parsed = ParseScanCursor(args[1]);
  const uint64_t cursor = parsed ? *parsed : 0;
  visit.shard = static_cast<engine::ShardIndex>(cursor % shard_count);
  visit.visited = visit.shard;
  visit.cursor = cursor / shard_count << CutBits(shard_count);
}

struct KeyScanOptions {
  ScanOptions common;
  std::optional<std::string_view> type;
};

engine::Status ParseOptions(CommandContext& ctx, KeyScanOptions& options) {
  const auto cursor = ParseScanCursor(ctx.args[1]);
  if (!cursor) return cursor.error();
  ArgReader reader(ctx.args, 2);
  while (!reader.done()) {
    if (reader.AcceptWith("TYPE", 1)) {
      options.type = reader.Next();
      continue;
    }
    const engine::Result<bool> accepted = options.common.Accept(reader);
    if (!accepted) return accepted.error();
    if (!*accepted) return engine::Error::kSyntax;
  }
  return {};
}

/// Reports one bucket's keys and returns the next position.
uint64_t ScanBucket(CommandContext& ctx, const KeyScanOptions& options, uint64_t position) {
  const int64_t now_ms = ctx.engine.now_ms();
  VisitState& visit = ctx.visit();
  std::vector<std::string> expired;
  const uint64_t next = VisitedKeyspace(ctx).Scan(position, [&](KeyEntry entry) {
    if (entry.IsExpired(now_ms)) return expired.emplace_back(entry.key()), void();
    ++visit.total;
    if (!options.common.Matches(entry.key())) return;
    if (options.type && !EqualsIgnoringCase(*options.type, engine::TypeName(entry.type()))) return;
    visit.found.emplace_back(entry.key());
  });
  for (const std::string& name : expired) ctx.engine.Expire(engine::MakeKey(name), ctx.engine.db());
  return next;
}

int64_t ScanCost(CommandContext& ctx) {
  KeyScanOptions options;
  if (!ParseOptions(ctx, options)) return 0;
  return static_cast<int64_t>(std::min<uint64_t>(options.common.count, VisitedKeyspace(ctx).size())) * kLookAtKeyNs;
}

void Scan(CommandContext& ctx) {
  VisitState& visit = ctx.visit();
  KeyScanOptions options;
  if (const engine::Status parsed = ParseOptions(ctx, options); !parsed) {
    visit.done = true;
    return ctx.Fail(parsed.error());
  }
  const size_t shard_count = ShardCount(ctx);
  const int cut_bits = CutBits(shard_count);
  const uint64_t start = visit.cursor >> cut_bits;
  uint64_t position = visit.cursor;
  const auto seen_enough = [&] { return static_cast<uint64_t>(visit.total) >= options.common.count; };
  do {
    position = ScanBucket(ctx, options, position);
  } while (position != 0 && (!seen_enough() || position >> cut_bits == start));
  visit.cursor = 0;  // of the next shard
  const bool is_last = IsLastVisit(ctx);
  if (position == 0 && !seen_enough() && !is_last) return;
  uint64_t cursor = is_last ? 0 : visit.shard + uint64_t{1};
  if (position != 0) cursor = (position >> cut_bits) * shard_count + visit.shard;
  ReplyScanCursor(ctx, cursor);
  ReplyFound(ctx);
}

constexpr CommandSpec kRows[] = {
    {.name = "keys",
     .arity = 2,
     .flags = kReadOnly | kVisitShards,
     .categories = kCatKeyspace | kCatDangerous,
     .handler = Keys,
     .tips = "request_policy:all_shards nondeterministic_output_order",
     .cost = KeysCost},
    {.name = "randomkey",
     .arity = 1,
     .flags = kReadOnly | kVisitShards,
     .categories = kCatKeyspace,
     .handler = RandomKey,
     .tips = "request_policy:all_shards nondeterministic_output"},
    {.name = "scan",
     .arity = -2,
     .flags = kReadOnly | kVisitShards,
     .categories = kCatKeyspace,
     .handler = Scan,
     .tips = "nondeterministic_output request_policy:special",
     .cost = ScanCost,
     .cost_from_args = 4,  // with COUNT
     .visit_start = StartScan},
};

constexpr CommandSpec kServerRows[] = {
    {.name = "dbsize",
     .arity = 1,
     .flags = kReadOnly | kFast | kVisitShards,
     .categories = kCatKeyspace,
     .handler = DbSize,
     .tips = "request_policy:all_shards response_policy:agg_sum"},
};

}  // namespace

const CommandGroup kKeyScanCommands{"generic", kRows};
const CommandGroup kDbSizeCommands{"server", kServerRows};

}  // namespace usher::server
