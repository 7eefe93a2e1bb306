// Sorted sets by range, through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/reply_text.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

struct Letters {
  Letters() { server.Run("ZADD z 1 a 2 b 3 c 4 d 5 e"); }
  std::string Run(std::string_view line) { return Joined(server.Run(line)); }
  TestServer server;
};

TEST_CASE("ZRANGE: by rank, score and member, both ways") {
  Letters letters;
  CHECK(letters.Run("ZRANGE z 1 -2") == "b c d ");
  CHECK(letters.Run("ZRANGE z 0 1 REV") == "e d ");
  CHECK(letters.Run("ZRANGE z (1 4 BYSCORE LIMIT 1 1") == "c ");
  CHECK(letters.Run("ZRANGE z 4 (1 BYSCORE REV") == "d c b ");
  CHECK(letters.Run("ZRANGE z [b (d BYLEX") == "b c ");
  CHECK(letters.Run("ZRANGE z + [d BYLEX REV") == "e d ");
  CHECK(letters.Run("ZRANGE z 0 0 WITHSCORES") == "a 1 ");
}

TEST_CASE("ZRANGE: the older names fix what options say") {
  Letters letters;
  CHECK(letters.Run("ZREVRANGE z 0 1") == "e d ");
  CHECK(letters.Run("ZRANGEBYSCORE z -inf 2 WITHSCORES") == "a 1 b 2 ");
  CHECK(letters.Run("ZREVRANGEBYSCORE z 3 2") == "c b ");
  CHECK(letters.Run("ZRANGEBYLEX z - (c") == "a b ");
  CHECK(letters.Run("ZREVRANGEBYLEX z + - LIMIT 0 2") == "e d ");
  CHECK(letters.Run("ZREVRANGE z 0 1 REV") == "ERR syntax error");
}

TEST_CASE("ZRANGE: options that do not fit together") {
  Letters letters;
  CHECK(letters.Run("ZRANGE z 0 1 LIMIT 0 1") ==
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  CHECK(letters.Run("ZRANGE z 0 1 LIMIT 0 -1") == "a b ");
  CHECK(letters.Run("ZRANGE z - + BYLEX WITHSCORES") ==
        "ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  CHECK(letters.Run("ZRANGE z x 1") == "ERR value is not an integer or out of range");
  CHECK(letters.Run("ZRANGE z x 1 BYSCORE") == "ERR min or max is not a float");
  CHECK(letters.Run("ZRANGE z x 1 BYLEX") == "ERR min or max not valid string range item");
}

TEST_CASE("ZRANGE: a huge range is replied whole") {
  TestServer server;
  for (int i = 0; i < 20'000; i += 100) {
    std::vector<std::string> add{"ZADD", "z"};
    for (int j = i; j < i + 100; ++j) {
      add.push_back(std::to_string(j));
      add.push_back(std::to_string(j));
    }
    server.Run(add);
  }
  const Reply all = server.Run("ZRANGE z 0 -1");
  CHECK(all.elements.size() == 20'000);
  CHECK(all[19'999] == "19999");
  CHECK(server.Run("ZREMRANGEBYRANK z 0 -2") == Integer(19'999));
}

TEST_CASE("ZRANGESTORE: replaces the target, and an empty range deletes it") {
  Letters letters;
  letters.server.Run("SET t v");
  CHECK(letters.server.Run("ZRANGESTORE t z 1 2 REV") == Integer(2));
  CHECK(letters.Run("ZRANGE t 0 -1 WITHSCORES") == "c 3 d 4 ");
  CHECK(letters.server.Run("ZRANGESTORE z z 0 0") == Integer(1));
  CHECK(letters.Run("ZRANGE z 0 -1") == "a ");
  CHECK(letters.server.Run("ZRANGESTORE t nokey 0 -1") == Integer(0));
  CHECK(letters.server.Run("GET t").is_null());
}

TEST_CASE("ZCOUNT and ZLEXCOUNT: count without reading") {
  Letters letters;
  CHECK(letters.server.Run("ZCOUNT z (1 +inf") == Integer(4));
  CHECK(letters.server.Run("ZLEXCOUNT z [b (e") == Integer(3));
  CHECK(letters.server.Run("ZCOUNT nokey 0 1") == Integer(0));
}

TEST_CASE("ZREMRANGEBY...: removes and reports how many") {
  Letters letters;
  CHECK(letters.server.Run("ZREMRANGEBYSCORE z 2 3") == Integer(2));
  CHECK(letters.server.Run("ZREMRANGEBYLEX z [a [a") == Integer(1));
  CHECK(letters.Run("ZRANGE z 0 -1") == "d e ");
  CHECK(letters.server.Run("ZREMRANGEBYRANK z 0 -1") == Integer(2));
  CHECK(letters.server.Run("SET z v NX") == "OK");
}

TEST_CASE("ZRANGESTORE: adds in the order that was asked for, which shows in what becomes of -0") {
  TestServer server;
  const std::string large(100, 'L');
  server.Run("ZADD a 1 " + large + " 2 m");
  server.Run("ZADD a -0.0 m");
  server.Run("ZRANGESTORE up a 0 -1");
  server.Run("ZRANGESTORE down a 0 -1 REV");
  CHECK(server.Run("ZSCORE up m") == "0");
  CHECK(server.Run("ZSCORE down m") == "-0");
}

}  // namespace
}  // namespace usher::tests
