// Strings: GET, SET and their relatives.
#include <limits>
#include <optional>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/expire_option.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::IntegerScratch;
using engine::Key;
using engine::KeyEntry;
using engine::kNotifyGeneric;
using engine::kNotifyString;

/// Writes a string reply, or null when the key is missing, or WRONGTYPE. False unless the key is a string or missing.
bool ReplyValue(CommandContext& ctx, const Key& key) {
  IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(key, scratch);
  if (!value) {
    ctx.Fail(value.error());
    return false;
  }
  if (*value) {
    ctx.reply.Bulk(**value);
  } else {
    ctx.reply.Null();
  }
  return true;
}

void Get(CommandContext& ctx) {
  ReplyValue(ctx, ctx.KeyAt(1));
}

struct SetOptions {
  bool only_if_missing = false;
  bool only_if_there = false;
  bool get = false;
  bool keep_ttl = false;
  ExpireOption expire;
};

/// Parses SET's options from args[3] on. False: the error is replied.
bool ParseSetOptions(CommandContext& ctx, SetOptions& options) {
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (!options.only_if_there && reader.Accept("NX")) {
      options.only_if_missing = true;
    } else if (!options.only_if_missing && reader.Accept("XX")) {
      options.only_if_there = true;
    } else if (reader.Accept("GET")) {
      options.get = true;
    } else if (!options.expire.given && reader.Accept("KEEPTTL")) {
      options.keep_ttl = true;
    } else if (options.keep_ttl || !options.expire.Accept(reader)) {
      ctx.Fail(Error::kSyntax);
      return false;
    }
  }
  return options.expire.Resolve(ctx);
}

void Set(CommandContext& ctx) {
  SetOptions options;
  if (!ParseSetOptions(ctx, options)) return;
  const Key key = ctx.KeyAt(1);
  if (options.get && !ReplyValue(ctx, key)) return;
  const bool conditional = options.only_if_missing || options.only_if_there;
  if (conditional && static_cast<bool>(ctx.engine.Peek(key)) != options.only_if_there) {
    if (!options.get) ctx.reply.Null();
    return;
  }
  const int64_t expiry_ms = options.keep_ttl ? engine::kKeepExpiry : options.expire.at_ms;
  ctx.engine.SetString(key, ctx.args[2], expiry_ms);
  ctx.engine.Modified(key, kNotifyString, "set");
  if (options.expire.given) {
    ctx.engine.Notify(key, ctx.engine.db(), kNotifyGeneric, "expire");
    ctx.engine.Effect({"SET", key.name, ctx.args[2], "PXAT", options.expire.Text()});
  } else if (options.get || conditional) {
    ctx.engine.Effect(options.keep_ttl
                          ? std::initializer_list<std::string_view>{"SET", key.name, ctx.args[2], "KEEPTTL"}
                          : std::initializer_list<std::string_view>{"SET", key.name, ctx.args[2]});
  }
  if (!options.get) ctx.reply.Ok();
}

constexpr CommandSpec kRows[] = {
    {.name = "get",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .categories = kCatString,
     .keys = OneKey(kKeyRo | kKeyAccess),
     .handler = Get},
    {.name = "set",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = OneKey(kKeyRw | kKeyAccess | kKeyUpdate | kKeyVariableFlags),
     .handler = Set},
};

}  // namespace

const CommandGroup kStringCommands{"string", kRows};

}  // namespace usher::server
