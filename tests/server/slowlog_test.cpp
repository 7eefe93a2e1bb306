// Slowlog: order, length, and how arguments are cut.
#include "server/slowlog.h"

#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::server {
namespace {

TEST_CASE("Slowlog: keeps the newest entries, newest first") {
  tests::TestServer server;
  const auto client = server.server().clients().All().front();
  Slowlog log;
  for (int i = 0; i < 5; ++i) log.Post({0, 0, i, {"PING"}, {}, {}}, client);
  CHECK(log.size() == 0);
  log.Collect(3);
  REQUIRE(log.size() == 3);
  const auto entries = log.Newest(2);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].id == 4);
  CHECK(entries[0].duration_us == 4);
  CHECK(entries[1].id == 3);
  log.Reset();
  CHECK(log.size() == 0);
  log.Post({}, client);
  log.Collect(3);
  CHECK(log.Newest(9).front().id == 5);
}

TEST_CASE("Slowlog: long arguments and long lists say what is missing") {
  const std::string big(200, 'x');
  const std::vector<std::string_view> args = {"SET", big};
  CHECK(Slowlog::Shorten(args) == std::vector<std::string>{"SET", std::string(128, 'x') + "... (72 more bytes)"});
  const std::vector<std::string_view> exact(32, "a");
  CHECK(Slowlog::Shorten(exact).size() == 32);
  const std::vector<std::string_view> many(40, "a");
  CHECK(Slowlog::Shorten(many).size() == 32);
  CHECK(Slowlog::Shorten(many).back() == "... (9 more arguments)");
}

}  // namespace
}  // namespace usher::server
