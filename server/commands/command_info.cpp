// COMMAND and its subcommands: everything is derived from the rows of the command table and from command_docs.h.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/glob.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/command_docs.h"
#include "server/commands/command_reply.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"

namespace usher::server {

namespace {

constexpr std::string_view kHelpLines[] = {
    "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
    "HELP",
    "    Prints this help.",
};

/// The row that a name shown by COMMAND belongs to; null when there is none.
const CommandRow* FindShown(std::string_view name) {
  const CommandRow* row = CommandTable::Get().FindFull(name);
  return row != nullptr && (row->spec->flags & kHidden) == 0 ? row : nullptr;
}

bool IsTopLevel(const CommandRow& row) {
  return row.spec->name.find('|') == std::string_view::npos;
}

std::vector<const CommandRow*> TopLevelRows() {
  std::vector<const CommandRow*> found;
  for (const CommandRow& row : CommandTable::Get().rows()) {
    if (IsTopLevel(row)) found.push_back(&row);
  }
  return found;
}

void ReplyAll(CommandContext& ctx) {
  const std::vector<const CommandRow*> rows = TopLevelRows();
  ctx.reply.Array(rows.size());
  for (const CommandRow* row : rows) WriteCommandInfo(*row, ctx.reply);
}

void CommandCount(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(TopLevelRows().size()));
}

void CommandInfo(CommandContext& ctx) {
  if (ctx.args.size() == 2) return ReplyAll(ctx);
  ctx.reply.Array(ctx.args.size() - 2);
  for (const std::string_view name : ctx.args.subspan(2)) {
    if (const CommandRow* row = FindShown(name)) {
      WriteCommandInfo(*row, ctx.reply);
    } else {
      ctx.reply.Null();
    }
  }
}

bool IsInTable(std::string_view full_name) {
  return FindShown(full_name) != nullptr;
}

void CommandDocs(CommandContext& ctx) {
  const auto start = ctx.reply.BeginDeferred();
  size_t count = 0;
  const auto write = [&](const CommandRow& row) {
    const CommandDoc* doc = FindCommandDoc(row.spec->name);
    if (doc == nullptr) return;
    ctx.reply.Bulk(row.spec->name);
    WriteCommandDoc(*doc, IsInTable, ctx.reply);
    ++count;
  };
  if (ctx.args.size() == 2) {
    for (const CommandRow* row : TopLevelRows()) write(*row);
  }
  for (const std::string_view name : ctx.args.subspan(2)) {
    if (const CommandRow* row = FindShown(name)) write(*row);
  }
  ctx.reply.EndMap(start, count);
}

template <class Predicate>
void ReplyNames(CommandContext& ctx, Predicate is_listed) {
  const auto start = ctx.reply.BeginDeferred();
  size_t count = 0;
  for (const CommandRow& row : CommandTable::Get().rows()) {
    if ((row.spec->flags & kHidden) != 0 || !is_listed(*row.spec)) continue;
    ctx.reply.Bulk(row.spec->name);
    ++count;
  }
  ctx.reply.EndArray(start, count);
}

void CommandList(CommandContext& ctx) {
  if (ctx.args.size() == 2) return ReplyNames(ctx, [](const CommandSpec&) { return true; });
  if (ctx.args.size() != 5 || !EqualsIgnoringCase(ctx.args[2], "FILTERBY")) return ctx.Fail(engine::Error::kSyntax);
  const std::string_view value = ctx.args[4];
  if (EqualsIgnoringCase(ctx.args[3], "MODULE")) return ReplyNames(ctx, [](const CommandSpec&) { return false; });
  if (EqualsIgnoringCase(ctx.args[3], "ACLCAT")) {
    const uint32_t category = FindAclCategory(value).value_or(0);
    return ReplyNames(ctx, [&](const CommandSpec& spec) { return (Categories(spec) & category) != 0; });
  }
  if (EqualsIgnoringCase(ctx.args[3], "PATTERN")) {
    return ReplyNames(
        ctx, [&](const CommandSpec& spec) { return engine::GlobMatch(value, spec.name, engine::GlobCase::kIgnored); });
  }
  ctx.Fail(engine::Error::kSyntax);
}

/// The keys of the command given as arguments from args[2] on. False: the error is replied.
bool KeysOfArguments(CommandContext& ctx, const CommandRow* row, std::vector<CommandKey>& keys) {
  const auto command = ctx.args.subspan(2);
  if (row == nullptr) {
    ctx.FailText("ERR Invalid command specified");
  } else if (row->spec->keys[0].begin == KeySpec::Begin::kNone) {
    ctx.FailText("ERR The command has no key arguments");
  } else if (!ArityFits(*row->spec, command.size())) {
    ctx.FailText("ERR Invalid number of arguments specified for command");
  } else if (!ExtractKeys(*row->spec, command, keys) || (keys.empty() && (row->spec->flags & kNoMandatoryKeys) == 0)) {
    ctx.FailText("ERR Invalid arguments specified for command");
  } else {
    return true;
  }
  return false;
}

void CommandGetKeys(CommandContext& ctx) {
  std::vector<CommandKey> keys;
  if (!KeysOfArguments(ctx, CommandTable::Get().FindRequested(ctx.args.subspan(2)), keys)) return;
  ctx.reply.Array(keys.size());
  for (const CommandKey& key : keys) ctx.reply.Bulk(key.key.name);
}

void CommandGetKeysAndFlags(CommandContext& ctx) {
  const auto command = ctx.args.subspan(2);
  const CommandRow* row = CommandTable::Get().FindRequested(command);
  std::vector<CommandKey> keys;
  if (!KeysOfArguments(ctx, row, keys)) return;
  ctx.reply.Array(keys.size());
  for (const CommandKey& key : keys) {
    ctx.reply.Array(2);
    ctx.reply.Bulk(key.key.name);
    WriteKeyFlags(KeyFlagsOf(*row->spec, command, key), ctx.reply);
  }
}

void CommandHelp(CommandContext& ctx) {
  ReplyHelp(ctx, kHelpLines);
}

constexpr uint32_t kFlags = kLoading | kStale;
constexpr std::string_view kUnordered = "nondeterministic_output_order";

constexpr CommandSpec Row(std::string_view name, int16_t arity, CommandHandler handler, std::string_view tips = {}) {
  return {
      .name = name, .arity = arity, .flags = kFlags, .categories = kCatConnection, .handler = handler, .tips = tips};
}

constexpr CommandSpec kRows[] = {
    {.name = "command",
     .arity = -1,
     .flags = kFlags | kContainer,
     .categories = kCatConnection,
     .handler = ReplyAll,
     .tips = kUnordered},
    Row("command|count", 2, CommandCount),
    Row("command|docs", -2, CommandDocs, kUnordered),
    Row("command|getkeys", -3, CommandGetKeys),
    Row("command|getkeysandflags", -3, CommandGetKeysAndFlags),
    Row("command|help", 2, CommandHelp),
    Row("command|info", -2, CommandInfo, kUnordered),
    Row("command|list", -2, CommandList, kUnordered),
};

}  // namespace

const CommandGroup kCommandCommands{"server", kRows};

}  // namespace usher::server
