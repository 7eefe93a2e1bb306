// DEBUG: what tests and tools use. Redis has one row for all of it; here each subcommand has a row that COMMAND does
// not show, so that key specs and flags say which turns it takes. What would need another server's innards is refused.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/encoding_name.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/config_text.h"
#include "server/dataset_digest.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr std::string_view kHelpLines[] = {
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANGE-REPL-ID",
    "    Change the replication ID of the server.",
    "DIGEST",
    "    Output a hex signature of all keys, equal to that of a redis-server with the same keys.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Output a hex signature of the values of the keys.",
    "ERROR <string>",
    "    Reply an error with that text.",
    "HTSTATS <dbid>",
    "    Say how many keys each shard holds.",
    "LISTPACK <key>",
    "    Say that internals of a listpack are not shown.",
    "LOG <message>",
    "    Write a message to the server log.",
    "OBJECT <key>",
    "    Show low level info about a key and its value.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create <count> string keys named <prefix>:<num>, where they are missing.",
    "PROTOCOL <type>",
    "    Reply a test value: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim, true, "
    "false.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    Accepted for tests; lists here know no such threshold.",
    "RELOAD [NOSAVE] [NOFLUSH]",
    "    Save the data set to its file, empty all databases and load the file.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Stop or resume deleting expired keys that nobody accesses.",
    "SLEEP <seconds> [KEY <key>]",
    "    Hold all shards, or only the shard of a key, for that time.",
    "HELP",
    "    Prints this help.",
};

bool IsAllowed(CommandContext& ctx) {
  switch (ctx.server.config().debug_command) {
    case Allowed::kYes:
      return true;
    case Allowed::kNo:
      return false;
    case Allowed::kLocal:
      return IsLocalClient(*ctx.client.info);
  }
  return false;
}

/// The handler of every row here: checks enable-debug-command and the number of arguments.
template <CommandHandler kHandler, size_t kArgsMin, size_t kArgsMax>
void Guarded(CommandContext& ctx) {
  if (!IsAllowed(ctx)) {
    return ctx.FailText(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a "
        "local connection, otherwise you need to set this option in the configuration file, and then restart the "
        "server.");
  }
  if (ctx.args.size() < kArgsMin || ctx.args.size() > kArgsMax) return ReplySubcommandSyntax(ctx);
  kHandler(ctx);
}

void Sleep(CommandContext& ctx) {
  if (ctx.args.size() > 3 && (ctx.args.size() != 5 || !EqualsIgnoringCase(ctx.args[3], "KEY"))) {
    return ReplySubcommandSyntax(ctx);
  }
  const double seconds = std::strtod(std::string(ctx.args[2]).c_str(), nullptr);
  if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  ctx.reply.Ok();
}

void Object(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(2));
  if (!entry) return ctx.Fail(engine::Error::kNoSuchKey);
  std::array<char, 32> address;
  std::snprintf(address.data(), address.size(), "%p", static_cast<const void*>(entry.slot()));
  ctx.reply.SimpleString(
      "Value at:" + std::string(address.data()) + " refcount:1 encoding:" + std::string(EncodingName(entry)) +
      " serializedlength:" +
      std::to_string(entry.type() == engine::ValueType::kString ? entry.StringSize() : entry.ValueMemoryBytes()) +
      " lru:" + std::to_string(entry.access()) + " lru_seconds_idle:0");
}

void Digest(CommandContext& ctx) {
  DatasetDigest digest;
  for (int db = 0; db < ctx.server.engine().databases(); ++db) {
    bool any = false;
    ctx.engine.turns().ForEachHeld([&](engine::ShardData& shard) {
      shard.databases[static_cast<size_t>(db)]->ForEach([&](engine::KeyEntry entry) {
        if (entry.IsExpired(ctx.engine.now_ms())) return;
        if (!any) digest.AddDatabase(db);
        any = true;
        digest.AddKey(entry.key(), entry);
      });
    });
  }
  ctx.reply.SimpleString(engine::HexOf(digest.value()));
}

void DigestValue(CommandContext& ctx) {
  ctx.reply.Array(ctx.args.size() - 2);
  for (size_t i = 2; i < ctx.args.size(); ++i) {
    const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(i));
    ctx.reply.SimpleString(engine::HexOf(entry ? DatasetDigest::OfValue(entry) : engine::Sha1Digest()));
  }
}

void Populate(CommandContext& ctx) {
  const auto count = ToInteger(ctx.args[2]);
  const auto size = ctx.args.size() == 5 ? ToInteger(ctx.args[4]) : std::optional<int64_t>(0);
  if (!count || !size || *count < 0 || *size < 0) return ctx.Fail(engine::Error::kNotAnInteger);
  const std::string prefix(ctx.args.size() > 3 ? ctx.args[3] : "key");
  for (int64_t i = 0; i < *count; ++i) {
    const std::string name = prefix + ':' + std::to_string(i);
    const engine::Key key = engine::MakeKey(name);
    if (ctx.engine.Peek(key)) continue;
    std::string value = "value:" + std::to_string(i);
    if (*size > 0) value.resize(static_cast<size_t>(*size));
    ctx.engine.SetString(key, value, engine::kNoExpiry);
    ctx.engine.Modified(key, engine::kNotifyString, "set");
    ctx.engine.Effect({"SET", name, value});
  }
  ctx.reply.Ok();
}

void ErrorReply(CommandContext& ctx) {
  ctx.FailText(ctx.args[2]);
}

void WriteToLog(CommandContext& ctx) {
  ctx.server.log().Warning("DEBUG LOG: " + std::string(ctx.args[2]));
  ctx.reply.Ok();
}

void HashTableStats(CommandContext& ctx) {
  const auto db = ToInteger(ctx.args[2]);
  if (!db) return ctx.Fail(engine::Error::kNotAnInteger);
  if (*db < 0 || *db >= ctx.server.engine().databases()) return ctx.FailText("ERR Out of range database");
  std::string text;
  size_t index = 0;
  for (const auto& shard : ctx.server.engine().shards()) {
    const engine::DatabaseStats& stats = shard->stats().databases[static_cast<size_t>(*db)];
    text += "[Shard " + std::to_string(index++) + "]\n number of elements: " + std::to_string(stats.keys.Get()) +
            "\n with expiry: " + std::to_string(stats.expires.Get()) + '\n';
  }
  ctx.reply.Verbatim("txt", text);
}

void ListPack(CommandContext& ctx) {
  const engine::KeyEntry entry = ctx.engine.Peek(ctx.KeyAt(2));
  if (!entry) return ctx.Fail(engine::Error::kNoSuchKey);
  if (EncodingName(entry) != "listpack") return ctx.FailText("ERR Not a listpack encoded object.");
  ctx.reply.SimpleString("Listpack structure printed on stdout");
}

void SetActiveExpire(CommandContext& ctx) {
  ctx.server.expiry().set_active(std::atoi(std::string(ctx.args[2]).c_str()) != 0);
  ctx.reply.Ok();
}

void QuickListThreshold(CommandContext& ctx) {
  uint64_t bytes = 0;
  if (!ParseMemory(ctx.args[2], &bytes) || bytes > uint64_t{4} << 30) {
    return ctx.FailText("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  }
  ctx.reply.Ok();
}

void ChangeReplicationId(CommandContext& ctx) {
  ctx.server.replication_id().Change();
  ctx.reply.Ok();
}

void WriteAttribute(CommandContext& ctx) {
  if (ctx.reply.version() == protocol::RespVersion::kResp3) {
    ctx.reply.Attribute(1);
    ctx.reply.Bulk("key-popularity");
    ctx.reply.Array(2);
    ctx.reply.Bulk("key:123");
    ctx.reply.Integer(90);
  }
  ctx.reply.Bulk("Some real reply following the attribute");
}

void WritePush(CommandContext& ctx) {
  if (ctx.reply.version() == protocol::RespVersion::kResp2) {
    return ctx.FailText("ERR RESP2 is not supported by this command");
  }
  ctx.reply.Push(2);
  ctx.reply.Bulk("server-cpu-usage");
  ctx.reply.Integer(42);
}

void WriteSet(CommandContext& ctx) {
  ctx.reply.Set(3);
  for (int i = 0; i < 3; ++i) ctx.reply.Integer(i);
}

void WriteArray(CommandContext& ctx) {
  ctx.reply.Array(3);
  for (int i = 0; i < 3; ++i) ctx.reply.Integer(i);
}

void WriteMap(CommandContext& ctx) {
  ctx.reply.Map(3);
  for (int i = 0; i < 3; ++i) {
    ctx.reply.Integer(i);
    ctx.reply.Boolean(i == 1);
  }
}

struct TestReply {
  std::string_view name;
  void (*write)(CommandContext& ctx);
};
constexpr TestReply kTestReplies[] = {
    {"string", [](CommandContext& ctx) { ctx.reply.Bulk("Hello World"); }},
    {"integer", [](CommandContext& ctx) { ctx.reply.Integer(12345); }},
    {"double", [](CommandContext& ctx) { ctx.reply.Double(3.141); }},
    {"bignum", [](CommandContext& ctx) { ctx.reply.BigNumber("1234567999999999999999999999999999999"); }},
    {"null", [](CommandContext& ctx) { ctx.reply.Null(); }},
    {"array", WriteArray},
    {"set", WriteSet},
    {"map", WriteMap},
    {"attrib", WriteAttribute},
    {"push", WritePush},
    {"verbatim", [](CommandContext& ctx) { ctx.reply.Verbatim("txt", "This is a verbatim\nstring"); }},
    {"true", [](CommandContext& ctx) { ctx.reply.Boolean(true); }},
    {"false", [](CommandContext& ctx) { ctx.reply.Boolean(false); }},
};

void Protocol(CommandContext& ctx) {
  for (const TestReply& known : kTestReplies) {
    if (EqualsIgnoringCase(ctx.args[2], known.name)) return known.write(ctx);
  }
  ctx.FailText(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

void LoadAof(CommandContext& ctx) {
  Persistence& persistence = ctx.server.persistence();
  persistence.BeginLoading();
  const std::string error = ctx.server.aof().Reload(ctx.engine);
  persistence.EndLoading();
  if (!error.empty()) return ctx.FailText("ERR Error trying to load the AOF files: " + error);
  ctx.reply.Ok();
}

void Reload(CommandContext& ctx) {
  bool save = true;
  bool unload = true;
  bool merge = false;
  for (ArgReader reader(ctx.args, 2); !reader.done();) {
    if (reader.Accept("MERGE")) {
      merge = true;
    } else if (reader.Accept("NOFLUSH")) {
      unload = false;
    } else if (reader.Accept("NOSAVE")) {
      save = false;
    } else {
      return ctx.FailText("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  if (merge && !unload) {  // without NOFLUSH there is nothing to merge with
    return ctx.FailText("ERR DEBUG RELOAD MERGE is not supported: a key that is there twice is an error");
  }
  const std::string error = ctx.server.persistence().Reload(ctx.engine, save, unload);
  if (!error.empty()) return ctx.FailText("ERR Error trying to load the RDB dump, check server logs.");
  ctx.reply.Ok();
}

void Help(CommandContext& ctx) {
  ReplyHelp(ctx, kHelpLines);
}

constexpr uint32_t kFlags = kAdmin | kNoScript | kLoading | kStale;

template <CommandHandler kHandler, size_t kArgsMin, size_t kArgsMax = kArgsMin>
constexpr CommandSpec Row(std::string_view name, uint32_t flags = 0, KeySpecs keys = NoKeys()) {
  return {.name = name,
          .arity = -2,
          .flags = kFlags | kHidden | flags,
          .keys = keys,
          .handler = Guarded<kHandler, kArgsMin, kArgsMax>};
}

constexpr KeySpec KeyBehind(std::string_view keyword, int16_t start_from) {
  KeySpec spec;
  spec.flags = kKeyRo;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.index = start_from;
  spec.keyword = keyword;
  return spec;
}

constexpr size_t kMany = 1'000'000;

constexpr CommandSpec kRows[] = {
    {.name = "debug", .arity = -2, .flags = kFlags | kContainer, .handler = Guarded<ReplySubcommandSyntax, 2, kMany>},
    Row<ChangeReplicationId, 2>("debug|change-repl-id"),
    Row<Digest, 2>("debug|digest", kAllShards | kLongWork),
    Row<DigestValue, 3, kMany>("debug|digest-value", 0, Keys(KeyRange(kKeyRo, 2, -1))),
    Row<ErrorReply, 3>("debug|error"),
    Row<Help, 2>("debug|help"),
    Row<HashTableStats, 3>("debug|htstats"),
    Row<ListPack, 3>("debug|listpack", 0, OneKey(kKeyRo, 2)),
    Row<LoadAof, 2, kMany>("debug|loadaof", kAllShards | kLongWork),
    Row<WriteToLog, 3>("debug|log"),
    Row<Object, 3, 4>("debug|object", 0, OneKey(kKeyRo, 2)),
    Row<Populate, 3, 5>("debug|populate", kWrite | kAllShards | kLongWork),
    Row<Protocol, 3>("debug|protocol"),
    Row<QuickListThreshold, 3>("debug|quicklist-packed-threshold"),
    Row<Reload, 2, kMany>("debug|reload", kAllShards | kLongWork),
    Row<SetActiveExpire, 3>("debug|set-active-expire"),
    Row<Sleep, 3, 5>("debug|sleep", kAllShards | kLongWork, Keys(KeyBehind("KEY", 3))),
};

}  // namespace

const CommandGroup kDebugCommands{"server", kRows};

}  // namespace usher::server
