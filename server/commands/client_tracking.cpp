// CLIENT TRACKING and what belongs to it: caches that clients keep. See tracking.h for how they are told.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"

namespace usher::server {

namespace {

bool IsTracking(const CommandContext& ctx) {
  return (ctx.client.info->flags.load(std::memory_order_relaxed) & kClientTracking) != 0;
}

bool Fail(CommandContext& ctx, std::string_view text) {
  ctx.FailText(text);
  return false;
}

bool ReadRedirect(CommandContext& ctx, std::string_view text, TrackingOptions& options) {
  if (options.redirect != 0) return Fail(ctx, "ERR A client can only redirect to a single other client");
  const std::optional<int64_t> id = ToInteger(text);
  if (!id) {
    ctx.Fail(engine::Error::kNotAnInteger);
    return false;
  }
  options.redirect = static_cast<uint64_t>(*id);
  if (ctx.server.clients().Find(options.redirect) != nullptr) return true;
  return Fail(ctx, "ERR The client ID you want redirect to does not exist");
}

/// Reads TRACKING's options. False: the error is replied.
bool ReadOptions(CommandContext& ctx, TrackingOptions& options) {
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (reader.AcceptWith("REDIRECT", 1)) {
      if (!ReadRedirect(ctx, reader.Next(), options)) return false;
    } else if (reader.Accept("BCAST")) {
      options.broadcast = true;
    } else if (reader.Accept("OPTIN")) {
      options.opt_in = true;
    } else if (reader.Accept("OPTOUT")) {
      options.opt_out = true;
    } else if (reader.Accept("NOLOOP")) {
      options.no_loop = true;
    } else if (reader.AcceptWith("PREFIX", 1)) {
      options.prefixes.emplace_back(reader.Next());
    } else {
      ctx.Fail(engine::Error::kSyntax);
      return false;
    }
  }
  return true;
}

bool Overlap(std::string_view left, std::string_view right) {
  return left.starts_with(right) || right.starts_with(left);
}

bool FailOverlap(CommandContext& ctx, const std::string& prefix, std::string_view with, const std::string& other) {
  return Fail(ctx, "ERR Prefix '" + prefix + "' overlaps with " + std::string(with) + " prefix '" + other +
                       "'. Prefixes for a single client must not overlap.");
}

bool CheckPrefixes(CommandContext& ctx, const std::vector<std::string>& prefixes) {
  for (size_t i = 0; i < prefixes.size(); ++i) {
    for (const std::string& own : ctx.client.tracked_prefixes) {
      if (Overlap(prefixes[i], own)) return FailOverlap(ctx, prefixes[i], "an existing", own);
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (Overlap(prefixes[i], prefixes[j])) return FailOverlap(ctx, prefixes[i], "another provided", prefixes[j]);
    }
  }
  return true;
}

/// Whether the options agree with each other and with how the client tracks already. False: the error is replied.
bool CheckOptions(CommandContext& ctx, const TrackingOptions& options) {
  if (!options.broadcast && !options.prefixes.empty()) {
    return Fail(ctx, "ERR PREFIX option requires BCAST mode to be enabled");
  }
  const bool broadcasts = (ctx.client.info->flags.load(std::memory_order_relaxed) & kClientTrackingBroadcast) != 0;
  if (IsTracking(ctx) && broadcasts != options.broadcast) {
    return Fail(
        ctx,
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling "
        "it with a different mode.");
  }
  if (options.broadcast && (options.opt_in || options.opt_out)) {
    return Fail(ctx, "ERR OPTIN and OPTOUT are not compatible with BCAST");
  }
  if (options.opt_in && options.opt_out) return Fail(ctx, "ERR You can't specify both OPTIN mode and OPTOUT mode");
  const uint8_t mode = ctx.client.tracking;
  if ((options.opt_in && (mode & kTracksOptOut) != 0) || (options.opt_out && (mode & kTracksOptIn) != 0)) {
    return Fail(
        ctx,
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling "
        "it with a different mode.");
  }
  return CheckPrefixes(ctx, options.prefixes);
}

void ClientTracking(CommandContext& ctx) {
  TrackingOptions options;
  if (!ReadOptions(ctx, options)) return;
  if (EqualsIgnoringCase(ctx.args[2], "ON")) {
    if (!CheckOptions(ctx, options)) return;
    if (options.broadcast && options.prefixes.empty()) options.prefixes.emplace_back();
    ctx.server.tracking().Enable(ctx.client, options, ctx.engine);
  } else if (EqualsIgnoringCase(ctx.args[2], "OFF")) {
    ctx.server.tracking().Disable(ctx.client);
  } else {
    return ctx.Fail(engine::Error::kSyntax);
  }
  ctx.reply.Ok();
}

void ClientCaching(CommandContext& ctx) {
  uint8_t& mode = ctx.client.tracking;
  if ((mode & (kTracksOptIn | kTracksOptOut)) == 0) {
    return ctx.FailText(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
  }
  if (EqualsIgnoringCase(ctx.args[2], "YES")) {
    if ((mode & kTracksOptIn) == 0) {
      return ctx.FailText("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    }
  } else if (EqualsIgnoringCase(ctx.args[2], "NO")) {
    if ((mode & kTracksOptOut) == 0) {
      return ctx.FailText("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
    }
  } else {
    return ctx.Fail(engine::Error::kSyntax);
  }
  mode = static_cast<uint8_t>(mode | kTracksChosen);
  ctx.reply.Ok();
}

/// Where invalidations go: 0 to the client itself, -1: it does not track.
int64_t RedirectOf(const CommandContext& ctx) {
  return IsTracking(ctx) ? static_cast<int64_t>(ctx.client.info->redirect.load(std::memory_order_relaxed)) : -1;
}

void ClientGetRedir(CommandContext& ctx) {
  ctx.reply.Integer(RedirectOf(ctx));
}

void ClientTrackingInfo(CommandContext& ctx) {
  const uint32_t flags = ctx.client.info->flags.load(std::memory_order_relaxed);
  const uint8_t mode = ctx.client.tracking;
  const bool chosen = (mode & kTracksChosen) != 0;
  std::vector<std::string_view> shown = {IsTracking(ctx) ? "on" : "off"};
  if ((flags & kClientTrackingBroadcast) != 0) shown.emplace_back("bcast");
  if ((mode & kTracksOptIn) != 0) shown.emplace_back("optin");
  if ((mode & kTracksOptIn) != 0 && chosen) shown.emplace_back("caching-yes");
  if ((mode & kTracksOptOut) != 0) shown.emplace_back("optout");
  if ((mode & kTracksOptOut) != 0 && chosen) shown.emplace_back("caching-no");
  if ((flags & kClientTrackingNoLoop) != 0) shown.emplace_back("noloop");
  if ((flags & kClientTrackingBroken) != 0) shown.emplace_back("broken_redirect");
  ctx.reply.Map(3);
  ctx.reply.Bulk("flags");
  ctx.reply.Set(shown.size());
  for (const std::string_view flag : shown) ctx.reply.Bulk(flag);
  ctx.reply.Bulk("redirect");
  ctx.reply.Integer(RedirectOf(ctx));
  ctx.reply.Bulk("prefixes");
  ctx.reply.Array(ctx.client.tracked_prefixes.size());
  for (const std::string& prefix : ctx.client.tracked_prefixes) ctx.reply.Bulk(prefix);
}

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    // All turns: what is changed after it has answered is heard of.
    {.name = "client|tracking",
     .arity = -3,
     .flags = kOwn | kAllShards,
     .categories = kCatConnection,
     .handler = ClientTracking},
    {.name = "client|caching", .arity = 3, .flags = kOwn, .categories = kCatConnection, .handler = ClientCaching},
    {.name = "client|getredir", .arity = 2, .flags = kOwn, .categories = kCatConnection, .handler = ClientGetRedir},
    {.name = "client|trackinginfo",
     .arity = 2,
     .flags = kOwn,
     .categories = kCatConnection,
     .handler = ClientTrackingInfo},
};

}  // namespace

const CommandGroup kClientTrackingCommands{"connection", kRows};

}  // namespace usher::server
