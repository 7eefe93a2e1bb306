// AofFolder: the folder of an append-only log and the manifest in it. The manifest is replaced by a rename once the new
// one is on disk, so that a crash leaves the old list or the new one. Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/aof_manifest.h"

namespace usher::engine {

class AofFolder {
 public:
  AofFolder() = default;
  /// `path` of the folder, `name` that all files begin with.
  AofFolder(std::string path, std::string name) : path_(std::move(path)), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  std::string PathOf(std::string_view file) const { return path_ + '/' + std::string(file); }
  bool Exists() const;
  bool Has(std::string_view file) const;
  /// Bytes of a file of the folder; 0 when it is not there.
  uint64_t BytesOf(std::string_view file) const;

  /// Makes the folder if need be. An error text, or "".
  std::string Make() const;
  bool HasManifest() const { return Has(ManifestName()); }
  std::string Load(AofManifest& manifest) const;
  std::string Store(const AofManifest& manifest) const;
  /// Deletes the history files and forgets them. An error text, or "".
  std::string DropHistory(AofManifest& manifest) const;

 private:
  std::string ManifestName() const { return name_ + ".manifest"; }
  std::string path_;
  std::string name_;
};

}  // namespace usher::engine
