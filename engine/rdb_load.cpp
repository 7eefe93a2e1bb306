// See rdb_load.h.
#include "engine/rdb_load.h"

#include <optional>

#include "engine/rdb_format.h"
#include "engine/rdb_load_keys.h"

namespace usher::engine {
namespace {

constexpr size_t kSignatureBytes = 5;
constexpr size_t kVersionDigits = 4;
constexpr int64_t kFirstVersionWithChecksum = 5;
constexpr size_t kRunBytes = RdbReader::kPieceBytes;
constexpr size_t kWindowBytesMax = 4 * 1024 * 1024;

class Loader {
 public:
  Loader(RdbReader& reader, const EngineSettings& settings, RdbTarget& target, RdbLoadOptions options)
      : reader_(reader), target_(target), options_(options), keys_(reader, settings, target) {
    if (options.helpers > 0) helpers_.emplace(options.helpers, settings, target);
  }

  /// What is wrong, or "".
  std::string Run() {
    if (ReadHeader()) ReadAll();
    if (helpers_) helpers_->Finish();
    if (reader_.ok()) keys_.Refuse(target_.OnPause());
    // What was given away came before what was met here.
    if (helpers_ && helpers_->has_failed()) return ErrorText(helpers_->error(), helpers_->error_offset());
    return reader_.ok() ? std::string() : ErrorText(reader_.error(), reader_.consumed());
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

  void ReadAll() {
    while (reader_.ok()) {
      if (helpers_ && !keys_.is_within_key() && GiveKeys()) {
        if (helpers_->has_failed()) return;
        continue;
      }
      const uint8_t code = reader_.Byte();
      if (!reader_.ok()) return;
      if (code == rdb::kEof) return CheckEnd();
      if (keys_.ReadPrefix(code)) continue;
      if (code >= rdb::kSlotInfo) {
        ReadRecord(code);
      } else {
        keys_.ReadKey(code);
      }
    }
  }

  // Gives the helpers the keys that come next. False: there is none that is all in the window.
  bool GiveKeys() {
    KeyRun run = FindKeys(reader_.window(), kRunBytes);
    for (size_t room = kRunBytes; run.bytes == 0 && run.is_cut && room <= kWindowBytesMax; room *= 4) {
      if (reader_.Extend(room)) run = FindKeys(reader_.window(), kRunBytes);
    }
    if (run.bytes == 0) return false;
    const uint64_t offset = reader_.consumed();
    helpers_->Give(reader_.Bytes(run.bytes), keys_.db(), offset);
    return true;
  }

  static std::string ErrorText(std::string_view why, uint64_t offset) {
    return std::string(why) + " (at offset " + std::to_string(offset) + ")";
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
        return ReadDatabaseSize();
      case rdb::kSlotInfo:
        for (int i = 0; i < 3; ++i) reader_.Length();
        return;
      case rdb::kAux:
        return ReadAux();
      case rdb::kFunction:
        return keys_.Refuse(target_.OnFunction(reader_.String()));
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
    keys_.Refuse(target_.OnDatabase(static_cast<int64_t>(db & INT64_MAX)));
    keys_.set_db(static_cast<int>(db));
  }

  void ReadDatabaseSize() {
    const uint64_t keys = reader_.Length();
    reader_.Length();  // those of them that expire
    if (reader_.ok()) target_.OnDatabaseSize(keys_.db(), keys);
  }

  void ReadAux() {
    const std::string name(reader_.String());
    const std::string_view value = reader_.String();
    if (reader_.ok()) target_.OnAux(name, value);
  }

  RdbReader& reader_;
  RdbTarget& target_;
  const RdbLoadOptions options_;
  int64_t version_ = 0;
  KeyReader keys_;
  std::optional<LoadHelpers> helpers_;
};

}  // namespace

std::string LoadRdb(RdbReader& reader, const EngineSettings& settings, RdbTarget& target, RdbLoadOptions options) {
  return Loader(reader, settings, target, options).Run();
}

}  // namespace usher::engine
