// Keys as the commands that make them: the base of an append-only file without aof-use-rdb-preamble.
//
//   FUNCTION LOAD code ...   SELECT db   RPUSH key element x 64 ... PEXPIREAT key ms   SELECT ...
//
// Containers come in commands of at most 64 elements, as Redis writes them. A stream is XADD per entry, XGROUP, XCLAIM
// per pending entry, and XSETID; entries that are deleted and still pending are added and deleted again, or nobody
// could claim them (Redis forgets such). What only the RDB form has is left out: the use of keys, when consumers were
// seen. Memory: a piece. Complexity: linear. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "engine/effect_text.h"
#include "engine/key_entry.h"
#include "engine/rdb_writer.h"
#include "engine/stream_value.h"

namespace usher::engine {

class CommandEncoder {
 public:
  static constexpr size_t kElementsMax = 64;

  /// `sink` takes the text in pieces.
  explicit CommandEncoder(RdbSink& sink) : sink_(sink) {}

  /// A comment that says when this was, as between the commands of increments (aof-timestamp-enabled).
  void Time(int64_t seconds);
  void Function(std::string_view code);
  /// A key with its value and expiry.
  void Key(int db, std::string_view key, KeyEntry entry);
  /// Hands over what is left. False: the sink has failed, now or before.
  bool Finish() { return Flush(); }
  bool ok() const { return ok_; }

 private:
  class Elements;

  void Value(std::string_view key, KeyEntry entry);
  void EncodeStream(std::string_view key, const Stream& stream);
  using StreamIds = std::set<StreamId>;
  void AddEntries(std::string_view key, const Stream& stream, const StreamIds& missing);
  void AddGroup(std::string_view key, const StreamGroup& group);
  void DropPlaceholders(std::string_view key, const Stream& stream, const StreamIds& missing);
  void Id(StreamId id) { text_.Word(StreamIdText(id).view()); }
  void MayFlush() {
    if (text_.text().size() >= RdbWriter::kPieceBytes) Flush();
  }
  bool Flush();

  RdbSink& sink_;
  EffectText text_;
  int db_ = -1;
  bool ok_ = true;
};

}  // namespace usher::engine
