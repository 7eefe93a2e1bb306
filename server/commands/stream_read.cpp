// XREAD and XREADGROUP: what is new in some streams, waiting for it if need be; XREADGROUP with an ID instead of ">"
// gives a consumer its own pending entries again. An XADD wakes every XREAD and the oldest XREADGROUP of each group. A
// client is served from all its streams at once; the journal has what a group's state became, not the reading.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/groups.h"
#include "server/commands/stream_args.h"
#include "server/commands/stream_effect.h"
#include "server/commands/stream_reply.h"
#include "server/worker.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::Stream;
using engine::StreamConsumer;
using engine::StreamEntry;
using engine::StreamGroup;
using engine::StreamId;

constexpr int64_t kReplyNs = 120;    // an entry
constexpr int64_t kDeliverNs = 600;  // an entry given to a consumer
// In place of an ID: what the group has not been given yet (">").
constexpr StreamId kNewEntries = engine::kStreamIdMax;

/// XREAD [COUNT n] [BLOCK ms] STREAMS key ... id ..., XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] ...
struct ReadRequest {
  bool of_group = false;  // XREADGROUP
  bool acknowledged = false;
  bool blocks = false;
  std::optional<int64_t> deadline_ms;  // of a request that blocks; nothing: for ever
  uint64_t count = 0;                  // 0: all
  std::string_view group;
  std::string_view consumer;
  size_t first_key = 0;
  size_t key_count = 0;
  std::vector<StreamId> after;  // per key
};

/// The timeout in ms. Nothing: the error is replied.
bool ReadBlockTime(CommandContext& ctx, std::string_view text, ReadRequest& request) {
  const std::optional<int64_t> timeout_ms = ToInteger(text);
  const int64_t now_ms = Worker::MonotonicMs();
  const auto fail = [&](std::string_view error) {
    ctx.FailText(error);
    return false;
  };
  if (!timeout_ms) return fail("ERR timeout is not an integer or out of range");
  if (*timeout_ms < 0) return fail("ERR timeout is negative");
  if (*timeout_ms > std::numeric_limits<int64_t>::max() - now_ms) return fail("ERR timeout is out of range");
  request.blocks = true;
  if (*timeout_ms > 0) request.deadline_ms = now_ms + *timeout_ms;
  return true;
}

bool FailWith(CommandContext& ctx, std::string_view text) {
  ctx.FailText(text);
  return false;
}

bool FailSyntax(CommandContext& ctx) {
  ctx.Fail(Error::kSyntax);
  return false;
}

/// Where STREAMS was found: the rest is keys and IDs.
bool ReadStreamsList(CommandContext& ctx, size_t first, ReadRequest& request) {
  const size_t left = ctx.args.size() - first;
  if (left % 2 != 0) {
    return FailWith(ctx, "ERR Unbalanced '" + std::string(ctx.spec().name) +
                             "' list of streams: for each stream key an ID or '" + (request.of_group ? ">" : "$") +
                             "' must be specified.");
  }
  request.first_key = first;
  request.key_count = left / 2;
  return true;
}

bool ReadOption(CommandContext& ctx, ArgReader& reader, ReadRequest& request) {
  if (reader.AcceptWith("BLOCK", 1)) {
    if (ctx.client.in_script) {
      return FailWith(ctx,
                      "ERR " + std::string(ctx.args[0]) + " command is not allowed with BLOCK option from scripts");
    }
    return ReadBlockTime(ctx, reader.Next(), request);
  }
  if (reader.AcceptWith("COUNT", 1)) {
    const std::optional<int64_t> count = ToInteger(reader.Next());
    if (!count) ctx.Fail(Error::kNotAnInteger);
    request.count = static_cast<uint64_t>(std::max<int64_t>(count.value_or(0), 0));
    return count.has_value();
  }
  if (reader.AcceptWith("GROUP", 2)) {
    if (!request.of_group) {
      return FailWith(ctx, "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
    }
    request.group = reader.Next();
    request.consumer = reader.Next();
    return true;
  }
  if (reader.Accept("NOACK")) {
    request.acknowledged = true;
    return request.of_group ||
           FailWith(ctx, "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
  }
  return FailSyntax(ctx);
}

/// Reads all but the IDs, which only the streams give a meaning. False: the error is replied.
bool ReadOptions(CommandContext& ctx, ReadRequest& request) {
  request.of_group = ctx.spec().name == "xreadgroup";
  ArgReader reader(ctx.args, 1);
  while (!reader.done()) {
    if (reader.AcceptWith("STREAMS", 1)) {
      if (!ReadStreamsList(ctx, reader.position(), request)) return false;
      break;
    }
    if (!ReadOption(ctx, reader, request)) return false;
  }
  if (request.first_key == 0) return FailSyntax(ctx);
  if (request.of_group && request.group.data() == nullptr) {
    return FailWith(ctx, "ERR Missing GROUP option for XREADGROUP");
  }
  // The key specification finds the first word STREAMS, be it an option's value. Only the keys it named may be touched.
  if (!ctx.prepared.keys.empty() && ctx.prepared.keys[0].arg_index == request.first_key) return true;
  return FailSyntax(ctx);
}

/// The error of a stream that has no such group, as Redis words it for XREADGROUP.
void FailNoGroup(CommandContext& ctx, const Key& key, std::string_view group) {
  ctx.FailText("NOGROUP No such key " + QuotedName(key.name) + " or consumer group " + QuotedName(group) +
               " in XREADGROUP with GROUP option");
}

/// What the ID at `text` means for the stream, which may be missing. Nothing: the error is replied.
std::optional<StreamId> ReadAfter(CommandContext& ctx, const ReadRequest& request, const Stream* stream,
                                  std::string_view text) {
  if (text == "$" && !request.of_group) return stream == nullptr ? StreamId() : stream->last_id();
  if (text == "$") {
    ctx.FailText(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.");
    return std::nullopt;
  }
  if (text == ">" && request.of_group) return kNewEntries;
  if (text == ">") {
    ctx.FailText(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.");
    return std::nullopt;
  }
  return ReadStreamId(ctx, text);
}

/// The stream, null if it is missing. Nothing: it cannot be read from, and the error is replied.
std::optional<const Stream*> FindStream(CommandContext& ctx, const ReadRequest& request, const Key& key) {
  const auto stream = ctx.engine.ReadAs<Stream>(key);
  if (!stream) {
    ctx.Fail(stream.error());
    return std::nullopt;
  }
  if (request.of_group && (*stream == nullptr || (*stream)->FindGroup(request.group) == nullptr)) {
    FailNoGroup(ctx, key, request.group);
    return std::nullopt;
  }
  return *stream;
}

/// Judges every key and its ID before any is read. False: the error is replied.
bool ReadIds(CommandContext& ctx, ReadRequest& request) {
  for (size_t i = 0; i < request.key_count; ++i) {
    const auto stream = FindStream(ctx, request, ctx.KeyAt(request.first_key + i));
    if (!stream) return false;
    const auto after = ReadAfter(ctx, request, *stream, ctx.args[request.first_key + request.key_count + i]);
    if (!after) return false;
    request.after.push_back(*after);
  }
  return true;
}

/// Replies name and entries of streams; how many there are is known at the end.
class StreamsReply {
 public:
  explicit StreamsReply(protocol::ReplySink& reply) : reply_(reply) {}

  void Begin(std::string_view name) {
    if (streams_ == 0) start_ = reply_.BeginDeferred();
    ++streams_;
    if (reply_.version() == protocol::RespVersion::kResp2) reply_.Array(2);
    reply_.Bulk(name);
    entries_start_ = reply_.BeginDeferred();
    entries_ = 0;
  }
  void Entry(const StreamEntry& entry) {
    ReplyStreamEntry(reply_, entry);
    ++entries_;
  }
  /// A pending entry that is no more in the stream.
  void MissingEntry(StreamId id) {
    reply_.Array(2);
    ReplyStreamId(reply_, id);
    reply_.NullArray();
    ++entries_;
  }
  size_t entries() const { return entries_; }
  void End() { reply_.EndArray(entries_start_, entries_); }
  /// False: there was no stream, and nothing is replied.
  bool Finish() {
    if (streams_ == 0) return false;
    if (reply_.version() == protocol::RespVersion::kResp2) {
      reply_.EndArray(start_, streams_);
    } else {
      reply_.EndMap(start_, streams_);
    }
    return true;
  }

 private:
  protocol::ReplySink& reply_;
  protocol::ReplySink::Deferred start_;
  protocol::ReplySink::Deferred entries_start_;
  size_t streams_ = 0;
  size_t entries_ = 0;
};

/// Whether the stream has an entry behind `id`.
bool HasEntryAfter(const Stream& stream, StreamId id) {
  return stream.size() > 0 && stream.LastEntryId() > id;
}

/// XREAD of one stream, if it has something new.
void ReadStream(CommandContext& ctx, const Key& key, const ReadRequest& request, StreamId after, StreamsReply& reply) {
  const auto stream = ctx.engine.ReadAs<Stream>(key);
  if (!stream || *stream == nullptr || !HasEntryAfter(**stream, after)) return;
  reply.Begin(key.name);
  Stream::Reader reader(**stream, *after.Next(), engine::kStreamIdMax);
  while ((request.count == 0 || reply.entries() < request.count) && reader.Next()) reply.Entry(reader.entry());
  reply.End();
}

/// Gives entries that are new to the group to the consumer.
void DeliverNew(CommandContext& ctx, const Stream& stream, StreamGroup& group, StreamConsumer& consumer,
                const ReadRequest& request, const StreamEffect& effect, StreamsReply& reply) {
  Stream::Reader reader(stream, *group.last_id.Next(), engine::kStreamIdMax);
  bool advanced = false;
  while ((request.count == 0 || reply.entries() < request.count) && reader.Next()) {
    const StreamId id = reader.entry().id();
    advanced |= stream.AdvanceGroup(group, id);
    reply.Entry(reader.entry());
    if (request.acknowledged) continue;
    const engine::PendingEntry& pending = group.Deliver(id, consumer, ctx.engine.now_ms());
    consumer.active_ms = ctx.engine.now_ms();
    effect.Claim(pending);
  }
  if (advanced) effect.SetId();
}

/// Gives the consumer its pending entries behind `after` once more.
void DeliverAgain(CommandContext& ctx, const Stream& stream, StreamGroup& group, const StreamConsumer& consumer,
                  const ReadRequest& request, StreamId after, StreamsReply& reply) {
  const auto& pending = consumer.pending();
  const std::optional<StreamId> from = after.Next();
  for (auto at = pending.LowerBound(*from); at != pending.End(); at = pending.Next(at)) {
    if (request.count != 0 && reply.entries() == request.count) break;
    Stream::Reader reader(stream, at->id, at->id);
    if (!reader.Next()) {
      reply.MissingEntry(at->id);
      continue;
    }
    reply.Entry(reader.entry());
    const engine::PendingEntry& entry = *group.pending().Find(at->id);
    group.Assign({entry.id, ctx.engine.now_ms(), entry.deliveries + 1, entry.consumer});
  }
}

/// XREADGROUP of one stream: makes the consumer if need be and gives it what there is.
void ReadGroup(CommandContext& ctx, const Key& key, const ReadRequest& request, StreamId after, StreamsReply& reply) {
  const auto stream = ctx.engine.ForWriteAs<Stream>(key);
  if (!stream || !*stream) return;
  StreamGroup* const group = (*stream)->FindGroup(request.group);
  if (group == nullptr) return;
  const StreamEffect effect(ctx.engine, key, *group);
  const auto [consumer, created] = SeeConsumer(ctx, key, *group, request.consumer);
  if (created && request.acknowledged) effect.CreateConsumer(request.consumer);
  if (after != kNewEntries) {
    reply.Begin(key.name);
    DeliverAgain(ctx, **stream, *group, consumer, request, after, reply);
  } else if (HasEntryAfter(**stream, group->last_id)) {
    reply.Begin(key.name);
    DeliverNew(ctx, **stream, *group, consumer, request, effect, reply);
  } else {
    if (created && !request.acknowledged) effect.CreateConsumer(request.consumer);
    return;
  }
  reply.End();
  ctx.engine.ModifiedQuietly(key, engine::NotifyClass{}, {});
}

void ReadOne(CommandContext& ctx, const Key& key, const ReadRequest& request, StreamId after, StreamsReply& reply) {
  if (request.of_group) return ReadGroup(ctx, key, request, after, reply);
  ReadStream(ctx, key, request, after, reply);
}

/// Whether the waiter's command has something to say about `key` now. XREADGROUP also has when the group is gone.
bool CanServe(CommandContext& ctx, const Key& key, const ReadRequest& request, StreamId after) {
  const engine::KeyEntry entry = ctx.engine.Peek(key);
  const bool is_stream = entry && entry.type() == engine::ValueType::kStream;
  if (!is_stream) return request.of_group;
  const Stream& stream = entry.As<Stream>();
  if (!request.of_group) return HasEntryAfter(stream, after);
  const StreamGroup* const group = stream.FindGroup(request.group);
  return group == nullptr || HasEntryAfter(stream, group->last_id);
}

/// As if the command came again, as in Redis 7.2: every stream with something new is replied, and one that cannot be
/// read any more is an error. Streams whose turns are not held are passed by: if they had something, whoever wrote them
/// would have served the client.
void ReadAgain(CommandContext& ctx, const ReadRequest& request) {
  std::vector<size_t> held;
  for (size_t i = 0; i < request.key_count; ++i) {
    const Key key = ctx.KeyAt(request.first_key + i);
    if (!ctx.Holds(key)) continue;
    if (!FindStream(ctx, request, key)) return;
    held.push_back(i);
  }
  StreamsReply reply(ctx.reply);
  for (const size_t i : held) {
    ReadOne(ctx, ctx.KeyAt(request.first_key + i), request, request.after[i], reply);
  }
  reply.Finish();
}

bool ServeRead(CommandContext& ctx, const Key& key, ServeStep step) {
  ReadRequest request;
  ReadOptions(ctx, request);
  request.after = ctx.session.blocked->read_after();
  if (step == ServeStep::kServe) {
    ReadAgain(ctx, request);
    return true;
  }
  for (size_t i = 0; i < request.key_count; ++i) {
    if (ctx.args[request.first_key + i] == key.name && CanServe(ctx, key, request, request.after[i])) return true;
  }
  return false;
}

void Read(CommandContext& ctx) {
  ReadRequest request;
  if (!ReadOptions(ctx, request) || !ReadIds(ctx, request)) return;
  StreamsReply reply(ctx.reply);
  for (size_t i = 0; i < request.key_count; ++i) {
    ReadOne(ctx, ctx.KeyAt(request.first_key + i), request, request.after[i], reply);
  }
  if (reply.Finish()) return;
  if (!request.blocks) return ctx.reply.NullArray();
  std::vector<Key> keys;
  keys.reserve(request.key_count);
  for (size_t i = 0; i < request.key_count; ++i) keys.push_back(ctx.KeyAt(request.first_key + i));
  ctx.Block(keys, ServeRead, TimeoutAsNullArray, request.deadline_ms);
  if (ctx.blocked()) ctx.session.blocked->read_after() = std::move(request.after);  // not inside EXEC
}

/// Entries that the reader at args[id_at] has not seen, or, of a group, those new to it or pending.
size_t EntriesToRead(CommandContext& ctx, const Stream& stream, size_t id_at) {
  constexpr size_t kCostly = 10'000;
  const auto parsed = engine::ParseStreamId(ctx.args[id_at], 0, engine::StreamIdForm::kNumbers);
  if (ctx.spec().name == "xread") {
    return parsed ? stream.CountRoughly(parsed->id, engine::kStreamIdMax, kCostly) : 0;
  }
  const auto group_at = std::find_if(ctx.args.begin(), ctx.args.end(),
                                     [](std::string_view word) { return EqualsIgnoringCase(word, "GROUP"); });
  if (ctx.args.end() - group_at < 2) return 0;
  const StreamGroup* const group = stream.FindGroup(*(group_at + 1));
  if (group == nullptr) return 0;
  return parsed ? group->pending().size() : stream.CountRoughly(group->last_id, engine::kStreamIdMax, kCostly);
}

template <int64_t kEntryNs>
int64_t ReadCost(CommandContext& ctx) {
  int64_t longest = 0;
  for (const CommandKey& key : ctx.prepared.keys) {
    const engine::KeyEntry entry = ctx.engine.Peek(key.key);
    const size_t id_at = key.arg_index + ctx.prepared.keys.size();
    if (!entry || entry.type() != engine::ValueType::kStream || id_at >= ctx.args.size()) continue;
    longest = std::max(longest, static_cast<int64_t>(EntriesToRead(ctx, entry.As<Stream>(), id_at)));
  }
  for (size_t i = 1; i + 1 < ctx.args.size(); ++i) {
    if (!EqualsIgnoringCase(ctx.args[i], "COUNT")) continue;
    const int64_t count = ToInteger(ctx.args[i + 1]).value_or(0);
    if (count > 0) longest = std::min(longest, count);
    break;
  }
  return longest * kEntryNs;
}

constexpr KeySpecs StreamsKeys(int16_t search_from) {
  KeySpec spec;
  spec.flags = kKeyRo | kKeyAccess;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.index = search_from;
  spec.keyword = "STREAMS";
  spec.last_key = -1;
  spec.limit = 2;
  return {spec};
}

constexpr CommandSpec kRows[] = {
    {.name = "xread",
     .arity = -4,
     .flags = kReadOnly | kBlocking | kMovableKeys,
     .categories = kCatStream,
     .keys = StreamsKeys(1),
     .handler = Read,
     .cost = ReadCost<kReplyNs>},
    {.name = "xreadgroup",
     .arity = -7,
     .flags = kWrite | kBlocking | kMovableKeys,
     .categories = kCatStream,
     .keys = StreamsKeys(4),
     .handler = Read,
     .cost = ReadCost<kDeliverNs>},
};

}  // namespace

const CommandGroup kStreamReadCommands{"stream", kRows};

}  // namespace usher::server
