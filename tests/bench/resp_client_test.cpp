// Tests of bench/resp_client.
#include "bench/resp_client.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/support/test_seed.h"

using namespace usher::bench;

namespace {

/// A random reply as bytes.
std::string RandomReply(std::mt19937_64& random, int depth) {
  static const char kLineTypes[] = "+-:_#,(";
  const uint64_t kind = random() % (depth > 0 ? 10 : 8);
  if (kind < 4) {
    const char type = kLineTypes[random() % 7];
    return std::string(1, type) + (type == '_' ? "" : std::to_string(random() % 1'000)) + "\r\n";
  }
  if (kind < 8) {
    if (random() % 8 == 0) return random() % 2 == 0 ? "$-1\r\n" : "*-1\r\n";
    std::string body(random() % 40, 'x');
    for (char& c : body) c = "\r\n$*a"[random() % 5];  // a body may look like anything
    return "$" + std::to_string(body.size()) + "\r\n" + body + "\r\n";
  }
  const char type = "*%~>"[random() % 4];
  const uint64_t count = random() % 5;
  std::string reply = std::string(1, type) + std::to_string(count) + "\r\n";
  for (uint64_t i = 0; i < (type == '%' ? 2 * count : count); ++i) reply += RandomReply(random, depth - 1);
  return reply;
}

}  // namespace

TEST_CASE("AppendCommand: an array of bulk strings") {
  std::string out = "x";
  AppendCommand(out, {"SET", "key", ""});
  CHECK(out == "x*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n");
}

TEST_CASE("ReplyScanner: finds the end of random replies however they are cut") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  for (int round = 0; round < 2'000; ++round) {
    const std::string reply = RandomReply(random, 3);
    const std::string stream = reply + RandomReply(random, 1);
    ReplyScanner scanner;
    size_t seen = 0;
    ReplyScanner::Result result = ReplyScanner::Result::kIncomplete;
    while (result == ReplyScanner::Result::kIncomplete) {
      REQUIRE(seen < stream.size());
      seen = round % 2 == 0 ? seen + 1 : std::min<size_t>(stream.size(), seen + 1 + random() % 9);
      result = scanner.Scan(std::string_view(stream).substr(0, seen));
      if (seen < reply.size()) REQUIRE(result == ReplyScanner::Result::kIncomplete);
    }
    REQUIRE(result == ReplyScanner::Result::kComplete);
    REQUIRE(scanner.Length() == reply.size());
  }
}

TEST_CASE("ReplyScanner: rejects what is not RESP") {
  for (const char* bytes : {"hello\r\n", "\r\n", "$x\r\n", "$-2\r\n", "*1x\r\n", "?\r\n"}) {
    ReplyScanner scanner;
    CHECK(scanner.Scan(bytes) == ReplyScanner::Result::kBroken);
  }
}

TEST_CASE("ParseReply: every type") {
  CHECK(ParseReply("+OK\r\n").text == "OK");
  CHECK(ParseReply("-ERR no\r\n").IsError());
  CHECK(ParseReply(":-42\r\n").integer == -42);
  CHECK(ParseReply("$5\r\na\r\nbc\r\n").text == "a\r\nbc");
  CHECK(ParseReply("$-1\r\n").IsNull());
  CHECK(ParseReply("*-1\r\n").IsNull());
  CHECK(ParseReply("_\r\n").IsNull());
  CHECK(ParseReply("#t\r\n").integer == 1);
  CHECK(ParseReply(",1.5\r\n").text == "1.5");
  CHECK(ParseReply("=7\r\ntxt:abc\r\n").text == "abc");
  CHECK(ParseReply("*0\r\n").IsArray());
  const std::string map = "%2\r\n+status\r\n$3\r\nNEW\r\n+position\r\n:7\r\n";
  CHECK(ParseReply(map).Field("status").text == "NEW");
  CHECK(ParseReply(map).Field("position").integer == 7);
  CHECK(ParseReply(map).Field("token").IsNull());
  CHECK(ParseReply("|1\r\n+ttl\r\n:1\r\n*1\r\n:2\r\n").elements.at(0).integer == 2);
}
