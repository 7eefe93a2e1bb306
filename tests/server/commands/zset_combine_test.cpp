// Union, intersection and difference through the dispatcher.
#include <doctest/doctest.h>

#include <map>

#include "engine/base/random.h"
#include "tests/support/reply_text.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

struct TwoSets {
  TwoSets() {
    server.Run("ZADD x 1 a 2 b 3 c");
    server.Run("ZADD y 10 b 20 c 30 d");
  }
  std::string Run(std::string_view line) { return Joined(server.Run(line)); }
  TestServer server;
};

TEST_CASE("ZUNION, ZINTER, ZDIFF: sorted by score") {
  TwoSets sets;
  CHECK(sets.Run("ZUNION 2 x y WITHSCORES") == "a 1 b 12 c 23 d 30 ");
  CHECK(sets.Run("ZINTER 2 x y WITHSCORES") == "b 12 c 23 ");
  CHECK(sets.Run("ZDIFF 2 x y WITHSCORES") == "a 1 ");
  CHECK(sets.Run("ZDIFF 2 x x").empty());
  CHECK(sets.Run("ZUNION 2 nokey y") == "b c d ");
}

TEST_CASE("ZUNION, ZINTER, ZDIFF: the members of a set have the score 1") {
  TwoSets sets;
  sets.Run("SADD s b 7");
  sets.Run("SADD i 7 8");
  for (int i = 0; i < 300; ++i) sets.Run("SADD large " + std::to_string(i));
  CHECK(sets.Run("ZUNION 3 s x i WITHSCORES") == "8 1 a 1 7 2 b 3 c 3 ");
  CHECK(sets.Run("ZINTER 2 s x WEIGHTS 10 1 WITHSCORES") == "b 12 ");
  CHECK(sets.Run("ZINTER 2 s s WITHSCORES") == "7 2 b 2 ");
  CHECK(sets.Run("ZDIFF 2 i large").empty());
  CHECK(sets.Run("ZDIFF 2 s i WITHSCORES") == "b 1 ");
  CHECK(sets.server.Run("ZINTERCARD 3 s i large") == Integer(1));
  CHECK(sets.server.Run("ZUNIONSTORE d 2 large y") == Integer(303));
  CHECK(sets.Run("ZRANGE d -1 -1 WITHSCORES") == "d 30 ");
}

TEST_CASE("ZUNION: WEIGHTS and AGGREGATE") {
  TwoSets sets;
  CHECK(sets.Run("ZUNION 2 x y WEIGHTS 100 1 AGGREGATE MAX WITHSCORES") == "d 30 a 100 b 200 c 300 ");
  CHECK(sets.Run("ZINTER 2 x y WEIGHTS 1 -1 AGGREGATE MIN WITHSCORES") == "c -20 b -10 ");
  sets.server.Run("ZADD p inf m");
  sets.server.Run("ZADD n -inf m");
  CHECK(sets.Run("ZUNION 2 p n WITHSCORES") == "m 0 ");
  CHECK(sets.Run("ZUNION 1 p WEIGHTS 0 WITHSCORES") == "m 0 ");
}

TEST_CASE("ZUNIONSTORE: replaces the target; an empty result deletes it") {
  TwoSets sets;
  CHECK(sets.server.Run("ZUNIONSTORE x 2 x y") == Integer(4));
  CHECK(sets.Run("ZRANGE x 0 -1") == "a b c d ");
  CHECK(sets.server.Run("ZINTERSTORE x 2 x nokey") == Integer(0));
  CHECK(sets.server.Run("SET x v NX") == "OK");
}

TEST_CASE("ZUNIONSTORE: a small result keeps no negative zero, a large one does") {
  TestServer server;
  std::vector<std::string> add{"ZADD", "large"};
  for (int i = 0; i < 200; ++i) {
    add.push_back("1");
    add.push_back("m" + std::to_string(i));
  }
  server.Run(add);
  server.Run("ZADD small 1 m0");
  server.Run("ZUNIONSTORE t 1 large WEIGHTS -0");
  CHECK(server.Run("ZSCORE t m0") == "-0");
  server.Run("ZUNIONSTORE t 1 small WEIGHTS -0");
  CHECK(server.Run("ZSCORE t m0") == "0");
}

TEST_CASE("ZINTERCARD: stops at LIMIT") {
  TwoSets sets;
  CHECK(sets.server.Run("ZINTERCARD 2 x y") == Integer(2));
  CHECK(sets.server.Run("ZINTERCARD 2 x y LIMIT 1") == Integer(1));
  CHECK(sets.server.Run("ZINTERCARD 2 x y LIMIT 0") == Integer(2));
  CHECK(sets.server.Run("ZINTERCARD 2 x y LIMIT -1") == "ERR LIMIT can't be negative");
}

TEST_CASE("ZUNION: errors, the wrong type before the options") {
  TwoSets sets;
  sets.server.Run("SET s v");
  CHECK(sets.Run("ZUNION 0 x") == "ERR at least 1 input key is needed for 'zunion' command");
  CHECK(sets.Run("ZUNION 3 x y") == "ERR syntax error");
  CHECK(sets.Run("ZUNION 1 s nonsense") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(sets.Run("ZUNION 1 x WEIGHTS w") == "ERR weight value is not a float");
  CHECK(sets.Run("ZDIFF 1 x WEIGHTS 1") == "ERR syntax error");
  CHECK(sets.Run("ZUNIONSTORE t 1 x WITHSCORES") == "ERR syntax error");
}

using Model = std::map<std::string, double>;

Model Fill(TestServer& server, const std::string& key, engine::Random& random) {
  Model model;
  std::vector<std::string> add{"ZADD", key};
  for (int i = 0; i < 400; ++i) {
    const std::string member = "m" + std::to_string(random.Below(600));
    const auto score = static_cast<double>(random.Below(50));
    model[member] = score;
    add.push_back(std::to_string(static_cast<int>(score)));
    add.push_back(member);
  }
  server.Run(add);
  return model;
}

TEST_CASE("ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE: agree with a model on large sets") {
  TestServer server;
  engine::Random random(TestSeed());
  const Model x = Fill(server, "x", random);
  const Model y = Fill(server, "y", random);
  Model expected_union = x;
  Model expected_both;
  Model expected_difference;
  for (const auto& [member, score] : y) expected_union[member] += score;
  for (const auto& [member, score] : x) {
    if (y.contains(member)) {
      expected_both[member] = score + y.at(member);
    } else {
      expected_difference[member] = score;
    }
  }
  const auto check = [&](const char* command, const Model& expected) {
    CAPTURE(command);
    CHECK(server.Run({command, "t", "2", "x", "y"}) == Integer(static_cast<int64_t>(expected.size())));
    for (const auto& [member, score] : expected) {
      CHECK(server.Run({"ZSCORE", "t", member}) == std::to_string(static_cast<int>(score)));
    }
  };
  check("ZUNIONSTORE", expected_union);
  check("ZINTERSTORE", expected_both);
  check("ZDIFFSTORE", expected_difference);
}

}  // namespace
}  // namespace usher::tests
