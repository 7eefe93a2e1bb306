// Pending entries of consumer groups: XACK, XCLAIM, XAUTOCLAIM, XPENDING. What changes owner is journaled entry by
// entry as XCLAIM, as Redis does.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_effect.h"
#include "server/commands/stream_reply.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::NotifyClass;
using engine::PendingEntry;
using engine::Result;
using engine::Stream;
using engine::StreamConsumer;
using engine::StreamGroup;
using engine::StreamId;
using engine::Writable;

constexpr int64_t kPendingNs = 300;
constexpr uint16_t kCostFromIds = 1000;

void FailNoGroup(CommandContext& ctx) {
  ctx.FailText("NOGROUP No such key " + QuotedName(ctx.args[1]) + " or consumer group " + QuotedName(ctx.args[2]));
}

/// The number at args[at]. Nothing: `error` is replied.
std::optional<int64_t> ReadNumber(CommandContext& ctx, std::string_view text, std::string_view error) {
  const std::optional<int64_t> number = ToInteger(text);
  if (!number) ctx.FailText(error);
  return number;
}

/// The IDs from args[first] on, all of them. Nothing: the error is replied.
std::optional<std::vector<StreamId>> ReadIds(CommandContext& ctx, size_t first) {
  std::vector<StreamId> ids;
  ids.reserve(ctx.args.size() - first);
  for (const std::string_view text : ctx.args.subspan(first)) {
    const std::optional<StreamId> id = ReadStreamId(ctx, text);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

/// The stream, to be changed; as in Redis it counts as read.
Result<Writable<Stream>> FindStream(CommandContext& ctx, const Key& key) {
  auto stream = ctx.engine.ForWriteAs<Stream>(key);
  if (stream && !*stream) {
    ctx.engine.ReadUntouched(key);  // for its miss
  } else {
    ctx.engine.ShardOf(key).stats.hits.Add(1);
  }
  return stream;
}

void XAck(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto stream = FindStream(ctx, key);
  if (!stream) return ctx.Fail(stream.error());
  StreamGroup* const group = *stream ? (*stream)->FindGroup(ctx.args[2]) : nullptr;
  if (group == nullptr) return ctx.reply.Integer(0);
  const auto ids = ReadIds(ctx, 3);
  if (!ids) return;
  const auto acknowledged = std::count_if(ids->begin(), ids->end(), [&](StreamId id) { return group->Forget(id); });
  if (acknowledged > 0) ctx.engine.ModifiedQuietly(key, NotifyClass{}, {});
  ctx.reply.Integer(acknowledged);
}

/// XCLAIM key group consumer min-idle-time id ... [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]
struct ClaimRequest {
  int64_t idle_min_ms = 0;
  std::vector<StreamId> ids;
  std::optional<int64_t> delivered_ms;
  int64_t retry_count = -1;
  StreamId last_id;
  bool force = false;
  bool just_id = false;
};

/// One option of XCLAIM. False: the error is replied.
bool ReadClaimOption(CommandContext& ctx, ArgReader& reader, ClaimRequest& request) {
  if (reader.Accept("FORCE")) return request.force = true;
  if (reader.Accept("JUSTID")) return request.just_id = true;
  if (reader.AcceptWith("IDLE", 1)) {
    const auto idle = ReadNumber(ctx, reader.Next(), "ERR Invalid IDLE option argument for XCLAIM");
    // Unsigned, since the number may be any.
    if (idle) {
      request.delivered_ms =
          static_cast<int64_t>(static_cast<uint64_t>(ctx.engine.now_ms()) - static_cast<uint64_t>(*idle));
    }
    return idle.has_value();
  }
  if (reader.AcceptWith("TIME", 1)) {
    request.delivered_ms = ReadNumber(ctx, reader.Next(), "ERR Invalid TIME option argument for XCLAIM");
    return request.delivered_ms.has_value();
  }
  if (reader.AcceptWith("RETRYCOUNT", 1)) {
    const auto count = ReadNumber(ctx, reader.Next(), "ERR Invalid RETRYCOUNT option argument for XCLAIM");
    request.retry_count = count.value_or(-1);
    return count.has_value();
  }
  if (reader.AcceptWith("LASTID", 1)) {
    const auto id = ReadStreamId(ctx, reader.Next());
    request.last_id = id.value_or(StreamId());
    return id.has_value();
  }
  ctx.FailText("ERR Unrecognized XCLAIM option " + QuotedName(reader.Peek()));
  return false;
}

/// Nothing: the error is replied.
std::optional<ClaimRequest> ReadClaim(CommandContext& ctx) {
  ClaimRequest request;
  const auto idle = ReadNumber(ctx, ctx.args[4], "ERR Invalid min-idle-time argument for XCLAIM");
  if (!idle) return std::nullopt;
  request.idle_min_ms = std::max<int64_t>(*idle, 0);
  ArgReader reader(ctx.args, 5);
  for (; !reader.done(); reader.Next()) {
    const auto id = engine::ParseStreamId(reader.Peek(), 0, engine::StreamIdForm::kNumbers);
    if (!id) break;
    request.ids.push_back(id->id);
  }
  while (!reader.done()) {
    if (!ReadClaimOption(ctx, reader, request)) return std::nullopt;
  }
  const int64_t now_ms = ctx.engine.now_ms();
  const int64_t delivered_ms = request.delivered_ms.value_or(-1);
  request.delivered_ms = delivered_ms < 0 || delivered_ms > now_ms ? now_ms : delivered_ms;
  return request;
}

/// Replies an entry that was claimed.
void ReplyClaimed(CommandContext& ctx, const Stream& stream, StreamId id, bool just_id) {
  if (just_id) return ReplyStreamId(ctx.reply, id);
  Stream::Reader reader(stream, id, id);
  reader.Next();
  ReplyStreamEntry(ctx.reply, reader.entry());
}

/// Claims one entry for the consumer, if it may be. An entry that is no more in the stream is not pending any longer
/// either.
bool ClaimOne(CommandContext& ctx, const Stream& stream, StreamGroup& group, StreamConsumer& consumer, StreamId id,
              const ClaimRequest& request, const StreamEffect& effect, bool& changed) {
  const int64_t now_ms = ctx.engine.now_ms();
  const PendingEntry* const present = group.pending().Find(id);
  if (!stream.Contains(id)) {
    if (present == nullptr) return false;
    changed = true;
    effect.Claim(*present);
    group.Forget(id);
    return false;
  }
  if (present == nullptr && !request.force) return false;
  PendingEntry entry = present != nullptr ? *present : PendingEntry{id, now_ms, 1, nullptr};
  if (entry.consumer != nullptr && request.idle_min_ms > 0 && now_ms - entry.delivered_ms < request.idle_min_ms) {
    return false;
  }
  entry.consumer = &consumer;
  entry.delivered_ms = *request.delivered_ms;
  if (request.retry_count >= 0) {
    entry.deliveries = static_cast<uint64_t>(request.retry_count);
  } else if (!request.just_id) {
    ++entry.deliveries;
  }
  consumer.active_ms = now_ms;
  changed = true;
  effect.Claim(group.Assign(entry));
  return true;
}

void XClaim(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto stream = FindStream(ctx, key);
  if (!stream) return ctx.Fail(stream.error());
  StreamGroup* const group = *stream ? (*stream)->FindGroup(ctx.args[2]) : nullptr;
  if (group == nullptr) return FailNoGroup(ctx);
  const auto request = ReadClaim(ctx);
  if (!request) return;
  const StreamEffect effect(ctx.engine, key, *group);
  const bool advanced = request->last_id > group->last_id;
  if (advanced) group->last_id = request->last_id;
  const FoundConsumer found = SeeConsumer(ctx, key, *group, ctx.args[3]);
  bool changed = false;
  const auto start = ctx.reply.BeginDeferred();
  size_t claimed = 0;
  for (const StreamId id : request->ids) {
    if (!ClaimOne(ctx, **stream, *group, found.consumer, id, *request, effect, changed)) continue;
    ReplyClaimed(ctx, **stream, id, request->just_id);
    ++claimed;
  }
  ctx.reply.EndArray(start, claimed);
  if (found.created && claimed == 0) effect.CreateConsumer(ctx.args[3]);
  if (advanced && !changed) effect.SetId();
  if (advanced || changed) ctx.engine.ModifiedQuietly(key, NotifyClass{}, {});
}

/// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
struct AutoClaimRequest {
  ClaimRequest claim;
  StreamId start;
  int64_t count = 100;
};

/// Nothing: the error is replied.
std::optional<AutoClaimRequest> ReadAutoClaim(CommandContext& ctx) {
  AutoClaimRequest request;
  const auto idle = ReadNumber(ctx, ctx.args[4], "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!idle) return std::nullopt;
  request.claim.idle_min_ms = std::max<int64_t>(*idle, 0);
  request.claim.delivered_ms = ctx.engine.now_ms();
  const auto start = ReadIntervalEnd(ctx, ctx.args[5], IntervalEnd::kStart);
  if (!start) return std::nullopt;
  request.start = *start;
  ArgReader reader(ctx.args, 6);
  while (!reader.done()) {
    if (reader.AcceptWith("COUNT", 1)) {
      constexpr int64_t kCountMax = std::numeric_limits<int64_t>::max() / 16;
      const std::optional<int64_t> count = ToInteger(reader.Next());
      request.count = count.value_or(0);
      if (request.count < 1 || request.count > kCountMax) {
        ctx.FailText("ERR COUNT must be > 0");
        return std::nullopt;
      }
    } else if (reader.Accept("JUSTID")) {
      request.claim.just_id = true;
    } else {
      ctx.Fail(Error::kSyntax);
      return std::nullopt;
    }
  }
  return request;
}

/// What XAUTOCLAIM found: the cursor comes first in its reply.
struct AutoClaimed {
  std::vector<StreamId> claimed;
  std::vector<StreamId> deleted;
  StreamId next;
};

AutoClaimed AutoClaim(CommandContext& ctx, const Stream& stream, StreamGroup& group, StreamConsumer& consumer,
                      const AutoClaimRequest& request, const StreamEffect& effect) {
  constexpr int64_t kLooksPerEntry = 10;
  AutoClaimed result;
  int64_t left = request.count;
  int64_t looks = request.count * kLooksPerEntry;
  const auto& pending = group.pending();
  auto at = pending.LowerBound(request.start);
  while (looks-- > 0 && left > 0 && at != pending.End()) {
    const StreamId id = at->id;
    bool changed = false;
    const bool claimed = ClaimOne(ctx, stream, group, consumer, id, request.claim, effect, changed);
    if (claimed) result.claimed.push_back(id);
    if (!claimed && changed) result.deleted.push_back(id);
    if (changed) --left;
    at = !claimed && changed ? pending.LowerBound(id) : pending.Next(at);
  }
  if (at != pending.End()) result.next = at->id;
  return result;
}

void XAutoClaim(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  auto stream = FindStream(ctx, key);
  const auto request = ReadAutoClaim(ctx);
  if (!request) return;
  if (!stream) return ctx.Fail(stream.error());
  StreamGroup* const group = *stream ? (*stream)->FindGroup(ctx.args[2]) : nullptr;
  if (group == nullptr) return FailNoGroup(ctx);
  const StreamEffect effect(ctx.engine, key, *group);
  const FoundConsumer found = SeeConsumer(ctx, key, *group, ctx.args[3]);
  const AutoClaimed result = AutoClaim(ctx, **stream, *group, found.consumer, *request, effect);
  if (found.created && result.claimed.empty()) effect.CreateConsumer(ctx.args[3]);
  if (!result.claimed.empty() || !result.deleted.empty()) ctx.engine.ModifiedQuietly(key, NotifyClass{}, {});
  ctx.reply.Array(3);
  ReplyStreamId(ctx.reply, result.next);
  ctx.reply.Array(result.claimed.size());
  for (const StreamId id : result.claimed) ReplyClaimed(ctx, **stream, id, request->claim.just_id);
  ctx.reply.Array(result.deleted.size());
  for (const StreamId id : result.deleted) ReplyStreamId(ctx.reply, id);
}

/// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
struct PendingRequest {
  int64_t idle_min_ms = 0;
  StreamId from;
  StreamId to;
  int64_t count = 0;
  std::optional<std::string_view> consumer;
};

/// Nothing: the error is replied.
std::optional<PendingRequest> ReadPending(CommandContext& ctx) {
  PendingRequest request;
  size_t at = 3;
  if (EqualsIgnoringCase(ctx.args[3], "IDLE")) {
    const std::optional<int64_t> idle = ToInteger(ctx.args[4]);
    if (!idle || ctx.args.size() < 8) {
      ctx.Fail(idle ? Error::kSyntax : Error::kNotAnInteger);
      return std::nullopt;
    }
    request.idle_min_ms = *idle;
    at += 2;
  }
  const std::optional<int64_t> count = ToInteger(ctx.args[at + 2]);
  if (!count) {
    ctx.Fail(Error::kNotAnInteger);
    return std::nullopt;
  }
  request.count = std::max<int64_t>(*count, 0);
  const auto from = ReadIntervalEnd(ctx, ctx.args[at], IntervalEnd::kStart);
  if (!from) return std::nullopt;
  const auto to = ReadIntervalEnd(ctx, ctx.args[at + 1], IntervalEnd::kEnd);
  if (!to) return std::nullopt;
  request.from = *from;
  request.to = *to;
  if (at + 3 < ctx.args.size()) request.consumer = ctx.args[at + 3];
  return request;
}

/// XPENDING's short form: how many, from where to where, and of whom.
void ReplyPendingSummary(CommandContext& ctx, const StreamGroup& group) {
  const auto& pending = group.pending();
  ctx.reply.Array(4);
  ctx.reply.Integer(static_cast<int64_t>(pending.size()));
  if (pending.empty()) {
    ctx.reply.Null();
    ctx.reply.Null();
    return ctx.reply.NullArray();
  }
  ReplyStreamId(ctx.reply, pending.Begin()->id);
  ReplyStreamId(ctx.reply, pending.Last()->id);
  const auto start = ctx.reply.BeginDeferred();
  size_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer.pending().empty()) continue;
    ctx.reply.Array(2);
    ctx.reply.Bulk(name);
    ctx.reply.Bulk(std::to_string(consumer.pending().size()));
    ++consumers;
  }
  ctx.reply.EndArray(start, consumers);
}

/// Replies the pending entries of a range, those of the group or, by their IDs, of one consumer.
template <class Pending>
void ReplyPendingRange(CommandContext& ctx, const StreamGroup& group, const Pending& pending,
                       const PendingRequest& request) {
  const int64_t now_ms = ctx.engine.now_ms();
  const auto start = ctx.reply.BeginDeferred();
  int64_t replied = 0;
  for (auto at = pending.LowerBound(request.from); at != pending.End() && at->id <= request.to; at = pending.Next(at)) {
    if (replied == request.count) break;
    const PendingEntry& entry = *group.pending().Find(at->id);
    const int64_t idle_ms = now_ms - entry.delivered_ms;
    if (request.idle_min_ms != 0 && idle_ms < request.idle_min_ms) continue;
    ctx.reply.Array(4);
    ReplyStreamId(ctx.reply, entry.id);
    ctx.reply.Bulk(entry.consumer->name());
    ctx.reply.Integer(std::max<int64_t>(idle_ms, 0));
    ctx.reply.Integer(static_cast<int64_t>(entry.deliveries));
    ++replied;
  }
  ctx.reply.EndArray(start, static_cast<size_t>(replied));
}

void XPending(CommandContext& ctx) {
  const bool summary = ctx.args.size() == 3;
  if (!summary && (ctx.args.size() < 6 || ctx.args.size() > 9)) return ctx.Fail(Error::kSyntax);
  std::optional<PendingRequest> request;
  if (!summary) {
    request = ReadPending(ctx);
    if (!request) return;
  }
  const auto stream = ctx.engine.ReadAs<Stream>(ctx.KeyAt(1));
  if (!stream) return ctx.Fail(stream.error());
  StreamGroup* const group = *stream == nullptr ? nullptr : (*stream)->FindGroup(ctx.args[2]);
  if (group == nullptr) return FailNoGroup(ctx);
  if (summary) return ReplyPendingSummary(ctx, *group);
  if (!request->consumer) return ReplyPendingRange(ctx, *group, group->pending(), *request);
  const StreamConsumer* const consumer = group->FindConsumer(*request->consumer);
  if (consumer == nullptr) return ctx.reply.Array(0);
  ReplyPendingRange(ctx, *group, consumer->pending(), *request);
}

/// What looking at `wanted` pending entries of the group may take.
int64_t PendingCost(CommandContext& ctx, int64_t wanted) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(1));
  if (!entry || entry.type() != engine::ValueType::kStream) return 0;
  const StreamGroup* const group = entry.As<Stream>().FindGroup(ctx.args[2]);
  if (group == nullptr) return 0;
  return std::min(wanted, static_cast<int64_t>(group->pending().size())) * kPendingNs;
}

int64_t XPendingCost(CommandContext& ctx) {
  // With IDLE any number may be passed over.
  const bool filtered = EqualsIgnoringCase(ctx.args[3], "IDLE");
  return PendingCost(ctx, filtered ? std::numeric_limits<int64_t>::max() : ToInteger(ctx.args[5]).value_or(0));
}

int64_t XAutoClaimCost(CommandContext& ctx) {
  const int64_t count = std::min<int64_t>(ToInteger(ctx.args[7]).value_or(0), int64_t{1} << 40);
  return PendingCost(ctx, std::max<int64_t>(count, 0) * 10);
}

int64_t IdsCost(CommandContext& ctx) {
  return static_cast<int64_t>(ctx.args.size()) * kPendingNs;
}

constexpr CommandSpec WriteRow(std::string_view name, int16_t arity, uint16_t key_flag, CommandHandler handler,
                               CommandCost cost, uint16_t cost_from_args) {
  return {.name = name,
          .arity = arity,
          .flags = kWrite | kFast,
          .categories = kCatStream,
          .keys = OneKey(kKeyRw | key_flag),
          .handler = handler,
          .cost = cost,
          .cost_from_args = cost_from_args};
}

constexpr CommandSpec WithTips(CommandSpec row) {
  row.tips = "nondeterministic_output";
  return row;
}

constexpr CommandSpec kRows[] = {
    WriteRow("xack", -4, kKeyUpdate, XAck, IdsCost, kCostFromIds),
    WithTips(WriteRow("xautoclaim", -6, kKeyDelete, XAutoClaim, XAutoClaimCost, 8)),
    WithTips(WriteRow("xclaim", -6, kKeyUpdate, XClaim, IdsCost, kCostFromIds)),
    {.name = "xpending",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kCatStream,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = XPending,
     .tips = "nondeterministic_output",
     .cost = XPendingCost,
     .cost_from_args = 6},
};

}  // namespace

const CommandGroup kStreamClaimCommands{"stream", kRows};

}  // namespace usher::server
