// Bitmaps through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

constexpr const char* kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

TEST_CASE("SETBIT, GETBIT: bits of a string that grows with zeros") {
  TestServer server;
  CHECK(server.Run("SETBIT k 7 1") == Integer(0));
  CHECK(server.Run("SETBIT k 7 1") == Integer(1));
  CHECK(server.Run("SETBIT k 20 0") == Integer(0));
  CHECK(server.Run("GET k") == std::string("\x01\0\0", 3));
  CHECK(server.Run("GETBIT k 7") == Integer(1));
  CHECK(server.Run("GETBIT k 6") == Integer(0));
  CHECK(server.Run("GETBIT k 100000") == Integer(0));
  CHECK(server.Run("GETBIT none 0") == Integer(0));
}

TEST_CASE("SETBIT: the digits of a number are its bits") {
  TestServer server;
  server.Run("SET n 123");
  CHECK(server.Run("SETBIT n 7 0") == Integer(1));
  CHECK(server.Run("GET n") == "023");
  CHECK(server.Run("OBJECT ENCODING n") == "raw");
}

TEST_CASE("SETBIT: judges offset, bit and key, and changes nothing on error") {
  TestServer server;
  server.Run("SADD s a");
  CHECK(server.Run("SETBIT s x 5") == "ERR bit offset is not an integer or out of range");
  CHECK(server.Run("SETBIT s -1 5") == "ERR bit offset is not an integer or out of range");
  CHECK(server.Run("SETBIT s 4294967296 1") == "ERR bit offset is not an integer or out of range");
  CHECK(server.Run("SETBIT s 0 5") == "ERR bit is not an integer or out of range");
  CHECK(server.Run("SETBIT s 0 1") == kWrongType);
  CHECK(server.Run("SETBIT k 0 5").is_error());
  CHECK(server.Run("EXISTS k") == Integer(0));
}

TEST_CASE("BITCOUNT: whole, by bytes, by bits") {
  TestServer server;
  server.Run("SET k foobar");
  CHECK(server.Run("BITCOUNT k") == Integer(26));
  CHECK(server.Run("BITCOUNT k 1 1") == Integer(6));
  CHECK(server.Run("BITCOUNT k 5 30 BIT") == Integer(17));
  CHECK(server.Run("BITCOUNT k -2 -1 BYTE") == Integer(7));
  CHECK(server.Run("BITCOUNT k -1 -2") == Integer(0));
  CHECK(server.Run("BITCOUNT k 9 10") == Integer(0));
  CHECK(server.Run("BITCOUNT none") == Integer(0));
}

TEST_CASE("BITCOUNT, BITPOS: as in 7.2 the arguments are judged before the key") {
  TestServer server;
  server.Run("SADD s a");
  for (const char* key : {"none", "s"}) {
    CHECK(server.Run(std::string("BITCOUNT ") + key + " 0") == "ERR syntax error");
    CHECK(server.Run(std::string("BITCOUNT ") + key + " 0 x") == "ERR value is not an integer or out of range");
    CHECK(server.Run(std::string("BITPOS ") + key + " 1 0 x WORD") == "ERR syntax error");
    CHECK(server.Run(std::string("BITPOS ") + key + " 2") == "ERR The bit argument must be 1 or 0.");
  }
  CHECK(server.Run("BITCOUNT s 0 -1") == kWrongType);
  CHECK(server.Run("BITPOS s 1") == kWrongType);
}

TEST_CASE("BITPOS: behind the end are zeros, unless an end was given") {
  TestServer server;
  server.Run({"SET", "k", "\xFF\xFF"});
  CHECK(server.Run("BITPOS k 0") == Integer(16));
  CHECK(server.Run("BITPOS k 0 1") == Integer(16));
  CHECK(server.Run("BITPOS k 0 0 -1") == Integer(-1));
  CHECK(server.Run("BITPOS k 1 9 12 BIT") == Integer(9));
  CHECK(server.Run("BITPOS none 0") == Integer(0));
  CHECK(server.Run("BITPOS none 1") == Integer(-1));
}

TEST_CASE("BITOP: shorter inputs end with zeros") {
  TestServer server;
  server.Run({"SET", "a", "\xF0\xFF\x01\x01\x01\x01\x01\x01\x01\x01"});
  server.Run({"SET", "b", "\x3C"});
  CHECK(server.Run("BITOP AND d a b") == Integer(10));
  CHECK(server.Run("GET d") == std::string("\x30") + std::string(9, '\0'));
  CHECK(server.Run("BITOP OR d b a") == Integer(10));
  CHECK(server.Run("GET d") == "\xFC\xFF\x01\x01\x01\x01\x01\x01\x01\x01");
  CHECK(server.Run("BITOP xor d b b") == Integer(1));
  CHECK(server.Run("GET d") == std::string(1, '\0'));
  CHECK(server.Run("BITOP NOT d b") == Integer(1));
  CHECK(server.Run("GET d") == "\xC3");
  CHECK(server.Run("BITOP NOT d a b") == "ERR BITOP NOT must be called with a single source key.");
  CHECK(server.Run("BITOP OR d none") == Integer(0));
  CHECK(server.Run("EXISTS d") == Integer(0));
}

}  // namespace
}  // namespace usher::tests
