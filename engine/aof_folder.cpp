// See aof_folder.h.
#include "engine/aof_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "engine/rdb_file.h"

namespace usher::engine {

namespace {
constexpr mode_t kFolderMode = 0755;
}

bool AofFolder::Exists() const {
  struct stat info {};
  return stat(path_.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool AofFolder::Has(std::string_view file) const {
  struct stat info {};
  return stat(PathOf(file).c_str(), &info) == 0;
}

uint64_t AofFolder::BytesOf(std::string_view file) const {
  struct stat info {};
  return stat(PathOf(file).c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

std::string AofFolder::Make() const {
  if (mkdir(path_.c_str(), kFolderMode) == 0 || (errno == EEXIST && Exists())) return {};
  return "Can't open or create append-only dir " + path_ + ": " + std::strerror(errno);
}

std::string AofFolder::Load(AofManifest& manifest) const {
  const std::string path = PathOf(ManifestName());
  std::ifstream file(path, std::ios::binary);
  if (!file) return "Fatal error: can't open the AOF manifest file " + path + " for reading: " + std::strerror(errno);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string error = manifest.Parse(text);
  return error.empty() ? error : "*** FATAL AOF MANIFEST FILE ERROR *** Reading " + path + ": " + error;
}

std::string AofFolder::Store(const AofManifest& manifest) const {
  RdbFileSink file;
  const bool stored = file.Create(PathOf("temp-" + ManifestName()), PathOf(ManifestName())) &&
                      file.Write(manifest.Text()) && file.Commit();
  return stored ? std::string() : "Can't write the AOF manifest file " + PathOf(ManifestName()) + ": " + file.error();
}

std::string AofFolder::DropHistory(AofManifest& manifest) const {
  if (manifest.history.empty()) return {};
  for (const AofFile& file : manifest.history) {
    if (unlink(PathOf(file.name).c_str()) != 0 && errno != ENOENT) {
      return "Can't remove the history file " + PathOf(file.name) + ": " + std::strerror(errno);
    }
  }
  manifest.history.clear();
  return Store(manifest);
}

}  // namespace usher::engine
