// Expiry through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("EXPIRE: conditions compare with what the key has") {
  TestServer server;
  server.Run("SET a 1");
  CHECK(server.Run("EXPIRE a 100 XX") == Integer(0));
  CHECK(server.Run("EXPIRE a 100 GT") == Integer(0));
  CHECK(server.Run("EXPIRE a 100 LT") == Integer(1));
  CHECK(server.Run("EXPIRE a 100 NX") == Integer(0));
  CHECK(server.Run("EXPIRE a 100 GT") == Integer(0));
  CHECK(server.Run("EXPIRE a 200 XX GT") == Integer(1));
  CHECK(server.Run("EXPIRE a 300 LT") == Integer(0));
  CHECK(server.Run("TTL a") == Integer(200));
}

TEST_CASE("EXPIRE: bad options are told apart") {
  TestServer server;
  CHECK(server.Run("EXPIRE a x FOO") == "ERR Unsupported option FOO");
  CHECK(server.Run("EXPIRE a 1 NX GT") == "ERR NX and XX, GT or LT options at the same time are not compatible");
  CHECK(server.Run("EXPIRE a 1 GT LT") == "ERR GT and LT options at the same time are not compatible");
  CHECK(server.Run("EXPIRE a 9223372036854775807") == "ERR invalid expire time in 'expire' command");
  CHECK(server.Run("EXPIRE a 1") == Integer(0));
}

TEST_CASE("EXPIRE: a time that is past deletes the key") {
  TestServer server;
  server.Run("SET a 1");
  CHECK(server.Run("EXPIRE a 0") == Integer(1));
  CHECK(server.Run("EXISTS a") == Integer(0));
  server.Run("SET a 1");
  CHECK(server.Run("PEXPIREAT a 1000000") == Integer(1));
  CHECK(server.Run("EXISTS a") == Integer(0));
}

TEST_CASE("TTL: rounds half seconds up; missing and eternal keys differ") {
  TestServer server;
  server.Run("SET a 1 PX 1500");
  CHECK(server.Run("TTL a") == Integer(2));
  CHECK(server.Run("PTTL a") == Integer(1500));
  CHECK(server.Run("PEXPIRETIME a") == Integer(1'001'500));
  CHECK(server.Run("EXPIRETIME a") == Integer(1002));
  server.Run("SET b 1");
  CHECK(server.Run("TTL b") == Integer(-1));
  CHECK(server.Run("EXPIRETIME c") == Integer(-2));
}

TEST_CASE("PERSIST: only a key with expiry loses it") {
  TestServer server;
  server.Run("SET a 1 EX 100");
  CHECK(server.Run("PERSIST a") == Integer(1));
  CHECK(server.Run("PERSIST a") == Integer(0));
  CHECK(server.Run("TTL a") == Integer(-1));
}

TEST_CASE("PEXPIREAT: the last moment there is can be named") {
  TestServer server;
  server.Run("SET a 1");
  CHECK(server.Run("PEXPIREAT a 9223372036854775807") == Integer(1));
  CHECK(server.Run("EXPIRETIME a") == Integer(9'223'372'036'854'776));
}

}  // namespace
}  // namespace usher::tests
