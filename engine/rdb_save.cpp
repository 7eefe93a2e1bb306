// See rdb_save.h.
#include "engine/rdb_save.h"

#include <cstdio>

#include "engine/access_clock.h"
#include "engine/crc64.h"
#include "engine/rdb_encode.h"
#include "engine/rdb_format.h"

namespace usher::engine {
namespace {

void EncodeUse(RdbWriter& writer, KeyEntry entry, const RdbSaveOptions& options) {
  using enum EvictionPolicy;
  switch (options.policy) {
    case kAllkeysLru:
    case kVolatileLru:
      writer.Byte(rdb::kIdle);
      return writer.Length(LruIdleSeconds(entry.access(), options.now_ms));
    case kAllkeysLfu:
    case kVolatileLfu: {
      LfuSettings lfu;
      lfu.decay_minutes = options.lfu_decay_minutes;
      writer.Byte(rdb::kFreq);
      return writer.Byte(static_cast<uint8_t>(LfuFrequency(entry.access(), options.now_ms, lfu)));
    }
    default:
      return;
  }
}

}  // namespace

void EncodeRdbHead(RdbWriter& writer, std::string_view key, KeyEntry entry, const RdbSaveOptions& options) {
  if (entry.HasExpiry()) {
    writer.Byte(rdb::kExpiryMs);
    writer.Little64(static_cast<uint64_t>(entry.expiry_ms()));
  }
  EncodeUse(writer, entry, options);
  writer.Byte(RdbTypeOf(entry));
  writer.String(key);
}

bool EncodeRdbKey(RdbWriter& writer, std::string_view key, KeyEntry entry, const RdbSaveOptions& options) {
  if (entry.IsExpired(options.now_ms)) return false;
  EncodeRdbHead(writer, key, entry, options);
  EncodeRdbValue(writer, entry);
  return true;
}

bool RdbSaver::CheckedSink::Write(std::string_view bytes) {
  if (checked_) checksum_ = Crc64(checksum_, bytes);
  return sink_.Write(bytes);
}

void RdbSaver::Begin(const Aux& aux) {
  char version[5];
  std::snprintf(version, sizeof version, "%04u", rdb::kVersionWritten);
  writer_.Bytes("REDIS");
  writer_.Bytes({version, 4});
  for (const auto& [name, value] : aux) {
    writer_.Byte(rdb::kAux);
    writer_.String(name);
    writer_.String(value);
  }
}

void RdbSaver::Function(std::string_view code) {
  writer_.Byte(rdb::kFunction);
  writer_.String(code);
}

void RdbSaver::Select(int db) {
  writer_.Byte(rdb::kSelectDb);
  writer_.Length(static_cast<uint64_t>(db));
}

void RdbSaver::BeginDatabase(int db, uint64_t keys, uint64_t expires) {
  Select(db);
  writer_.Byte(rdb::kResizeDb);
  writer_.Length(keys);
  writer_.Length(expires);
}

bool RdbSaver::Finish() {
  writer_.Byte(rdb::kEof);
  if (!writer_.Flush()) return false;
  writer_.Little64(checked_.checksum());
  return writer_.Flush();
}

}  // namespace usher::engine
