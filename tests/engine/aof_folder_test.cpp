// The folder: its manifest is replaced whole, history goes, what is in the way is an error.
#include "engine/aof_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace usher::engine {
namespace {

using tests::TemporaryFolder;

TEST_CASE("AofFolder: what is stored is loaded, and nothing temporary stays") {
  const TemporaryFolder root;
  const AofFolder folder(root / "aof", "a.aof");
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
  CHECK(std::distance(std::filesystem::directory_iterator(root / "aof"), {}) == 1);
}

TEST_CASE("AofFolder: history is deleted and forgotten, also where it is gone already") {
  const TemporaryFolder root;
  const AofFolder folder(root.path.string(), "a.aof");
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
  const TemporaryFolder root;
  root.Write("file", "x");
  CHECK_FALSE(AofFolder(root / "file", "a").Make().empty());
  AofManifest manifest;
  CHECK_FALSE(AofFolder(root / "missing", "a").Load(manifest).empty());
  CHECK_FALSE(AofFolder(root / "missing", "a").Store(manifest).empty());
  root.Write("a.manifest", "nonsense\n");
  CHECK(AofFolder(root.path.string(), "a").Load(manifest).find("Invalid AOF manifest file format") !=
        std::string::npos);
}

}  // namespace
}  // namespace usher::engine
