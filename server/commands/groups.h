// The command groups: one array of rows per file of server/commands/. server/command_table.cpp reads this list; it is
// the whole command surface on one screen.
#pragma once

#include "server/command_spec.h"

namespace usher::server {

extern const CommandGroup kClientCommands;
extern const CommandGroup kConnectionCommands;
extern const CommandGroup kStringCommands;
extern const CommandGroup kZsetCommands;

inline const CommandGroup* const kCommandGroups[] = {
    &kClientCommands,
    &kConnectionCommands,
    &kStringCommands,
    &kZsetCommands,
};

}  // namespace usher::server
