// The documentation of every command and subcommand, as COMMAND DOCS replies it (redis-cli builds its help and its
// hints from it). The data is generated (generate_command_docs.py); which commands exist is the command table's to say.
//
// Invariants: commands are sorted by full name ("config|get"), so a container's subcommands stand right behind it or
// are found by their prefix. Complexity: lookup O(log n). Thread safety: constant data.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/reply_sink.h"

namespace usher::server {

/// A run of rows in one of the generated arrays.
struct DocRows {
  uint16_t first = 0;
  uint16_t count = 0;
};

enum ArgumentDocFlag : uint8_t { kArgOptional = 1u << 0, kArgMultiple = 1u << 1, kArgMultipleToken = 1u << 2 };
enum CommandDocFlag : uint8_t { kDocDeprecated = 1u << 0, kDocSyscmd = 1u << 1 };

struct ArgumentDoc {
  std::string_view name;
  std::string_view type;
  std::string_view token = {};  // no data: no token; MIGRATE has one that is empty
  std::string_view since = {};
  std::string_view deprecated_since = {};
  int8_t key_spec_index = -1;
  uint8_t flags = 0;
  DocRows arguments = {};
};

struct HistoryDoc {
  std::string_view since;
  std::string_view change;
};

struct CommandDoc {
  std::string_view name;  // in full, lower case
  std::string_view summary = {};
  std::string_view since = {};
  std::string_view group = {};
  std::string_view complexity = {};
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  uint8_t flags = 0;
  DocRows history = {};
  DocRows arguments = {};
  bool is_supplement = false;  // not redis-server 7.0's: an addition of 7.2 or of Usher
};

/// The entry of "get" or "config|get", in any case; null if there is none.
const CommandDoc* FindCommandDoc(std::string_view full_name);

/// Decides which subcommands an entry shows.
using IsShownSubcommand = bool (*)(std::string_view full_name);

/// Writes the map of one COMMAND DOCS entry (what follows the command's name).
void WriteCommandDoc(const CommandDoc& doc, IsShownSubcommand is_shown, protocol::ReplySink& reply);

}  // namespace usher::server
