// Algebra of sets: intersection, union and difference, to the client, into a key, or only counted.
//
// A difference is found in one of two ways, whichever takes fewer steps: ask all others about each member of the first,
// or copy the first and remove the members of the others.
#include <algorithm>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::Set;
using engine::SetLimits;

constexpr int64_t kStepNs = 150;

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };

using Inputs = std::vector<const Set*>;  // null: no such key

size_t SizeOf(const Set* set) {
  return set == nullptr ? 0 : set->size();
}

/// The sets of `count` keys from args[first] on. False: one is something else, which is replied.
bool ReadInputs(CommandContext& ctx, size_t first, size_t count, Inputs& inputs) {
  inputs.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto set = ctx.engine.ReadAs<Set>(ctx.KeyAt(first + i));
    if (!set) {
      ctx.Fail(set.error());
      return false;
    }
    inputs.push_back(*set);
  }
  return true;
}

/// Calls fn(member), until it says false, for the members that all sets have. The smallest set comes first.
template <class Fn>
void Intersect(Inputs& inputs, Fn&& fn) {
  std::ranges::stable_sort(inputs, {}, SizeOf);
  const Set* first = inputs.front();
  if (first == nullptr) return;
  first->ForEachWhile([&](std::string_view member) {
    const bool in_all = std::all_of(inputs.begin() + 1, inputs.end(),
                                    [&](const Set* other) { return other == first || other->Contains(member); });
    return !in_all || fn(member);
  });
}

// As Redis does it: integers when the smallest input is that, or when all that was found are.
Set Intersection(Inputs& inputs, const SetLimits& limits) {
  Set result;
  bool sorted = false;
  Intersect(inputs, [&](std::string_view member) {
    sorted = inputs.front()->encoding() == Set::Encoding::kIntset;
    if (sorted) {
      result.Add(member, limits);
    } else {
      result.AddInOrder(member, limits);
    }
    return true;
  });
  if (!sorted && !result.empty()) result.ConvertToIntegers(limits);
  return result;
}

Set Union(const Inputs& inputs, const SetLimits& limits) {
  Set result;
  for (const Set* input : inputs) {
    if (input != nullptr) input->ForEach([&](std::string_view member) { result.Add(member, limits); });
  }
  return result;
}

bool BetterToAsk(const Inputs& inputs) {
  size_t asked = 0;
  size_t total = 0;
  for (const Set* input : inputs) {
    if (input == nullptr) continue;
    asked += SizeOf(inputs.front());
    total += input->size();
  }
  return asked / 2 <= total;
}

Set DifferenceByAsking(Inputs& inputs, const SetLimits& limits) {
  // The larger a set, the sooner it says yes.
  std::stable_sort(inputs.begin() + 1, inputs.end(), [](const Set* a, const Set* b) { return SizeOf(a) > SizeOf(b); });
  const Set* first = inputs.front();
  Set result;
  first->ForEach([&](std::string_view member) {
    const bool elsewhere = std::any_of(inputs.begin() + 1, inputs.end(), [&](const Set* other) {
      return other != nullptr && (other == first || other->Contains(member));
    });
    if (!elsewhere) result.Add(member, limits);
  });
  return result;
}

Set DifferenceByRemoving(const Inputs& inputs, const SetLimits& limits) {
  Set result = Union({inputs.front()}, limits);
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i] != nullptr) inputs[i]->ForEach([&](std::string_view member) { result.Remove(member); });
  }
  return result;
}

Set Difference(Inputs& inputs, const SetLimits& limits) {
  if (inputs.front() == nullptr) return {};
  return BetterToAsk(inputs) ? DifferenceByAsking(inputs, limits) : DifferenceByRemoving(inputs, limits);
}

template <Operation kOperation>
Set Combine(Inputs& inputs, const SetLimits& limits) {
  if (kOperation == Operation::kUnion) return Union(inputs, limits);
  return kOperation == Operation::kIntersection ? Intersection(inputs, limits) : Difference(inputs, limits);
}

template <Operation kOperation>
void CombineToReply(CommandContext& ctx) {
  Inputs inputs;
  if (!ReadInputs(ctx, 1, ctx.args.size() - 1, inputs)) return;
  Set result = Combine<kOperation>(inputs, ctx.engine.settings().set);
  ctx.reply.Set(result.size());
  result.ForEach([&](std::string_view member) { ctx.reply.Bulk(member); });
  result.Destroy();
}

// The result needs no place of its own: what is found is replied at once.
template <>
void CombineToReply<Operation::kIntersection>(CommandContext& ctx) {
  Inputs inputs;
  if (!ReadInputs(ctx, 1, ctx.args.size() - 1, inputs)) return;
  size_t found = 0;
  const auto start = ctx.reply.BeginDeferred();
  Intersect(inputs, [&](std::string_view member) {
    ctx.reply.Bulk(member);
    ++found;
    return true;
  });
  ctx.reply.EndSet(start, found);
}

template <Operation kOperation>
void CombineToKey(CommandContext& ctx) {
  Inputs inputs;
  if (!ReadInputs(ctx, 2, ctx.args.size() - 2, inputs)) return;
  const Set result = Combine<kOperation>(inputs, ctx.engine.settings().set);
  const Key key = ctx.KeyAt(1);
  const size_t size = result.size();
  if (size > 0) {
    ctx.engine.SetValue(key, result, engine::kNoExpiry);
    ctx.engine.Modified(key, engine::kNotifySet, ctx.spec().name);  // the events are named like their commands
  } else if (ctx.engine.Delete(key)) {
    ctx.engine.Modified(key, engine::kNotifyGeneric, "del");
  }
  ctx.reply.Integer(static_cast<int64_t>(size));
}

/// The options of SINTERCARD; the text of the error, or nothing.
std::string_view ParseLimit(ArgReader& reader, size_t& limit) {
  while (!reader.done()) {
    if (!reader.AcceptWith("LIMIT", 1)) return "ERR syntax error";
    const int64_t wanted = ToInteger(reader.Next()).value_or(-1);
    if (wanted < 0) return "ERR LIMIT can't be negative";
    limit = static_cast<size_t>(wanted);
  }
  return {};
}

void SInterCard(CommandContext& ctx) {
  const int64_t count = ToInteger(ctx.args[1]).value_or(0);
  if (count < 1) return ctx.FailText("ERR numkeys should be greater than 0");
  if (static_cast<uint64_t>(count) > ctx.args.size() - 2) {
    return ctx.FailText("ERR Number of keys can't be greater than number of args");
  }
  size_t limit = 0;  // none
  ArgReader reader(ctx.args, 2 + static_cast<size_t>(count));
  const std::string_view error = ParseLimit(reader, limit);
  if (!error.empty()) return ctx.FailText(error);
  Inputs inputs;
  if (!ReadInputs(ctx, 2, static_cast<size_t>(count), inputs)) return;
  size_t found = 0;
  Intersect(inputs, [&](std::string_view /*member*/) { return ++found != limit; });
  ctx.reply.Integer(static_cast<int64_t>(found));
}

template <Operation kOperation>
int64_t CombineCost(CommandContext& ctx) {
  size_t inputs = 0;
  size_t total = 0;
  size_t smallest = SIZE_MAX;
  for (const CommandKey& key : ctx.prepared.keys) {
    if ((key.flags & kKeyRo) == 0) continue;
    const engine::KeyEntry entry = ctx.engine.Peek(key.key);
    const size_t size = entry && entry.type() == engine::ValueType::kSet ? entry.As<Set>().size() : 0;
    ++inputs;
    total += size;
    smallest = std::min(smallest, size);
  }
  if (inputs == 0) return 0;
  const size_t steps = kOperation == Operation::kIntersection ? smallest * inputs : total;
  return static_cast<int64_t>(steps) * kStepNs;
}

template <Operation kOperation>
constexpr CommandSpec ReplyRow(std::string_view name) {
  return {.name = name,
          .arity = -2,
          .flags = kReadOnly,
          .categories = kCatSet,
          .keys = Keys(KeyRange(kKeyRo | kKeyAccess, 1, -1)),
          .handler = CombineToReply<kOperation>,
          .tips = "nondeterministic_output_order",
          .cost = CombineCost<kOperation>};
}

template <Operation kOperation>
constexpr CommandSpec StoreRow(std::string_view name, uint16_t target_flags) {
  return {.name = name,
          .arity = -3,
          .flags = kWrite | kDenyOom,
          .categories = kCatSet,
          .keys = Keys(KeyRange(target_flags, 1, 1), KeyRange(kKeyRo | kKeyAccess, 2, -1)),
          .handler = CombineToKey<kOperation>,
          .cost = CombineCost<kOperation>};
}

constexpr CommandSpec kRows[] = {
    ReplyRow<Operation::kDifference>("sdiff"),
    StoreRow<Operation::kDifference>("sdiffstore", kKeyOw | kKeyUpdate),
    ReplyRow<Operation::kIntersection>("sinter"),
    {.name = "sintercard",
     .arity = -3,
     .flags = kReadOnly | kMovableKeys,
     .categories = kCatSet,
     .keys = Keys(KeyCount(kKeyRo | kKeyAccess, 1)),
     .handler = SInterCard,
     .cost = CombineCost<Operation::kIntersection>},
    StoreRow<Operation::kIntersection>("sinterstore", kKeyRw | kKeyUpdate),
    ReplyRow<Operation::kUnion>("sunion"),
    StoreRow<Operation::kUnion>("sunionstore", kKeyOw | kKeyUpdate),
};

}  // namespace

const CommandGroup kSetAlgebraCommands{"set", kRows};

}  // namespace usher::server
