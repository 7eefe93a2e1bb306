// Reading a whole file in Redis's RDB format, versions 1 to 12: the frame, and what is in it handed on as it comes.
//
//   calling thread   source -> checksum -> where do the keys end? -> runs of keys, some 256 KB each
//   helpers                                                          run -> values -> their RdbKeyTarget
//
// The keys of a file come in no order, so several threads may decode them; the calling thread takes a run itself when
// enough of them wait, and what is no key or does not fit in its window (kWindowBytesMax) in any case.
// What Redis refuses is refused, with the offset where it was met. Memory: the window, a few runs per helper and the
// largest string. Complexity: linear. Thread safety: as said at each target.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/engine_settings.h"
#include "engine/key_entry.h"
#include "engine/rdb_decode.h"
#include "engine/rdb_reader.h"

namespace usher::engine {

/// One key of a file; its value comes beside it. The name is valid during the call.
struct RdbKey {
  int db = 0;
  std::string_view name;
  int64_t expiry_ms = kNoExpiry;
  int64_t idle_seconds = -1;  // -1: the file does not say
  int64_t frequency = -1;     // the same
};

/// Who takes in keys, on one thread. A function that answers with a text refuses the file with it; "" goes on.
class RdbKeyTarget {
 public:
  virtual ~RdbKeyTarget() = default;
  /// A container without elements does not come here.
  virtual std::string OnKey(const RdbKey& key, DecodedValue& value) = 0;
  /// After the last key, and now and then before.
  virtual std::string OnPause() { return {}; }
};

/// Who takes in what a file holds, on the calling thread.
class RdbTarget : public RdbKeyTarget {
 public:
  /// Who takes in keys on another thread, at the same time as all others do on theirs.
  virtual std::unique_ptr<RdbKeyTarget> NewHelper() { return nullptr; }
  /// Whether the database exists.
  virtual std::string OnDatabase(int64_t db) = 0;
  /// How many keys it has, as the file says before they come.
  virtual void OnDatabaseSize(int /*db*/, uint64_t /*keys*/) {}
  virtual void OnAux(std::string_view name, std::string_view value) = 0;
  /// The code of a function library.
  virtual std::string OnFunction(std::string_view code) = 0;
};

struct RdbLoadOptions {
  bool checksum = true;  // whether the file's is compared
  size_t helpers = 0;    // threads beside the calling one; the target must provide for them
};

/// Reads the file of `reader` into `target`. Returns what is wrong, or "".
std::string LoadRdb(RdbReader& reader, const EngineSettings& settings, RdbTarget& target, RdbLoadOptions options);

}  // namespace usher::engine
