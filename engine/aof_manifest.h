// AofManifest: the list of files that make up an append-only log, in Redis 7's text format (one file a line):
//
//   file appendonly.aof.2.base.rdb seq 2 type b       the data set at some moment
//   file appendonly.aof.5.incr.aof seq 5 type i       what came after, in order
//   file appendonly.aof.4.incr.aof seq 4 type h       history: to be deleted
//
// Invariants: at most one base; increments in ascending order of their numbers. Thread safety: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usher::engine {

struct AofFile {
  std::string name;
  int64_t number = 0;
};

class AofManifest {
 public:
  std::optional<AofFile> base;
  std::vector<AofFile> increments;
  std::vector<AofFile> history;

  /// Reads a manifest's text. Returns what is wrong, or "".
  std::string Parse(std::string_view text);
  std::string Text() const;

  /// Names and numbers the next base ("NAME.N.base.rdb", of commands "NAME.N.base.aof") or increment
  /// ("NAME.N.incr.aof").
  AofFile NextBase(std::string_view name, bool of_commands) const;
  AofFile NextIncrement(std::string_view name) const;
  void AddIncrement(AofFile file);
  /// `file` takes the place of the base and of all increments before number `from`: they become history.
  void ReplaceBase(AofFile file, int64_t from);

  bool empty() const { return !base && increments.empty(); }

 private:
  std::string ParseLine(std::string_view line);
  int64_t last_base_ = 0;  // numbers are not given twice
  int64_t last_increment_ = 0;
};

}  // namespace usher::engine
