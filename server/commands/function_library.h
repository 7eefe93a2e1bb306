// FUNCTION's parts that have files of their own. Thread safety: as the handler that calls.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/function_registry.h"

namespace usher::server {

/// A library of that name and code, whose functions are those that the code registers. An error text (without "ERR "),
/// or "". On `thread`, which runs the code.
std::string MakeLibrary(ExecutionThread& thread, std::string_view name, std::string_view code,
                        std::shared_ptr<FunctionLibrary>& library);

void FunctionDump(CommandContext& ctx);
void FunctionList(CommandContext& ctx);
void FunctionRestore(CommandContext& ctx);

}  // namespace usher::server
