// Searching geo sets: GEOSEARCH, GEOSEARCHSTORE and the older GEORADIUS family. Results come in the order in which the
// cells around the center are looked through, unless they are sorted by distance.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "engine/geo_hash.h"
#include "engine/zset.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/geo_args.h"
#include "server/commands/groups.h"
#include "server/commands/zset_result.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::GeoPoint;
using engine::GeoShape;
using engine::Key;
using engine::Zset;

constexpr int64_t kLookNs = 250;  // a member

/// Which of the commands runs.
enum class Form : uint8_t { kRadius, kRadiusReadOnly, kByMember, kByMemberReadOnly, kSearch, kSearchStore };

enum class Sorting : uint8_t { kNone, kAscending, kDescending };

struct SearchRequest {
  GeoShape shape;
  bool has_center = false;
  bool has_member = false;
  bool has_circle = false;
  bool has_box = false;
  bool with_distance = false;
  bool with_hash = false;
  bool with_position = false;
  bool any = false;
  Sorting sorting = Sorting::kNone;
  int64_t count = 0;  // 0: all
  size_t store_at = 0;
  bool store_distance = false;
};

/// One result.
struct Match {
  std::string_view member;  // a view of the set
  double score;
  double distance;
};

/// Reads a search, argument by argument, and replies the first error.
class SearchReader {
 public:
  SearchReader(CommandContext& ctx, Form form, const Zset* source) : ctx_(ctx), form_(form), source_(source) {}

  std::optional<SearchRequest> Read() {
    if (!ReadFixedPart()) return std::nullopt;
    ArgReader reader(ctx_.args, first_option_);
    while (!reader.done()) {
      if (!ReadCommonOption(reader)) return std::nullopt;
    }
    if (!Check()) return std::nullopt;
    return request_;
  }

 private:
  bool Fail(std::string_view text) {
    ctx_.FailText(text);
    return false;
  }
  bool FailSyntax() {
    ctx_.Fail(Error::kSyntax);
    return false;
  }
  bool is_search() const { return form_ == Form::kSearch || form_ == Form::kSearchStore; }
  bool may_store() const { return form_ == Form::kRadius || form_ == Form::kByMember; }

  /// What stands at fixed places.
  bool ReadFixedPart() {
    switch (form_) {
      case Form::kRadius:
      case Form::kRadiusReadOnly:
        first_option_ = 6;
        return ReadCenter(2) && ReadCircle(4);
      case Form::kByMember:
      case Form::kByMemberReadOnly:
        first_option_ = 5;
        return source_ == nullptr || (ReadMember(ctx_.args[2]) && ReadCircle(3));
      case Form::kSearch:
        first_option_ = 2;
        return true;
      case Form::kSearchStore:
        first_option_ = 3;
        request_.store_at = 1;
        return true;
    }
    return false;
  }

  bool ReadCenter(size_t at) {
    const auto point = ReadGeoPoint(ctx_, at);
    if (point) request_.shape.center = *point;
    return point.has_value();
  }

  bool ReadMember(std::string_view member) {
    const auto score = source_->Score(member);
    if (!score) return Fail("ERR could not decode requested zset member");
    request_.shape.center = engine::GeoDecode(*score);
    return true;
  }

  bool ReadUnit(size_t at) {
    const auto unit = ReadGeoUnit(ctx_, ctx_.args[at]);
    if (unit) request_.shape.unit_meters = *unit;
    return unit.has_value();
  }

  bool ReadLength(size_t at, double& length, std::string_view error) {
    const auto value = ToDouble(ctx_.args[at]);
    if (!value) return Fail(error);
    length = *value;
    return true;
  }

  bool ReadCircle(size_t at) {
    GeoShape& shape = request_.shape;
    shape.kind = GeoShape::Kind::kCircle;
    if (!ReadLength(at, shape.radius, "ERR need numeric radius")) return false;
    if (shape.radius < 0) return Fail("ERR radius cannot be negative");
    return ReadUnit(at + 1);
  }

  bool ReadBox(size_t at) {
    GeoShape& shape = request_.shape;
    shape.kind = GeoShape::Kind::kBox;
    if (!ReadLength(at, shape.width, "ERR need numeric width")) return false;
    if (!ReadLength(at + 1, shape.height, "ERR need numeric height")) return false;
    if (shape.width < 0 || shape.height < 0) return Fail("ERR height or width cannot be negative");
    return ReadUnit(at + 2);
  }

  bool ReadCommonOption(ArgReader& reader) {
    if (reader.Accept("WITHDIST")) return request_.with_distance = true;
    if (reader.Accept("WITHHASH")) return request_.with_hash = true;
    if (reader.Accept("WITHCOORD")) return request_.with_position = true;
    if (reader.Accept("ANY")) return request_.any = true;
    if (reader.Accept("ASC")) {
      request_.sorting = Sorting::kAscending;
      return true;
    }
    if (reader.Accept("DESC")) {
      request_.sorting = Sorting::kDescending;
      return true;
    }
    if (reader.AcceptWith("COUNT", 1)) {
      const std::optional<int64_t> count = ToInteger(reader.Next());
      if (!count) ctx_.Fail(Error::kNotAnInteger);
      if (!count) return false;
      request_.count = *count;
      return *count > 0 || Fail("ERR COUNT must be > 0");
    }
    return is_search() ? ReadSearchOption(reader) : ReadStoreOption(reader);
  }

  bool ReadStoreOption(ArgReader& reader) {
    if (!may_store()) return FailSyntax();
    const bool distance = reader.AcceptWith("STOREDIST", 1);
    if (!distance && !reader.AcceptWith("STORE", 1)) return FailSyntax();
    request_.store_distance = distance;
    request_.store_at = reader.position();
    reader.Next();
    return true;
  }

  /// Consumes `values` arguments, which the caller reads by place.
  static size_t Take(ArgReader& reader, size_t values) {
    const size_t at = reader.position();
    for (size_t i = 0; i < values; ++i) reader.Next();
    return at;
  }

  bool ReadSearchOption(ArgReader& reader) {
    if (!request_.has_center && reader.AcceptWith("FROMMEMBER", 1)) {
      request_.has_member = true;
      const std::string_view member = reader.Next();
      return source_ == nullptr || ReadMember(member);
    }
    if (!request_.has_member && reader.AcceptWith("FROMLONLAT", 2)) {
      request_.has_center = true;
      return ReadCenter(Take(reader, 2));
    }
    if (!request_.has_box && reader.AcceptWith("BYRADIUS", 2)) {
      request_.has_circle = true;
      return ReadCircle(Take(reader, 2));
    }
    if (!request_.has_circle && reader.AcceptWith("BYBOX", 3)) {
      request_.has_box = true;
      return ReadBox(Take(reader, 3));
    }
    if (form_ == Form::kSearchStore && reader.Accept("STOREDIST")) return request_.store_distance = true;
    return FailSyntax();
  }

  bool Check() {
    if (request_.store_at != 0 && (request_.with_distance || request_.with_hash || request_.with_position)) {
      return Fail(std::string("ERR ") + (is_search() ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS") +
                  " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
    }
    if (is_search() && !request_.has_member && !request_.has_center) {
      return Fail("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + std::string(ctx_.args[0]));
    }
    if (is_search() && !request_.has_circle && !request_.has_box) {
      return Fail("ERR exactly one of BYRADIUS and BYBOX can be specified for " + std::string(ctx_.args[0]));
    }
    if (request_.any && request_.count == 0) return Fail("ERR the ANY argument requires COUNT argument");
    return true;
  }

  CommandContext& ctx_;
  const Form form_;
  const Zset* const source_;
  size_t first_option_ = 0;
  SearchRequest request_;
};

/// What lies inside the shape, cell by cell.
std::vector<Match> FindMatches(const Zset& zset, const SearchRequest& request) {
  const size_t enough = request.any ? static_cast<size_t>(request.count) : std::numeric_limits<size_t>::max();
  std::vector<Match> matches;
  for (const engine::GeoScoreRange& range : engine::GeoCover(request.shape)) {
    if (matches.size() >= enough) break;
    const engine::ScoreRange scores{static_cast<double>(range.first), static_cast<double>(range.end), false, true};
    zset.ForEach(zset.RanksOf(scores), engine::Order::kAscending, [&](std::string_view member, double score) {
      if (matches.size() >= enough) return;
      const auto distance = request.shape.DistanceInside(engine::GeoDecode(score));
      if (distance) matches.push_back({member, score, *distance});
    });
  }
  return matches;
}

/// The matches that are replied, in their order. COUNT without an order means the nearest ones.
void SortAndCut(std::vector<Match>& matches, const SearchRequest& request) {
  const bool nearest = request.count != 0 && request.sorting == Sorting::kNone && !request.any;
  const auto nearer = [](const Match& a, const Match& b) { return a.distance < b.distance; };
  if (request.sorting == Sorting::kAscending || nearest) {
    std::stable_sort(matches.begin(), matches.end(), nearer);
  } else if (request.sorting == Sorting::kDescending) {
    std::stable_sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) { return nearer(b, a); });
  }
  if (request.count != 0 && matches.size() > static_cast<size_t>(request.count)) {
    matches.resize(static_cast<size_t>(request.count));
  }
}

void ReplyMatches(CommandContext& ctx, const std::vector<Match>& matches, const SearchRequest& request) {
  const size_t parts =
      (request.with_distance ? 1u : 0u) + (request.with_hash ? 1u : 0u) + (request.with_position ? 1u : 0u);
  ctx.reply.Array(matches.size());
  for (const Match& match : matches) {
    if (parts > 0) ctx.reply.Array(parts + 1);
    ctx.reply.Bulk(match.member);
    if (request.with_distance) ReplyGeoDistance(ctx.reply, match.distance / request.shape.unit_meters);
    if (request.with_hash) ctx.reply.Integer(static_cast<int64_t>(match.score));
    if (request.with_position) ReplyGeoPoint(ctx, engine::GeoDecode(match.score));
  }
}

void StoreMatches(CommandContext& ctx, const std::vector<Match>& matches, const SearchRequest& request,
                  std::string_view event) {
  size_t bytes_max = 0;
  for (const Match& match : matches) bytes_max = std::max(bytes_max, match.member.size());
  const engine::ZsetLimits limits = LimitsForResult(ctx.engine.settings().zset, matches.size(), bytes_max);
  Zset result;
  for (const Match& match : matches) {
    result.Add(match.member, request.store_distance ? match.distance / request.shape.unit_meters : match.score, limits);
  }
  StoreZset(ctx, ctx.KeyAt(request.store_at), result, event);
}

template <Form kForm>
void Search(CommandContext& ctx) {
  const auto zset = ctx.engine.ReadAs<Zset>(ctx.KeyAt(kForm == Form::kSearchStore ? 2 : 1));
  if (!zset) return ctx.Fail(zset.error());
  const std::optional<SearchRequest> request = SearchReader(ctx, kForm, *zset).Read();
  if (!request) return;
  std::vector<Match> matches;
  if (*zset != nullptr) matches = FindMatches(**zset, *request);
  SortAndCut(matches, *request);
  if (request->store_at == 0) return ReplyMatches(ctx, matches, *request);
  StoreMatches(ctx, matches, *request, kForm == Form::kSearchStore ? "geosearchstore" : "georadiusstore");
}

/// As if all members were looked at.
template <int kKeyAt>
int64_t SearchCost(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(kKeyAt));
  if (!entry || entry.type() != engine::ValueType::kZset) return 0;
  return static_cast<int64_t>(entry.As<Zset>().size()) * kLookNs;
}

/// The last STORE or STOREDIST is the one that counts; the key specifications name the first of each.
template <size_t kOptionsAt>
bool LastStoreKey(std::span<const std::string_view> args, std::vector<CommandKey>* keys) {
  size_t store_at = 0;
  for (ArgReader reader(args, kOptionsAt); !reader.done(); reader.Next()) {
    if (reader.AcceptWith("STORE", 1) || reader.AcceptWith("STOREDIST", 1)) store_at = reader.position();
  }
  if (store_at == 0 || keys == nullptr) return true;
  const auto is_named = [&](const CommandKey& key) { return key.arg_index == store_at; };
  if (std::any_of(keys->begin(), keys->end(), is_named)) return true;
  keys->push_back({engine::MakeKey(args[store_at]), static_cast<uint32_t>(store_at), kKeyOw | kKeyUpdate});
  return true;
}

constexpr KeySpec StoreKey(std::string_view keyword, int16_t search_from) {
  KeySpec spec;
  spec.flags = kKeyOw | kKeyUpdate;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.index = search_from;
  spec.keyword = keyword;
  return spec;
}

constexpr uint16_t kReadKey = kKeyRo | kKeyAccess;

constexpr CommandSpec ReadRow(std::string_view name, int16_t arity, CommandHandler handler) {
  return {.name = name,
          .arity = arity,
          .flags = kReadOnly,
          .categories = kCatGeo,
          .keys = OneKey(kReadKey),
          .handler = handler,
          .cost = SearchCost<1>};
}

template <int16_t kOptionsAt>
constexpr CommandSpec RadiusRow(std::string_view name, CommandHandler handler) {
  return {.name = name,
          .arity = -kOptionsAt,
          .flags = kWrite | kDenyOom | kMovableKeys,
          .categories = kCatGeo,
          .keys = Keys(KeyRange(kReadKey, 1, 1), StoreKey("STORE", kOptionsAt), StoreKey("STOREDIST", kOptionsAt)),
          .handler = handler,
          .cost = SearchCost<1>,
          .further_keys = LastStoreKey<kOptionsAt>};
}

constexpr CommandSpec kRows[] = {
    RadiusRow<6>("georadius", Search<Form::kRadius>),
    ReadRow("georadius_ro", -6, Search<Form::kRadiusReadOnly>),
    RadiusRow<5>("georadiusbymember", Search<Form::kByMember>),
    ReadRow("georadiusbymember_ro", -5, Search<Form::kByMemberReadOnly>),
    ReadRow("geosearch", -7, Search<Form::kSearch>),
    {.name = "geosearchstore",
     .arity = -8,
     .flags = kWrite | kDenyOom,
     .categories = kCatGeo,
     .keys = Keys(KeyRange(kKeyOw | kKeyUpdate, 1, 1), KeyRange(kReadKey, 2, 2)),
     .handler = Search<Form::kSearchStore>,
     .cost = SearchCost<2>},
};

}  // namespace

const CommandGroup kGeoSearchCommands{"geo", kRows};

}  // namespace usher::server
