// SORT and SORT_RO: the elements of a list, set or sorted set, ordered by themselves or by other keys' values (BY),
// replied as themselves or as other keys' values (GET), or stored as a list. What BY and GET name depends on the
// elements, so these run under the turns of all shards. Text is compared by bytes, as Redis does in the C locale.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/zset.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::List;
using engine::Set;
using engine::ValueType;
using engine::Zset;

constexpr int64_t kItemNs = 300;

/// Up to a NUL, where Redis stops looking for '*' and "->".
std::string_view UpToNul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

struct SortRequest {
  bool descending = false;
  bool alpha = false;
  bool in_given_order = false;  // BY without a '*'
  int64_t first = 0;
  int64_t count = -1;
  std::optional<std::string_view> by;
  std::vector<std::string_view> gets;
  std::optional<size_t> store_at;  // among the arguments

  Error Parse(std::span<const std::string_view> args, bool may_store);
};

Error SortRequest::Parse(std::span<const std::string_view> args, bool may_store) {
  for (ArgReader reader(args, 2); !reader.done();) {
    if (reader.Accept("ASC")) {
      descending = false;
    } else if (reader.Accept("DESC")) {
      descending = true;
    } else if (reader.Accept("ALPHA")) {
      alpha = true;
    } else if (reader.AcceptWith("LIMIT", 2)) {
      const std::optional<int64_t> wanted_first = ToInteger(reader.Next());
      const std::optional<int64_t> wanted_count = ToInteger(reader.Next());
      if (!wanted_first || !wanted_count) return Error::kNotAnInteger;
      first = *wanted_first;
      count = *wanted_count;
    } else if (may_store && reader.AcceptWith("STORE", 1)) {
      store_at = reader.position();
      reader.Next();
    } else if (reader.AcceptWith("BY", 1)) {
      by = reader.Next();
      in_given_order = UpToNul(*by).find('*') == std::string_view::npos;
    } else if (reader.AcceptWith("GET", 1)) {
      gets.push_back(reader.Next());
    } else {
      return Error::kSyntax;
    }
  }
  return Error::kOk;
}

/// What `pattern` means for an element: the element itself ("#"), the string at the key that has the element in place
/// of the '*', or a field of the hash there ("key_*->field").
std::optional<std::string> Lookup(CommandContext& ctx, std::string_view pattern, const std::string& element) {
  const std::string_view searched = UpToNul(pattern);
  if (searched == "#") return element;
  const size_t star = searched.find('*');
  if (star == std::string_view::npos) return std::nullopt;
  const size_t arrow = searched.find("->", star + 1);
  const bool has_field = arrow != std::string_view::npos && arrow + 2 < searched.size();
  const std::string_view behind = pattern.substr(star + 1, has_field ? arrow - star - 1 : std::string_view::npos);
  const std::string name = std::string(pattern.substr(0, star)) + element + std::string(behind);
  const engine::KeyEntry entry = ctx.engine.Read(engine::MakeKey(name));
  if (!entry) return std::nullopt;
  if (has_field) {
    if (entry.type() != ValueType::kHash) return std::nullopt;
    engine::PackedScratch scratch;
    const auto value = entry.As<engine::Hash>().Get(pattern.substr(arrow + 2), scratch);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  }
  if (entry.type() != ValueType::kString) return std::nullopt;
  engine::IntegerScratch scratch;
  return std::string(entry.StringBytes(scratch));
}

struct Item {
  std::string text;
  double score = 0;
  std::optional<std::string> weight = {};  // what BY found, when ALPHA
};

/// As C reads a number: spaces before it are fine, and nothing is 0.
std::optional<double> ScoreOf(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

/// Redis turns a sorted set that it sorts into a skiplist, as OBJECT ENCODING shows ever after.
void LeavePackedForm(CommandContext& ctx, const Key& key) {
  auto zset = ctx.engine.ForWriteAs<Zset>(key);
  if ((*zset)->encoding() != Zset::Encoding::kPacked) return;
  const Zset::Entry last = (*zset)->Back();
  const std::string member(last.member);
  const double score = last.score;
  (*zset)->Remove(member);
  (*zset)->Add(member, score, {.packed_entries_max = 0, .packed_value_bytes_max = 0});
}

/// One SORT, from its items to its reply.
class Sorting {
 public:
  Sorting(CommandContext& ctx, SortRequest request) : ctx_(ctx), request_(std::move(request)) {}

  /// False: the key is of another type.
  bool ReadItems(const Key& key);
  /// False: something that should be a number is not.
  bool Sort();
  void Reply();
  void Store(const Key& key);

 private:
  bool Weigh(Item& item);
  int CompareTexts(std::string_view left, std::string_view right) const;
  int Compare(const Item& left, const Item& right) const;
  template <class Fn>
  void ForEachOutput(Fn&& fn);

  CommandContext& ctx_;
  SortRequest request_;
  std::vector<Item> items_;
  size_t first_ = 0;  // the part that LIMIT selects
  size_t count_ = 0;
};

bool Sorting::ReadItems(const Key& key) {
  const engine::KeyEntry entry = ctx_.engine.Read(key);
  if (!entry) return true;
  const auto add = [&](std::string_view text) { items_.push_back({.text = std::string(text)}); };
  switch (entry.type()) {
    case ValueType::kList:
      entry.As<List>().ForEach(add);
      if (request_.in_given_order && request_.descending) std::reverse(items_.begin(), items_.end());
      break;
    case ValueType::kSet:
      entry.As<Set>().ForEach(add);
      // A set has no order that a copy of it would have as well, so what is stored is ordered all the same.
      if (request_.in_given_order && request_.store_at) {
        request_.in_given_order = false;
        request_.alpha = true;
        request_.by.reset();
      }
      break;
    case ValueType::kZset: {
      const bool reversed = request_.in_given_order && request_.descending;
      const Zset& zset = entry.As<Zset>();
      zset.ForEach(zset.All(), reversed ? engine::Order::kReversed : engine::Order::kAscending,
                   [&](std::string_view member, double) { add(member); });
      LeavePackedForm(ctx_, key);
      break;
    }
    default:
      return false;
  }
  const auto size = static_cast<int64_t>(items_.size());
  const int64_t first = std::clamp<int64_t>(request_.first, 0, size);
  const int64_t left = size - first;
  first_ = static_cast<size_t>(first);
  count_ = static_cast<size_t>(request_.count < 0 ? left : std::min(request_.count, left));
  return true;
}

bool Sorting::Weigh(Item& item) {
  if (request_.alpha) {
    if (request_.by) item.weight = Lookup(ctx_, *request_.by, item.text);
    return true;
  }
  const std::optional<std::string> number = request_.by ? Lookup(ctx_, *request_.by, item.text) : item.text;
  if (!number) return true;
  const std::optional<double> score = ScoreOf(*number);
  item.score = score.value_or(0);
  return score.has_value();
}

/// To be stored, texts are compared whole; else as strcoll does, up to a NUL.
int Sorting::CompareTexts(std::string_view left, std::string_view right) const {
  return request_.store_at ? left.compare(right) : UpToNul(left).compare(UpToNul(right));
}

int Sorting::Compare(const Item& left, const Item& right) const {
  if (!request_.alpha) {
    if (left.score != right.score) return left.score < right.score ? -1 : 1;
    return left.text.compare(right.text);
  }
  if (!request_.by) return CompareTexts(left.text, right.text);
  if (!left.weight || !right.weight) return static_cast<int>(left.weight.has_value()) - right.weight.has_value();
  return CompareTexts(*left.weight, *right.weight);
}

bool Sorting::Sort() {
  if (request_.in_given_order) return true;
  bool all_weighed = true;
  for (Item& item : items_) all_weighed = Weigh(item) && all_weighed;
  if (!all_weighed) return false;
  std::stable_sort(items_.begin(), items_.end(), [&](const Item& left, const Item& right) {
    return request_.descending ? Compare(right, left) < 0 : Compare(left, right) < 0;
  });
  return true;
}

/// Calls fn(text) or fn(nothing) for what is replied or stored.
template <class Fn>
void Sorting::ForEachOutput(Fn&& fn) {
  for (size_t i = first_; i < first_ + count_; ++i) {
    if (request_.gets.empty()) fn(std::optional<std::string_view>(items_[i].text));
    for (const std::string_view pattern : request_.gets) {
      const std::optional<std::string> found = Lookup(ctx_, pattern, items_[i].text);
      fn(found ? std::optional<std::string_view>(*found) : std::nullopt);
    }
  }
}

void Sorting::Reply() {
  ctx_.reply.Array(count_ * std::max<size_t>(request_.gets.size(), 1));
  ForEachOutput([&](std::optional<std::string_view> text) { text ? ctx_.reply.Bulk(*text) : ctx_.reply.Null(); });
}

void Sorting::Store(const Key& key) {
  const engine::ListLimits& limits = ctx_.engine.settings().list;
  List stored;
  ForEachOutput([&](std::optional<std::string_view> text) {
    const std::string_view element = text.value_or(std::string_view());
    stored.PrepareToGrow(element.size(), 1, limits);
    stored.Push(engine::ListEnd::kTail, element, limits);
  });
  const auto size = static_cast<int64_t>(stored.size());
  if (size > 0) {
    ctx_.engine.SetValue(key, stored, engine::kNoExpiry);
    ctx_.engine.Modified(key, engine::kNotifyList, "sortstore");
  } else if (ctx_.engine.Delete(key)) {
    ctx_.engine.Modified(key, engine::kNotifyGeneric, "del");
  }
  ctx_.reply.Integer(size);
}

template <bool kMayStore>
void SortCommand(CommandContext& ctx) {
  SortRequest request;
  const Error error = request.Parse(ctx.args, kMayStore);
  if (error != Error::kOk) return ctx.Fail(error);
  const std::optional<size_t> store_at = request.store_at;
  Sorting sorting(ctx, std::move(request));
  if (!sorting.ReadItems(ctx.KeyAt(1))) return ctx.Fail(Error::kWrongType);
  if (!sorting.Sort()) return ctx.FailText("ERR One or more scores can't be converted into double");
  if (store_at) return sorting.Store(ctx.KeyAt(*store_at));
  sorting.Reply();
}

int64_t SortCost(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  if (!entry) return 0;
  if (entry.type() == ValueType::kList) return static_cast<int64_t>(entry.As<List>().size()) * kItemNs;
  if (entry.type() == ValueType::kSet) return static_cast<int64_t>(entry.As<Set>().size()) * kItemNs;
  if (entry.type() == ValueType::kZset) return static_cast<int64_t>(entry.As<Zset>().size()) * kItemNs;
  return 0;
}

/// STORE's key, the last one given. BY and GET may touch any key.
template <bool kMayStore>
bool FurtherKeys(std::span<const std::string_view> args, std::vector<CommandKey>* keys) {
  bool all_known = true;
  std::optional<size_t> store_at;
  for (ArgReader reader(args, 2); !reader.done();) {
    if (reader.AcceptWith("LIMIT", 2)) {
      reader.Next();
      reader.Next();
    } else if (reader.AcceptWith("GET", 1) || reader.AcceptWith("BY", 1)) {
      all_known = false;
      reader.Next();
    } else if (kMayStore && reader.AcceptWith("STORE", 1)) {
      store_at = reader.position();
      reader.Next();
    } else {
      reader.Next();
    }
  }
  if (store_at && keys != nullptr) {
    keys->push_back({engine::MakeKey(args[*store_at]), static_cast<uint32_t>(*store_at), kKeyOw | kKeyUpdate});
  }
  return all_known;
}

constexpr KeySpec UnknownKeys(uint16_t flags, std::string_view notes) {
  KeySpec spec;
  spec.flags = flags;
  spec.begin = KeySpec::Begin::kUnknown;
  spec.find = KeySpec::Find::kUnknown;
  spec.notes = notes;
  return spec;
}

constexpr KeySpec kSource = KeyRange(kKeyRo | kKeyAccess, 1, 1);
constexpr KeySpec kPatterns =
    UnknownKeys(kKeyRo | kKeyAccess,
                "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content "
                "of the key we sort");
constexpr KeySpec kTarget =
    UnknownKeys(kKeyOw | kKeyUpdate,
                "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the "
                "argument array");

constexpr CommandSpec kRows[] = {
    {.name = "sort",
     .arity = -2,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatSet | kCatSortedSet | kCatList | kCatDangerous,
     .keys = Keys(kSource, kPatterns, kTarget),
     .handler = SortCommand<true>,
     .cost = SortCost,
     .cost_from_args = 2,
     .further_keys = FurtherKeys<true>},
    {.name = "sort_ro",
     .arity = -2,
     .flags = kReadOnly | kMovableKeys,
     .categories = kCatSet | kCatSortedSet | kCatList | kCatDangerous,
     .keys = Keys(kSource, kPatterns),
     .handler = SortCommand<false>,
     .cost = SortCost,
     .cost_from_args = 2,
     .further_keys = FurtherKeys<false>},
};

}  // namespace

const CommandGroup kSortCommands{"generic", kRows};

}  // namespace usher::server
