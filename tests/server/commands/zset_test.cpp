// Sorted sets through the dispatcher: adding, removing, scores and ranks.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("ZADD: replies how many were added, with CH how many changed as well") {
  TestServer server;
  CHECK(server.Run("ZADD z 1 a 2 b") == Integer(2));
  CHECK(server.Run("ZADD z 1 a 3 b 4 c") == Integer(1));
  CHECK(server.Run("ZADD z CH 1 a 5 b 6 d") == Integer(2));
  CHECK(server.Run("ZSCORE z b") == "5");
}

TEST_CASE("ZADD: a condition that refuses leaves score and key alone") {
  TestServer server;
  CHECK(server.Run("ZADD z XX 1 a") == Integer(0));
  CHECK(server.Run("ZADD z XX INCR 1 a").is_null());
  CHECK(server.Run("ZCARD z") == Integer(0));
  server.Run("ZADD z 5 a");
  CHECK(server.Run("ZADD z NX CH 6 a") == Integer(0));
  CHECK(server.Run("ZADD z GT CH 4 a") == Integer(0));
  CHECK(server.Run("ZADD z LT INCR 1 a").is_null());
  CHECK(server.Run("ZSCORE z a") == "5");
}

TEST_CASE("ZADD: one bad score and nothing is added") {
  TestServer server;
  CHECK(server.Run("ZADD z 1 a x b") == "ERR value is not a valid float");
  CHECK(server.Run("ZADD z 1 a nan b") == "ERR value is not a valid float");
  CHECK(server.Run("ZCARD z") == Integer(0));
}

TEST_CASE("ZADD: more pairs than are read ahead or kept on the stack") {
  TestServer server;
  std::vector<std::string> add{"ZADD", "z"};
  for (int i = 0; i < 500; ++i) {
    add.push_back(std::to_string(i % 100));
    add.push_back("m" + std::to_string(i));
  }
  CHECK(server.Run(add) == Integer(500));
  CHECK(server.Run("ZREVRANK z m99") == Integer(0));
  CHECK(server.Run("ZSCORE z m123") == "23");
}

TEST_CASE("ZADD: options that contradict each other") {
  TestServer server;
  CHECK(server.Run("ZADD z NX XX 1 a") == "ERR XX and NX options at the same time are not compatible");
  CHECK(server.Run("ZADD z GT LT 1 a") == "ERR GT, LT, and/or NX options at the same time are not compatible");
  CHECK(server.Run("ZADD z INCR 1 a 2 b") == "ERR INCR option supports a single increment-element pair");
  CHECK(server.Run("ZADD z 1 a 2") == "ERR syntax error");
}

TEST_CASE("ZINCRBY: opposite infinities are refused") {
  TestServer server;
  server.Run("ZADD z inf a");
  CHECK(server.Run("ZINCRBY z -inf a") == "ERR resulting score is not a number (NaN)");
  CHECK(server.Run("ZSCORE z a") == "inf");
}

TEST_CASE("ZREM: the key goes with its last member") {
  TestServer server;
  server.Run("ZADD z 1 a 2 b");
  CHECK(server.Run("ZREM z a b c a") == Integer(2));
  CHECK(server.Run("SET z now-a-string NX") == "OK");
}

TEST_CASE("ZRANK: WITHSCORE, missing members and missing keys") {
  TestServer server;
  server.Run("ZADD z 1.5 a 2 b");
  CHECK(server.Run("ZREVRANK z a") == Integer(1));
  CHECK(server.Run("ZRANK z a WITHSCORE")[1] == "1.5");
  CHECK(server.Run("ZRANK z c WITHSCORE").is_null());
  CHECK(server.Run("ZRANK nokey a").is_null());
  CHECK(server.Run("ZRANK z a OTHER") == "ERR syntax error");
  CHECK(server.Run("ZRANK z a b c") == "ERR wrong number of arguments for 'zrank' command");
}

TEST_CASE("ZMSCORE: one reply per member") {
  TestServer server;
  server.Run("ZADD z 1 a");
  const Reply scores = server.Run("ZMSCORE z a b");
  CHECK(scores[0] == "1");
  CHECK(scores[1].is_null());
}

TEST_CASE("ZINCRBY: replies the sum, though a score of minus zero stays as it is") {
  TestServer server;
  server.Run("CONFIG SET zset-max-listpack-entries 0");
  server.Run("ZADD z -1 m");
  server.Run("ZADD z -0.0 m");
  CHECK(server.Run("ZINCRBY z 0 m") == "0");
  CHECK(server.Run("ZSCORE z m") == "-0");
}

TEST_CASE("Sorted sets: other types are refused") {
  TestServer server;
  server.Run("SET s v");
  for (const char* command : {"ZADD s 1 a", "ZINCRBY s 1 a", "ZREM s a", "ZCARD s", "ZSCORE s a", "ZRANK s a",
                              "ZRANGE s 0 1", "ZCOUNT s 0 1", "ZPOPMIN s", "ZUNION 1 s", "ZSCAN s 0"}) {
    CAPTURE(command);
    CHECK(server.Run(command) == "WRONGTYPE Operation against a key holding the wrong kind of value");
  }
}

}  // namespace
}  // namespace usher::tests
