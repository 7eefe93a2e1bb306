// A whole file in Redis's RDB format, version 10: the frame around encoded keys (rdb_format.h).
//
//   RdbSaver saver(sink, options);  saver.Begin(aux)  { saver.BeginDatabase(db, sizes); EncodeRdbKey(saver.writer(),
//   ...) } saver.Finish()
//
// Memory: a piece. Complexity: linear. Thread safety: none; keys are encoded under their shard's turn.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine_settings.h"
#include "engine/key_entry.h"
#include "engine/rdb_writer.h"

namespace usher::engine {

/// What of the settings a file depends on.
struct RdbSaveOptions {
  bool compress = true;
  bool checksum = true;
  EvictionPolicy policy = EvictionPolicy::kNoEviction;
  uint32_t lfu_decay_minutes = 1;
  int64_t now_ms = 0;  // keys that have expired by then are left out
};

/// Writes what comes before the value of a key: its expiry and, where the eviction policy looks at it, its use, the
/// value's type and the key.
void EncodeRdbHead(RdbWriter& writer, std::string_view key, KeyEntry entry, const RdbSaveOptions& options);
/// Writes one key. False: it has expired.
bool EncodeRdbKey(RdbWriter& writer, std::string_view key, KeyEntry entry, const RdbSaveOptions& options);

class RdbSaver {
 public:
  using Aux = std::vector<std::pair<std::string, std::string>>;

  RdbSaver(RdbSink& sink, const RdbSaveOptions& options)
      : options_(options), checked_(sink, options.checksum), writer_(&checked_, options.compress) {}

  RdbWriter& writer() { return writer_; }
  const RdbSaveOptions& options() const { return options_; }

  void Begin(const Aux& aux);
  void Function(std::string_view code);
  /// What follows is in this database.
  void Select(int db);
  /// The same, with the number of its keys and of those that expire.
  void BeginDatabase(int db, uint64_t keys, uint64_t expires);
  /// Ends the file. False: something could not be written.
  bool Finish();

 private:
  /// Computes the checksum of what passes.
  class CheckedSink final : public RdbSink {
   public:
    CheckedSink(RdbSink& sink, bool checked) : sink_(sink), checked_(checked) {}
    bool Write(std::string_view bytes) override;
    uint64_t checksum() const { return checksum_; }

   private:
    RdbSink& sink_;
    const bool checked_;
    uint64_t checksum_ = 0;
  };

  const RdbSaveOptions options_;
  CheckedSink checked_;
  RdbWriter writer_;
};

}  // namespace usher::engine
