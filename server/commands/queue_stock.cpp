// CLAIMSTOCK: one piece of a limited stock to a user, first come, first served: never one too many, never twice.
//
// The stock is a string that holds a number, the issued ones are a set, and an event may be left in a stream for the
// workers behind it. All of it is judged before anything is changed.
#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/stream_append.h"
#include "protocol/number_text.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::KeyEntry;
using engine::Set;
using engine::Stream;
using engine::StreamTrim;

struct Claim {
  Key stock;
  Key issued;
  std::string_view user;
  std::optional<Key> stream;
  StreamTrim trim;
};

/// STREAM key and MAXLEN n. The text of the error, or nothing.
std::string_view ParseClaimOptions(CommandContext& ctx, Claim& claim) {
  for (ArgReader reader(ctx.args, 4); !reader.done();) {
    if (!claim.stream && reader.AcceptWith("STREAM", 1)) {
      claim.stream = ctx.KeyAt(reader.position());
      reader.Next();
    } else if (reader.AcceptWith("MAXLEN", 1)) {
      const std::optional<int64_t> length = ToInteger(reader.Next());
      if (!length || *length < 0) return "ERR MAXLEN must be a whole number, 0 or more";
      claim.trim.by = StreamTrim::By::kLength;
      claim.trim.length_max = static_cast<uint64_t>(*length);
    } else {
      return "ERR syntax error";
    }
  }
  if (claim.trim.by != StreamTrim::By::kNothing && !claim.stream) return "ERR syntax error";
  const bool same =
      claim.stock.name == claim.issued.name ||
      (claim.stream && (claim.stream->name == claim.stock.name || claim.stream->name == claim.issued.name));
  if (same) return "ERR the stock, the issued set and the stream must be different keys";
  return {};
}

/// What is left, 0 if there is no such key. Nothing: the error is replied.
std::optional<int64_t> ReadStock(CommandContext& ctx, const Claim& claim) {
  engine::IntegerScratch scratch;
  const auto text = ctx.engine.ReadString(claim.stock, scratch);
  if (!text) {
    ctx.Fail(text.error());
    return std::nullopt;
  }
  if (!*text) return 0;
  const std::optional<int64_t> left = ToInteger(**text);
  if (left && *left >= 0) return left;
  ctx.FailText("ERR the stock is not a whole number, 0 or more");
  return std::nullopt;
}

bool HasTypeOrIsMissing(CommandContext& ctx, const Key& key, engine::ValueType type) {
  const KeyEntry entry = ctx.engine.Peek(key);
  if (!entry || entry.type() == type) return true;
  ctx.Fail(Error::kWrongType);
  return false;
}

void ReplyClaim(CommandContext& ctx, std::string_view status, int64_t left) {
  ctx.reply.Array(2);
  ctx.reply.Bulk(status);
  ctx.reply.Integer(left);
}

/// Leaves the event. It comes first, for it alone can fail: a stream may have reached its last ID.
engine::Status AppendEvent(CommandContext& ctx, const Claim& claim, int64_t left) {
  if (!claim.stream) return {};
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  const std::string_view left_text(digits.data(), protocol::FormatInteger(left, digits.data()));
  const std::array<std::string_view, 6> fields = {"user",           claim.user,  "stock",
                                                  claim.stock.name, "remaining", left_text};
  const auto id = engine::AppendToStream(ctx.engine, *claim.stream, engine::StreamNewId(), fields, claim.trim);
  return id ? engine::Status() : id.error();
}

void Issue(CommandContext& ctx, const Claim& claim, int64_t left) {
  const engine::Status appended = AppendEvent(ctx, claim, left);
  if (!appended) return ctx.Fail(appended.error());
  ctx.engine.SetInt(ctx.engine.ForWrite(claim.stock), left, claim.stock);
  ctx.engine.Modified(claim.stock, engine::kNotifyString, "decrby");
  ctx.engine.Effect({"DECR", claim.stock.name});
  auto issued = ctx.engine.ForWriteOrCreate<Set>(claim.issued);
  (*issued)->Add(claim.user, ctx.engine.settings().set);
  ctx.engine.Modified(claim.issued, engine::kNotifySet, "sadd");
  ctx.engine.Effect({"SADD", claim.issued.name, claim.user});
  ReplyClaim(ctx, "ISSUED", left);
}

void ClaimStock(CommandContext& ctx) {  // CLAIMSTOCK stock issued user [STREAM key] [MAXLEN n]
  Claim claim{.stock = ctx.KeyAt(1), .issued = ctx.KeyAt(2), .user = ctx.args[3], .stream = {}, .trim = {}};
  const std::string_view error = ParseClaimOptions(ctx, claim);
  if (!error.empty()) return ctx.FailText(error);
  const std::optional<int64_t> stock = ReadStock(ctx, claim);
  if (!stock) return;
  const auto issued = ctx.engine.ReadAs<Set>(claim.issued);
  if (!issued) return ctx.Fail(issued.error());
  if (claim.stream && !HasTypeOrIsMissing(ctx, *claim.stream, engine::ValueType::kStream)) return;
  if (*issued != nullptr && (*issued)->Contains(claim.user)) return ReplyClaim(ctx, "DUPLICATE", *stock);
  if (*stock == 0) return ReplyClaim(ctx, "SOLDOUT", 0);
  Issue(ctx, claim, *stock - 1);
}

constexpr KeySpec StreamKey() {
  KeySpec spec;
  spec.flags = kKeyRw | kKeyInsert;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = "STREAM";
  spec.index = 4;
  return spec;
}

constexpr CommandSpec kRows[] = {
    {.name = "claimstock",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast | kMovableKeys,
     .categories = kCatSet,
     .keys = Keys(KeyRange(kKeyRw | kKeyAccess | kKeyUpdate, 1, 1), KeyRange(kKeyRw | kKeyAccess | kKeyInsert, 2, 2),
                  StreamKey()),
     .handler = ClaimStock},
};

}  // namespace

const CommandGroup kQueueStockCommands{"queue", kRows};

}  // namespace usher::server
