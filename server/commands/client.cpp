// CLIENT: what a client says and asks about itself and about the others.
#include <string>
#include <string_view>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/client_name.h"
#include "server/commands/groups.h"
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
  const std::lock_guard<std::mutex> lock(info.mutex);
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
  const std::lock_guard<std::mutex> lock(info.mutex);
  (is_name ? info.library_name : info.library_version) = ctx.args[3];
  ctx.reply.Ok();
}

constexpr uint32_t kOwn = kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.name = "client", .arity = -2, .flags = kContainer, .handler = nullptr},
    {.name = "client|id", .arity = 2, .flags = kOwn, .categories = kCatConnection, .handler = ClientId},
    {.name = "client|setname", .arity = 3, .flags = kOwn, .categories = kCatConnection, .handler = ClientSetName},
    {.name = "client|getname", .arity = 2, .flags = kOwn, .categories = kCatConnection, .handler = ClientGetName},
    {.name = "client|setinfo", .arity = 4, .flags = kOwn, .categories = kCatConnection, .handler = ClientSetInfo},
};

}  // namespace

const CommandGroup kClientCommands{"connection", kRows};

}  // namespace usher::server
