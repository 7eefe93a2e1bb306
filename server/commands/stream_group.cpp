// XGROUP: making, moving and removing consumer groups and their consumers.
#include <string>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/help_reply.h"
#include "server/commands/help_text.h"
#include "server/commands/stream_args.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::kNotifyStream;
using engine::Result;
using engine::Stream;
using engine::StreamGroup;
using engine::StreamId;
using engine::Writable;

constexpr std::string_view kHelpLines[] = {
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
};

void XGroupHelp(CommandContext& ctx) {
  ReplyHelp(ctx, "XGROUP", kHelpLines);
}

/// [MKSTREAM] [ENTRIESREAD n] behind the ID at args[4].
struct GroupOptions {
  bool make_stream = false;
  int64_t entries_read = StreamGroup::kUnknownEntriesRead;
};

/// Nothing: the error is replied.
std::optional<GroupOptions> ReadOptions(CommandContext& ctx, bool may_make_stream) {
  GroupOptions options;
  ArgReader reader(ctx.args, 5);
  while (!reader.done()) {
    if (may_make_stream && reader.Accept("MKSTREAM")) {
      options.make_stream = true;
    } else if (reader.AcceptWith("ENTRIESREAD", 1)) {
      const std::optional<int64_t> count = ToInteger(reader.Next());
      if (!count) {
        ctx.Fail(Error::kNotAnInteger);
        return std::nullopt;
      }
      if (*count < StreamGroup::kUnknownEntriesRead) {
        ctx.FailText("ERR value for ENTRIESREAD must be positive or -1");
        return std::nullopt;
      }
      options.entries_read = *count;
    } else {
      ReplySubcommandSyntax(ctx);
      return std::nullopt;
    }
  }
  return options;
}

/// The stream at args[2]; empty and an error replied when there is none, unless it may be missing.
Writable<Stream> FindStream(CommandContext& ctx, const Key& key, bool may_be_missing) {
  auto stream = ctx.engine.ForWriteAs<Stream>(key);
  if (!stream) {
    ctx.Fail(stream.error());
    return {};
  }
  if (!*stream && !may_be_missing) {
    ctx.FailText(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM "
        "option to create an empty stream automatically.");
  }
  return *std::move(stream);
}

/// The group at args[3]; null and the error replied when there is none.
StreamGroup* FindGroup(CommandContext& ctx, const Stream& stream) {
  StreamGroup* const group = stream.FindGroup(ctx.args[3]);
  if (group == nullptr) FailNoGroupOfKey(ctx, ctx.args[3], ctx.args[2]);
  return group;
}

void XGroupCreate(CommandContext& ctx) {
  const std::optional<GroupOptions> options = ReadOptions(ctx, /*may_make_stream=*/true);
  if (!options) return;
  const Key key = ctx.KeyAt(2);
  if (const engine::KeyEntry entry = ctx.engine.Peek(key); entry && entry.type() != engine::ValueType::kStream) {
    return ctx.Fail(Error::kWrongType);
  }
  Writable<Stream> stream = FindStream(ctx, key, options->make_stream);
  if (!stream && !options->make_stream) return;
  if (ctx.args.size() > 8) return ReplySubcommandSyntax(ctx);
  const bool at_end = ctx.args[4] == "$";
  const auto id = at_end ? (stream ? stream->last_id() : StreamId()) : ReadStreamId(ctx, ctx.args[4]);
  if (!id) return;
  const bool created = !stream;
  if (created) {
    stream = *ctx.engine.ForWriteOrCreate<Stream>(key);
    stream->Create();
  }
  if (stream->CreateGroup(ctx.args[3], *id, options->entries_read) == nullptr) {
    return ctx.FailText("BUSYGROUP Consumer Group name already exists");
  }
  if (created) {
    ctx.engine.Modified(key, kNotifyStream, "xgroup-create");
  } else {
    ctx.engine.ModifiedQuietly(key, kNotifyStream, "xgroup-create");
  }
  if (at_end) {
    const engine::StreamIdText text(*id);
    const std::string entries_read = std::to_string(options->entries_read);
    ctx.engine.Effect(
        {"XGROUP", "CREATE", key.name, ctx.args[3], text.view(), "MKSTREAM", "ENTRIESREAD", entries_read});
  }
  ctx.reply.Ok();
}

void XGroupSetId(CommandContext& ctx) {
  const std::optional<GroupOptions> options = ReadOptions(ctx, /*may_make_stream=*/false);
  if (!options) return;
  const Key key = ctx.KeyAt(2);
  Writable<Stream> stream = FindStream(ctx, key, /*may_be_missing=*/false);
  if (!stream) return;
  StreamGroup* const group = FindGroup(ctx, *stream);
  if (group == nullptr) return;
  if (ctx.args.size() > 7) return ReplySubcommandSyntax(ctx);
  const auto id =
      ctx.args[4] == "$" ? stream->last_id() : ReadStreamId(ctx, ctx.args[4], 0, engine::StreamIdForm::kEnds);
  if (!id) return;
  group->last_id = *id;
  group->entries_read = options->entries_read;
  ctx.engine.ModifiedQuietly(key, kNotifyStream, "xgroup-setid");
  ctx.reply.Ok();
}

void XGroupDestroy(CommandContext& ctx) {
  const Key key = ctx.KeyAt(2);
  Writable<Stream> stream = FindStream(ctx, key, /*may_be_missing=*/false);
  if (!stream) return;
  StreamGroup* const group = stream->FindGroup(ctx.args[3]);
  if (group == nullptr) return ctx.reply.Integer(0);
  stream->DestroyGroup(*group);
  ctx.engine.ModifiedQuietly(key, kNotifyStream, "xgroup-destroy");
  ctx.engine.Signal(key, ctx.engine.db());
  ctx.reply.Integer(1);
}

void XGroupCreateConsumer(CommandContext& ctx) {
  const Key key = ctx.KeyAt(2);
  Writable<Stream> stream = FindStream(ctx, key, /*may_be_missing=*/false);
  if (!stream) return;
  StreamGroup* const group = FindGroup(ctx, *stream);
  if (group == nullptr) return;
  const bool created = group->CreateConsumer(ctx.args[4], ctx.engine.now_ms()) != nullptr;
  if (created) ctx.engine.ModifiedQuietly(key, kNotifyStream, "xgroup-createconsumer");
  ctx.reply.Integer(created ? 1 : 0);
}

void XGroupDelConsumer(CommandContext& ctx) {
  const Key key = ctx.KeyAt(2);
  Writable<Stream> stream = FindStream(ctx, key, /*may_be_missing=*/false);
  if (!stream) return;
  StreamGroup* const group = FindGroup(ctx, *stream);
  if (group == nullptr) return;
  engine::StreamConsumer* const consumer = group->FindConsumer(ctx.args[4]);
  if (consumer == nullptr) return ctx.reply.Integer(0);
  const size_t pending = group->DeleteConsumer(*consumer);
  ctx.engine.ModifiedQuietly(key, kNotifyStream, "xgroup-delconsumer");
  ctx.reply.Integer(static_cast<int64_t>(pending));
}

constexpr CommandSpec Row(std::string_view name, int16_t arity, uint32_t more_flags, uint16_t key_flag,
                          CommandHandler handler) {
  return {.name = name,
          .arity = arity,
          .flags = kWrite | more_flags,
          .categories = kCatStream,
          .keys = OneKey(kKeyRw | key_flag, 2),
          .handler = handler};
}

constexpr CommandSpec kRows[] = {
    {.name = "xgroup", .arity = -2, .flags = kContainer},
    Row("xgroup|create", -5, kDenyOom, kKeyInsert, XGroupCreate),
    Row("xgroup|createconsumer", 5, kDenyOom, kKeyInsert, XGroupCreateConsumer),
    Row("xgroup|delconsumer", 5, 0, kKeyDelete, XGroupDelConsumer),
    Row("xgroup|destroy", 4, 0, kKeyDelete, XGroupDestroy),
    {.name = "xgroup|help", .arity = 2, .flags = kLoading | kStale, .categories = kCatStream, .handler = XGroupHelp},
    Row("xgroup|setid", -5, 0, kKeyUpdate, XGroupSetId),
};

}  // namespace

const CommandGroup kStreamGroupCommands{"stream", kRows};

}  // namespace usher::server
