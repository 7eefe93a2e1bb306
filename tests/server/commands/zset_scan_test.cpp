// ZSCAN and ZRANDMEMBER through the dispatcher.
#include <doctest/doctest.h>

#include <set>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void Fill(TestServer& server, int members) {
  for (int i = 0; i < members; ++i) server.Run({"ZADD", "z", std::to_string(i), "m" + std::to_string(i)});
}

TEST_CASE("ZSCAN: a whole iteration reports every member with its score") {
  TestServer server;
  Fill(server, 1'000);
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const Reply reply = server.Run({"ZSCAN", "z", cursor, "COUNT", "50"});
    cursor = reply[0].text;
    for (size_t i = 0; i < reply[1].elements.size(); i += 2) {
      CHECK("m" + reply[1][i + 1].text == reply[1][i].text);
      seen.insert(reply[1][i].text);
    }
  } while (cursor != "0");
  CHECK(seen.size() == 1'000);
}

TEST_CASE("ZSCAN: MATCH filters, and any cursor is survived") {
  TestServer server;
  Fill(server, 1'000);
  const Reply all = server.Run("ZSCAN z 0 MATCH m99? COUNT 100000");
  CHECK(all[0] == "0");
  CHECK(all[1].elements.size() == 20);
  CHECK(server.Run("ZSCAN z 18446744073709551615").elements.size() == 2);
  CHECK(server.Run("ZSCAN z x") == "ERR invalid cursor");
}

TEST_CASE("ZSCAN: options of a missing key are not looked at") {
  TestServer server;
  CHECK(server.Run("ZSCAN nokey 0 COUNT x")[0] == "0");
  Fill(server, 1);
  CHECK(server.Run("ZSCAN z 0 COUNT x") == "ERR value is not an integer or out of range");
}

TEST_CASE("ZSCAN: scores as they are stored in each encoding") {
  TestServer server;
  server.Run("ZADD z 0.1 a 1e17 b -0 c");
  CHECK(server.Run("ZSCAN z 0")[1]["a"] == "0.1");
  CHECK(server.Run("ZSCAN z 0")[1]["b"] == "100000000000000000");
  CHECK(server.Run("ZSCAN z 0")[1]["c"] == "0");
  Fill(server, 200);
  const Reply all = server.Run("ZSCAN z 0 COUNT 1000");
  CHECK(all[1]["a"] == "0.10000000000000001");
  CHECK(all[1]["b"] == "1e+17");
}

TEST_CASE("ZRANDMEMBER: different members, or as many as asked for") {
  TestServer server;
  Fill(server, 300);
  for (const int count : {3, 200, 400}) {
    const Reply some = server.Run({"ZRANDMEMBER", "z", std::to_string(count)});
    std::set<std::string> different;
    for (const Reply& member : some.elements) different.insert(member.text);
    CHECK(different.size() == static_cast<size_t>(std::min(count, 300)));
  }
  CHECK(server.Run("ZRANDMEMBER z -1000").elements.size() == 1'000);
  CHECK(server.Run("ZRANDMEMBER z -3 WITHSCORES").elements.size() == 6);
  CHECK(server.Run("ZRANDMEMBER nokey").is_null());
  CHECK(server.Run("ZRANDMEMBER nokey 2").type == '*');
}

TEST_CASE("ZRANDMEMBER: errors") {
  TestServer server;
  CHECK(server.Run("ZRANDMEMBER z x") == "ERR value is not an integer or out of range");
  CHECK(server.Run("ZRANDMEMBER z 1 OTHER") == "ERR syntax error");
  CHECK(server.Run("ZRANDMEMBER z 9223372036854775807 WITHSCORES") == "ERR value is out of range");
}

}  // namespace
}  // namespace usher::tests
