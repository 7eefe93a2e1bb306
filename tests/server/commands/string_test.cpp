// Strings through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("SET: NX and XX decide by the key's presence") {
  TestServer server;
  CHECK(server.Run("SET a 1 XX").is_null());
  CHECK(server.Run("SET a 1 NX") == "OK");
  CHECK(server.Run("SET a 2 NX").is_null());
  CHECK(server.Run("GET a") == "1");
  CHECK(server.Run("SET a 3 XX GET") == "1");
  CHECK(server.Run("GET a") == "3");
}

TEST_CASE("SET: an expiry ends the key on time") {
  TestServer server;
  CHECK(server.Run("SET a 1 PX 100") == "OK");
  server.clock().AdvanceMs(100);
  CHECK(server.Run("GET a") == "1");
  server.clock().AdvanceMs(1);
  CHECK(server.Run("GET a").is_null());
}

TEST_CASE("SET: bad options change nothing") {
  TestServer server;
  CHECK(server.Run("SET a 1 EX 0") == "ERR invalid expire time in 'set' command");
  CHECK(server.Run("SET a 1 NX XX") == "ERR syntax error");
  CHECK(server.Run("GET a").is_null());
}

TEST_CASE("GETEX: sets, clears and ends the expiry") {
  TestServer server;
  server.Run("SET a 1");
  CHECK(server.Run("GETEX a EX 10") == "1");
  CHECK(server.Run("TTL a") == Integer(10));
  CHECK(server.Run("GETEX a") == "1");
  CHECK(server.Run("TTL a") == Integer(10));
  CHECK(server.Run("GETEX a PERSIST") == "1");
  CHECK(server.Run("TTL a") == Integer(-1));
  CHECK(server.Run("GETEX a PXAT 1") == "1");
  CHECK(server.Run("EXISTS a") == Integer(0));
}

TEST_CASE("GETEX: the same option may come twice, different ones may not") {
  TestServer server;
  server.Run("SET a 1");
  CHECK(server.Run("GETEX a EX 10 EX 20") == "1");
  CHECK(server.Run("TTL a") == Integer(20));
  CHECK(server.Run("GETEX a EX 10 PX 20") == "ERR syntax error");
  CHECK(server.Run("GETEX a EX 10 PERSIST") == "ERR syntax error");
  CHECK(server.Run("GETEX missing EX abc").is_null());
}

TEST_CASE("GETDEL, GETSET: answer what was there") {
  TestServer server;
  server.Run("SET a 1 EX 10");
  CHECK(server.Run("GETSET a 2") == "1");
  CHECK(server.Run("TTL a") == Integer(-1));
  CHECK(server.Run("GETDEL a") == "2");
  CHECK(server.Run("GETDEL a").is_null());
}

TEST_CASE("SETEX, PSETEX: the name of the command is in the error") {
  TestServer server;
  CHECK(server.Run("SETEX a 10 v") == "OK");
  CHECK(server.Run("PTTL a") == Integer(10'000));
  CHECK(server.Run("PSETEX a 0 v") == "ERR invalid expire time in 'psetex' command");
  CHECK(server.Run("GET a") == "v");
}

TEST_CASE("MSETNX: sets all or nothing") {
  TestServer server;
  CHECK(server.Run("MSETNX a 1 b 2") == Integer(1));
  CHECK(server.Run("MSETNX c 1 b 3") == Integer(0));
  const Reply values = server.Run("MGET a b c");
  CHECK(values[size_t{0}] == "1");
  CHECK(values[1] == "2");
  CHECK(values[2].is_null());
}

TEST_CASE("MSET: an odd argument changes nothing; of a key given twice the last value stays") {
  TestServer server;
  CHECK(server.Run("MSET a 1 b") == "ERR wrong number of arguments for 'mset' command");
  CHECK(server.Run("EXISTS a") == Integer(0));
  server.Run("MSET a 1 a 2");
  CHECK(server.Run("GET a") == "2");
}

TEST_CASE("MGET: what is no string is null") {
  TestServer server;
  server.Run("HSET h f v");
  CHECK(server.Run("MGET h")[size_t{0}].is_null());
}

TEST_CASE("SETNX, MSETNX and SET NX: a key that is in the way has been accessed") {
  for (const char* command : {"SETNX k w", "MSETNX a v k w", "SET k w NX"}) {
    CAPTURE(command);
    TestServer server;
    server.Run("SET k v");
    server.clock().AdvanceMs(10'000);
    CHECK(server.Run("OBJECT IDLETIME k") == Integer(10));
    server.Run(command);
    CHECK(server.Run("OBJECT IDLETIME k") == Integer(0));
    CHECK(server.Run("GET k") == "v");
  }
}

}  // namespace
}  // namespace usher::tests
