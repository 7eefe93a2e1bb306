// FUNCTION LIST. See function_library.h.
#include <optional>

#include "engine/glob.h"
#include "server/arg_reader.h"
#include "server/commands/function_library.h"
#include "server/server.h"

namespace usher::server {

namespace {

struct ListOptions {
  bool with_code = false;
  std::optional<std::string_view> pattern;
};

/// False: the error is replied.
bool ReadOptions(CommandContext& ctx, ListOptions& options) {
  ArgReader reader(ctx.args, 2);
  while (!reader.done()) {
    if (!options.with_code && reader.Accept("WITHCODE")) {
      options.with_code = true;
    } else if (!options.pattern && reader.Accept("LIBRARYNAME")) {
      if (reader.done()) {
        ctx.FailText("ERR library name argument was not given");
        return false;
      }
      options.pattern = reader.Next();
    } else {
      ctx.FailText("ERR Unknown argument " + std::string(reader.Next()));
      return false;
    }
  }
  return true;
}

void ReplyFunction(CommandContext& ctx, const LibraryFunction& function) {
  ctx.reply.Map(3);
  ctx.reply.Bulk("name");
  ctx.reply.Bulk(function.info.name);
  ctx.reply.Bulk("description");
  if (function.info.description) {
    ctx.reply.Bulk(*function.info.description);
  } else {
    ctx.reply.Null();
  }
  ctx.reply.Bulk("flags");
  const std::vector<std::string_view> flags = scripting::ScriptFlagNames(function.info.flags);
  ctx.reply.Set(flags.size());
  for (const std::string_view flag : flags) ctx.reply.SimpleString(flag);
}

void ReplyLibrary(CommandContext& ctx, const FunctionLibrary& library, bool with_code) {
  ctx.reply.Map(with_code ? 4 : 3);
  ctx.reply.Bulk("library_name");
  ctx.reply.Bulk(library.name);
  ctx.reply.Bulk("engine");
  ctx.reply.Bulk("LUA");
  ctx.reply.Bulk("functions");
  ctx.reply.Array(library.functions.size());
  for (const auto& function : library.functions) ReplyFunction(ctx, *function);
  if (!with_code) return;
  ctx.reply.Bulk("library_code");
  ctx.reply.Bulk(library.code);
}

}  // namespace

void FunctionList(CommandContext& ctx) {
  ListOptions options;
  if (!ReadOptions(ctx, options)) return;
  const std::shared_ptr<const FunctionTable> table = ctx.server.functions().table();
  const auto start = ctx.reply.BeginDeferred();
  size_t count = 0;
  for (const auto& [name, library] : table->libraries) {
    if (options.pattern && !engine::GlobMatch(*options.pattern, name, engine::GlobCase::kIgnored)) continue;
    ReplyLibrary(ctx, *library, options.with_code);
    ++count;
  }
  ctx.reply.EndArray(start, count);
}

}  // namespace usher::server
