// Publish and subscribe. Subscribing commands run on the client's home worker, which owns its subscriptions; that holds
// because their rows need no turns (the keys of SSUBSCRIBE are none).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_text.h"
#include "server/commands/subscriber_mode.h"
#include "server/server.h"
#include "server/subscriptions.h"

namespace usher::server {

void UpdateSubscriberMode(CommandContext& ctx) {
  const bool subscribed = ctx.client.subscriptions != nullptr && !ctx.client.subscriptions->empty();
  ctx.client.Restrict(kSubscriberMode, subscribed && ctx.reply.version() == protocol::RespVersion::kResp2);
}

namespace {

Subscriptions& SubscriptionsOf(CommandContext& ctx) {
  if (ctx.client.subscriptions == nullptr) {
    ctx.client.subscriptions = std::make_unique<Subscriptions>(ctx.server, ctx.session.home, ctx.client.info);
  }
  return *ctx.client.subscriptions;
}

void Confirm(CommandContext& ctx, ChannelKind kind, std::optional<std::string_view> channel) {
  ctx.reply.Push(3);
  ctx.reply.Bulk(ctx.spec().name);
  if (channel) {
    ctx.reply.Bulk(*channel);
  } else {
    ctx.reply.Null();
  }
  ctx.reply.Integer(static_cast<int64_t>(SubscriptionsOf(ctx).CountFor(kind)));
}

void SubscribeTo(CommandContext& ctx, ChannelKind kind) {
  for (const std::string_view channel : ctx.args.subspan(1)) {
    SubscriptionsOf(ctx).Add(kind, channel);
    Confirm(ctx, kind, channel);
  }
  UpdateSubscriberMode(ctx);
}

void UnsubscribeFrom(CommandContext& ctx, ChannelKind kind) {
  Subscriptions& subscriptions = SubscriptionsOf(ctx);
  std::vector<std::string> names(ctx.args.begin() + 1, ctx.args.end());
  if (names.empty()) {
    for (const auto& [name, place] : subscriptions.Of(kind)) names.push_back(name);
  }
  for (const std::string& name : names) {
    subscriptions.Remove(kind, name);
    Confirm(ctx, kind, name);
  }
  if (names.empty()) Confirm(ctx, kind, std::nullopt);
  UpdateSubscriberMode(ctx);
}

void Subscribe(CommandContext& ctx) {
  SubscribeTo(ctx, ChannelKind::kChannel);
}
void Unsubscribe(CommandContext& ctx) {
  UnsubscribeFrom(ctx, ChannelKind::kChannel);
}
void PSubscribe(CommandContext& ctx) {
  SubscribeTo(ctx, ChannelKind::kPattern);
}
void PUnsubscribe(CommandContext& ctx) {
  UnsubscribeFrom(ctx, ChannelKind::kPattern);
}
void SSubscribe(CommandContext& ctx) {
  if (ctx.client.in_exec()) return ctx.FailText("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
  SubscribeTo(ctx, ChannelKind::kShardChannel);
}
void SUnsubscribe(CommandContext& ctx) {
  UnsubscribeFrom(ctx, ChannelKind::kShardChannel);
}

void PublishOn(CommandContext& ctx, ChannelKind kind) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.server.pubsub().Publish(kind, ctx.args[1], ctx.args[2])));
}
void Publish(CommandContext& ctx) {
  PublishOn(ctx, ChannelKind::kChannel);
}
void SPublish(CommandContext& ctx) {
  PublishOn(ctx, ChannelKind::kShardChannel);
}

void ReplyChannels(CommandContext& ctx, ChannelKind kind) {
  if (ctx.args.size() > 3) return FailSubcommand(ctx, "PUBSUB");
  const auto pattern = ctx.args.size() == 3 ? std::optional(ctx.args[2]) : std::nullopt;
  const std::vector<std::string> names = ctx.server.pubsub().Channels(kind, pattern);
  ctx.reply.Array(names.size());
  for (const std::string& name : names) ctx.reply.Bulk(name);
}
void PubSubChannels(CommandContext& ctx) {
  ReplyChannels(ctx, ChannelKind::kChannel);
}
void PubSubShardChannels(CommandContext& ctx) {
  ReplyChannels(ctx, ChannelKind::kShardChannel);
}

void ReplyCounts(CommandContext& ctx, ChannelKind kind) {
  ctx.reply.Array((ctx.args.size() - 2) * 2);
  for (const std::string_view channel : ctx.args.subspan(2)) {
    ctx.reply.Bulk(channel);
    ctx.reply.Integer(static_cast<int64_t>(ctx.server.pubsub().SubscribersOf(kind, channel)));
  }
}
void PubSubNumSub(CommandContext& ctx) {
  ReplyCounts(ctx, ChannelKind::kChannel);
}
void PubSubShardNumSub(CommandContext& ctx) {
  ReplyCounts(ctx, ChannelKind::kShardChannel);
}

void PubSubNumPat(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.server.pubsub().Count(ChannelKind::kPattern)));
}

void PubSubHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "CHANNELS [<pattern>]",
      "    Return the currently active channels matching a <pattern> (default: '*').",
      "NUMPAT",
      "    Return number of subscriptions to patterns.",
      "NUMSUB [<channel> ...]",
      "    Return the number of subscribers for the specified channels, excluding",
      "    pattern subscriptions(default: no channels).",
      "SHARDCHANNELS [<pattern>]",
      "    Return the currently active shard level channels matching a <pattern> (default: '*').",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    Return the number of subscribers for the specified shard level channel(s)",
  };
  ReplyHelp(ctx, "PUBSUB", kLines);
}

/// MONITOR: every command from now on. Asked for twice, it says nothing, as in Redis.
void Monitor(CommandContext& ctx) {
  if (ctx.client.in_exec()) return ctx.FailText("ERR MONITOR isn't allowed for DENY BLOCKING client");
  if (!SubscriptionsOf(ctx).StartMonitoring()) return;
  ctx.client.Restrict(kMonitorMode, true);
  ctx.reply.Ok();
}

constexpr uint32_t kSubscribing = kPubSub | kNoScript | kLoading | kStale | kSubscriberOk;
constexpr uint32_t kPublishing = kPubSub | kLoading | kStale | kFast | kMayReplicate;
constexpr uint32_t kInspecting = kPubSub | kLoading | kStale;
constexpr KeySpecs kShardChannels = Keys(KeyRange(kKeyNotKey, 1, -1));

constexpr CommandSpec kRows[] = {
    {.name = "subscribe", .arity = -2, .flags = kSubscribing, .handler = Subscribe},
    {.name = "unsubscribe", .arity = -1, .flags = kSubscribing, .handler = Unsubscribe},
    {.name = "psubscribe", .arity = -2, .flags = kSubscribing, .handler = PSubscribe},
    {.name = "punsubscribe", .arity = -1, .flags = kSubscribing, .handler = PUnsubscribe},
    {.name = "ssubscribe", .arity = -2, .flags = kSubscribing, .keys = kShardChannels, .handler = SSubscribe},
    {.name = "sunsubscribe", .arity = -1, .flags = kSubscribing, .keys = kShardChannels, .handler = SUnsubscribe},
    {.name = "publish", .arity = 3, .flags = kPublishing, .handler = Publish},
    {.name = "spublish", .arity = 3, .flags = kPublishing, .keys = OneKey(kKeyNotKey), .handler = SPublish},
    {.name = "pubsub", .arity = -2, .flags = kContainer},
    {.name = "pubsub|channels", .arity = -2, .flags = kInspecting, .handler = PubSubChannels},
    {.name = "pubsub|numsub", .arity = -2, .flags = kInspecting, .handler = PubSubNumSub},
    {.name = "pubsub|numpat", .arity = 2, .flags = kInspecting, .handler = PubSubNumPat},
    {.name = "pubsub|shardchannels", .arity = -2, .flags = kInspecting, .handler = PubSubShardChannels},
    {.name = "pubsub|shardnumsub", .arity = -2, .flags = kInspecting, .handler = PubSubShardNumSub},
    {.name = "pubsub|help", .arity = 2, .flags = kLoading | kStale, .handler = PubSubHelp},
};

constexpr CommandSpec kMonitorRows[] = {
    {.name = "monitor", .arity = 1, .flags = kAdmin | kNoScript | kLoading | kStale, .handler = Monitor},
};

}  // namespace

const CommandGroup kPubSubCommands{"pubsub", kRows};
const CommandGroup kMonitorCommands{"server", kMonitorRows};

}  // namespace usher::server
