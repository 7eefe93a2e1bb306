// TemporaryFolder: a folder that goes with the test. The current folder, which the directive `dir` changes, is put
// back.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace usher::tests {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "usher-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path = name;
  }
  ~TemporaryFolder() {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(path);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// The path of a file in it.
  std::string operator/(std::string_view name) const { return (path / name).string(); }
  /// Writes a file and returns its path.
  std::string Write(std::string_view name, std::string_view content) const {
    std::ofstream(path / name, std::ios::binary) << content;
    return *this / name;
  }

  std::filesystem::path path;

 private:
  const std::filesystem::path before_ = std::filesystem::current_path();
};

}  // namespace usher::tests
