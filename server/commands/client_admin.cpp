// CLIENT on other clients: LIST, KILL, PAUSE, UNPAUSE, UNBLOCK. What happens to a client happens on its home worker:
// these handlers read ClientInfo, decide, and post there.
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/arg_reader.h"
#include "server/blocked_client.h"
#include "server/command_context.h"
#include "server/commands/client_line.h"
#include "server/commands/groups.h"
#include "server/commands/help_text.h"
#include "server/server.h"

namespace usher::server {

namespace {

using engine::Error;

/// Brings the figures of the asking client up to date; those of others are some tenths of a second old.
void RefreshOwnInfo(CommandContext& ctx) {
  ClientInfo& info = *ctx.client.info;
  const size_t unread = ctx.session.input.Unread().size();
  info.query_bytes.store(unread, std::memory_order_relaxed);
  info.query_free_bytes.store(ctx.session.input.capacity() - unread, std::memory_order_relaxed);
  info.reply_buffer_bytes.store(ctx.session.replies.capacity(), std::memory_order_relaxed);
  info.memory_bytes.store(sizeof(Connection) + ctx.session.input.capacity() + ctx.session.replies.capacity(),
                          std::memory_order_relaxed);
  if (!ctx.client.in_exec()) info.last_command.store(&ctx.spec(), std::memory_order_relaxed);
}

std::string LineOf(CommandContext& ctx, const ClientInfo& info) {
  size_t arg_bytes = 0;
  if (&info == ctx.client.info.get()) {
    for (const std::string_view arg : ctx.args) arg_bytes += arg.size();
  }
  return ClientLine(info, ctx.server.clock().NowUs() / 1000, Worker::MonotonicMs(), arg_bytes);
}

void ClientInfoCommand(CommandContext& ctx) {
  RefreshOwnInfo(ctx);
  ctx.reply.Verbatim("txt", LineOf(ctx, *ctx.client.info));
}

/// Whether the client is still one: not killed and only waiting for its end.
bool IsAlive(const ClientInfo& info) {
  return (info.flags.load(std::memory_order_relaxed) & kClientCloseAsap) == 0;
}

/// Whom LIST shows. False: the error is replied.
bool ChooseListed(CommandContext& ctx, std::vector<std::shared_ptr<ClientInfo>>& listed) {
  std::optional<ClientType> type;
  ArgReader reader(ctx.args, 2);
  if (reader.left() == 2 && reader.Accept("TYPE")) {
    type = ParseClientType(reader.Peek());
    if (!type) {
      ctx.FailText("ERR Unknown client type '" + std::string(reader.Peek()) + "'");
      return false;
    }
  } else if (reader.AcceptWith("ID", 1)) {
    while (!reader.done()) {
      const std::optional<int64_t> id = ToInteger(reader.Next());
      if (!id) {
        ctx.FailText("ERR Invalid client ID");
        return false;
      }
      if (auto found = ctx.server.clients().Find(static_cast<uint64_t>(*id))) listed.push_back(std::move(found));
    }
    return true;
  } else if (!reader.done()) {
    ctx.Fail(Error::kSyntax);
    return false;
  }
  for (auto& info : ctx.server.clients().All()) {
    if (!type || TypeOf(*info) == *type) listed.push_back(std::move(info));
  }
  return true;
}

void ClientList(CommandContext& ctx) {
  std::vector<std::shared_ptr<ClientInfo>> listed;
  if (!ChooseListed(ctx, listed)) return;
  RefreshOwnInfo(ctx);
  std::string text;
  for (const auto& info : listed) {
    if (IsAlive(*info)) text += LineOf(ctx, *info);
  }
  ctx.reply.Verbatim("txt", text);
}

struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<ClientType> type;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  bool skip_me = true;

  bool Matches(const ClientInfo& info) const {
    if (address && info.address != *address) return false;
    if (local_address && info.local_address != *local_address) return false;
    if (type && TypeOf(info) != *type) return false;
    return !id || info.id == *id;
  }
};

/// Takes one option of KILL with its value. False: the error is replied.
bool TakeKillOption(CommandContext& ctx, ArgReader& reader, KillFilter& filter) {
  if (reader.AcceptWith("ID", 1)) {
    const int64_t id = ToInteger(reader.Next()).value_or(0);
    filter.id = static_cast<uint64_t>(id);
    if (id < 1) ctx.FailText("ERR client-id should be greater than 0");
    return id >= 1;
  }
  if (reader.AcceptWith("TYPE", 1)) {
    const std::string_view text = reader.Next();
    filter.type = ParseClientType(text);
    if (!filter.type) ctx.FailText("ERR Unknown client type '" + std::string(text) + "'");
    return filter.type.has_value();
  }
  if (reader.AcceptWith("USER", 1)) {
    const std::string_view user = reader.Next();  // everybody is "default"
    if (user != "default") ctx.FailText("ERR No such user '" + std::string(user) + "'");
    return user == "default";
  }
  if (reader.AcceptWith("ADDR", 1)) {
    filter.address = reader.Next();
    return true;
  }
  if (reader.AcceptWith("LADDR", 1)) {
    filter.local_address = reader.Next();
    return true;
  }
  if (reader.AcceptWith("SKIPME", 1)) {
    const std::string_view answer = reader.Next();
    filter.skip_me = EqualsIgnoringCase(answer, "yes");
    if (filter.skip_me || EqualsIgnoringCase(answer, "no")) return true;
  }
  ctx.Fail(Error::kSyntax);
  return false;
}

/// The killer itself first gets its reply. Others vanish from CLIENT LIST at once and are closed by their worker.
void Kill(CommandContext& ctx, ClientInfo& info) {
  if (&info == ctx.client.info.get()) {
    ctx.client.close_after_reply = true;
    return;
  }
  info.flags.fetch_or(kClientCloseAsap, std::memory_order_relaxed);
  info.home.PostCall([&home = info.home, id = info.id] {
    if (Connection* connection = home.FindConnection(id)) connection->Close(Connection::CloseWhen::kNow);
  });
}

void ClientKill(CommandContext& ctx) {
  KillFilter filter;
  const bool one_address = ctx.args.size() == 3;
  if (one_address) {
    filter.address = ctx.args[2];
    filter.skip_me = false;
  } else {
    ArgReader reader(ctx.args, 2);
    while (!reader.done()) {
      if (!TakeKillOption(ctx, reader, filter)) return;
    }
  }
  int64_t killed = 0;
  for (const auto& info : ctx.server.clients().All()) {
    if (!IsAlive(*info) || !filter.Matches(*info) || (filter.skip_me && info == ctx.client.info)) continue;
    Kill(ctx, *info);
    ++killed;
  }
  if (!one_address) return ctx.reply.Integer(killed);
  if (killed == 0) return ctx.FailText("ERR No such client");
  ctx.reply.Ok();
}

void ClientPause(CommandContext& ctx) {
  if (ctx.args.size() > 4) return FailSubcommand(ctx, "CLIENT");
  PauseMode mode = PauseMode::kAll;
  if (ctx.args.size() == 4) {
    if (EqualsIgnoringCase(ctx.args[3], "WRITE")) {
      mode = PauseMode::kWrites;
    } else if (!EqualsIgnoringCase(ctx.args[3], "ALL")) {
      return ctx.FailText("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const std::optional<int64_t> duration_ms = ToInteger(ctx.args[2]);
  if (!duration_ms) return ctx.FailText("ERR timeout is not an integer or out of range");
  if (*duration_ms < 0) return ctx.Fail(Error::kTimeoutNegative);
  const int64_t now_ms = Worker::MonotonicMs();
  if (*duration_ms > std::numeric_limits<int64_t>::max() - ctx.server.clock().NowUs() / 1000 - now_ms) {
    return ctx.Fail(Error::kTimeoutOutOfRange);
  }
  ctx.server.pause().Pause(mode, now_ms + *duration_ms);
  ctx.reply.Ok();
}

void ClientUnpause(CommandContext& ctx) {
  ctx.server.pause().Unpause();
  ctx.reply.Ok();
}

/// Whoever claims the waiter decides how its wait ends; so the answer is exact although the client lives elsewhere.
void ClientUnblock(CommandContext& ctx) {
  if (ctx.args.size() > 4) return FailSubcommand(ctx, "CLIENT");
  WaitEnd end = WaitEnd::kTimeout;
  if (ctx.args.size() == 4) {
    if (EqualsIgnoringCase(ctx.args[3], "ERROR")) {
      end = WaitEnd::kUnblocked;
    } else if (!EqualsIgnoringCase(ctx.args[3], "TIMEOUT")) {
      return ctx.FailText("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  const std::optional<int64_t> id = ToInteger(ctx.args[2]);
  if (!id) return ctx.Fail(Error::kNotAnInteger);
  const auto info = ctx.server.clients().Find(static_cast<uint64_t>(*id));
  const std::shared_ptr<BlockedClient> waiter = info == nullptr ? nullptr : info->Waiter();
  auto claim = engine::ClaimResult::kTooLate;
  if (waiter != nullptr) claim = waiter->Claim(static_cast<uint8_t>(end));
  if (claim == engine::ClaimResult::kMine) waiter->session().ReportWaitEnd(end);
  ctx.reply.Integer(claim == engine::ClaimResult::kTooLate ? 0 : 1);
}

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;
constexpr uint32_t kOthers = kOwn | kAdmin;

constexpr CommandSpec kRows[] = {
    {.name = "client|info",
     .arity = 2,
     .flags = kOwn,
     .categories = kCatConnection,
     .handler = ClientInfoCommand,
     .tips = "nondeterministic_output"},
    {.name = "client|list",
     .arity = -2,
     .flags = kOthers,
     .categories = kCatConnection,
     .handler = ClientList,
     .tips = "nondeterministic_output"},
    {.name = "client|kill", .arity = -3, .flags = kOthers, .categories = kCatConnection, .handler = ClientKill},
    // All turns: when PAUSE has answered, nothing older runs any more.
    {.name = "client|pause",
     .arity = -3,
     .flags = kOthers | kAllShards,
     .categories = kCatConnection,
     .handler = ClientPause},
    {.name = "client|unpause", .arity = 2, .flags = kOthers, .categories = kCatConnection, .handler = ClientUnpause},
    {.name = "client|unblock", .arity = -3, .flags = kOthers, .categories = kCatConnection, .handler = ClientUnblock},
};

}  // namespace

const CommandGroup kClientAdminCommands{"connection", kRows};

}  // namespace usher::server
