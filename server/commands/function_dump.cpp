// FUNCTION DUMP and RESTORE: all libraries as one payload of the RDB format. See function_library.h.
#include <vector>

#include "engine/rdb_dump.h"
#include "engine/rdb_format.h"
#include "engine/rdb_reader.h"
#include "engine/rdb_writer.h"
#include "server/arg_reader.h"
#include "server/commands/function_library.h"
#include "server/commands/help_text.h"
#include "server/server.h"
#include "server/thread_scripts.h"

namespace usher::server {

namespace {

using Libraries = std::vector<std::shared_ptr<const FunctionLibrary>>;

/// Reads what DUMP wrote. An error text (without "ERR "), or "".
std::string ReadLibraries(CommandContext& ctx, std::string_view content, Libraries& libraries) {
  engine::RdbReader reader(content);
  while (!reader.AtEnd()) {
    const uint8_t type = reader.Byte();
    if (type == engine::rdb::kFunctionPreGa) return "Pre-GA function format not supported";
    if (type != engine::rdb::kFunction) return "given type is not a function";
    const std::string code(reader.String());
    if (!reader.ok()) return "failed loading the given functions payload";
    std::string name;
    std::string error = ParseLibraryHeader(code, name);
    std::shared_ptr<FunctionLibrary> library;
    if (error.empty()) error = MakeLibrary(ctx.thread, name, code, library);
    if (!error.empty()) return error;
    for (const auto& other : libraries) {
      if (other->name == name) return "Library '" + name + "' already exists";
    }
    libraries.push_back(std::move(library));
  }
  return {};
}

enum class Policy : uint8_t { kFlush, kAppend, kReplace };

/// False: the error is replied.
bool ReadPolicy(CommandContext& ctx, Policy& policy) {
  if (ctx.args.size() == 3) return true;
  const std::string_view word = ctx.args[3];
  if (EqualsIgnoringCase(word, "FLUSH")) {
    policy = Policy::kFlush;
  } else if (EqualsIgnoringCase(word, "REPLACE")) {
    policy = Policy::kReplace;
  } else if (!EqualsIgnoringCase(word, "APPEND")) {
    ctx.FailText("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    return false;
  }
  return true;
}

}  // namespace

void FunctionDump(CommandContext& ctx) {
  const std::shared_ptr<const FunctionTable> table = ctx.server.functions().table();
  engine::RdbWriter writer;
  for (const auto& [name, library] : table->libraries) {
    writer.Byte(engine::rdb::kFunction);
    writer.String(library->code);
  }
  std::string payload = writer.Take();
  engine::AppendDumpFooter(payload);
  ctx.reply.Bulk(payload);
}

void FunctionRestore(CommandContext& ctx) {
  if (ctx.args.size() > 4) return FailSubcommand(ctx, "FUNCTION");
  Policy policy = Policy::kAppend;
  if (!ReadPolicy(ctx, policy)) return;
  const std::optional<std::string_view> content = engine::DumpContent(ctx.args[2]);
  if (!content) return ctx.FailText("ERR DUMP payload version or checksum are wrong");
  Libraries libraries;
  std::string error = ReadLibraries(ctx, *content, libraries);
  if (error.empty()) {
    FunctionRegistry& functions = ctx.server.functions();
    error = policy == Policy::kFlush
                ? functions.ReplaceAll(libraries)
                : functions.Add(libraries,
                                policy == Policy::kReplace ? LibraryConflict::kIsReplaced : LibraryConflict::kFails);
  }
  if (!error.empty()) return ctx.FailText("ERR " + error);
  ctx.engine.Effect(ctx.args);
  ctx.reply.Ok();
}

}  // namespace usher::server
