// Numbers of any width inside a string: BITFIELD, BITFIELD_RO.
#include <algorithm>
#include <vector>

#include "engine/bitmap.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/bit_offset.h"
#include "server/commands/groups.h"
#include "server/commands/one_key_row.h"

namespace usher::server {

namespace {

using engine::BitField;
using engine::Error;
using engine::FieldOverflow;
using engine::Key;
using engine::KeyEntry;

enum class FieldAction : uint8_t { kGet, kSet, kIncrement };

struct FieldStep {
  FieldAction action;
  BitField field;
  FieldOverflow overflow;
  int64_t operand;  // of SET and INCRBY
};

struct FieldRequest {
  std::vector<FieldStep> steps;
  uint64_t bytes_written = 0;  // how long the string must be; 0: it is only read
};

/// "u8", "i64": sign and width.
bool ParseFieldType(std::string_view text, BitField& field) {
  if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return false;
  field.is_signed = text[0] == 'i';
  const int64_t bits = ToInteger(text.substr(1)).value_or(0);
  if (bits < 1 || bits > (field.is_signed ? 64 : 63)) return false;
  field.bits = static_cast<uint32_t>(bits);
  return true;
}

bool ParseOverflow(std::string_view text, FieldOverflow& overflow) {
  constexpr std::string_view kNames[] = {"WRAP", "SAT", "FAIL"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (!EqualsIgnoringCase(text, kNames[i])) continue;
    overflow = static_cast<FieldOverflow>(i);
    return true;
  }
  return false;
}

std::optional<FieldAction> AcceptAction(ArgReader& reader) {
  if (reader.AcceptWith("GET", 2)) return FieldAction::kGet;
  if (reader.AcceptWith("SET", 3)) return FieldAction::kSet;
  if (reader.AcceptWith("INCRBY", 3)) return FieldAction::kIncrement;
  return std::nullopt;
}

/// Type, offset and operand of one step. False: the error is replied.
bool ParseStep(CommandContext& ctx, ArgReader& reader, FieldStep& step) {
  if (!ParseFieldType(reader.Next(), step.field)) {
    ctx.FailText("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");
    return false;
  }
  const std::string_view offset = reader.Next();
  const bool in_fields = offset.starts_with('#');  // counted in fields of this width
  const auto at = ParseBitOffset(ctx, offset.substr(in_fields ? 1 : 0), in_fields ? step.field.bits : 1);
  if (!at) return false;
  step.field.at = *at;
  if (step.action == FieldAction::kGet) return true;
  const std::optional<int64_t> operand = ToInteger(reader.Next());
  if (!operand) {
    ctx.Fail(Error::kNotAnInteger);
    return false;
  }
  step.operand = *operand;
  return true;
}

bool ParseRequest(CommandContext& ctx, FieldRequest& request) {
  ArgReader reader(ctx.args, 2);
  FieldOverflow overflow = FieldOverflow::kWrap;
  while (!reader.done()) {
    if (reader.AcceptWith("OVERFLOW", 1)) {
      if (ParseOverflow(reader.Next(), overflow)) continue;
      ctx.FailText("ERR Invalid OVERFLOW type specified");
      return false;
    }
    const std::optional<FieldAction> action = AcceptAction(reader);
    if (!action) {
      ctx.Fail(Error::kSyntax);
      return false;
    }
    FieldStep step{.action = *action, .field = {}, .overflow = overflow, .operand = 0};
    if (!ParseStep(ctx, reader, step)) return false;
    if (*action != FieldAction::kGet) {
      request.bytes_written = std::max(request.bytes_written, step.field.BytesNeeded());
    }
    request.steps.push_back(step);
  }
  return true;
}

void ReplyReads(CommandContext& ctx, const FieldRequest& request) {
  engine::IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(ctx.KeyAt(1), scratch);
  if (!value) return ctx.Fail(value.error());
  const std::string_view bytes = (*value).value_or("");
  ctx.reply.Array(request.steps.size());
  for (const FieldStep& step : request.steps) ctx.reply.Integer(step.field.Read(bytes));
}

/// What the steps of a request did.
struct FieldOutcome {
  bool wrote = false;
  bool changed = false;
};

/// Takes one step and replies it.
void Take(CommandContext& ctx, const FieldStep& step, engine::RawString& raw, FieldOutcome& outcome) {
  const int64_t old_value = step.field.Read(raw.view());
  if (step.action == FieldAction::kGet) return ctx.reply.Integer(old_value);
  const bool sets = step.action == FieldAction::kSet;
  const auto fitted =
      sets ? step.field.Fit(step.operand, 0, step.overflow) : step.field.Fit(old_value, step.operand, step.overflow);
  if (!fitted) return ctx.reply.Null();
  step.field.Write(raw.data(), *fitted);
  outcome.wrote = true;
  outcome.changed |= *fitted != old_value;
  ctx.reply.Integer(sets ? old_value : *fitted);
}

// As in Redis, the string grows even if nothing could be written into it, and that alone is no event.
void TakeAll(CommandContext& ctx, const FieldRequest& request) {
  const Key key = ctx.KeyAt(1);
  const KeyEntry entry = ctx.engine.ForWrite(key);
  if (entry && entry.type() != engine::ValueType::kString) return ctx.Fail(Error::kWrongType);
  const bool grows = !entry || entry.StringSize() < request.bytes_written;
  FieldOutcome outcome;
  ctx.reply.Array(request.steps.size());
  WriteBits(ctx, key, entry, request.bytes_written, [&](engine::RawString& raw) {
    for (const FieldStep& step : request.steps) Take(ctx, step, raw, outcome);
  });
  if (!grows && !outcome.changed) return;
  const bool told = outcome.changed || outcome.wrote;
  ctx.engine.Modified(key, told ? engine::kNotifyString : engine::kNotifyNothing, "setbit");
}

void BitFieldCommand(CommandContext& ctx) {
  FieldRequest request;
  if (!ParseRequest(ctx, request)) return;
  if (request.bytes_written == 0) return ReplyReads(ctx, request);
  TakeAll(ctx, request);
}

void BitFieldRo(CommandContext& ctx) {
  FieldRequest request;
  if (!ParseRequest(ctx, request)) return;
  if (request.bytes_written > 0) return ctx.FailText("ERR BITFIELD_RO only supports the GET subcommand");
  ReplyReads(ctx, request);
}

/// BITFIELD only reads when all it is asked for are GETs (looked at, not judged, as Redis does).
uint16_t BitFieldKeyFlags(std::span<const std::string_view> args) {
  for (size_t i = 2; i < args.size();) {
    const size_t left = args.size() - i - 1;
    if (EqualsIgnoringCase(args[i], "GET") && left >= 2) {
      i += 3;
    } else if (EqualsIgnoringCase(args[i], "OVERFLOW") && left >= 1) {
      i += 2;
    } else {
      return kKeyRw | kKeyAccess | kKeyUpdate;
    }
  }
  return kKeyRo | kKeyAccess;
}

constexpr CommandSpec kRows[] = {
    {.name = "bitfield",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = OneKeyNoted(kKeyRw | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
                         "This command allows both access and modification of the key"),
     .handler = BitFieldCommand,
     .key_flags = BitFieldKeyFlags},
    OneKeyRow("bitfield_ro", -2, kReadOnly | kFast, kCatBitmap, kKeyRo | kKeyAccess, BitFieldRo),
};

}  // namespace

const CommandGroup kBitFieldCommands{"bitmap", kRows};

}  // namespace usher::server
