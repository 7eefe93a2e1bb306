// Reading a whole file in Redis's RDB format, versions 1 to 12: the frame, and what is in it handed on as it comes.
// What Redis refuses is refused, with the offset where it was met. Memory: a piece and the largest value.
// Complexity: linear. Thread safety: none.
#pragma once

#include <cstdint>
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

/// Who takes in what a file holds. A function that answers with a text refuses the file with it; "" goes on.
class RdbTarget {
 public:
  virtual ~RdbTarget() = default;
  /// Whether the database exists.
  virtual std::string OnDatabase(int64_t db) = 0;
  /// A container without elements does not come here.
  virtual std::string OnKey(const RdbKey& key, DecodedValue& value) = 0;
  virtual void OnAux(std::string_view name, std::string_view value) = 0;
  /// The code of a function library.
  virtual std::string OnFunction(std::string_view code) = 0;
};

struct RdbLoadOptions {
  bool checksum = true;  // whether the file's is compared
};

/// Reads the file of `reader` into `target`. Returns what is wrong, or "".
std::string LoadRdb(RdbReader& reader, const EngineSettings& settings, RdbTarget& target, RdbLoadOptions options);

}  // namespace usher::engine
