// Lists: finding and changing what is inside.
#include <algorithm>
#include <limits>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/list_pop.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::kNotifyList;
using engine::List;
using engine::ListEnd;

constexpr int64_t kCompareNs = 6;
constexpr int64_t kElementsFreedPerNs = 2;

void LSet(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteAs<List>(key);
  if (!list) return ctx.Fail(list.error());
  if (!*list) return ctx.Fail(Error::kNoSuchKey);
  const std::optional<int64_t> index = ToInteger(ctx.args[2]);
  if (!index) return ctx.Fail(Error::kNotAnInteger);
  const engine::ListLimits& limits = ctx.engine.settings().list;
  (*list)->PrepareToGrow(ctx.args[3].size(), 1, limits);
  const std::optional<uint64_t> found = ListIndex(*index, (*list)->size());
  if (!found) return ctx.Fail(Error::kIndexOutOfRange);
  (*list)->Set(*found, ctx.args[3], limits);
  (*list)->ShrinkIfSmall(limits);
  ctx.engine.Modified(key, kNotifyList, "lset");
  ctx.reply.Ok();
}

void LInsert(CommandContext& ctx) {
  const bool before = EqualsIgnoringCase(ctx.args[2], "BEFORE");
  if (!before && !EqualsIgnoringCase(ctx.args[2], "AFTER")) return ctx.Fail(Error::kSyntax);
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteAs<List>(key);
  if (!list) return ctx.Fail(list.error());
  if (!*list) return ctx.reply.Integer(0);
  const engine::ListLimits& limits = ctx.engine.settings().list;
  (*list)->PrepareToGrow(ctx.args[4].size(), 1, limits);
  const ListEnd side = before ? ListEnd::kHead : ListEnd::kTail;
  if (!(*list)->InsertBeside(ctx.args[3], side, ctx.args[4], limits)) return ctx.reply.Integer(-1);
  ctx.engine.Modified(key, kNotifyList, "linsert");
  ctx.reply.Integer(static_cast<int64_t>((*list)->size()));
}

void LRem(CommandContext& ctx) {
  const std::optional<int64_t> wanted = ToInteger(ctx.args[2]);
  if (!wanted) return ctx.Fail(Error::kNotAnInteger);
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteAs<List>(key);
  if (!list) return ctx.Fail(list.error());
  if (!*list) return ctx.reply.Integer(0);
  const uint64_t count = *wanted == 0 ? (*list)->size() : Magnitude(*wanted);
  const uint64_t removed = (*list)->Remove(ctx.args[3], *wanted < 0 ? ListEnd::kTail : ListEnd::kHead, count);
  if (removed > 0) FinishListRemoval(ctx, key, *list, "lrem");
  ctx.reply.Integer(static_cast<int64_t>(removed));
}

void LTrim(CommandContext& ctx) {
  const std::optional<int64_t> first = ToInteger(ctx.args[2]);
  const std::optional<int64_t> last = ToInteger(ctx.args[3]);
  if (!first || !last) return ctx.Fail(Error::kNotAnInteger);
  const Key key = ctx.KeyAt(1);
  auto list = ctx.engine.ForWriteAs<List>(key);
  if (!list) return ctx.Fail(list.error());
  if (!*list) return ctx.reply.Ok();
  const uint64_t size = (*list)->size();
  const ListRange range(*first, *last, size);
  (*list)->Drop(ListEnd::kHead, range.first);
  (*list)->Drop(ListEnd::kTail, size - range.first - range.count);
  FinishListRemoval(ctx, key, *list, "ltrim");
  ctx.reply.Ok();
}

/// LPOS key element [RANK rank] [COUNT count] [MAXLEN comparisons]
struct Search {
  ListEnd from = ListEnd::kHead;
  uint64_t skipped = 0;  // matches before the first that counts
  std::optional<uint64_t> count;
  uint64_t compared_max = std::numeric_limits<uint64_t>::max();

  /// The text of the error, or nothing.
  std::string_view Parse(std::span<const std::string_view> args);

 private:
  std::string_view ParseRank(std::string_view text);
};

std::string_view Search::ParseRank(std::string_view text) {
  const std::optional<int64_t> rank = ToInteger(text);
  if (!rank) return "ERR value is not an integer or out of range";
  if (*rank == std::numeric_limits<int64_t>::min()) {
    return "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
  }
  if (*rank == 0) {
    return "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to "
           "start "
           "from the end of the list";
  }
  from = *rank < 0 ? ListEnd::kTail : ListEnd::kHead;
  skipped = Magnitude(*rank) - 1;
  return {};
}

std::string_view Search::Parse(std::span<const std::string_view> args) {
  for (ArgReader reader(args, 3); !reader.done();) {
    if (reader.AcceptWith("RANK", 1)) {
      if (const std::string_view error = ParseRank(reader.Next()); !error.empty()) return error;
    } else if (reader.AcceptWith("COUNT", 1)) {
      const std::optional<int64_t> wanted = ToInteger(reader.Next());
      if (!wanted || *wanted < 0) return "ERR COUNT can't be negative";
      count = *wanted == 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(*wanted);
    } else if (reader.AcceptWith("MAXLEN", 1)) {
      const std::optional<int64_t> wanted = ToInteger(reader.Next());
      if (!wanted || *wanted < 0) return "ERR MAXLEN can't be negative";
      compared_max = *wanted == 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(*wanted);
    } else {
      return "ERR syntax error";
    }
  }
  return {};
}

void LPos(CommandContext& ctx) {
  Search search;
  if (const std::string_view error = search.Parse(ctx.args); !error.empty()) return ctx.FailText(error);
  const auto list = ctx.engine.ReadAs<List>(ctx.KeyAt(1));
  if (!list) return ctx.Fail(list.error());
  std::vector<uint64_t> found;
  const uint64_t wanted = search.count.value_or(1);
  if (*list != nullptr) {
    (*list)->Search(ctx.args[2], search.from, search.compared_max, [&](uint64_t index) {
      if (search.skipped > 0) {
        --search.skipped;
      } else {
        found.push_back(index);
      }
      return found.size() < wanted;
    });
  }
  if (!search.count) return found.empty() ? ctx.reply.Null() : ctx.reply.Integer(static_cast<int64_t>(found[0]));
  ctx.reply.Array(found.size());
  for (const uint64_t index : found) ctx.reply.Integer(static_cast<int64_t>(index));
}

int64_t SizeOf(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  return HasList(ctx, key) ? static_cast<int64_t>(ctx.engine.Peek(key).As<List>().size()) : 0;
}

int64_t SearchCost(CommandContext& ctx) {
  return SizeOf(ctx) * kCompareNs;
}
int64_t TrimCost(CommandContext& ctx) {
  return SizeOf(ctx) / kElementsFreedPerNs;
}

constexpr CommandSpec kRows[] = {
    {.name = "lset",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatList,
     .keys = OneKey(kKeyRw | kKeyUpdate),
     .handler = LSet},
    {.name = "linsert",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .categories = kCatList,
     .keys = OneKey(kKeyRw | kKeyInsert),
     .handler = LInsert,
     .cost = SearchCost,
     .cost_from_args = 5},
    {.name = "lrem",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatList,
     .keys = OneKey(kKeyRw | kKeyDelete),
     .handler = LRem,
     .cost = SearchCost,
     .cost_from_args = 4},
    {.name = "ltrim",
     .arity = 4,
     .flags = kWrite,
     .categories = kCatList,
     .keys = OneKey(kKeyRw | kKeyDelete),
     .handler = LTrim,
     .cost = TrimCost,
     .cost_from_args = 4},
    {.name = "lpos",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kCatList,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = LPos,
     .cost = SearchCost,
     .cost_from_args = 3},
};

}  // namespace

const CommandGroup kListEditCommands{"list", kRows};

}  // namespace usher::server
