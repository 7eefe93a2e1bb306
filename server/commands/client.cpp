// CLIENT: what a client says and asks about itself. What concerns others is in client_admin.cpp.
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/client_name.h"
#include "server/commands/groups.h"
#include "server/commands/help_text.h"
#include "server/server.h"

namespace usher::server {

namespace {

void ClientId(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.client.info->id));
}

void ClientSetName(CommandContext& ctx) {
  if (!SetClientName(*ctx.client.info, ctx.args[2])) return ctx.FailText(kBadClientName);
  ctx.reply.Ok();
}

void ClientGetName(CommandContext& ctx) {
  const ClientInfo& info = *ctx.client.info;
  const engine::MutexLock lock(info.mutex);
  if (info.name.empty()) return ctx.reply.Null();
  ctx.reply.Bulk(info.name);
}

void ClientSetInfo(CommandContext& ctx) {
  const bool is_name = EqualsIgnoringCase(ctx.args[2], "lib-name");
  if (!is_name && !EqualsIgnoringCase(ctx.args[2], "lib-ver")) {
    return ctx.FailText("ERR Unrecognized option '" + std::string(ctx.args[2]) + "'");
  }
  if (!IsPlainWord(ctx.args[3])) {
    return ctx.FailText(std::string(is_name ? "ERR lib-name" : "ERR lib-ver") +
                        " cannot contain spaces, newlines or special characters.");
  }
  ClientInfo& info = *ctx.client.info;
  const engine::MutexLock lock(info.mutex);
  (is_name ? info.library_name : info.library_version) = ctx.args[3];
  ctx.reply.Ok();
}

/// ON or OFF as a boolean; nothing with the error replied.
std::optional<bool> OnOrOff(CommandContext& ctx) {
  const bool on = EqualsIgnoringCase(ctx.args[2], "ON");
  if (on || EqualsIgnoringCase(ctx.args[2], "OFF")) return on;
  ctx.Fail(engine::Error::kSyntax);
  return std::nullopt;
}

void ShowFlag(const CommandContext& ctx, ClientFlag flag, bool on) {
  std::atomic<uint32_t>& flags = ctx.client.info->flags;
  if (on) {
    flags.fetch_or(flag, std::memory_order_relaxed);
  } else {
    flags.fetch_and(~uint32_t{flag}, std::memory_order_relaxed);
  }
}

void ClientNoEvict(CommandContext& ctx) {
  const std::optional<bool> on = OnOrOff(ctx);
  if (!on) return;
  ShowFlag(ctx, kClientNoEvict, *on);
  ctx.reply.Ok();
}

void ClientNoTouch(CommandContext& ctx) {
  const std::optional<bool> on = OnOrOff(ctx);
  if (!on) return;
  ctx.client.no_touch = *on;
  ShowFlag(ctx, kClientNoTouch, *on);
  ctx.reply.Ok();
}

/// The reply to this command itself is taken back like the others (accounting.cpp), except that of ON.
void ClientReply(CommandContext& ctx) {
  ReplyMode& mode = ctx.client.reply_mode;
  if (EqualsIgnoringCase(ctx.args[2], "ON")) {
    mode = ReplyMode::kOn;
  } else if (EqualsIgnoringCase(ctx.args[2], "OFF")) {
    mode = ReplyMode::kOff;
  } else if (!EqualsIgnoringCase(ctx.args[2], "SKIP")) {
    return ctx.Fail(engine::Error::kSyntax);
  } else if (mode != ReplyMode::kOff) {
    mode = ReplyMode::kSkipNext;
  }
  ctx.reply.Ok();
}

void ClientHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "CACHING (YES|NO)",
      "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
      "GETREDIR",
      "    Return the client ID we are redirecting to when tracking is enabled.",
      "GETNAME",
      "    Return the name of the current connection.",
      "ID",
      "    Return the ID of the current connection.",
      "INFO",
      "    Return information about the current client connection.",
      "KILL <ip:port>",
      "    Kill connection made from <ip:port>.",
      "KILL <option> <value> [<option> <value> [...]]",
      "    Kill connections. Options are:",
      "    * ADDR (<ip:port>|<unixsocket>:0)",
      "      Kill connections made from the specified address",
      "    * LADDR (<ip:port>|<unixsocket>:0)",
      "      Kill connections made to specified local address",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Kill connections by type.",
      "    * USER <username>",
      "      Kill connections authenticated by <username>.",
      "    * SKIPME (YES|NO)",
      "      Skip killing current connection (default: yes).",
      "LIST [options ...]",
      "    Return information about client connections. Options:",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Return clients of specified type.",
      "UNPAUSE",
      "    Stop the current client pause, resuming traffic.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Suspend all, or just write, clients for <timeout> milliseconds.",
      "REPLY (ON|OFF|SKIP)",
      "    Control the replies sent to the current connection.",
      "SETNAME <name>",
      "    Assign the name <name> to the current connection.",
      "SETINFO <option> <value>",
      "    Set client meta attr. Options are:",
      "    * LIB-NAME: the client lib name.",
      "    * LIB-VER: the client lib version.",
      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
      "    Unblock the specified blocked client.",
      "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
      "         [OPTIN] [OPTOUT] [NOLOOP]",
      "    Control server assisted client side caching.",
      "TRACKINGINFO",
      "    Report tracking status for the current connection.",
      "NO-EVICT (ON|OFF)",
      "    Protect current client connection from eviction.",
      "NO-TOUCH (ON|OFF)",
      "    Will not touch LRU/LFU stats when this mode is on.",
  };
  ReplyHelp(ctx, "CLIENT", kLines);
}

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.name = "client", .arity = -2, .flags = kContainer, .handler = nullptr},
    {.name = "client|id", .arity = 2, .flags = kOwn, .categories = kCatConnection, .handler = ClientId},
    {.name = "client|setname", .arity = 3, .flags = kOwn, .categories = kCatConnection, .handler = ClientSetName},
    {.name = "client|getname", .arity = 2, .flags = kOwn, .categories = kCatConnection, .handler = ClientGetName},
    {.name = "client|setinfo", .arity = 4, .flags = kOwn, .categories = kCatConnection, .handler = ClientSetInfo},
    {.name = "client|no-evict",
     .arity = 3,
     .flags = kOwn | kAdmin,
     .categories = kCatConnection,
     .handler = ClientNoEvict},
    {.name = "client|no-touch", .arity = 3, .flags = kOwn, .categories = kCatConnection, .handler = ClientNoTouch},
    {.name = "client|reply", .arity = 3, .flags = kOwn, .categories = kCatConnection, .handler = ClientReply},
    {.name = "client|help",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatConnection,
     .handler = ClientHelp},
};

}  // namespace

const CommandGroup kClientCommands{"connection", kRows};

}  // namespace usher::server
