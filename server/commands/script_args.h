// What EVAL and FCALL share: the count of keys among their arguments, and the turns that a script needs.
// Thread safety: as the handler, or the dispatcher, that calls.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/command_context.h"
#include "server/error_text.h"
#include "server/script_history.h"
#include "server/script_registry.h"

namespace usher::server {

/// The keys of EVAL and FCALL, and of their read-only forms.
constexpr KeySpec ScriptKeys(uint16_t flags, std::string_view notes) {
  KeySpec spec = KeyCount(flags, 2);
  spec.notes = notes;
  return spec;
}
inline constexpr KeySpec kAnyUseOfKeys = ScriptKeys(
    kKeyRw | kKeyAccess | kKeyUpdate, "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE");
inline constexpr KeySpec kReadingOfKeys =
    ScriptKeys(kKeyRo | kKeyAccess, "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS");

/// The row of a command that runs a script.
constexpr CommandSpec ScriptRow(std::string_view name, uint32_t flags, KeySpec keys, CommandHandler handler,
                                TurnPlanner plan) {
  CommandSpec spec;
  spec.name = name;
  spec.arity = -3;
  spec.flags = flags | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys | kRunsScript;
  spec.categories = kCatScripting;
  spec.keys = Keys(keys);
  spec.handler = handler;
  spec.plan = plan;
  return spec;
}

/// How many of the arguments from args[3] on are keys, as args[2] says. Nothing: the error is replied, `not_a_number`
/// where that is what is wrong.
std::optional<size_t> ReadKeyCount(CommandContext& ctx, std::string_view not_a_number);

/// Under which turns and where a script runs that has this history; the key specs have added its declared keys.
void PlanScript(ExecutionThread& thread, PreparedCommand& prepared, const ScriptHistory& history,
                const ScriptHeader& header);
/// The same for one that nobody has seen yet.
void PlanUnknownScript(ExecutionThread& thread, PreparedCommand& prepared);

}  // namespace usher::server
