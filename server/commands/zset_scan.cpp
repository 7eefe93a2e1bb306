// Sorted sets in no order: ZSCAN and random members.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/draw_count.h"
#include "server/commands/groups.h"
#include "server/commands/scan_option.h"
#include "server/commands/zset_result.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Zset;

constexpr int64_t kDrawNs = 300;
constexpr int64_t kScanNs = 100;

/// [key, count, WITHSCORES] of ZRANDMEMBER: a negative count may draw members repeatedly.
struct DrawRequest {
  int64_t count = 0;
  Scores scores = Scores::kOmitted;

  /// The text of the error, or nothing.
  std::string_view Parse(const CommandContext& ctx);
};

std::string_view DrawRequest::Parse(const CommandContext& ctx) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const std::string_view error = ParseDrawCount(ctx.args[2], count);
  if (!error.empty()) return error;
  if (ctx.args.size() == 3) return {};
  if (ctx.args.size() > 4 || !EqualsIgnoringCase(ctx.args[3], "WITHSCORES")) return "ERR syntax error";
  if (count < -kMax / 2 || count > kMax / 2) return "ERR value is out of range";
  scores = Scores::kShown;
  return {};
}

void DrawMany(CommandContext& ctx, const Zset& zset, const DrawRequest& request) {
  engine::Random& random = ctx.thread.random;
  if (request.count >= 0) {
    const size_t count = std::min(static_cast<size_t>(request.count), zset.size());
    ZsetReply reply(ctx.reply, count, request.scores);
    return zset.Sample(count, random, [&](std::string_view member, double score) { reply.Entry(member, score); });
  }
  const auto draws = static_cast<size_t>(-request.count);
  ZsetReply reply(ctx.reply, draws, request.scores);
  for (size_t i = 0; i < draws; ++i) {
    const Zset::Entry entry = zset.RandomEntry(random);
    reply.Entry(entry.member, entry.score);
  }
}

void ZRandMember(CommandContext& ctx) {
  const bool many = ctx.args.size() > 2;
  DrawRequest request;
  const std::string_view error = many ? request.Parse(ctx) : std::string_view();
  if (!error.empty()) return ctx.FailText(error);
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  if (*zset == nullptr) return many ? ctx.reply.Array(0) : ctx.reply.Null();
  if (many) return DrawMany(ctx, **zset, request);
  ctx.reply.Bulk((*zset)->RandomEntry(ctx.thread.random).member);
}

int64_t ZRandMemberCost(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  DrawRequest request;
  if (!entry || entry.type() != engine::ValueType::kZset || !request.Parse(ctx).empty()) return 0;
  const auto size = static_cast<int64_t>(entry.As<Zset>().size());
  constexpr int64_t kManyDraws = 1'000'000'000;
  const int64_t draws = request.count < 0 ? std::min(-request.count, kManyDraws) : std::min(request.count, size);
  return draws * kDrawNs;
}

/// ZSCAN's own way with numbers: what Redis's packed form stores, or 17 digits.
size_t FormatScanned(double score, Zset::Encoding encoding, char* out) {
  constexpr double kWholeMax = 0x1p62;
  const bool whole = score > -kWholeMax && score < kWholeMax && score == std::trunc(score);
  if (encoding == Zset::Encoding::kPacked) {
    return whole ? protocol::FormatInteger(static_cast<int64_t>(score), out) : protocol::FormatDouble(score, out);
  }
  if (whole || std::isinf(score)) return protocol::FormatDouble(score, out);
  return static_cast<size_t>(std::snprintf(out, protocol::kDoubleTextBytesMax, "%.17g", score));
}

/// What ZSCAN found; nothing changes the set meanwhile, so views of it do.
class FoundEntries {
 public:
  explicit FoundEntries(const Zset& scanned) : encoding_(scanned.encoding()) {}

  void Add(std::string_view member, double score) { entries_.emplace_back(member, score); }
  void Reply(protocol::ReplySink& reply) const {
    std::array<char, protocol::kDoubleTextBytesMax> digits;
    reply.Array(2 * entries_.size());
    for (const auto& [member, score] : entries_) {
      reply.Bulk(member);
      reply.Bulk({digits.data(), FormatScanned(score, encoding_, digits.data())});
    }
  }

 private:
  const Zset::Encoding encoding_;
  std::vector<std::pair<std::string_view, double>> entries_;
};

int64_t ZScanCost(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  ScanOptions options;
  ArgReader reader(ctx.args, 3);
  if (!entry || entry.type() != engine::ValueType::kZset || !options.AcceptAll(reader)) return 0;
  return static_cast<int64_t>(std::min<uint64_t>(options.count, entry.As<Zset>().size())) * kScanNs;
}

constexpr CommandSpec kRows[] = {
    {.name = "zrandmember",
     .arity = -2,
     .flags = kReadOnly,
     .categories = kCatSortedSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = ZRandMember,
     .tips = "nondeterministic_output",
     .cost = ZRandMemberCost,
     .cost_from_args = 3},
    {.name = "zscan",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kCatSortedSet,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = ScanContainer<Zset, FoundEntries>,
     .tips = "nondeterministic_output",
     .cost = ZScanCost,
     .cost_from_args = 5},
};

}  // namespace

const CommandGroup kZsetScanCommands{"sorted-set", kRows};

}  // namespace usher::server
