// The connection itself: PING, ECHO, AUTH, HELLO, RESET, QUIT.
#include <optional>
#include <string>
#include <string_view>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/client_name.h"
#include "server/commands/groups.h"
#include "server/commands/subscriber_mode.h"
#include "server/server.h"
#include "server/subscriptions.h"
#include "server/version.h"

namespace usher::server {

namespace {

constexpr std::string_view kDefaultUser = "default";
constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

void Ping(CommandContext& ctx) {
  if (ctx.args.size() > 2) return ctx.FailArity();
  const bool has_text = ctx.args.size() == 2;
  if ((ctx.client.restrictions & kSubscriberMode) != 0) {
    ctx.reply.Array(2);
    ctx.reply.Bulk("pong");
    return ctx.reply.Bulk(has_text ? ctx.args[1] : std::string_view());
  }
  if (has_text) return ctx.reply.Bulk(ctx.args[1]);
  ctx.reply.SimpleString("PONG");
}

void Echo(CommandContext& ctx) {
  ctx.reply.Bulk(ctx.args[1]);
}

/// Equality in a time that depends on `given` only.
bool EqualSecret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected);
  }
  return difference == 0;
}

/// Makes the client an authenticated one if the pair is right.
bool Authenticate(CommandContext& ctx, std::string_view user, std::string_view password) {
  const std::string& expected = ctx.server.config().password;
  if (user != kDefaultUser || (!expected.empty() && !EqualSecret(password, expected))) return false;
  ctx.client.Restrict(kNotAuthenticated, false);
  return true;
}

void Auth(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ctx.Fail(engine::Error::kSyntax);
  const bool with_user = ctx.args.size() == 3;
  if (!with_user && ctx.server.config().password.empty()) {
    return ctx.FailText(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  if (!Authenticate(ctx, with_user ? ctx.args[1] : kDefaultUser, ctx.args.back())) return ctx.FailText(kWrongPassword);
  ctx.reply.Ok();
}

void SetProtocol(CommandContext& ctx, protocol::RespVersion version) {
  ctx.session.writer.set_version(version);
  ctx.client.info->resp_version.store(static_cast<int>(version), std::memory_order_relaxed);
  UpdateSubscriberMode(ctx);
}

struct HelloOptions {
  std::optional<protocol::RespVersion> version;
  std::optional<std::string_view> user;
  std::string_view password;
  std::optional<std::string_view> name;
};

/// Parses HELLO's arguments. False: the error is replied.
bool ParseHello(CommandContext& ctx, HelloOptions& options) {
  if (ctx.args.size() == 1) return true;
  const std::optional<int64_t> version = ToInteger(ctx.args[1]);
  if (!version) {
    ctx.FailText("ERR Protocol version is not an integer or out of range");
    return false;
  }
  if (*version != 2 && *version != 3) {
    ctx.FailText("NOPROTO unsupported protocol version");
    return false;
  }
  options.version = static_cast<protocol::RespVersion>(*version);
  ArgReader reader(ctx.args, 2);
  while (!reader.done()) {
    if (reader.AcceptWith("AUTH", 2)) {
      options.user = reader.Next();
      options.password = reader.Next();
    } else if (reader.AcceptWith("SETNAME", 1)) {
      options.name = reader.Next();
      if (!IsPlainWord(*options.name)) {
        ctx.FailText(kBadClientName);
        return false;
      }
    } else {
      ctx.FailText("ERR Syntax error in HELLO option '" + std::string(reader.Next()) + "'");
      return false;
    }
  }
  return true;
}

void ReplyHello(CommandContext& ctx) {
  ctx.reply.Map(7);
  ctx.reply.Bulk("server");
  ctx.reply.Bulk("redis");
  ctx.reply.Bulk("version");
  ctx.reply.Bulk(kRedisVersion);
  ctx.reply.Bulk("proto");
  ctx.reply.Integer(static_cast<int64_t>(ctx.reply.version()));
  ctx.reply.Bulk("id");
  ctx.reply.Integer(static_cast<int64_t>(ctx.client.info->id));
  ctx.reply.Bulk("mode");
  ctx.reply.Bulk("standalone");
  ctx.reply.Bulk("role");
  ctx.reply.Bulk("master");
  ctx.reply.Bulk("modules");
  ctx.reply.Array(0);
}

void Hello(CommandContext& ctx) {
  HelloOptions options;
  if (!ParseHello(ctx, options)) return;
  if (options.user && !Authenticate(ctx, *options.user, options.password)) return ctx.FailText(kWrongPassword);
  if (!ctx.client.authenticated() && !ctx.server.config().password.empty()) {
    return ctx.FailText(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (options.name) SetClientName(*ctx.client.info, *options.name);
  if (options.version) SetProtocol(ctx, *options.version);
  ReplyHello(ctx);
}

void Quit(CommandContext& ctx) {
  ctx.client.close_after_reply = true;
  ctx.reply.Ok();
}

void Reset(CommandContext& ctx) {
  ClientState& client = ctx.client;
  client.db = 0;
  client.subscriptions.reset();
  client.DropTransaction();
  ctx.server.tracking().Disable(client);
  client.Restrict(kMonitorMode, false);
  client.no_touch = false;
  client.reply_mode = ReplyMode::kOn;
  client.info->db.store(0, std::memory_order_relaxed);
  client.info->flags.fetch_and(~uint32_t{kClientNoEvict | kClientNoTouch}, std::memory_order_relaxed);
  client.Restrict(kNotAuthenticated, !ctx.server.config().password.empty());
  SetClientName(*client.info, {});
  SetProtocol(ctx, protocol::RespVersion::kResp2);
  ctx.reply.SimpleString("RESET");
}

constexpr uint32_t kAtAnyTime = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

constexpr CommandSpec kRows[] = {
    {.name = "ping",
     .arity = -1,
     .flags = kFast | kSubscriberOk,
     .categories = kCatConnection,
     .handler = Ping,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "echo", .arity = 2, .flags = kLoading | kStale | kFast, .categories = kCatConnection, .handler = Echo},
    {.name = "auth", .arity = -2, .flags = kAtAnyTime, .categories = kCatConnection, .handler = Auth},
    {.name = "hello", .arity = -1, .flags = kAtAnyTime, .categories = kCatConnection, .handler = Hello},
    {.name = "quit", .arity = -1, .flags = kAtAnyTime | kSubscriberOk, .categories = kCatConnection, .handler = Quit},
    {.name = "reset", .arity = 1, .flags = kAtAnyTime | kSubscriberOk, .categories = kCatConnection, .handler = Reset},
};

}  // namespace

const CommandGroup kConnectionCommands{"connection", kRows};

}  // namespace usher::server
