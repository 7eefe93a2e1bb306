// The command groups: one array of rows per file of server/commands/. server/command_table.cpp reads this list; it is
// the whole command surface on one screen.
#pragma once

#include "server/command_spec.h"

namespace usher::server {

extern const CommandGroup kClientCommands;
extern const CommandGroup kConnectionCommands;
extern const CommandGroup kCommandCommands;
extern const CommandGroup kConfigCommands;
extern const CommandGroup kInfoCommands;
extern const CommandGroup kQueueCommands;
extern const CommandGroup kQueueContainerCommands;
extern const CommandGroup kStringCommands;
extern const CommandGroup kZsetCommands;
extern const CommandGroup kZsetCombineCommands;
extern const CommandGroup kZsetPopCommands;
extern const CommandGroup kZsetRangeCommands;
extern const CommandGroup kZsetScanCommands;

// clang-format off: one group a line
inline const CommandGroup* const kCommandGroups[] = {
    &kClientCommands,
    &kCommandCommands,
    &kConfigCommands,
    &kConnectionCommands,
    &kInfoCommands,
    &kQueueCommands,
    &kQueueContainerCommands,
    &kStringCommands,
    &kZsetCommands,
    &kZsetCombineCommands,
    &kZsetPopCommands,
    &kZsetRangeCommands,
    &kZsetScanCommands,
};
// clang-format on

}  // namespace usher::server
