// The footer of DUMP payloads.
#include "engine/rdb_dump.h"

#include <doctest/doctest.h>

namespace usher::engine {
namespace {

using namespace std::string_literals;

TEST_CASE("Dump footer: what redis-server 7.0 writes for SET k v") {
  std::string payload = "\x00\x01v"s;
  AppendDumpFooter(payload);
  CHECK(payload == "\x00\x01v\x0a\x00\x91\x08\xce\xb2\x19\x38\x8a\xce"s);
}

TEST_CASE("Dump footer: the content comes back, and any changed byte is noticed") {
  std::string payload = "some content";
  AppendDumpFooter(payload);
  CHECK(DumpContent(payload) == "some content");
  for (char& c : payload) {
    c ^= 4;
    CHECK_FALSE(DumpContent(payload).has_value());
    c ^= 4;
  }
  CHECK_FALSE(DumpContent(payload.substr(1)).has_value());
  CHECK_FALSE(DumpContent("").has_value());
  CHECK_FALSE(DumpContent("123456789").has_value());
}

}  // namespace
}  // namespace usher::engine
