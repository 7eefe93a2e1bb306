// What a script returned, as a reply: strings are bulk strings, numbers integers (truncated), tables arrays up to their
// first nil, or what their one field says ({ok=}, {err=}, {double=}, {map=}, {set=}, {big_number=},
// {verbatim_string=}). Complexity: linear in the value. Thread safety: as the lua_State.
#pragma once

#include <lua5.4/lua.hpp>

#include "protocol/reply_sink.h"

namespace usher::scripting {

/// Writes the value on top as one reply and pops it. The memory limit is lifted meanwhile (UnlimitedMemory).
/// `script_version` is what the script set by redis.setresp(): booleans depend on it.
void WriteResult(lua_State* lua, protocol::RespVersion script_version, protocol::ReplySink& reply);

}  // namespace usher::scripting
