// The manifest's text, both ways, and what Redis refuses in one.
#include "engine/aof_manifest.h"

#include <doctest/doctest.h>

#include <string>

namespace usher::engine {
namespace {

constexpr const char* kText =
    "file a.aof.2.base.rdb seq 2 type b\n"
    "file a.aof.4.incr.aof seq 4 type h\n"
    "file a.aof.5.incr.aof seq 5 type i\n"
    "file a.aof.6.incr.aof seq 6 type i\n";

TEST_CASE("AofManifest: reads what Redis writes, and writes the same") {
  AofManifest manifest;
  REQUIRE(manifest.Parse(kText).empty());
  REQUIRE(manifest.base.has_value());
  CHECK(manifest.base->name == "a.aof.2.base.rdb");
  REQUIRE(manifest.increments.size() == 2);
  CHECK(manifest.increments[1].number == 6);
  CHECK(manifest.history.size() == 1);
  CHECK(manifest.Text() == kText);
  CHECK(manifest.NextBase("a.aof", false).name == "a.aof.3.base.rdb");
  CHECK(manifest.NextBase("a.aof", true).name == "a.aof.3.base.aof");
  CHECK(manifest.NextIncrement("a.aof").name == "a.aof.7.incr.aof");
}

TEST_CASE("AofManifest: comments, unknown fields and quoted names") {
  AofManifest manifest;
  REQUIRE(manifest.Parse("# a comment\nfile \"my \\\"log\\x01.1.incr.aof\" seq 1 type i since 7\n").empty());
  REQUIRE(manifest.increments.size() == 1);
  CHECK(manifest.increments[0].name == "my \"log\x01.1.incr.aof");
  AofManifest again;
  REQUIRE(again.Parse(manifest.Text()).empty());
  CHECK(again.increments[0].name == manifest.increments[0].name);
}

TEST_CASE("AofManifest: what is wrong is said") {
  AofManifest manifest;
  CHECK(manifest.Parse("") == "Found an empty AOF manifest");
  CHECK(manifest.Parse("\n") == "Invalid AOF manifest file format");
  CHECK(manifest.Parse("file a seq 1\n") == "Invalid AOF manifest file format");
  CHECK(manifest.Parse("file a seq x type i\n") == "Invalid AOF manifest file format");
  CHECK(manifest.Parse("file ../a seq 1 type i\n") == "File can't be a path, just a filename");
  CHECK(manifest.Parse("file a seq 1 type x\n") == "Unknown AOF file type");
  CHECK(manifest.Parse("file a seq 1 type b\nfile b seq 2 type b\n") == "Found duplicate base file information");
  CHECK(manifest.Parse("file a seq 2 type i\nfile b seq 1 type i\n") == "Found a non-monotonic sequence number");
  CHECK(manifest.Parse("file \"a seq 1 type i\n") == "Invalid AOF manifest file format");
}

TEST_CASE("AofManifest: a new base makes history of the old one and of the increments it contains") {
  AofManifest manifest;
  REQUIRE(manifest.Parse(kText).empty());
  manifest.AddIncrement(manifest.NextIncrement("a.aof"));
  manifest.ReplaceBase(manifest.NextBase("a.aof", false), 7);
  CHECK(manifest.base->number == 3);
  REQUIRE(manifest.increments.size() == 1);
  CHECK(manifest.increments[0].number == 7);
  CHECK(manifest.history.size() == 4);
}

}  // namespace
}  // namespace usher::engine
