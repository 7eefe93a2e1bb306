// Streams: adding, removing and reading entries by ID. Waiting for new ones is in stream_read.cpp, consumer groups in
// stream_group.cpp and stream_claim.cpp, XINFO in stream_info.cpp.
#include <algorithm>
#include <array>
#include <vector>

#include "engine/stream_append.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_reply.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::kNotifyStream;
using engine::Result;
using engine::Stream;
using engine::StreamId;
using engine::StreamTrim;

constexpr int64_t kReplyNs = 120;    // an entry
constexpr int64_t kFreeNodeNs = 60;  // a node that is trimmed
constexpr int64_t kDeleteNs = 1500;  // an entry, in the middle of a node
constexpr uint16_t kCostFromIds = 500;

void XAdd(CommandContext& ctx) {
  const std::optional<StreamWriteOptions> options = ReadStreamWriteOptions(ctx, StreamWrite::kAdd);
  if (!options) return;
  const engine::StreamFields fields = ctx.args.subspan(options->fields_at);
  if (fields.size() < 2 || fields.size() % 2 != 0) return ctx.FailArity();
  if (options->id.ms_given && options->id.seq_given && options->id.id.IsZero()) {
    return ctx.FailText("ERR The ID specified in XADD must be greater than 0-0");
  }
  const Key key = ctx.KeyAt(1);
  if (!options->make_stream && !ctx.engine.Peek(key)) return ctx.reply.Null();
  const Result<StreamId> id = engine::AppendToStream(ctx.engine, key, options->id, fields, options->trim);
  if (!id) return ctx.Fail(id.error());
  ReplyStreamId(ctx.reply, *id);
}

void XTrim(CommandContext& ctx) {
  const std::optional<StreamWriteOptions> options = ReadStreamWriteOptions(ctx, StreamWrite::kTrim);
  if (!options) return;
  const Key key = ctx.KeyAt(1);
  auto stream = ctx.engine.ForWriteAs<Stream>(key);
  if (!stream) return ctx.Fail(stream.error());
  if (!*stream) return ctx.reply.Integer(0);
  const size_t removed = engine::TrimStream(ctx.engine, key, **stream, options->trim);
  if (removed > 0 && options->trim.whole_nodes) {
    const engine::StreamTrimWords words(**stream, options->trim);
    ctx.engine.Effect({"XTRIM", key.name, words.option(), "=", words.limit()});
  }
  ctx.reply.Integer(static_cast<int64_t>(removed));
}

const Stream* PeekStream(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  return entry && entry.type() == engine::ValueType::kStream ? &entry.As<Stream>() : nullptr;
}

/// As if all nodes went.
int64_t TrimCost(CommandContext& ctx) {
  const Stream* const stream = PeekStream(ctx);
  return stream == nullptr ? 0 : static_cast<int64_t>(stream->node_count()) * kFreeNodeNs;
}

void XDel(CommandContext& ctx) {
  std::vector<StreamId> ids;
  ids.reserve(ctx.args.size() - 2);
  const Key key = ctx.KeyAt(1);
  auto stream = ctx.engine.ForWriteAs<Stream>(key);
  if (!stream) return ctx.Fail(stream.error());
  if (!*stream) return ctx.reply.Integer(0);
  for (const std::string_view text : ctx.args.subspan(2)) {
    const std::optional<StreamId> id = ReadStreamId(ctx, text);
    if (!id) return;
    ids.push_back(*id);
  }
  const size_t deleted = (*stream)->Delete(ids);
  if (deleted > 0) ctx.engine.Modified(key, kNotifyStream, "xdel");
  ctx.reply.Integer(static_cast<int64_t>(deleted));
}

int64_t XDelCost(CommandContext& ctx) {
  return static_cast<int64_t>(ctx.args.size()) * kDeleteNs;
}

void XLen(CommandContext& ctx) {
  const auto stream = ctx.engine.ReadAs<Stream>(ctx.KeyAt(1));
  if (!stream) return ctx.Fail(stream.error());
  ctx.reply.Integer(*stream == nullptr ? 0 : static_cast<int64_t>((*stream)->size()));
}

/// [ENTRIESADDED count] [MAXDELETEDID id]
struct SetIdOptions {
  std::optional<uint64_t> entries_added;
  StreamId max_deleted_id;
};

/// Nothing: the error is replied.
std::optional<SetIdOptions> ReadSetIdOptions(CommandContext& ctx, StreamId id) {
  SetIdOptions options;
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (reader.AcceptWith("ENTRIESADDED", 1)) {
      const std::optional<int64_t> count = ToInteger(reader.Next());
      if (!count) {
        ctx.Fail(Error::kNotAnInteger);
        return std::nullopt;
      }
      if (*count < 0) {
        ctx.FailText("ERR entries_added must be positive");
        return std::nullopt;
      }
      options.entries_added = static_cast<uint64_t>(*count);
    } else if (reader.AcceptWith("MAXDELETEDID", 1)) {
      const std::optional<StreamId> deleted = ReadStreamId(ctx, reader.Next());
      if (!deleted) return std::nullopt;
      if (id < *deleted) {
        ctx.FailText("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
        return std::nullopt;
      }
      options.max_deleted_id = *deleted;
    } else {
      ctx.Fail(Error::kSyntax);
      return std::nullopt;
    }
  }
  return options;
}

void XSetId(CommandContext& ctx) {
  const std::optional<StreamId> id = ReadStreamId(ctx, ctx.args[2]);
  if (!id) return;
  const std::optional<SetIdOptions> options = ReadSetIdOptions(ctx, *id);
  if (!options) return;
  const Key key = ctx.KeyAt(1);
  auto stream = ctx.engine.ForWriteAs<Stream>(key);
  if (!stream) return ctx.Fail(stream.error());
  if (!*stream) return ctx.Fail(Error::kNoSuchKey);
  if (*id < (*stream)->max_deleted_id()) {
    return ctx.FailText("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  }
  if ((*stream)->size() > 0) {
    if (*id < (*stream)->LastEntryId()) {
      return ctx.FailText("ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if (options->entries_added && *options->entries_added < (*stream)->size()) {
      return ctx.FailText("ERR The entries_added specified in XSETID is smaller than the target stream length");
    }
  }
  (*stream)->SetLastId(*id, options->entries_added, options->max_deleted_id);
  ctx.engine.Modified(key, kNotifyStream, "xsetid");
  ctx.reply.Ok();
}

/// XRANGE key start end [COUNT count], XREVRANGE key end start [COUNT count]
struct RangeRequest {
  StreamId from;
  StreamId to;
  std::optional<uint64_t> count;
};

/// Nothing: the error is replied.
std::optional<RangeRequest> ReadRange(CommandContext& ctx, Stream::Reader::Direction direction) {
  const bool forward = direction == Stream::Reader::Direction::kForward;
  const auto from = ReadIntervalEnd(ctx, ctx.args[forward ? 2 : 3], IntervalEnd::kStart);
  if (!from) return std::nullopt;
  const auto to = ReadIntervalEnd(ctx, ctx.args[forward ? 3 : 2], IntervalEnd::kEnd);
  if (!to) return std::nullopt;
  RangeRequest range{*from, *to, std::nullopt};
  ArgReader reader(ctx.args, 4);
  while (!reader.done()) {
    if (!reader.AcceptWith("COUNT", 1)) {
      ctx.Fail(Error::kSyntax);
      return std::nullopt;
    }
    const std::optional<int64_t> count = ToInteger(reader.Next());
    if (!count) {
      ctx.Fail(Error::kNotAnInteger);
      return std::nullopt;
    }
    range.count = static_cast<uint64_t>(std::max<int64_t>(*count, 0));
  }
  return range;
}

template <Stream::Reader::Direction kDirection>
void ReplyRange(CommandContext& ctx) {
  const std::optional<RangeRequest> range = ReadRange(ctx, kDirection);
  if (!range) return;
  const auto stream = ctx.engine.ReadAs<Stream>(ctx.KeyAt(1));
  if (!stream) return ctx.Fail(stream.error());
  if (*stream == nullptr) return ctx.reply.Array(0);
  if (range->count == 0) return ctx.reply.NullArray();
  const auto start = ctx.reply.BeginDeferred();
  Stream::Reader reader(**stream, range->from, range->to, kDirection);
  size_t entries = 0;
  while ((!range->count || entries < *range->count) && reader.Next()) {
    ReplyStreamEntry(ctx.reply, reader.entry());
    ++entries;
  }
  ctx.reply.EndArray(start, entries);
}

template <Stream::Reader::Direction kDirection>
int64_t RangeCost(CommandContext& ctx) {
  constexpr size_t kCostly = 10'000;
  constexpr bool kForward = kDirection == Stream::Reader::Direction::kForward;
  const Stream* const stream = PeekStream(ctx);
  if (stream == nullptr || stream->size() < kCostly / 2) return 0;
  const auto limit = [&](size_t at) { return engine::ParseStreamId(ctx.args[at], 0, engine::StreamIdForm::kEnds); };
  const auto from = limit(kForward ? 2 : 3);
  const auto to = limit(kForward ? 3 : 2);
  int64_t entries = kCostly;
  if (ctx.args.size() > 5) entries = std::min(entries, ToInteger(ctx.args[5]).value_or(0));
  if (entries < static_cast<int64_t>(kCostly) / 2) return 0;
  const size_t there = stream->CountRoughly(from ? from->id : StreamId(), to ? to->id : engine::kStreamIdMax, kCostly);
  return std::min(entries, static_cast<int64_t>(there)) * kReplyNs;
}

constexpr CommandSpec RangeRow(std::string_view name, CommandHandler handler, CommandCost cost) {
  return {.name = name,
          .arity = -4,
          .flags = kReadOnly,
          .categories = kCatStream,
          .keys = OneKey(kKeyRo | kKeyAccess),
          .handler = handler,
          .cost = cost};
}

constexpr CommandSpec kRows[] = {
    {.name = "xadd",
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatStream,
     .keys = OneKeyNoted(kKeyRw | kKeyUpdate, "UPDATE instead of INSERT because of the optional trimming feature"),
     .handler = XAdd,
     .tips = "nondeterministic_output"},
    {.name = "xdel",
     .arity = -3,
     .flags = kWrite | kFast,
     .categories = kCatStream,
     .keys = OneKey(kKeyRw | kKeyDelete),
     .handler = XDel,
     .cost = XDelCost,
     .cost_from_args = kCostFromIds},
    {.name = "xlen",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatStream,
     .keys = OneKey(kKeyRo),
     .handler = XLen},
    RangeRow("xrange", ReplyRange<Stream::Reader::Direction::kForward>, RangeCost<Stream::Reader::Direction::kForward>),
    RangeRow("xrevrange", ReplyRange<Stream::Reader::Direction::kBackward>,
             RangeCost<Stream::Reader::Direction::kBackward>),
    {.name = "xsetid",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatStream,
     .keys = OneKey(kKeyRw | kKeyUpdate),
     .handler = XSetId},
    {.name = "xtrim",
     .arity = -4,
     .flags = kWrite,
     .categories = kCatStream,
     .keys = OneKey(kKeyRw | kKeyDelete),
     .handler = XTrim,
     .tips = "nondeterministic_output",
     .cost = TrimCost},
};

}  // namespace

const CommandGroup kStreamCommands{"stream", kRows};

}  // namespace usher::server
