// Adding to and reading from streams through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("XADD: the ID is given, completed or taken from the clock") {
  TestServer server{{.now_ms = 5'000}};
  CHECK(server.Run("XADD s 1-1 f v") == "1-1");
  CHECK(server.Run("XADD s 1-* f v") == "1-2");
  CHECK(server.Run("XADD s 2 f v") == "2-0");
  CHECK(server.Run("XADD s * f v") == "5000-0");
  CHECK(server.Run("XADD s * f v") == "5000-1");
  CHECK(server.Run("XADD s 5000-1 f v").is_error());
  CHECK(server.Run("XLEN s") == Integer(5));
}

TEST_CASE("XADD: NOMKSTREAM makes no stream") {
  TestServer server;
  CHECK(server.Run("XADD s NOMKSTREAM * f v").is_null());
  CHECK(server.Run("EXISTS s") == Integer(0));
}

TEST_CASE("XADD: trims whole nodes with ~, single entries without") {
  TestServer server{{.config = {{"stream-node-max-entries", "2"}}}};
  for (int i = 1; i <= 5; ++i) server.Run("XADD s " + std::to_string(i) + "-0 f v");
  server.Run("XADD s MAXLEN ~ 3 6-0 f v");
  CHECK(server.Run("XLEN s") == Integer(4));
  server.Run("XADD s MAXLEN 2 7-0 f v");
  CHECK(server.Run("XLEN s") == Integer(2));
  CHECK(server.Run("XTRIM s MINID 7") == Integer(1));
}

TEST_CASE("XRANGE and XREVRANGE: intervals, open or closed") {
  TestServer server;
  for (int i = 1; i <= 4; ++i) server.Run("XADD s " + std::to_string(i) + "-0 f v" + std::to_string(i));
  CHECK(server.Run("XRANGE s - +").elements.size() == 4);
  CHECK(server.Run("XRANGE s (1-0 3")[0][0] == "2-0");
  CHECK(server.Run("XREVRANGE s + - COUNT 1")[0][1][1] == "v4");
  CHECK(server.Run("XRANGE s - + COUNT 0").is_null());
  CHECK(server.Run("XRANGE nokey - +").elements.empty());
}

TEST_CASE("XDEL: an emptied stream stays, with its last ID") {
  TestServer server;
  server.Run("XADD s 5-5 f v");
  CHECK(server.Run("XDEL s 5-5 5-5 1-1") == Integer(1));
  CHECK(server.Run("TYPE s") == "stream");
  CHECK(server.Run("XADD s 5-5 f v").is_error());
  CHECK(server.Run("XSETID s 5-0") == "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  CHECK(server.Run("XSETID s 9-0") == "OK");
}

TEST_CASE("Streams: a key of another type") {
  TestServer server;
  server.Run("SET s v");
  for (const char* command : {"XADD s * f v", "XLEN s", "XRANGE s - +", "XDEL s 1", "XTRIM s MAXLEN 1", "XSETID s 1"}) {
    CAPTURE(command);
    CHECK(server.Run(command).text.starts_with("WRONGTYPE"));
  }
}

}  // namespace
}  // namespace usher::tests
