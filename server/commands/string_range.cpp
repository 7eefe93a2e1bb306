// Strings by their bytes: APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE.
#include <algorithm>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/one_key_row.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::IntegerScratch;
using engine::Key;
using engine::KeyEntry;
using engine::kNotifyString;
using engine::RawString;
using engine::ValueType;

void StrLen(CommandContext& ctx) {
  const KeyEntry entry = ctx.engine.Read(ctx.KeyAt(1));
  if (!entry) return ctx.reply.Integer(0);
  if (entry.type() != ValueType::kString) return ctx.Fail(Error::kWrongType);
  ctx.reply.Integer(static_cast<int64_t>(entry.StringSize()));
}

void GetRange(CommandContext& ctx) {
  const std::optional<int64_t> first = ToInteger(ctx.args[2]);
  const std::optional<int64_t> last = ToInteger(ctx.args[3]);
  if (!first || !last) return ctx.Fail(Error::kNotAnInteger);
  IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(ctx.KeyAt(1), scratch);
  if (!value) return ctx.Fail(value.error());
  if (!*value || (*first < 0 && *last < 0 && *first > *last)) return ctx.reply.Bulk("");
  const int64_t size = static_cast<int64_t>((*value)->size());
  const int64_t begin = std::max<int64_t>(*first < 0 ? *first + size : *first, 0);
  const int64_t end = std::min(std::max<int64_t>(*last < 0 ? *last + size : *last, 0), size - 1);
  if (begin > end) return ctx.reply.Bulk("");
  ctx.reply.Bulk((*value)->substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin + 1)));
}

bool FitsString(CommandContext& ctx, uint64_t size, uint64_t more) {
  const uint64_t max = ctx.engine.settings().string_bytes_max;
  if (more <= max && size <= max - more) return true;
  ctx.Fail(Error::kStringTooLong);
  return false;
}

void Append(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  const std::string_view more = ctx.args[2];
  size_t size = more.size();
  if (const KeyEntry entry = ctx.engine.ForWrite(key)) {
    if (entry.type() != ValueType::kString) return ctx.Fail(Error::kWrongType);
    if (!FitsString(ctx, entry.StringSize(), more.size())) return;
    ctx.engine.KeyspaceOf(key).UpdateString(entry, [&](RawString& raw) {
      raw.Append(more);
      size = raw.size();
    });
  } else {
    ctx.engine.SetString(key, more, engine::kNoExpiry);
  }
  ctx.engine.Modified(key, kNotifyString, "append");
  ctx.reply.Integer(static_cast<int64_t>(size));
}

void SetRange(CommandContext& ctx) {
  const std::optional<int64_t> offset = ToInteger(ctx.args[2]);
  if (!offset) return ctx.Fail(Error::kNotAnInteger);
  if (*offset < 0) return ctx.Fail(Error::kOffsetOutOfRange);
  const Key key = ctx.KeyAt(1);
  const std::string_view bytes = ctx.args[3];
  KeyEntry entry = ctx.engine.ForWrite(key);
  if (entry && entry.type() != ValueType::kString) return ctx.Fail(Error::kWrongType);
  if (bytes.empty()) return ctx.reply.Integer(entry ? static_cast<int64_t>(entry.StringSize()) : 0);
  if (!FitsString(ctx, static_cast<uint64_t>(*offset), bytes.size())) return;
  if (!entry) {
    ctx.engine.SetString(key, "", engine::kNoExpiry);
    entry = ctx.engine.Peek(key);
  }
  size_t size = 0;
  ctx.engine.KeyspaceOf(key).UpdateString(entry, [&](RawString& raw) {
    raw.SetRange(static_cast<size_t>(*offset), bytes);
    size = raw.size();
  });
  ctx.engine.Modified(key, kNotifyString, "setrange");
  ctx.reply.Integer(static_cast<int64_t>(size));
}

constexpr CommandSpec kRows[] = {
    OneKeyRow("append", 3, kWrite | kDenyOom | kFast, kCatString, kKeyRw | kKeyInsert, Append),
    OneKeyRow("getrange", 4, kReadOnly, kCatString, kKeyRo | kKeyAccess, GetRange),
    OneKeyRow("setrange", 4, kWrite | kDenyOom, kCatString, kKeyRw | kKeyUpdate, SetRange),
    OneKeyRow("strlen", 2, kReadOnly | kFast, kCatString, kKeyRo, StrLen),
    OneKeyRow("substr", 4, kReadOnly, kCatString, kKeyRo | kKeyAccess, GetRange),
};

}  // namespace

const CommandGroup kStringRangeCommands{"string", kRows};

}  // namespace usher::server
