// XINFO: what there is to know about a stream, its groups and their consumers. Times are those of Redis 7.2.
#include <algorithm>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/commands/help_text.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_reply.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::PendingEntry;
using engine::Stream;
using engine::StreamConsumer;
using engine::StreamGroup;

constexpr int64_t kNodeNs = 12;
constexpr int64_t kEntryNs = 150;
constexpr int64_t kEntriesDefault = 10;

constexpr std::string_view kHelpLines[] = {
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
};

void XInfoHelp(CommandContext& ctx) {
  ReplyHelp(ctx, "XINFO", kHelpLines);
}

/// The stream at args[2], or null and the error replied.
const Stream* FindStream(CommandContext& ctx) {
  const auto stream = ctx.engine.ReadAs<Stream>(ctx.KeyAt(2));
  if (stream && *stream != nullptr) return *stream;
  ctx.Fail(stream ? Error::kNoSuchKey : stream.error());
  return nullptr;
}

void ReplyCount(protocol::ReplySink& reply, std::string_view name, size_t count) {
  reply.Bulk(name);
  reply.Integer(static_cast<int64_t>(count));
}

void ReplyId(protocol::ReplySink& reply, std::string_view name, engine::StreamId id) {
  reply.Bulk(name);
  ReplyStreamId(reply, id);
}

/// How far a group is, as STREAM FULL and GROUPS show it.
void ReplyProgress(protocol::ReplySink& reply, const Stream& stream, const StreamGroup& group) {
  reply.Bulk("entries-read");
  if (group.entries_read == StreamGroup::kUnknownEntriesRead) {
    reply.Null();
  } else {
    reply.Integer(group.entries_read);
  }
  reply.Bulk("lag");
  const std::optional<int64_t> lag = stream.LagOf(group);
  if (lag) return reply.Integer(*lag);
  reply.Null();
}

/// The first or last entry.
void ReplyEdge(protocol::ReplySink& reply, const Stream& stream, Stream::Reader::Direction direction) {
  Stream::Reader reader(stream, {}, engine::kStreamIdMax, direction);
  if (reader.Next()) return ReplyStreamEntry(reply, reader.entry());
  reply.Null();
}

/// At most `count` of the entries, 0: all.
void ReplyEntries(protocol::ReplySink& reply, const Stream& stream, size_t count) {
  const size_t shown = count == 0 ? stream.size() : std::min(count, stream.size());
  reply.Array(shown);
  Stream::Reader reader(stream, {}, engine::kStreamIdMax);
  for (size_t i = 0; i < shown && reader.Next(); ++i) ReplyStreamEntry(reply, reader.entry());
}

void ReplyGroupPending(protocol::ReplySink& reply, const StreamGroup& group, size_t count) {
  const auto& pending = group.pending();
  ReplyCount(reply, "pel-count", pending.size());
  reply.Bulk("pending");
  const size_t shown = count == 0 ? pending.size() : std::min(count, pending.size());
  reply.Array(shown);
  auto at = pending.Begin();
  for (size_t i = 0; i < shown; ++i, at = pending.Next(at)) {
    reply.Array(4);
    ReplyStreamId(reply, at->id);
    reply.Bulk(at->consumer->name());
    reply.Integer(at->delivered_ms);
    reply.Integer(static_cast<int64_t>(at->deliveries));
  }
}

void ReplyConsumer(protocol::ReplySink& reply, const StreamGroup& group, const StreamConsumer& consumer, size_t count) {
  const auto& pending = consumer.pending();
  reply.Map(5);
  reply.Bulk("name");
  reply.Bulk(consumer.name());
  reply.Bulk("seen-time");
  reply.Integer(consumer.seen_ms);
  reply.Bulk("active-time");
  reply.Integer(consumer.active_ms);
  ReplyCount(reply, "pel-count", pending.size());
  reply.Bulk("pending");
  const size_t shown = count == 0 ? pending.size() : std::min(count, pending.size());
  reply.Array(shown);
  auto at = pending.Begin();
  for (size_t i = 0; i < shown; ++i, at = pending.Next(at)) {
    const PendingEntry& entry = *group.pending().Find(at->id);
    reply.Array(3);
    ReplyStreamId(reply, entry.id);
    reply.Integer(entry.delivered_ms);
    reply.Integer(static_cast<int64_t>(entry.deliveries));
  }
}

void ReplyFullGroup(protocol::ReplySink& reply, const Stream& stream, const StreamGroup& group, size_t count) {
  reply.Map(7);
  reply.Bulk("name");
  reply.Bulk(group.name());
  ReplyId(reply, "last-delivered-id", group.last_id);
  ReplyProgress(reply, stream, group);
  ReplyGroupPending(reply, group, count);
  reply.Bulk("consumers");
  reply.Array(group.consumers().size());
  for (const auto& [name, consumer] : group.consumers()) ReplyConsumer(reply, group, consumer, count);
}

/// What XINFO STREAM says with and without FULL.
void ReplySummary(protocol::ReplySink& reply, const Stream& stream) {
  ReplyCount(reply, "length", stream.size());
  ReplyCount(reply, "radix-tree-keys", stream.node_count());
  ReplyCount(reply, "radix-tree-nodes", stream.RadixNodeCount());
  ReplyId(reply, "last-generated-id", stream.last_id());
  ReplyId(reply, "max-deleted-entry-id", stream.max_deleted_id());
  ReplyCount(reply, "entries-added", stream.entries_added());
  ReplyId(reply, "recorded-first-entry-id", stream.first_id());
}

/// The count of "FULL [COUNT count]". Nothing: the error is replied.
std::optional<size_t> ReadFullCount(CommandContext& ctx) {
  const size_t args = ctx.args.size();
  const bool full = EqualsIgnoringCase(ctx.args[3], "FULL");
  if (!full || (args != 4 && (args != 6 || !EqualsIgnoringCase(ctx.args[4], "COUNT")))) {
    ReplySubcommandSyntax(ctx);
    return std::nullopt;
  }
  if (args == 4) return kEntriesDefault;
  const std::optional<int64_t> count = ToInteger(ctx.args[5]);
  if (!count) {
    ctx.Fail(Error::kNotAnInteger);
    return std::nullopt;
  }
  return static_cast<size_t>(*count < 0 ? kEntriesDefault : *count);
}

void XInfoStream(CommandContext& ctx) {
  const bool full = ctx.args.size() > 3;
  const Stream* const stream = FindStream(ctx);
  if (stream == nullptr) return;
  if (!full) {
    ctx.reply.Map(10);
    ReplySummary(ctx.reply, *stream);
    ReplyCount(ctx.reply, "groups", stream->groups().size());
    ctx.reply.Bulk("first-entry");
    ReplyEdge(ctx.reply, *stream, Stream::Reader::Direction::kForward);
    ctx.reply.Bulk("last-entry");
    return ReplyEdge(ctx.reply, *stream, Stream::Reader::Direction::kBackward);
  }
  const std::optional<size_t> count = ReadFullCount(ctx);
  if (!count) return;
  ctx.reply.Map(9);
  ReplySummary(ctx.reply, *stream);
  ctx.reply.Bulk("entries");
  ReplyEntries(ctx.reply, *stream, *count);
  ctx.reply.Bulk("groups");
  ctx.reply.Array(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) ReplyFullGroup(ctx.reply, *stream, group, *count);
}

int64_t XInfoStreamCost(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(2));
  if (!entry || entry.type() != engine::ValueType::kStream) return 0;
  const Stream& stream = entry.As<Stream>();
  const int64_t nodes = static_cast<int64_t>(stream.node_count()) * kNodeNs;
  if (ctx.args.size() < 6) return nodes;
  const int64_t size = static_cast<int64_t>(stream.size());
  const int64_t count = ToInteger(ctx.args[5]).value_or(0);
  return nodes + (count <= 0 ? size : std::min(count, size)) * kEntryNs;
}

void XInfoGroups(CommandContext& ctx) {
  const Stream* const stream = FindStream(ctx);
  if (stream == nullptr) return;
  ctx.reply.Array(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) {
    ctx.reply.Map(6);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(name);
    ReplyCount(ctx.reply, "consumers", group.consumers().size());
    ReplyCount(ctx.reply, "pending", group.pending().size());
    ReplyId(ctx.reply, "last-delivered-id", group.last_id);
    ReplyProgress(ctx.reply, *stream, group);
  }
}

void XInfoConsumers(CommandContext& ctx) {
  const Stream* const stream = FindStream(ctx);
  if (stream == nullptr) return;
  const StreamGroup* const group = stream->FindGroup(ctx.args[3]);
  if (group == nullptr) return FailNoGroupOfKey(ctx, ctx.args[3], ctx.args[2]);
  const int64_t now_ms = ctx.engine.now_ms();
  ctx.reply.Array(group->consumers().size());
  for (const auto& [name, consumer] : group->consumers()) {
    ctx.reply.Map(4);
    ctx.reply.Bulk("name");
    ctx.reply.Bulk(name);
    ReplyCount(ctx.reply, "pending", consumer.pending().size());
    ctx.reply.Bulk("idle");
    ctx.reply.Integer(std::max<int64_t>(now_ms - consumer.seen_ms, 0));
    ctx.reply.Bulk("inactive");
    ctx.reply.Integer(consumer.active_ms == -1 ? -1 : std::max<int64_t>(now_ms - consumer.active_ms, 0));
  }
}

constexpr CommandSpec Row(std::string_view name, int16_t arity, CommandHandler handler, std::string_view tips = {}) {
  return {.name = name,
          .arity = arity,
          .flags = kReadOnly,
          .categories = kCatStream,
          .keys = OneKey(kKeyRo | kKeyAccess, 2),
          .handler = handler,
          .tips = tips};
}

constexpr CommandSpec WithCost(CommandSpec row, CommandCost cost) {
  row.cost = cost;
  return row;
}

constexpr CommandSpec kRows[] = {
    {.name = "xinfo", .arity = -2, .flags = kContainer},
    Row("xinfo|consumers", 4, XInfoConsumers, "nondeterministic_output"),
    Row("xinfo|groups", 3, XInfoGroups),
    {.name = "xinfo|help", .arity = 2, .flags = kLoading | kStale, .categories = kCatStream, .handler = XInfoHelp},
    WithCost(Row("xinfo|stream", -3, XInfoStream), XInfoStreamCost),
};

}  // namespace

const CommandGroup kStreamInfoCommands{"stream", kRows};

}  // namespace usher::server
