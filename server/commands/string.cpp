// Strings as whole values: GET, SET and their relatives. Parts of strings are in string_range.cpp, numbers in
// string_number.cpp.
#include <algorithm>
#include <optional>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/expire_option.h"
#include "server/commands/groups.h"
#include "server/commands/one_key_row.h"

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
  if (conditional && static_cast<bool>(ctx.engine.ForWrite(key)) != options.only_if_there) {
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

/// SET reads the old value only when GET is among its options (looked for, not parsed, as Redis does).
uint16_t SetKeyFlags(std::span<const std::string_view> args) {
  const auto is_get = [](std::string_view arg) { return EqualsIgnoringCase(arg, "GET"); };
  const bool get = args.size() > 3 && std::any_of(args.begin() + 3, args.end(), is_get);
  return get ? kKeyRw | kKeyAccess | kKeyUpdate : kKeyOw | kKeyUpdate;
}

void GetSet(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  if (!ReplyValue(ctx, key)) return;
  ctx.engine.SetString(key, ctx.args[2], engine::kNoExpiry);
  ctx.engine.Modified(key, kNotifyString, "set");
  ctx.engine.Effect({"SET", key.name, ctx.args[2]});
}

void GetDel(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  if (!ReplyValue(ctx, key) || !ctx.engine.Delete(key)) return;
  ctx.engine.Modified(key, kNotifyGeneric, "del");
  ctx.engine.Effect({"DEL", key.name});
}

void SetNx(CommandContext& ctx) {
  const Key key = ctx.KeyAt(1);
  if (ctx.engine.ForWrite(key)) return ctx.reply.Integer(0);  // being met counts as an access
  ctx.engine.SetString(key, ctx.args[2], engine::kNoExpiry);
  ctx.engine.Modified(key, kNotifyString, "set");
  ctx.reply.Integer(1);
}

/// SETEX and PSETEX: key, time, value.
void SetExpiring(CommandContext& ctx, int64_t unit_ms) {
  ExpireOption expire = ExpireOption::In(ctx.args[2], unit_ms);
  if (!expire.Resolve(ctx)) return;
  const Key key = ctx.KeyAt(1);
  ctx.engine.SetString(key, ctx.args[3], expire.at_ms);
  ctx.engine.Modified(key, kNotifyString, "set");
  ctx.engine.Notify(key, ctx.engine.db(), kNotifyGeneric, "expire");
  ctx.engine.Effect({"SET", key.name, ctx.args[3], "PXAT", expire.Text()});
  ctx.reply.Ok();
}

void SetEx(CommandContext& ctx) {
  SetExpiring(ctx, 1000);
}
void PSetEx(CommandContext& ctx) {
  SetExpiring(ctx, 1);
}

struct GetExOptions {
  bool persist = false;
  ExpireOption expire;
};

bool ParseGetExOptions(CommandContext& ctx, GetExOptions& options) {
  ArgReader reader(ctx.args, 2);
  while (!reader.done()) {
    if (!options.expire.given && reader.Accept("PERSIST")) {
      options.persist = true;
    } else if (options.persist || !options.expire.Accept(reader)) {
      ctx.Fail(Error::kSyntax);
      return false;
    }
  }
  return true;
}

/// What GETEX does to the key's expiry once its value is replied.
void ChangeExpiry(CommandContext& ctx, const Key& key, GetExOptions& options) {
  engine::EngineContext& engine = ctx.engine;
  if (options.expire.given && engine.HasPassed(options.expire.at_ms)) {
    engine.Delete(key);
    engine.Modified(key, kNotifyGeneric, "del");
    engine.Effect({"DEL", key.name});
  } else if (options.expire.given) {
    engine.SetExpiry(key, options.expire.at_ms);
    engine.Modified(key, kNotifyGeneric, "expire");
    engine.Effect({"PEXPIREAT", key.name, options.expire.Text()});
  } else if (options.persist && engine.ClearExpiry(key)) {
    engine.Modified(key, kNotifyGeneric, "persist");
    engine.Effect({"PERSIST", key.name});
  }
}

void GetEx(CommandContext& ctx) {
  GetExOptions options;
  if (!ParseGetExOptions(ctx, options)) return;
  const Key key = ctx.KeyAt(1);
  IntegerScratch scratch;
  const auto value = ctx.engine.ReadString(key, scratch);
  if (!value) return ctx.Fail(value.error());
  if (!*value) return ctx.reply.Null();
  if (!options.expire.Resolve(ctx)) return;  // only now, as in Redis
  ctx.reply.Bulk(**value);
  ChangeExpiry(ctx, key, options);
}

void MGet(CommandContext& ctx) {
  ctx.reply.Array(ctx.prepared.keys.size());
  IntegerScratch scratch;
  for (const CommandKey& wanted : ctx.prepared.keys) {
    const auto value = ctx.engine.ReadString(wanted.key, scratch);
    if (value && *value) {
      ctx.reply.Bulk(**value);
    } else {
      ctx.reply.Null();
    }
  }
}

void SetAll(CommandContext& ctx) {
  for (const CommandKey& wanted : ctx.prepared.keys) {
    ctx.engine.SetString(wanted.key, ctx.args[wanted.arg_index + 1], engine::kNoExpiry);
    ctx.engine.Modified(wanted.key, kNotifyString, "set");
  }
}

void MSet(CommandContext& ctx) {
  if (ctx.args.size() % 2 == 0) return ctx.FailArity();
  SetAll(ctx);
  ctx.reply.Ok();
}

void MSetNx(CommandContext& ctx) {
  if (ctx.args.size() % 2 == 0) return ctx.FailArity();
  for (const CommandKey& wanted : ctx.prepared.keys) {
    if (ctx.engine.ForWrite(wanted.key)) return ctx.reply.Integer(0);
  }
  SetAll(ctx);
  ctx.reply.Integer(1);
}

constexpr CommandSpec kRows[] = {
    OneKeyRow("get", 2, kReadOnly | kFast, kCatString, kKeyRo | kKeyAccess, Get),
    OneKeyRow("getdel", 2, kWrite | kFast, kCatString, kKeyRw | kKeyAccess | kKeyDelete, GetDel),
    {.name = "getex",
     .arity = -2,
     .flags = kWrite | kFast,
     .categories = kCatString,
     .keys = OneKeyNoted(kKeyRw | kKeyAccess | kKeyUpdate, "RW and UPDATE because it changes the TTL"),
     .handler = GetEx},
    OneKeyRow("getset", 3, kWrite | kDenyOom | kFast, kCatString, kKeyRw | kKeyAccess | kKeyUpdate, GetSet),
    {.name = "mget",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .categories = kCatString,
     .keys = Keys(KeyRange(kKeyRo | kKeyAccess, 1, -1)),
     .handler = MGet,
     .tips = "request_policy:multi_shard"},
    {.name = "mset",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = Keys(KeyRange(kKeyOw | kKeyUpdate, 1, -1, 2)),
     .handler = MSet,
     .tips = "request_policy:multi_shard response_policy:all_succeeded"},
    {.name = "msetnx",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = Keys(KeyRange(kKeyOw | kKeyInsert, 1, -1, 2)),
     .handler = MSetNx,
     .tips = "request_policy:multi_shard response_policy:agg_min"},
    OneKeyRow("psetex", 4, kWrite | kDenyOom, kCatString, kKeyOw | kKeyUpdate, PSetEx),
    {.name = "set",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .categories = kCatString,
     .keys = OneKeyNoted(kKeyRw | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
                         "RW and ACCESS due to the optional `GET` argument"),
     .handler = Set,
     .key_flags = SetKeyFlags},
    OneKeyRow("setex", 4, kWrite | kDenyOom, kCatString, kKeyOw | kKeyUpdate, SetEx),
    OneKeyRow("setnx", 3, kWrite | kDenyOom | kFast, kCatString, kKeyOw | kKeyInsert, SetNx),
};

}  // namespace

const CommandGroup kStringCommands{"string", kRows};

}  // namespace usher::server
