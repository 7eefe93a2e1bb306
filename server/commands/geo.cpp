// Geo sets, which are sorted sets whose scores are positions (engine/geo_hash.h): adding, and what is known of single
// members. Searching is in geo_search.cpp.
#include <array>
#include <string>
#include <vector>

#include "engine/zset.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/geo_args.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::GeoPoint;
using engine::Key;
using engine::Zset;

struct AddRequest {
  engine::AddRules rules;
  bool count_changed = false;
  size_t first = 2;  // where the first longitude is
  std::vector<uint64_t> scores;
};

/// Nothing: the error is replied.
std::optional<AddRequest> ReadAdd(CommandContext& ctx) {
  AddRequest request;
  ArgReader reader(ctx.args, 2);
  for (;;) {
    if (reader.Accept("NX")) {
      request.rules.only_new = true;
    } else if (reader.Accept("XX")) {
      request.rules.only_existing = true;
    } else if (reader.Accept("CH")) {
      request.count_changed = true;
    } else {
      break;
    }
  }
  request.first = reader.position();
  if (reader.done() || reader.left() % 3 != 0 || (request.rules.only_new && request.rules.only_existing)) {
    ctx.Fail(Error::kSyntax);
    return std::nullopt;
  }
  for (size_t at = request.first; at < ctx.args.size(); at += 3) {
    const auto point = ReadGeoPoint(ctx, at);
    if (!point) return std::nullopt;
    request.scores.push_back(engine::GeoEncode(*point));
  }
  return request;
}

/// The journal has ZADD, with the scores.
void JournalAdd(CommandContext& ctx, const AddRequest& request) {
  if (!ctx.engine.journaling()) return;
  std::vector<std::string> digits;
  digits.reserve(request.scores.size());
  for (const uint64_t score : request.scores) digits.push_back(std::to_string(score));
  std::vector<std::string_view> words{"ZADD"};
  words.insert(words.end(), ctx.args.begin() + 1, ctx.args.begin() + static_cast<ptrdiff_t>(request.first));
  for (size_t i = 0; i < digits.size(); ++i) {
    words.push_back(digits[i]);
    words.push_back(ctx.args[request.first + 3 * i + 2]);
  }
  ctx.engine.Effect(words);
}

void GeoAdd(CommandContext& ctx) {
  const std::optional<AddRequest> request = ReadAdd(ctx);
  if (!request) return;
  const Key key = ctx.KeyAt(1);
  auto zset = request->rules.only_existing ? ctx.engine.ForWriteAs<Zset>(key) : ctx.engine.ForWriteOrCreate<Zset>(key);
  if (!zset) return ctx.Fail(zset.error());
  if (!*zset) return ctx.reply.Integer(0);
  const engine::ZsetLimits& limits = ctx.engine.settings().zset;
  int64_t added = 0;
  int64_t changed = 0;
  for (size_t i = 0; i < request->scores.size(); ++i) {
    const std::string_view member = ctx.args[request->first + 3 * i + 2];
    const engine::AddResult result =
        *(*zset)->Add(member, static_cast<double>(request->scores[i]), request->rules, limits);
    added += result.added() ? 1 : 0;
    changed += result.changed() ? 1 : 0;
  }
  if (added + changed > 0) {
    ctx.engine.Modified(key, engine::kNotifyZset, "zadd");
    JournalAdd(ctx, *request);
  }
  ctx.reply.Integer(added + (request->count_changed ? changed : 0));
}

void GeoDist(CommandContext& ctx) {
  double unit_meters = 1;
  if (ctx.args.size() == 5) {
    const auto unit = ReadGeoUnit(ctx, ctx.args[4]);
    if (!unit) return;
    unit_meters = *unit;
  } else if (ctx.args.size() > 5) {
    return ctx.Fail(Error::kSyntax);
  }
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  if (*zset == nullptr) return ctx.reply.Null();
  const std::optional<double> first = (*zset)->Score(ctx.args[2]);
  const std::optional<double> second = (*zset)->Score(ctx.args[3]);
  if (!first || !second) return ctx.reply.Null();
  ReplyGeoDistance(ctx.reply, engine::GeoDistance(engine::GeoDecode(*first), engine::GeoDecode(*second)) / unit_meters);
}

/// Replies something about every member named: fn(position), or what is said of one that is not there.
template <class Found, class Missing>
void ReplyMembers(CommandContext& ctx, Found&& found, Missing&& missing) {
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(1));
  if (!zset) return ctx.Fail(zset.error());
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view member : ctx.args.subspan(2)) {
    const std::optional<double> score = *zset == nullptr ? std::nullopt : (*zset)->Score(member);
    if (score) {
      found(engine::GeoDecode(*score));
    } else {
      missing();
    }
  }
}

void GeoHash(CommandContext& ctx) {
  ReplyMembers(
      ctx,
      [&](GeoPoint point) {
        const std::array<char, 11> text = engine::GeoHashText(point);
        ctx.reply.Bulk({text.data(), text.size()});
      },
      [&] { ctx.reply.Null(); });
}

void GeoPos(CommandContext& ctx) {
  ReplyMembers(
      ctx, [&](GeoPoint point) { ReplyGeoPoint(ctx, point); }, [&] { ctx.reply.NullArray(); });
}

constexpr CommandSpec ReadRow(std::string_view name, int16_t arity, CommandHandler handler) {
  return {.name = name,
          .arity = arity,
          .flags = kReadOnly,
          .categories = kCatGeo,
          .keys = OneKey(kKeyRo | kKeyAccess),
          .handler = handler};
}

constexpr CommandSpec kRows[] = {
    {.name = "geoadd",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kCatGeo,
     .keys = OneKey(kKeyRw | kKeyUpdate),
     .handler = GeoAdd},
    ReadRow("geodist", -4, GeoDist),
    ReadRow("geohash", -2, GeoHash),
    ReadRow("geopos", -2, GeoPos),
};

}  // namespace

const CommandGroup kGeoCommands{"geo", kRows};

}  // namespace usher::server
