// Files as RdbSink and RdbSource. A file is written under another name and takes its own by a rename once it is on
// disk, so that whatever happens there is either the old file or the new one.
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/rdb_reader.h"
#include "engine/rdb_writer.h"

namespace usher::engine {

class RdbFileSink final : public RdbSink {
 public:
  RdbFileSink() = default;
  /// A file that was not committed is removed.
  ~RdbFileSink() override;
  RdbFileSink(const RdbFileSink&) = delete;
  RdbFileSink& operator=(const RdbFileSink&) = delete;

  /// Creates the file `path` under a temporary name. False: error() says why.
  bool Create(const std::string& temporary, const std::string& path);
  /// Syncs whenever so many bytes have been written, so that there is never much to be done at once; 0: at the end.
  void SyncEvery(uint64_t bytes) { sync_every_bytes_ = bytes; }
  bool Write(std::string_view bytes) override;
  /// Makes it durable under its name. False: error() says why, and the old file is untouched.
  bool Commit();
  const std::string& error() const { return error_; }
  uint64_t bytes() const { return bytes_; }
  /// How many of them are on disk.
  uint64_t synced_bytes() const { return synced_bytes_; }

 private:
  bool Sync();
  bool Fail(const std::string& what);

  std::string temporary_;
  std::string path_;
  std::string error_;
  uint64_t bytes_ = 0;
  uint64_t synced_bytes_ = 0;
  uint64_t sync_every_bytes_ = 0;
  int fd_ = -1;
};

class RdbFileSource final : public RdbSource {
 public:
  RdbFileSource() = default;
  ~RdbFileSource() override;
  RdbFileSource(const RdbFileSource&) = delete;
  RdbFileSource& operator=(const RdbFileSource&) = delete;

  enum class Opened : uint8_t { kYes, kMissing, kFailed };
  Opened Open(const std::string& path);
  /// Why Open() or a read failed; "" at a mere end.
  const std::string& error() const { return error_; }
  uint64_t size() const { return size_; }
  size_t Read(char* to, size_t size) override;

 private:
  std::string error_;
  uint64_t size_ = 0;
  int fd_ = -1;
};

}  // namespace usher::engine
