// Strings as bitmaps: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP. Fields of several bits are in bitfield.cpp.
#include "engine/bitmap.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/bit_offset.h"
#include "server/commands/groups.h"
#include "server/commands/one_key_row.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::IntegerScratch;
using engine::Key;
using engine::KeyEntry;
using engine::RawString;

// Redis tells writes that change nothing from others.
void SetBit(CommandContext& ctx) {
  const std::optional<uint64_t> at = ParseBitOffset(ctx, ctx.args[2]);
  if (!at) return;
  const int64_t bit = ToInteger(ctx.args[3]).value_or(-1);
  if (bit != 0 && bit != 1) return ctx.FailText("ERR bit is not an integer or out of range");
  const Key key = ctx.KeyAt(1);
  const KeyEntry entry = ctx.engine.ForWrite(key);
  if (entry && entry.type() != engine::ValueType::kString) return ctx.Fail(Error::kWrongType);
  const size_t old_size = entry ? entry.StringSize() : 0;
  bool old_bit = false;
  WriteBits(ctx, key, entry, *at / 8 + 1, [&](RawString& raw) {
    old_bit = engine::BitAt(raw.view(), *at);
    engine::BitField{.bits = 1, .at = *at}.Write(raw.data(), bit);
  });
  if (*at / 8 >= old_size || old_bit != (bit == 1)) ctx.engine.Modified(key, engine::kNotifyString, "setbit");
  ctx.reply.Integer(old_bit ? 1 : 0);
}

void GetBit(CommandContext& ctx) {
  const std::optional<uint64_t> at = ParseBitOffset(ctx, ctx.args[2]);
  if (!at) return;
  IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(ctx.KeyAt(1), scratch);
  if (!value) return ctx.Fail(value.error());
  ctx.reply.Integer(engine::BitAt((*value).value_or(""), *at) ? 1 : 0);
}

/// The range of BITCOUNT and BITPOS: [start end [BIT | BYTE]], inclusive, negative ones from the end.
struct BitRange {
  int64_t first = 0;
  int64_t last = -1;
  bool in_bits = false;
  uint64_t begin_bit = 0;  // after Resolve(): [begin_bit, end_bit)
  uint64_t end_bit = 0;

  /// Ends in front of their start, both counted from the end, however far out they are.
  bool IsCrossed() const { return first < 0 && last < 0 && first > last; }
  /// For a string of `bytes`.
  void Resolve(size_t bytes);
};

void BitRange::Resolve(size_t bytes) {
  const int64_t total = static_cast<int64_t>(in_bits ? bytes * 8 : bytes);
  const int64_t begin = std::max<int64_t>(first < 0 ? first + total : first, 0);
  const int64_t end = std::min(std::max<int64_t>(last < 0 ? last + total : last, 0), total - 1) + 1;
  if (begin >= end) return;
  begin_bit = static_cast<uint64_t>(begin) * (in_bits ? 1 : 8);
  end_bit = static_cast<uint64_t>(end) * (in_bits ? 1 : 8);
}

/// Reads BIT or BYTE.
engine::Status ParseUnit(std::string_view text, BitRange& range) {
  range.in_bits = EqualsIgnoringCase(text, "BIT");
  if (!range.in_bits && !EqualsIgnoringCase(text, "BYTE")) return Error::kSyntax;
  return {};
}

engine::Status ParseBound(std::string_view text, int64_t& bound) {
  const std::optional<int64_t> value = ToInteger(text);
  if (!value) return Error::kNotAnInteger;
  bound = *value;
  return {};
}

engine::Status ParseCountRange(std::span<const std::string_view> args, BitRange& range) {
  if (args.empty()) return {};
  if (args.size() == 1 || args.size() > 3) return Error::kSyntax;
  if (const engine::Status first = ParseBound(args[0], range.first); !first) return first;
  if (const engine::Status last = ParseBound(args[1], range.last); !last) return last;
  return args.size() == 3 ? ParseUnit(args[2], range) : engine::Status();
}

void BitCount(CommandContext& ctx) {
  BitRange range;
  const engine::Status parsed = ParseCountRange(ctx.args.subspan(2), range);
  if (!parsed) return ctx.Fail(parsed.error());
  IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(ctx.KeyAt(1), scratch);
  if (!value) return ctx.Fail(value.error());
  if (range.IsCrossed()) return ctx.reply.Integer(0);
  const std::string_view bytes = (*value).value_or("");
  range.Resolve(bytes.size());
  ctx.reply.Integer(static_cast<int64_t>(engine::CountBits(bytes, range.begin_bit, range.end_bit)));
}

/// The same with an optional end; the unit is judged before the end.
engine::Status ParsePositionRange(std::span<const std::string_view> args, BitRange& range) {
  if (args.empty()) return {};
  if (args.size() > 3) return Error::kSyntax;
  if (const engine::Status first = ParseBound(args[0], range.first); !first) return first;
  if (args.size() == 3) {
    if (const engine::Status unit = ParseUnit(args[2], range); !unit) return unit;
  }
  return args.size() > 1 ? ParseBound(args[1], range.last) : engine::Status();
}

void BitPos(CommandContext& ctx) {
  const std::optional<int64_t> bit = ToInteger(ctx.args[2]);
  if (!bit) return ctx.Fail(Error::kNotAnInteger);
  if (*bit != 0 && *bit != 1) return ctx.FailText("ERR The bit argument must be 1 or 0.");
  BitRange range;
  const engine::Status parsed = ParsePositionRange(ctx.args.subspan(3), range);
  if (!parsed) return ctx.Fail(parsed.error());
  IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(ctx.KeyAt(1), scratch);
  if (!value) return ctx.Fail(value.error());
  if (!*value) return ctx.reply.Integer(*bit == 1 ? -1 : 0);
  range.Resolve((*value)->size());
  const auto found = engine::FindBit(**value, *bit == 1, range.begin_bit, range.end_bit);
  if (found) return ctx.reply.Integer(static_cast<int64_t>(*found));
  // Without an end the string goes on for ever, with zeros.
  const bool in_zeros_behind = *bit == 0 && ctx.args.size() < 5 && range.begin_bit < range.end_bit;
  ctx.reply.Integer(in_zeros_behind ? static_cast<int64_t>((*value)->size() * 8) : -1);
}

enum class BitOperation : uint8_t { kAnd, kOr, kXor, kNot };

std::optional<BitOperation> ParseOperation(std::string_view text) {
  constexpr std::string_view kNames[] = {"AND", "OR", "XOR", "NOT"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (EqualsIgnoringCase(text, kNames[i])) return static_cast<BitOperation>(i);
  }
  return std::nullopt;
}

uint64_t Combine(BitOperation operation, uint64_t a, uint64_t b) {
  switch (operation) {
    case BitOperation::kAnd:
      return a & b;
    case BitOperation::kOr:
      return a | b;
    case BitOperation::kXor:
      return a ^ b;
    case BitOperation::kNot:
      break;
  }
  return ~a;
}

/// Combines the first bytes of `to` with all of `from`, eight at a time.
void CombineInto(BitOperation operation, char* to, std::string_view from) {
  for (size_t at = 0; at < from.size(); at += sizeof(uint64_t)) {
    const size_t bytes = std::min(sizeof(uint64_t), from.size() - at);
    uint64_t a = 0;
    uint64_t b = 0;
    std::memcpy(&a, to + at, bytes);
    std::memcpy(&b, from.data() + at, bytes);
    a = Combine(operation, a, b);
    std::memcpy(to + at, &a, bytes);
  }
}

/// The inputs combined, as long as the longest of them.
RawString CombineAll(BitOperation operation, const std::vector<std::string_view>& inputs, size_t size) {
  RawString result = RawString::Make(inputs.front());
  result.Resize(size);
  if (operation == BitOperation::kNot) CombineInto(operation, result.data(), inputs.front());
  for (size_t i = 1; i < inputs.size(); ++i) {
    CombineInto(operation, result.data(), inputs[i]);
    // A shorter input ends with zeros.
    if (operation == BitOperation::kAnd) std::memset(result.data() + inputs[i].size(), 0, size - inputs[i].size());
  }
  return result;
}

void BitOp(CommandContext& ctx) {
  const std::optional<BitOperation> operation = ParseOperation(ctx.args[1]);
  if (!operation) return ctx.Fail(Error::kSyntax);
  if (*operation == BitOperation::kNot && ctx.args.size() != 4) {
    return ctx.FailText("ERR BITOP NOT must be called with a single source key.");
  }
  std::vector<IntegerScratch> scratches(ctx.args.size());
  std::vector<std::string_view> inputs;
  size_t size = 0;
  for (size_t i = 3; i < ctx.args.size(); ++i) {
    const auto value = ctx.engine.ReadString(ctx.KeyAt(i), scratches[i]);
    if (!value) return ctx.Fail(value.error());
    inputs.push_back((*value).value_or(""));
    size = std::max(size, inputs.back().size());
  }
  const Key key = ctx.KeyAt(2);
  if (size > 0) {
    ctx.engine.SetBuilt(key, engine::EntryBuilder::Value(CombineAll(*operation, inputs, size)), engine::kNoExpiry);
    ctx.engine.Modified(key, engine::kNotifyString, "set");
  } else if (ctx.engine.Delete(key)) {
    ctx.engine.Modified(key, engine::kNotifyGeneric, "del");
  }
  ctx.reply.Integer(static_cast<int64_t>(size));
}

/// Walking over the strings, some bytes a nanosecond.
int64_t BytesCost(CommandContext& ctx) {
  constexpr size_t kBytesPerNs = 4;
  size_t bytes = 0;
  for (const CommandKey& key : ctx.prepared.keys) {
    const KeyEntry entry = ctx.engine.Peek(key.key);
    if (entry && entry.type() == engine::ValueType::kString) bytes += entry.StringSize();
  }
  return static_cast<int64_t>(bytes / kBytesPerNs);
}

constexpr CommandSpec kRows[] = {
    OneKeyRow("bitcount", -2, kReadOnly, kCatBitmap, kKeyRo | kKeyAccess, BitCount, BytesCost),
    {.name = "bitop",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = Keys(KeyRange(kKeyOw | kKeyUpdate, 2, 2), KeyRange(kKeyRo | kKeyAccess, 3, -1)),
     .handler = BitOp,
     .cost = BytesCost},
    OneKeyRow("bitpos", -3, kReadOnly, kCatBitmap, kKeyRo | kKeyAccess, BitPos, BytesCost),
    OneKeyRow("getbit", 3, kReadOnly | kFast, kCatBitmap, kKeyRo | kKeyAccess, GetBit),
    OneKeyRow("setbit", 4, kWrite | kDenyOom, kCatBitmap, kKeyRw | kKeyAccess | kKeyUpdate, SetBit),
};

}  // namespace

const CommandGroup kBitmapCommands{"bitmap", kRows};

}  // namespace usher::server
