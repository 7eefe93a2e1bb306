// HyperLogLogs: PFADD, PFCOUNT, PFMERGE, and looking inside: PFDEBUG, PFSELFTEST. They are strings of a known layout
// (engine/hyperloglog.h); PFCOUNT of one key keeps its answer in the string, and that is a change of the key.
#include "engine/hyperloglog.h"

#include <cmath>
#include <string>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

namespace hll = engine::hyperloglog;

using engine::Error;
using engine::Key;
using engine::KeyEntry;
using engine::RawString;

constexpr std::string_view kInvalid = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupted = "INVALIDOBJ Corrupted HLL object detected";

/// Whether `entry`, if there is one, is a HyperLogLog that can be read; else the error is replied.
bool IsReadable(CommandContext& ctx, KeyEntry entry) {
  if (!entry) return true;
  if (entry.type() != engine::ValueType::kString) {
    ctx.Fail(Error::kWrongType);
    return false;
  }
  engine::IntegerScratch scratch;
  const std::string_view bytes = entry.StringBytes(scratch);
  const bool has_header = hll::HasHeader(bytes);
  if (has_header && hll::IsSound(bytes)) return true;
  ctx.FailText(has_header ? kCorrupted : kInvalid);
  return false;
}

/// Calls fn(RawString&) on the HyperLogLog at `key`, made if there is no `entry`.
template <class Fn>
void Change(CommandContext& ctx, const Key& key, KeyEntry entry, Fn&& fn) {
  if (!entry) {
    ctx.engine.SetBuilt(key, engine::EntryBuilder::Value(RawString::Make(hll::Empty())), engine::kNoExpiry);
    entry = ctx.engine.Peek(key);
  }
  ctx.engine.KeyspaceOf(key).UpdateString(entry, fn);
}

void PfAdd(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  const KeyEntry entry = ctx.engine.ForWrite(key);
  if (!IsReadable(ctx, entry)) return;
  const uint64_t sparse_bytes_max = ctx.engine.settings().hll_sparse_bytes_max;
  bool changed = !entry;
  Change(ctx, key, entry, [&](RawString& bytes) {
    for (const std::string_view element : ctx.args.subspan(2)) {
      changed |= hll::Raise(bytes, hll::MarkOf(element), sparse_bytes_max);
    }
    if (changed) hll::Outdate(bytes);
  });
  if (changed) ctx.engine.Modified(key, engine::kNotifyString, "pfadd");
  ctx.reply.Integer(changed ? 1 : 0);
}

/// Raises `registers` to those of all keys from args[first] on. False: the error is replied.
bool CollectKeys(CommandContext& ctx, size_t first, hll::Registers& registers, bool& any_dense) {
  for (size_t i = first; i < ctx.args.size(); ++i) {
    const KeyEntry entry = ctx.engine.Read(ctx.KeyAt(i));
    if (!IsReadable(ctx, entry)) return false;
    if (!entry) continue;
    engine::IntegerScratch scratch;
    const std::string_view bytes = entry.StringBytes(scratch);
    any_dense |= hll::IsDense(bytes);
    hll::Collect(bytes, registers);
  }
  return true;
}

void CountOneKey(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  const KeyEntry read = ctx.engine.Read(key);
  if (!IsReadable(ctx, read)) return;
  if (!read) return ctx.reply.Integer(0);
  engine::IntegerScratch scratch;
  const std::string_view bytes = read.StringBytes(scratch);
  if (const auto stored = hll::StoredEstimate(bytes)) return ctx.reply.Integer(static_cast<int64_t>(*stored));
  hll::Registers registers{};
  hll::Collect(bytes, registers);
  const uint64_t estimate = hll::Estimate(registers);
  Change(ctx, key, ctx.engine.ForWrite(key), [&](RawString& changed) { hll::StoreEstimate(changed, estimate); });
  ctx.engine.Modified(key, engine::kNotifyNothing, "pfcount");
  ctx.reply.Integer(static_cast<int64_t>(estimate));
}

void PfCount(CommandContext& ctx) {
  if (ctx.args.size() == 2) return CountOneKey(ctx);
  hll::Registers registers{};
  bool any_dense = false;
  if (CollectKeys(ctx, 1, registers, any_dense)) {
    ctx.reply.Integer(static_cast<int64_t>(hll::Estimate(registers)));
  }
}

// The destination is an input as well.
void PfMerge(CommandContext& ctx) {
  hll::Registers registers{};
  bool any_dense = false;
  if (!CollectKeys(ctx, 1, registers, any_dense)) return;
  const Key key = ctx.KeyAt(1);
  const uint64_t sparse_bytes_max = ctx.engine.settings().hll_sparse_bytes_max;
  Change(ctx, key, ctx.engine.ForWrite(key), [&](RawString& bytes) {
    if (any_dense) hll::ToDense(bytes);
    for (uint32_t i = 0; i < hll::kRegisterCount; ++i) {
      if (registers[i] > 0) hll::Raise(bytes, {i, registers[i]}, sparse_bytes_max);
    }
    hll::Outdate(bytes);
  });
  ctx.engine.Modified(key, engine::kNotifyString, "pfadd");
  ctx.reply.Ok();
}

void MakeDense(CommandContext& ctx, const Key& key, KeyEntry entry) {
  Change(ctx, key, entry, [](RawString& bytes) { hll::ToDense(bytes); });
  ctx.engine.Modified(key, engine::kNotifyNothing, "pfdebug");
}

void ReplyRegisters(CommandContext& ctx, std::string_view bytes) {
  hll::Registers registers{};
  hll::Collect(bytes, registers);
  ctx.reply.Array(registers.size());
  for (const uint8_t value : registers) ctx.reply.Integer(value);
}

void ReplyRuns(CommandContext& ctx, std::string_view bytes) {
  std::string text;
  hll::ForEachRun(bytes, [&](uint8_t value, uint32_t length, bool is_long) {
    if (!text.empty()) text += ' ';
    text += value > 0 ? "v:" + std::to_string(value) + ',' : is_long ? "Z:" : "z:";
    text += std::to_string(length);
  });
  ctx.reply.Bulk(text);
}

void PfDebug(CommandContext& ctx) {
  const Key key = ctx.KeyAt(2);
  const KeyEntry entry = ctx.engine.ForWrite(key);
  if (!entry) return ctx.FailText("ERR The specified key does not exist");
  if (!IsReadable(ctx, entry)) return;
  engine::IntegerScratch scratch;
  const std::string_view bytes = entry.StringBytes(scratch);
  const bool dense = hll::IsDense(bytes);
  const std::string_view what = ctx.args[1];
  if (EqualsIgnoringCase(what, "ENCODING")) return ctx.reply.SimpleString(dense ? "dense" : "sparse");
  if (EqualsIgnoringCase(what, "DECODE")) {
    return dense ? ctx.FailText("ERR HLL encoding is not sparse") : ReplyRuns(ctx, bytes);
  }
  if (EqualsIgnoringCase(what, "GETREG")) {
    ReplyRegisters(ctx, bytes);
    return dense ? void() : MakeDense(ctx, key, entry);
  }
  if (!EqualsIgnoringCase(what, "TODENSE")) {
    return ctx.FailText("ERR Unknown PFDEBUG subcommand '" + std::string(what.substr(0, what.find('\0'))) + "'");
  }
  if (!dense) MakeDense(ctx, key, entry);
  ctx.reply.Integer(dense ? 0 : 1);
}

/// Adds numbers to a sparse and a dense one: they must tell the same, and be as near as 16384 registers allow.
std::string_view SelfTest() {
  constexpr int kElements = 1'000'000;
  constexpr double kDeviationsMax = 8;
  RawString sparse = RawString::Make(hll::Empty());
  RawString dense = RawString::Make(hll::Empty());
  hll::ToDense(dense);
  std::string_view complaint;
  for (int i = 1, next_check = 1; i <= kElements && complaint.empty(); ++i) {
    const hll::Mark mark = hll::MarkOf(std::to_string(i));
    if (hll::Raise(sparse, mark, hll::kDenseBytes) != hll::Raise(dense, mark, 0)) complaint = "TESTFAILED registers";
    if (i != next_check) continue;
    next_check *= 10;
    hll::Registers of_sparse{};
    hll::Registers of_dense{};
    hll::Collect(sparse.view(), of_sparse);
    hll::Collect(dense.view(), of_dense);
    if (of_sparse != of_dense) complaint = "TESTFAILED sparse and dense differ";
    const double allowed = kDeviationsMax * 1.04 / std::sqrt(hll::kRegisterCount) * i + 1;
    if (std::abs(static_cast<double>(hll::Estimate(of_dense)) - i) > allowed) complaint = "TESTFAILED estimate";
  }
  sparse.Destroy();
  dense.Destroy();
  return complaint;
}

void PfSelfTest(CommandContext& ctx) {
  const std::string_view complaint = SelfTest();
  if (!complaint.empty()) return ctx.FailText(complaint);
  ctx.reply.Ok();
}

constexpr KeySpec CountedKeys() {
  KeySpec spec = KeyRange(kKeyRw | kKeyAccess, 1, -1);
  spec.notes = "RW because it may change the internal representation of the key, and propagate to replicas";
  return spec;
}

constexpr CommandSpec kRows[] = {
    {.name = "pfadd",
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHyperLogLog,
     .keys = OneKey(kKeyRw | kKeyInsert),
     .handler = PfAdd},
    {.name = "pfcount",
     .arity = -2,
     .flags = kReadOnly | kMayReplicate,
     .categories = kCatHyperLogLog,
     .keys = Keys(CountedKeys()),
     .handler = PfCount},
    {.name = "pfdebug",
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin,
     .categories = kCatHyperLogLog,
     .keys = OneKey(kKeyRw | kKeyAccess, 2),
     .handler = PfDebug},
    {.name = "pfmerge",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .categories = kCatHyperLogLog,
     .keys = Keys(KeyRange(kKeyRw | kKeyAccess | kKeyInsert, 1, 1), KeyRange(kKeyRo | kKeyAccess, 2, -1)),
     .handler = PfMerge},
    {.name = "pfselftest",
     .arity = 1,
     .flags = kAdmin | kLongWork,
     .categories = kCatHyperLogLog,
     .keys = NoKeys(),
     .handler = PfSelfTest},
};

}  // namespace

const CommandGroup kHyperLogLogCommands{"hyperloglog", kRows};

}  // namespace usher::server
