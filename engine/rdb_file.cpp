// See rdb_file.h.
#include "engine/rdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace usher::engine {
namespace {

constexpr mode_t kFileMode = 0644;

/// Makes a rename durable, as far as the file system lets us.
void SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

// ---- RdbFileSink

RdbFileSink::~RdbFileSink() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(temporary_.c_str());
}

bool RdbFileSink::Fail(const std::string& what) {
  if (error_.empty()) error_ = what + ": " + std::strerror(errno);
  return false;
}

bool RdbFileSink::Create(const std::string& temporary, const std::string& path) {
  temporary_ = temporary;
  path_ = path;
  fd_ = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
  return fd_ >= 0 || Fail("Failed opening the temp RDB file " + temporary);
}

bool RdbFileSink::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Fail("Write error while saving DB to the disk");
    bytes_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return sync_every_bytes_ == 0 || bytes_ - synced_bytes_ < sync_every_bytes_ || Sync();
}

bool RdbFileSink::Sync() {
  if (fsync(fd_) != 0) return Fail("fsync of the temp RDB file failed");
  synced_bytes_ = bytes_;
  return true;
}

bool RdbFileSink::Commit() {
  if (!Sync()) return false;
  if (close(fd_) != 0) {
    fd_ = -1;
    Fail("close of the temp RDB file failed");
    unlink(temporary_.c_str());
    return false;
  }
  fd_ = -1;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    Fail("Error moving temp DB file " + temporary_ + " on the final destination " + path_);
    unlink(temporary_.c_str());
    return false;
  }
  SyncFolderOf(path_);
  return true;
}

// ---- RdbFileSource

RdbFileSource::~RdbFileSource() {
  if (fd_ >= 0) close(fd_);
}

RdbFileSource::Opened RdbFileSource::Open(const std::string& path) {
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd_ >= 0 && fstat(fd_, &info) == 0) {
    size_ = static_cast<uint64_t>(info.st_size);
    return Opened::kYes;
  }
  if (fd_ < 0 && errno == ENOENT) return Opened::kMissing;
  error_ = std::strerror(errno);
  return Opened::kFailed;
}

size_t RdbFileSource::Read(char* to, size_t size) {
  for (;;) {
    const ssize_t count = read(fd_, to, size);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno == EINTR) continue;
    error_ = std::strerror(errno);
    return 0;
  }
}

}  // namespace usher::engine
