// See rdb_load.h.
#include "engine/rdb_load.h"

#include "engine/rdb_format.h"

namespace usher::engine {
namespace {

constexpr size_t kSignatureBytes = 5;
constexpr size_t kVersionDigits = 4;
constexpr int64_t kFirstVersionWithChecksum = 5;

class Loader {
 public:
  Loader(RdbReader& reader, const EngineSettings& settings, RdbTarget& target, RdbLoadOptions options)
      : reader_(reader), settings_(settings), target_(target), options_(options) {}

  void Run() {
    if (!ReadHeader()) return;
    while (reader_.ok()) {
      const uint8_t code = reader_.Byte();
      if (!reader_.ok()) return;
      if (code == rdb::kEof) return CheckEnd();
      if (code >= rdb::kSlotInfo) {
        ReadRecord(code);
      } else {
        ReadKey(code);
      }
    }
  }

 private:
  bool ReadHeader() {
    if (reader_.Bytes(kSignatureBytes) != "REDIS") return reader_.Fail("Wrong signature trying to load DB from file");
    const std::string_view digits = reader_.Bytes(kVersionDigits);
    for (const char digit : digits) {
      version_ = version_ * 10 + (digit - '0');
      if (digit < '0' || digit > '9') version_ = -1;
      if (version_ < 0) break;
    }
    if (!reader_.ok()) return false;
    if (version_ >= 1 && version_ <= rdb::kVersionReadMax) return true;
    return reader_.Fail("Can't handle RDB format version " + std::to_string(version_));
  }

  void CheckEnd() {
    if (version_ < kFirstVersionWithChecksum) return;
    const uint64_t computed = reader_.Checksum();
    const uint64_t stored = reader_.Little64();
    if (!reader_.ok() || !options_.checksum || stored == 0) return;
    if (stored != computed) reader_.Fail("Wrong RDB checksum");
  }

  void ReadRecord(uint8_t code) {
    switch (code) {
      case rdb::kSelectDb:
        return SelectDatabase();
      case rdb::kResizeDb:
        reader_.Length();
        reader_.Length();
        return;
      case rdb::kSlotInfo:
        for (int i = 0; i < 3; ++i) reader_.Length();
        return;
      case rdb::kExpiryMs:
        key_.expiry_ms = static_cast<int64_t>(reader_.Little64());
        return;
      case rdb::kExpirySeconds:
        key_.expiry_ms = int64_t{static_cast<int32_t>(reader_.Little32())} * 1000;
        return;
      case rdb::kIdle:
        key_.idle_seconds = static_cast<int64_t>(reader_.Length() & INT64_MAX);
        return;
      case rdb::kFreq:
        key_.frequency = reader_.Byte();
        return;
      case rdb::kAux:
        return ReadAux();
      case rdb::kFunction:
        return Refuse(target_.OnFunction(reader_.String()));
      case rdb::kModuleAux:
        reader_.Fail("The RDB file contains data of a module, and this server has no modules");
        return;
      default:
        reader_.Fail("The RDB file contains functions of a Redis 7.0 release candidate, which nobody reads any more");
    }
  }

  void SelectDatabase() {
    const uint64_t db = reader_.Length();
    if (!reader_.ok()) return;
    Refuse(target_.OnDatabase(static_cast<int64_t>(db & INT64_MAX)));
    key_.db = static_cast<int>(db);
  }

  void ReadAux() {
    const std::string name(reader_.String());
    const std::string_view value = reader_.String();
    if (reader_.ok()) target_.OnAux(name, value);
  }

  void ReadKey(uint8_t type) {
    name_ = reader_.String();
    key_.name = name_;
    DecodedValue value;
    if (!reader_.ok() || !DecodeRdbValue(reader_, type, settings_, value)) return;
    if (!value.is_void()) Refuse(target_.OnKey(key_, value));
    const int db = key_.db;
    key_ = RdbKey();
    key_.db = db;
  }

  void Refuse(const std::string& why) {
    if (!why.empty()) reader_.Fail(why);
  }

  RdbReader& reader_;
  const EngineSettings& settings_;
  RdbTarget& target_;
  const RdbLoadOptions options_;
  int64_t version_ = 0;
  RdbKey key_;  // what is known of the next one
  std::string name_;
};

}  // namespace

std::string LoadRdb(RdbReader& reader, const EngineSettings& settings, RdbTarget& target, RdbLoadOptions options) {
  Loader(reader, settings, target, options).Run();
  if (reader.ok()) return {};
  return std::string(reader.error()) + " (at offset " + std::to_string(reader.consumed()) + ")";
}

}  // namespace usher::engine
