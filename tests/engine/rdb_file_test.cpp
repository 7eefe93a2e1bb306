// Files appear whole or not at all.
#include "engine/rdb_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"

namespace usher::engine {
namespace {

using tests::TemporaryFolder;

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("RdbFileSink: the file has its name once it is committed") {
  const TemporaryFolder folder;
  RdbFileSink sink;
  REQUIRE(sink.Create(folder / "temp", folder / "data"));
  CHECK(sink.Write("hello "));
  CHECK(sink.Write("world"));
  CHECK_FALSE(std::filesystem::exists(folder / "data"));
  REQUIRE(sink.Commit());
  CHECK(TextOf(folder / "data") == "hello world");
  CHECK_FALSE(std::filesystem::exists(folder / "temp"));
  CHECK(sink.bytes() == 11);
}

TEST_CASE("RdbFileSink: syncs on the way as often as told") {
  const TemporaryFolder folder;
  RdbFileSink sink;
  sink.SyncEvery(10);
  REQUIRE(sink.Create(folder / "temp", folder / "data"));
  CHECK(sink.Write("123456789"));
  CHECK(sink.synced_bytes() == 0);
  CHECK(sink.Write("0123"));
  CHECK(sink.synced_bytes() == 13);
  CHECK(sink.Write("4"));
  CHECK(sink.synced_bytes() == 13);
  CHECK(sink.Commit());
  CHECK(sink.synced_bytes() == 14);
}

TEST_CASE("RdbFileSink: without a commit nothing is left") {
  const TemporaryFolder folder;
  {
    RdbFileSink sink;
    REQUIRE(sink.Create(folder / "temp", folder / "data"));
    CHECK(sink.Write("hello"));
  }
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("RdbFileSink: failures are named, and the old file stays") {
  const TemporaryFolder folder;
  RdbFileSink no_folder;
  CHECK_FALSE(no_folder.Create(folder / "no/temp", folder / "no/data"));
  CHECK(no_folder.error().find("No such file") != std::string::npos);
  std::filesystem::create_directory(folder / "data");
  RdbFileSink over_folder;
  REQUIRE(over_folder.Create(folder / "temp", folder / "data"));
  CHECK_FALSE(over_folder.Commit());
  CHECK(over_folder.error().find("Error moving") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "temp"));
  std::filesystem::create_symlink("/dev/full", folder / "full");
  RdbFileSink full;
  REQUIRE(full.Create(folder / "full", folder / "other"));
  CHECK_FALSE(full.Write("x"));
  CHECK(full.error().find("No space left") != std::string::npos);
}

TEST_CASE("RdbFileSource: reads a file, and tells a missing one from one that cannot be read") {
  const TemporaryFolder folder;
  std::ofstream(folder / "data") << "abc";
  RdbFileSource source;
  REQUIRE(source.Open(folder / "data") == RdbFileSource::Opened::kYes);
  CHECK(source.size() == 3);
  char bytes[10];
  CHECK(source.Read(bytes, sizeof bytes) == 3);
  CHECK(source.Read(bytes, sizeof bytes) == 0);
  RdbFileSource missing;
  CHECK(missing.Open(folder / "nothing") == RdbFileSource::Opened::kMissing);
  RdbFileSource unreadable;
  CHECK(unreadable.Open(folder / "data/x") == RdbFileSource::Opened::kFailed);
  CHECK_FALSE(unreadable.error().empty());
}

}  // namespace
}  // namespace usher::engine
