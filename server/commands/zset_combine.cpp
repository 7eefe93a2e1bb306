// Algebra of sorted sets: union, intersection and difference, to the client, into a key, or only counted. Sets may be
// among the inputs: their members have the score 1.
//
// The result is collected as views of the inputs, sorted once, and then replied or appended to a new set. Scores are
// combined in the order of the inputs' sizes, as in Redis: sums of doubles depend on it.
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/zset_result.h"
#include "server/error_text.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Order;
using engine::Set;
using engine::Zset;
using engine::ZsetKey;

constexpr int64_t kCombineEntryNs = 500;

enum class SetOperation : uint8_t { kUnion, kIntersection, kDifference };
enum class Target : uint8_t { kReply, kKey, kCount };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

struct Input {
  const Zset* zset = nullptr;
  const Set* set = nullptr;  // both null: no such key
  double weight = 1;

  bool missing() const { return zset == nullptr && set == nullptr; }
  bool IsSameKeyAs(const Input& other) const { return zset == other.zset && set == other.set; }
  size_t size() const {
    if (set != nullptr) return set->size();
    return zset == nullptr ? 0 : zset->size();
  }
  std::optional<double> Score(const ZsetKey& key) const {
    if (zset != nullptr) return zset->Score(key);
    return set != nullptr && set->Contains(key.member()) ? std::optional(1.0) : std::nullopt;
  }
};

struct CombineRequest {
  std::vector<Input> inputs;
  std::deque<std::string> spelled;  // members of small sets, which spell out theirs on demand
  Aggregate aggregate = Aggregate::kSum;
  Scores scores = Scores::kOmitted;
  size_t limit = std::numeric_limits<size_t>::max();
};

/// Calls fn(member, score) for what an input has. The members stay valid as long as the request.
template <class Fn>
void ForEachEntry(CombineRequest& request, const Input& input, Fn&& fn) {
  if (input.zset != nullptr) return input.zset->ForEach(input.zset->All(), Order::kAscending, fn);
  if (input.set == nullptr) return;
  const bool views = input.set->encoding() == Set::Encoding::kHashtable;
  input.set->ForEach([&](std::string_view member) {
    fn(views ? member : std::string_view(request.spelled.emplace_back(member)), 1.0);
  });
}

struct Entry {
  std::string_view member;
  double score;

  bool operator<(const Entry& other) const {
    return score < other.score || (score == other.score && member < other.member);
  }
};
using Entries = std::vector<Entry>;

// Infinities of both signs add up to 0, and so does 0 times infinity.
double ZeroIfNan(double score) {
  return std::isnan(score) ? 0 : score;
}

double Combined(Aggregate aggregate, double score, double other) {
  switch (aggregate) {
    case Aggregate::kMin:
      return other < score ? other : score;
    case Aggregate::kMax:
      return other > score ? other : score;
    case Aggregate::kSum:
      break;
  }
  return ZeroIfNan(score + other);
}

/// Collects entries by member: an open hash table over the entries, at most half full.
class EntryTable {
 public:
  explicit EntryTable(size_t expected) {
    entries_.reserve(expected);
    Grow(expected);
  }

  void Add(std::string_view member, double score, Aggregate aggregate) {
    if ((entries_.size() + 1) * 2 > slots_.size()) Grow(2 * entries_.size());
    const uint64_t hash = Zset::HashOf(member);
    Slot& slot = Find(member, hash);
    if (slot.entry != 0) {
      double& present = entries_[slot.entry - 1].score;
      present = Combined(aggregate, present, score);
      return;
    }
    entries_.push_back({member, score});
    slot = {static_cast<uint32_t>(entries_.size()), Tag(hash)};
  }
  Entries Take() { return std::move(entries_); }

 private:
  struct Slot {
    uint32_t entry = 0;  // 1 + index in entries_; 0: free
    uint32_t tag = 0;
  };

  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  Slot& Find(std::string_view member, uint64_t hash) {
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.entry == 0 || (slot.tag == Tag(hash) && entries_[slot.entry - 1].member == member)) return slot;
    }
  }

  void Grow(size_t entries) {
    size_t slots = 64;
    while (slots < 2 * (entries + 1)) slots *= 2;
    slots_.assign(slots, Slot());
    for (size_t i = 0; i < entries_.size(); ++i) {
      const uint64_t hash = Zset::HashOf(entries_[i].member);
      Find(entries_[i].member, hash) = {static_cast<uint32_t>(i + 1), Tag(hash)};
    }
  }

  Entries entries_;
  std::vector<Slot> slots_;
};

Entries Union(CombineRequest& request) {
  EntryTable table(request.inputs.back().size());
  for (const Input& input : request.inputs) {
    ForEachEntry(request, input, [&](std::string_view member, double score) {
      table.Add(member, ZeroIfNan(input.weight * score), request.aggregate);
    });
  }
  return table.Take();
}

/// The score of `member`, known to have `score` in the first input, in the intersection; nothing if it is not in it.
std::optional<double> ScoreInAll(const CombineRequest& request, std::string_view member, double score) {
  const Input& first = request.inputs.front();
  const ZsetKey key(member, Zset::HashOf(member));
  double combined = ZeroIfNan(first.weight * score);
  for (size_t i = 1; i < request.inputs.size(); ++i) {
    const Input& input = request.inputs[i];
    const std::optional<double> other = input.IsSameKeyAs(first) ? score : input.Score(key);
    if (!other) return std::nullopt;
    combined = Combined(request.aggregate, combined, input.weight * *other);
  }
  return combined;
}

Entries Intersection(CombineRequest& request) {
  Entries entries;
  ForEachEntry(request, request.inputs.front(), [&](std::string_view member, double score) {
    if (entries.size() >= request.limit) return;
    const std::optional<double> combined = ScoreInAll(request, member, score);
    if (combined) entries.push_back({member, *combined});
  });
  return entries;
}

Entries Difference(CombineRequest& request) {
  Entries entries;
  const Input& first = request.inputs.front();
  ForEachEntry(request, first, [&](std::string_view member, double score) {
    const ZsetKey key(member, Zset::HashOf(member));
    for (size_t i = 1; i < request.inputs.size(); ++i) {
      const Input& other = request.inputs[i];
      if (!other.missing() && (other.IsSameKeyAs(first) || other.Score(key))) return;
    }
    entries.push_back({member, score});
  });
  return entries;
}

Entries Combine(SetOperation operation, CombineRequest& request) {
  switch (operation) {
    case SetOperation::kUnion:
      return Union(request);
    case SetOperation::kIntersection:
      return Intersection(request);
    case SetOperation::kDifference:
      break;
  }
  return Difference(request);
}

/// The number of inputs at args[at]. Nothing: the error is replied.
std::optional<size_t> ParseInputCount(CommandContext& ctx, size_t at) {
  const std::optional<int64_t> count = ToInteger(ctx.args[at]);
  if (!count) {
    ctx.Fail(Error::kNotAnInteger);
  } else if (*count < 1) {
    ctx.FailText("ERR at least 1 input key is needed for '" + std::string(ctx.spec().name) + "' command");
  } else if (static_cast<uint64_t>(*count) > ctx.args.size() - at - 1) {
    ctx.Fail(Error::kSyntax);
  } else {
    return static_cast<size_t>(*count);
  }
  return std::nullopt;
}

bool ReadInputs(CommandContext& ctx, size_t first_key, size_t count, CombineRequest& request) {
  request.inputs.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const engine::KeyEntry entry = ctx.engine.Read(ctx.KeyAt(first_key + i));
    Input& input = request.inputs.emplace_back();
    if (!entry) continue;
    if (entry.type() == engine::ValueType::kZset) {
      input.zset = &entry.As<Zset>();
    } else if (entry.type() == engine::ValueType::kSet) {
      input.set = &entry.As<Set>();
    } else {
      ctx.Fail(Error::kWrongType);
      return false;
    }
  }
  return true;
}

std::optional<Aggregate> ParseAggregate(std::string_view text) {
  if (EqualsIgnoringCase(text, "SUM")) return Aggregate::kSum;
  if (EqualsIgnoringCase(text, "MIN")) return Aggregate::kMin;
  if (EqualsIgnoringCase(text, "MAX")) return Aggregate::kMax;
  return std::nullopt;
}

/// The options behind the keys; the text of the error, or nothing.
std::string_view ParseCombineOptions(ArgReader& reader, SetOperation operation, Target target,
                                     CombineRequest& request) {
  const bool weighs = target != Target::kCount && operation != SetOperation::kDifference;
  while (!reader.done()) {
    if (weighs && reader.AcceptWith("WEIGHTS", request.inputs.size())) {
      for (Input& input : request.inputs) {
        if (!protocol::ParseDouble(reader.Next(), input.weight)) return "ERR weight value is not a float";
      }
    } else if (weighs && reader.AcceptWith("AGGREGATE", 1)) {
      const std::optional<Aggregate> aggregate = ParseAggregate(reader.Next());
      if (!aggregate) return "ERR syntax error";
      request.aggregate = *aggregate;
    } else if (target == Target::kReply && reader.Accept("WITHSCORES")) {
      request.scores = Scores::kShown;
    } else if (target == Target::kCount && reader.AcceptWith("LIMIT", 1)) {
      const int64_t limit = ToInteger(reader.Next()).value_or(-1);
      if (limit < 0) return "ERR LIMIT can't be negative";
      request.limit = limit == 0 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(limit);
    } else {
      return "ERR syntax error";
    }
  }
  return {};
}

void StoreEntries(CommandContext& ctx, const Entries& entries) {
  size_t longest = 0;
  for (const Entry& entry : entries) longest = std::max(longest, entry.member.size());
  const engine::ZsetLimits limits = LimitsForResult(ctx.engine.settings().zset, entries.size(), longest);
  Zset result;
  for (const Entry& entry : entries) result.Add(entry.member, entry.score, limits);
  StoreZset(ctx, ctx.KeyAt(1), result, ctx.spec().name);  // the events are named like their commands
}

template <SetOperation kOperation, Target kTarget>
void CombineCommand(CommandContext& ctx) {
  constexpr size_t kCountAt = kTarget == Target::kKey ? 2 : 1;
  const std::optional<size_t> count = ParseInputCount(ctx, kCountAt);
  CombineRequest request;
  if (!count || !ReadInputs(ctx, kCountAt + 1, *count, request)) return;
  ArgReader reader(ctx.args, kCountAt + 1 + *count);
  const std::string_view error = ParseCombineOptions(reader, kOperation, kTarget, request);
  if (!error.empty()) return ctx.FailText(error);
  if (kOperation != SetOperation::kDifference) {
    std::ranges::stable_sort(request.inputs, {}, &Input::size);
  }
  Entries entries = Combine(kOperation, request);
  if (kTarget == Target::kCount) return ctx.reply.Integer(static_cast<int64_t>(entries.size()));
  std::ranges::sort(entries, std::less<>());
  if (kTarget == Target::kKey) return StoreEntries(ctx, entries);
  ZsetReply reply(ctx.reply, entries.size(), request.scores);
  for (const Entry& entry : entries) reply.Entry(entry.member, entry.score);
}

size_t SizeOf(engine::KeyEntry entry) {
  if (!entry) return 0;
  if (entry.type() == engine::ValueType::kSet) return entry.As<Set>().size();
  return entry.type() == engine::ValueType::kZset ? entry.As<Zset>().size() : 0;
}

template <SetOperation kOperation>
int64_t CombineCost(CommandContext& ctx) {
  size_t inputs = 0;
  size_t total = 0;
  size_t smallest = std::numeric_limits<size_t>::max();
  for (const CommandKey& key : ctx.prepared.keys) {
    if ((key.flags & kKeyRo) == 0) continue;
    const engine::KeyEntry entry = ctx.engine.Peek(key.key);
    const size_t size = SizeOf(entry);
    ++inputs;
    total += size;
    smallest = std::min(smallest, size);
  }
  if (inputs == 0) return 0;
  const size_t steps = kOperation == SetOperation::kIntersection ? smallest * inputs : total;
  return static_cast<int64_t>(steps) * kCombineEntryNs;
}

template <SetOperation kOperation, Target kTarget>
constexpr CommandSpec CombineRow(std::string_view name) {
  CommandSpec row{.name = name,
                  .arity = -3,
                  .flags = kReadOnly | kMovableKeys,
                  .categories = kCatSortedSet,
                  .keys = Keys(KeyCount(kKeyRo | kKeyAccess, 1)),
                  .handler = CombineCommand<kOperation, kTarget>,
                  .cost = CombineCost<kOperation>};
  if (kTarget == Target::kKey) {
    row.arity = -4;
    row.flags = kWrite | kDenyOom | kMovableKeys;
    row.keys = Keys(KeyRange(kKeyOw | kKeyUpdate, 1, 1), KeyCount(kKeyRo | kKeyAccess, 2));
  }
  return row;
}

constexpr CommandSpec kRows[] = {
    CombineRow<SetOperation::kUnion, Target::kReply>("zunion"),
    CombineRow<SetOperation::kIntersection, Target::kReply>("zinter"),
    CombineRow<SetOperation::kDifference, Target::kReply>("zdiff"),
    CombineRow<SetOperation::kUnion, Target::kKey>("zunionstore"),
    CombineRow<SetOperation::kIntersection, Target::kKey>("zinterstore"),
    CombineRow<SetOperation::kDifference, Target::kKey>("zdiffstore"),
    CombineRow<SetOperation::kIntersection, Target::kCount>("zintercard"),
};

}  // namespace

const CommandGroup kZsetCombineCommands{"sorted-set", kRows};

}  // namespace usher::server
