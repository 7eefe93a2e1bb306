// The folder: its manifest is replaced whole, history goes, what is in the way is an error.
#include "engine/aof_folder.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace usher::engine {
namespace {

struct Root {
  Root() {
    path = (std::filesystem::temp_directory_path() / "aof-folder-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
  }
  ~Root() { std::filesystem::remove_all(path); }
  std::string path;
};

TEST_CASE("AofFolder: what is stored is loaded, and nothing temporary stays") {
  const Root root;
  const AofFolder folder(root.path + "/aof", "a.aof");
  CHECK_FALSE(folder.Exists());
  REQUIRE(folder.Make() == "");
  REQUIRE(folder.Make() == "");
  CHECK_FALSE(folder.HasManifest());
  AofManifest manifest;
  manifest.AddIncrement(manifest.NextIncrement("a.aof"));
  REQUIRE(folder.Store(manifest) == "");
  AofManifest loaded;
  REQUIRE(folder.Load(loaded) == "");
  CHECK(loaded.Text() == manifest.Text());
  CHECK(std::distance(std::filesystem::directory_iterator(root.path + "/aof"), {}) == 1);
}

TEST_CASE("AofFolder: history is deleted and forgotten, also where it is gone already") {
  const Root root;
  const AofFolder folder(root.path, "a.aof");
  AofManifest manifest;
  manifest.history = {{"old", 1}, {"gone", 2}};
  manifest.AddIncrement({"now", 3});
  std::ofstream(folder.PathOf("old")) << "x";
  CHECK(folder.BytesOf("old") == 1);
  REQUIRE(folder.DropHistory(manifest) == "");
  CHECK_FALSE(folder.Has("old"));
  AofManifest loaded;
  REQUIRE(folder.Load(loaded) == "");
  CHECK(loaded.history.empty());
}

TEST_CASE("AofFolder: what cannot be made or read is an error") {
  const Root root;
  std::ofstream(root.path + "/file") << "x";
  CHECK_FALSE(AofFolder(root.path + "/file", "a").Make().empty());
  AofManifest manifest;
  CHECK_FALSE(AofFolder(root.path + "/missing", "a").Load(manifest).empty());
  CHECK_FALSE(AofFolder(root.path + "/missing", "a").Store(manifest).empty());
  std::ofstream(root.path + "/a.manifest") << "nonsense\n";
  CHECK(AofFolder(root.path, "a").Load(manifest).find("Invalid AOF manifest file format") != std::string::npos);
}

}  // namespace
}  // namespace usher::engine
