// Parts of strings through the dispatcher.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("APPEND: a new key is stored like SET's, a grown one as raw text") {
  TestServer server;
  CHECK(server.Run("APPEND a 12") == Integer(2));
  CHECK(server.Run("OBJECT ENCODING a") == "int");
  CHECK(server.Run("APPEND a 34") == Integer(4));
  CHECK(server.Run("GET a") == "1234");
  CHECK(server.Run("OBJECT ENCODING a") == "raw");
}

TEST_CASE("APPEND: the expiry stays") {
  TestServer server;
  server.Run("SET a x EX 100");
  server.Run("APPEND a y");
  CHECK(server.Run("TTL a") == Integer(100));
}

TEST_CASE("SETRANGE: the gap is filled with zeros") {
  TestServer server;
  CHECK(server.Run("SETRANGE a 2 x") == Integer(3));
  CHECK(server.Run("GET a") == std::string_view("\0\0x", 3));
}

TEST_CASE("SETRANGE: nothing to write creates nothing") {
  TestServer server;
  CHECK(server.Run("SETRANGE a 5 \"\"") == Integer(0));
  CHECK(server.Run("EXISTS a") == Integer(0));
}

TEST_CASE("SETRANGE: beyond the longest string is refused") {
  TestServer server;
  CHECK(server.Run("SETRANGE a 536870912 x") == "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  CHECK(server.Run("SETRANGE a -1 x") == "ERR offset is out of range");
}

TEST_CASE("GETRANGE: agrees with a walk over the string for all bounds") {
  TestServer server;
  const std::string text = "0123456";
  server.Run({"SET", "a", text});
  engine::Random random(TestSeed());
  for (int step = 0; step < 500; ++step) {
    const int first = static_cast<int>(random.Below(20)) - 10;
    const int last = static_cast<int>(random.Below(20)) - 10;
    const int size = static_cast<int>(text.size());
    const int begin = std::max(first < 0 ? first + size : first, 0);
    const int end = std::max(last < 0 ? last + size : last, 0);
    std::string expected;
    const bool backwards = first < 0 && last < 0 && first > last;
    for (int i = begin; !backwards && i <= end && i < size; ++i) expected += text[static_cast<size_t>(i)];
    CHECK(server.Run({"GETRANGE", "a", std::to_string(first), std::to_string(last)}) == expected);
  }
}

TEST_CASE("STRLEN: numbers count their digits") {
  TestServer server;
  server.Run("SET a -123");
  CHECK(server.Run("STRLEN a") == Integer(4));
  CHECK(server.Run("STRLEN b") == Integer(0));
}

}  // namespace
}  // namespace usher::tests
