// BITFIELD through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::string Joined(const Reply& reply) {
  if (reply.is_error()) return reply.text;
  std::string text;
  for (const Reply& element : reply.elements) {
    text += element.is_null() ? "null " : std::to_string(element.integer) + ' ';
  }
  return text;
}

TEST_CASE("BITFIELD: steps are taken in order") {
  TestServer server;
  CHECK(Joined(server.Run("BITFIELD k SET u8 0 255 GET u4 0 GET i4 0 INCRBY u8 #1 7 GET u16 0")) == "0 15 -1 7 65287 ");
  CHECK(server.Run("STRLEN k") == Integer(2));
}

TEST_CASE("BITFIELD: OVERFLOW holds for the steps behind it") {
  TestServer server;
  CHECK(Joined(
            server.Run("BITFIELD k SET u2 0 3 INCRBY u2 0 1 OVERFLOW SAT INCRBY u2 0 9 OVERFLOW FAIL INCRBY u2 0 1")) ==
        "0 0 3 null ");
  CHECK(Joined(server.Run("BITFIELD k SET i8 0 200 GET i8 0 OVERFLOW SAT SET i8 0 200 GET i8 0")) ==
        "-64 -56 -56 127 ");
}

TEST_CASE("BITFIELD: reading makes no key, and a failed write still makes the string longer") {
  TestServer server;
  CHECK(Joined(server.Run("BITFIELD k GET u8 100")) == "0 ");
  CHECK(Joined(server.Run("BITFIELD k")).empty());
  CHECK(server.Run("EXISTS k") == Integer(0));
  CHECK(Joined(server.Run("BITFIELD k OVERFLOW FAIL INCRBY u2 100 9")) == "null ");
  CHECK(server.Run("STRLEN k") == Integer(13));
}

TEST_CASE("BITFIELD: one bad step and none is taken") {
  TestServer server;
  const std::string type_error =
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
  CHECK(Joined(server.Run("BITFIELD k SET u8 0 1 GET u64 0")) == type_error);
  CHECK(Joined(server.Run("BITFIELD k SET u8 0 1 SET i8 #x 1")) == "ERR bit offset is not an integer or out of range");
  CHECK(Joined(server.Run("BITFIELD k SET u8 0 1 SET i8 0 x")) == "ERR value is not an integer or out of range");
  CHECK(Joined(server.Run("BITFIELD k SET u8 0 1 OVERFLOW x")) == "ERR Invalid OVERFLOW type specified");
  CHECK(Joined(server.Run("BITFIELD k SET u8 0 1 GET u8")) == "ERR syntax error");
  CHECK(server.Run("EXISTS k") == Integer(0));
}

TEST_CASE("BITFIELD_RO: reads only") {
  TestServer server;
  server.Run("SET k a");
  CHECK(Joined(server.Run("BITFIELD_RO k GET u8 0")) == "97 ");
  CHECK(Joined(server.Run("BITFIELD_RO k SET u8 0 1")) == "ERR BITFIELD_RO only supports the GET subcommand");
  CHECK(server.Run("GET k") == "a");
}

}  // namespace
}  // namespace usher::tests
