// LCS through the dispatcher.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

size_t NaiveLength(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> table(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      table[i][j] = a[i - 1] == b[j - 1] ? table[i - 1][j - 1] + 1 : std::max(table[i - 1][j], table[i][j - 1]);
    }
  }
  return table[a.size()][b.size()];
}

bool IsSubsequence(const std::string& part, const std::string& whole) {
  size_t at = 0;
  for (const char c : whole) at += at < part.size() && part[at] == c ? 1 : 0;
  return at == part.size();
}

TEST_CASE("LCS: is a subsequence of both, of the length of a plain table") {
  TestServer server;
  engine::Random random(TestSeed());
  for (int round = 0; round < 200; ++round) {
    std::string a;
    std::string b;
    for (uint64_t i = random.Below(40); i > 0; --i) a += static_cast<char>('a' + random.Below(4));
    for (uint64_t i = random.Below(40); i > 0; --i) b += static_cast<char>('a' + random.Below(4));
    server.Run({"MSET", "a", a, "b", b});
    const std::string common = server.Run("LCS a b").text;
    CHECK(common.size() == NaiveLength(a, b));
    CHECK(IsSubsequence(common, a));
    CHECK(IsSubsequence(common, b));
    CHECK(server.Run("LCS a b LEN") == Integer(static_cast<int64_t>(common.size())));
  }
}

TEST_CASE("LCS: IDX lists the matches from the end, long enough ones only") {
  TestServer server;
  server.Run("MSET a ohmytext b mynewtext");
  const Reply all = server.Run("LCS a b IDX WITHMATCHLEN");
  CHECK(all["len"] == Integer(6));
  CHECK(all["matches"].elements.size() == 2);
  CHECK(all["matches"][size_t{0}][size_t{0}][size_t{0}] == Integer(4));
  CHECK(all["matches"][size_t{0}][1][1] == Integer(8));
  CHECK(all["matches"][size_t{0}][2] == Integer(4));
  CHECK(server.Run("LCS a b IDX MINMATCHLEN 4")["matches"].elements.size() == 1);
}

TEST_CASE("LCS: refuses what is no string, and LEN together with IDX") {
  TestServer server;
  server.Run("HSET h f v");
  CHECK(server.Run("LCS h a") == "ERR The specified keys must contain string values");
  CHECK(server.Run("LCS a b LEN IDX") == "ERR If you want both the length and indexes, please just use IDX.");
}

}  // namespace
}  // namespace usher::tests
