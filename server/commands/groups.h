// The command groups: one array of rows per file of server/commands/. server/command_table.cpp reads this list; it is
// the whole command surface on one screen.
#pragma once

#include "server/command_spec.h"

namespace usher::server {

extern const CommandGroup kAdminCommands;
extern const CommandGroup kClientCommands;
extern const CommandGroup kCommandCommands;
extern const CommandGroup kConfigCommands;
extern const CommandGroup kConnectionCommands;
extern const CommandGroup kDebugCommands;
extern const CommandGroup kInfoCommands;
extern const CommandGroup kLatencyCommands;
extern const CommandGroup kMemoryCommands;
extern const CommandGroup kQueueCommands;
extern const CommandGroup kQueueContainerCommands;
extern const CommandGroup kClientAdminCommands;
extern const CommandGroup kMonitorCommands;
extern const CommandGroup kPubSubCommands;
extern const CommandGroup kSlowlogCommands;
extern const CommandGroup kStringCommands;
extern const CommandGroup kZsetCombineCommands;
extern const CommandGroup kZsetCommands;
extern const CommandGroup kZsetPopCommands;
extern const CommandGroup kZsetRangeCommands;
extern const CommandGroup kZsetScanCommands;

// One group a line.
// clang-format off
inline const CommandGroup* const kCommandGroups[] = {
    &kAdminCommands,
    &kClientCommands,
    &kCommandCommands,
    &kConfigCommands,
    &kConnectionCommands,
    &kDebugCommands,
    &kInfoCommands,
    &kLatencyCommands,
    &kMemoryCommands,
    &kQueueCommands,
    &kQueueContainerCommands,
    &kClientAdminCommands,
    &kMonitorCommands,
    &kPubSubCommands,
    &kSlowlogCommands,
    &kStringCommands,
    &kZsetCombineCommands,
    &kZsetCommands,
    &kZsetPopCommands,
    &kZsetRangeCommands,
    &kZsetScanCommands,
};
// clang-format on

}  // namespace usher::server
