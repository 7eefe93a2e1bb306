// CommandTable: all rows and their lookup. The list of groups is in command_table.cpp: the whole command surface on one
// screen. Built once at start, immutable afterwards; any thread may read it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/command_spec.h"

namespace usher::server {

/// A row with what the table adds to it.
struct CommandRow {
  const CommandSpec* spec = nullptr;
  uint16_t index = 0;           // dense, for per-command statistics
  std::string_view group = {};  // Redis's group ("sorted-set")
  uint16_t only_key = 0;        // where the key is, when the specs say exactly one key at a fixed place; else 0
};

class CommandTable {
 public:
  /// The one table of the process.
  static const CommandTable& Get();

  /// The row of a top-level command, in any case of letters. O(1). Null when there is none.
  const CommandRow* Find(std::string_view name) const;
  /// The row that a request would run, the subcommand's included; null when there is none.
  const CommandRow* FindRequested(std::span<const std::string_view> args) const;
  /// The row of "container|sub", in any case.
  const CommandRow* FindSub(const CommandRow& container, std::string_view sub) const;
  /// The row of a full name ("client|list"), in any case.
  const CommandRow* FindFull(std::string_view full_name) const;

  /// All rows, subcommands included, in the order of the groups.
  std::span<const CommandRow> rows() const { return rows_; }
  /// The subcommands of a container row, in order.
  std::vector<const CommandRow*> SubcommandsOf(const CommandRow& container) const;

 private:
  CommandTable();
  struct Slot {
    uint64_t hash = 0;
    const CommandRow* row = nullptr;
  };
  static constexpr size_t kSlots = 2048;
  const CommandRow* Lookup(std::string_view name) const;
  static uint64_t FoldedHash(std::string_view name);
  void Insert(const CommandRow& row);

  std::vector<CommandRow> rows_;
  std::vector<Slot> slots_;
};

}  // namespace usher::server
