// Hashes as a whole: HGETALL, HKEYS, HVALS, HSCAN, HRANDFIELD.
#include <limits>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/draw_count.h"
#include "server/commands/groups.h"
#include "server/commands/scan_option.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Hash;
using engine::KeyEntry;

void HGetAll(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ctx.reply.Map(*hash == nullptr ? 0 : (*hash)->size());
  if (*hash == nullptr) return;
  (*hash)->ForEach([&](std::string_view field, std::string_view value) {
    ctx.reply.Bulk(field);
    ctx.reply.Bulk(value);
  });
}

/// An array of one text per field.
template <class Choose>
void ReplyEach(CommandContext& ctx, Choose&& choose) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  ctx.reply.Array(*hash == nullptr ? 0 : (*hash)->size());
  if (*hash == nullptr) return;
  (*hash)->ForEach([&](std::string_view field, std::string_view value) { ctx.reply.Bulk(choose(field, value)); });
}

void HKeys(CommandContext& ctx) {
  ReplyEach(ctx, [](std::string_view field, std::string_view /*value*/) { return field; });
}
void HVals(CommandContext& ctx) {
  ReplyEach(ctx, [](std::string_view /*field*/, std::string_view value) { return value; });
}

struct RandomFieldOptions {
  int64_t count = 0;  // negative: with repetitions
  bool with_values = false;
};

bool ParseRandomFieldOptions(CommandContext& ctx, RandomFieldOptions& options) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const std::string_view error = ParseDrawCount(ctx.args[2], options.count);
  if (!error.empty()) {
    ctx.FailText(error);
    return false;
  }
  options.with_values = ctx.args.size() == 4 && EqualsIgnoringCase(ctx.args[3], "WITHVALUES");
  if (ctx.args.size() > 3 && !options.with_values) {
    ctx.Fail(Error::kSyntax);
    return false;
  }
  if (options.with_values && (options.count < -kMax / 2 || options.count > kMax / 2)) {
    ctx.FailText("ERR value is out of range");
    return false;
  }
  return true;
}

void ReplyOneRandomField(CommandContext& ctx) {
  const auto hash = ctx.engine.ReadAs<Hash>(ctx.KeyAt(1));
  if (!hash) return ctx.Fail(hash.error());
  if (*hash == nullptr) return ctx.reply.Null();
  (*hash)->RandomEntry(ctx.engine.RandomOf(ctx.KeyAt(1)),
                       [&](std::string_view field, std::string_view /*value*/) { ctx.reply.Bulk(field); });
}

void HRandField(CommandContext& ctx) {
  if (ctx.args.size() == 2) return ReplyOneRandomField(ctx);
  RandomFieldOptions options;
  if (!ParseRandomFieldOptions(ctx, options)) return;
  const engine::Key key = ctx.KeyAt(1);
  const auto hash = ctx.engine.ReadAs<Hash>(key);
  if (!hash) return ctx.Fail(hash.error());
  if (*hash == nullptr || options.count == 0) return ctx.reply.Array(0);
  const bool repeated = options.count < 0;
  const uint64_t wanted = static_cast<uint64_t>(repeated ? -options.count : options.count);
  const size_t count = repeated ? wanted : std::min<size_t>(wanted, (*hash)->size());
  const bool in_pairs = options.with_values && ctx.reply.version() == protocol::RespVersion::kResp3;
  ctx.reply.Array(options.with_values && !in_pairs ? 2 * count : count);
  const auto reply_entry = [&](std::string_view field, std::string_view value) {
    if (in_pairs) ctx.reply.Array(2);
    ctx.reply.Bulk(field);
    if (options.with_values) ctx.reply.Bulk(value);
  };
  engine::Random& random = ctx.engine.RandomOf(key);
  if (repeated) {
    (*hash)->RandomRepeated(random, count, reply_entry);
  } else if (count == (*hash)->size()) {
    (*hash)->ForEach(reply_entry);
  } else {
    (*hash)->RandomDistinct(random, count, reply_entry);
  }
}

/// Replying a large hash takes long.
int64_t WholeHashCost(CommandContext& ctx) {
  constexpr int64_t kNsPerField = 60;
  const KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  if (!entry || entry.type() != engine::ValueType::kHash) return 0;
  return static_cast<int64_t>(entry.As<Hash>().size()) * kNsPerField;
}

constexpr KeySpecs kKey = OneKey(kKeyRo | kKeyAccess);

constexpr CommandSpec kRows[] = {
    {.name = "hgetall",
     .arity = 2,
     .flags = kReadOnly,
     .categories = kCatHash,
     .keys = kKey,
     .handler = HGetAll,
     .tips = "nondeterministic_output_order",
     .cost = WholeHashCost},
    {.name = "hkeys",
     .arity = 2,
     .flags = kReadOnly,
     .categories = kCatHash,
     .keys = kKey,
     .handler = HKeys,
     .tips = "nondeterministic_output_order",
     .cost = WholeHashCost},
    {.name = "hrandfield",
     .arity = -2,
     .flags = kReadOnly,
     .categories = kCatHash,
     .keys = kKey,
     .handler = HRandField,
     .tips = "nondeterministic_output"},
    {.name = "hscan",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kCatHash,
     .keys = kKey,
     .handler = ScanContainer<Hash, FoundTexts>,
     .tips = "nondeterministic_output"},
    {.name = "hvals",
     .arity = 2,
     .flags = kReadOnly,
     .categories = kCatHash,
     .keys = kKey,
     .handler = HVals,
     .tips = "nondeterministic_output_order",
     .cost = WholeHashCost},
};

}  // namespace

const CommandGroup kHashScanCommands{"hash", kRows};

}  // namespace usher::server
