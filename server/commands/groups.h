// The command groups: one array of rows per file of server/commands/. server/command_table.cpp reads this list; it is
// the whole command surface on one screen.
#pragma once

#include "server/command_spec.h"

namespace usher::server {

extern const CommandGroup kAdminCommands;
extern const CommandGroup kBitFieldCommands;
extern const CommandGroup kBitmapCommands;
extern const CommandGroup kClientAdminCommands;
extern const CommandGroup kClientCommands;
extern const CommandGroup kClientTrackingCommands;
extern const CommandGroup kCommandCommands;
extern const CommandGroup kConfigCommands;
extern const CommandGroup kConnectionCommands;
extern const CommandGroup kDbSizeCommands;
extern const CommandGroup kDebugCommands;
extern const CommandGroup kDumpCommands;
extern const CommandGroup kFunctionCommands;
extern const CommandGroup kGeoCommands;
extern const CommandGroup kGeoSearchCommands;
extern const CommandGroup kHashCommands;
extern const CommandGroup kHashNumberCommands;
extern const CommandGroup kHashScanCommands;
extern const CommandGroup kHyperLogLogCommands;
extern const CommandGroup kInfoCommands;
extern const CommandGroup kKeyCommands;
extern const CommandGroup kKeyDatabaseCommands;
extern const CommandGroup kKeyExpireCommands;
extern const CommandGroup kKeyObjectCommands;
extern const CommandGroup kKeyScanCommands;
extern const CommandGroup kKeyWaitCommands;
extern const CommandGroup kLatencyCommands;
extern const CommandGroup kListBlockCommands;
extern const CommandGroup kListCommands;
extern const CommandGroup kListEditCommands;
extern const CommandGroup kListMoveCommands;
extern const CommandGroup kMemoryCommands;
extern const CommandGroup kMigrateCommands;
extern const CommandGroup kMonitorCommands;
extern const CommandGroup kPersistenceCommands;
extern const CommandGroup kPubSubCommands;
extern const CommandGroup kQueueCommands;
extern const CommandGroup kQueueContainerCommands;
extern const CommandGroup kQueueStockCommands;
extern const CommandGroup kScriptAdminCommands;
extern const CommandGroup kScriptCommands;
extern const CommandGroup kSelectCommands;
extern const CommandGroup kRestoreAskingCommands;
extern const CommandGroup kSetAlgebraCommands;
extern const CommandGroup kSetCommands;
extern const CommandGroup kSetScanCommands;
extern const CommandGroup kSlowlogCommands;
extern const CommandGroup kSortCommands;
extern const CommandGroup kStreamClaimCommands;
extern const CommandGroup kStreamCommands;
extern const CommandGroup kStreamGroupCommands;
extern const CommandGroup kStreamInfoCommands;
extern const CommandGroup kStreamReadCommands;
extern const CommandGroup kStringCommands;
extern const CommandGroup kStringLcsCommands;
extern const CommandGroup kStringNumberCommands;
extern const CommandGroup kStringRangeCommands;
extern const CommandGroup kTransactionCommands;
extern const CommandGroup kZsetCombineCommands;
extern const CommandGroup kZsetCommands;
extern const CommandGroup kZsetPopCommands;
extern const CommandGroup kZsetRangeCommands;
extern const CommandGroup kZsetScanCommands;

// One a line, so that two new groups do not meet in one line of a merge.
// clang-format off
inline const CommandGroup* const kCommandGroups[] = {
    &kAdminCommands,
    &kBitFieldCommands,
    &kBitmapCommands,
    &kClientAdminCommands,
    &kClientCommands,
    &kClientTrackingCommands,
    &kCommandCommands,
    &kConfigCommands,
    &kConnectionCommands,
    &kDbSizeCommands,
    &kDebugCommands,
    &kDumpCommands,
    &kFunctionCommands,
    &kGeoCommands,
    &kGeoSearchCommands,
    &kHashCommands,
    &kHashNumberCommands,
    &kHashScanCommands,
    &kHyperLogLogCommands,
    &kInfoCommands,
    &kKeyCommands,
    &kKeyDatabaseCommands,
    &kKeyExpireCommands,
    &kKeyObjectCommands,
    &kKeyScanCommands,
    &kKeyWaitCommands,
    &kLatencyCommands,
    &kListBlockCommands,
    &kListCommands,
    &kListEditCommands,
    &kListMoveCommands,
    &kMemoryCommands,
    &kMigrateCommands,
    &kMonitorCommands,
    &kPersistenceCommands,
    &kPubSubCommands,
    &kQueueCommands,
    &kQueueContainerCommands,
    &kQueueStockCommands,
    &kScriptAdminCommands,
    &kScriptCommands,
    &kSelectCommands,
    &kRestoreAskingCommands,
    &kSetAlgebraCommands,
    &kSetCommands,
    &kSetScanCommands,
    &kSlowlogCommands,
    &kSortCommands,
    &kStreamClaimCommands,
    &kStreamCommands,
    &kStreamGroupCommands,
    &kStreamInfoCommands,
    &kStreamReadCommands,
    &kStringCommands,
    &kStringLcsCommands,
    &kStringNumberCommands,
    &kStringRangeCommands,
    &kTransactionCommands,
    &kZsetCombineCommands,
    &kZsetCommands,
    &kZsetPopCommands,
    &kZsetRangeCommands,
    &kZsetScanCommands,
};
// clang-format on

}  // namespace usher::server
