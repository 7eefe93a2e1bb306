// SCRIPT KILL and FUNCTION KILL. Thread safety: as the handler that calls.
#pragma once

#include "scripting/lua_runtime.h"

namespace usher::server {

class CommandContext;

/// Ends the running script, or says why not.
void KillScript(CommandContext& ctx, scripting::RuntimeKind kind);

}  // namespace usher::server
