// COMMAND INFO's reply about one row, and the names of flags and categories it is made of.
// Complexity: linear in the row's subcommands. Thread safety: the table is constant.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/reply_sink.h"
#include "server/command_table.h"

namespace usher::server {

/// What COMMAND INFO says of the row, its subcommands included.
void WriteCommandInfo(const CommandRow& row, protocol::ReplySink& reply);

/// The names of a key spec's flags, as a set.
void WriteKeyFlags(uint16_t flags, protocol::ReplySink& reply);

/// The first key, the last and the step that COMMAND INFO shows for clients that know no key specs.
struct LegacyKeyRange {
  int first = 0;
  int last = 0;
  int step = 0;
};
LegacyKeyRange LegacyKeyRangeOf(const CommandSpec& spec);

/// The AclCategory bit of a name without "@" (in any case), if there is one.
std::optional<uint32_t> FindAclCategory(std::string_view name);

}  // namespace usher::server
