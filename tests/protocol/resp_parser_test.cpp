// RespParser: requests, errors and limits, whole and in every split.
#include "protocol/resp_parser.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tests/support/test_seed.h"

using namespace usher::protocol;

namespace {

using Args = std::vector<std::string>;

// All that a stream holds: its requests, then its error if there is one.
struct Parsed {
  std::vector<Args> requests;
  std::string error;
  size_t left = 0;  // bytes of the incomplete request at the end
  bool operator==(const Parsed&) const = default;
};

void Receive(ReadBuffer& buffer, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = buffer.Writable();
    const size_t taken = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), taken);
    buffer.Commit(taken);
    bytes.remove_prefix(taken);
  }
}

// Executes what the buffer holds, checking the bytes each request says it took. False after an error.
bool Drain(RespParser& parser, ReadBuffer& buffer, RequestBatch& batch, const Limits& limits, Parsed* parsed) {
  for (;;) {
    const ParseStatus status = parser.ParseBatch(buffer, batch, limits);
    size_t bytes = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      const Request request = batch[i];
      parsed->requests.emplace_back(request.args.begin(), request.args.end());
      bytes += request.bytes;
    }
    REQUIRE(bytes == batch.bytes());
    if (status == ParseStatus::kError) parsed->error = parser.error();
    if (status != ParseStatus::kReady) {
      REQUIRE(batch.empty());
      parsed->left = buffer.Unread().size();
      return status == ParseStatus::kNeedMore;
    }
    buffer.Consume(batch.bytes());
  }
}

Parsed Parse(const std::vector<std::string>& pieces, const Limits& limits = {}) {
  RespParser parser;
  ReadBuffer buffer;
  RequestBatch batch;
  Parsed parsed;
  for (const std::string& piece : pieces) {
    Receive(buffer, piece);
    if (!Drain(parser, buffer, batch, limits, &parsed)) break;
  }
  if (!parsed.error.empty()) parsed.left = 0;  // how much follows an error depends on the reads
  return parsed;
}

std::vector<std::string> ByteByByte(std::string_view stream) {
  std::vector<std::string> pieces;
  for (const char c : stream) pieces.emplace_back(1, c);
  return pieces;
}

std::string ErrorOf(const std::string& stream, const Limits& limits = {}) {
  const Parsed parsed = Parse({stream}, limits);
  if (stream.size() < 1000) CHECK(Parse(ByteByByte(stream), limits) == parsed);
  return parsed.error;
}

std::string Encode(const Args& args) {
  std::string text = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) text += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  return text;
}

}  // namespace

TEST_CASE("RespParser: a multibulk request becomes its arguments") {
  const std::vector<Args> requests = {{"SET", "k", std::string("a\r\nb\0", 5)}, {""}};
  CHECK(Parse({Encode(requests[0]) + Encode(requests[1])}).requests == requests);
}

TEST_CASE("RespParser: views point into the read buffer") {
  ReadBuffer buffer;
  RespParser parser;
  RequestBatch batch;
  Receive(buffer, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING x\r\n");
  REQUIRE(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kReady);
  REQUIRE(batch.size() == 2);
  const char* const start = buffer.Unread().data();
  CHECK(batch[0].args[0].data() == start + 8);
  CHECK(batch[1].args[1].data() == start + 25);
  CHECK(batch.bytes() == buffer.Unread().size());
}

TEST_CASE("RespParser: a batch ends at 32 requests") {
  ReadBuffer buffer;
  RespParser parser;
  RequestBatch batch;
  for (int i = 0; i < 40; ++i) Receive(buffer, "PING\r\n");
  REQUIRE(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kReady);
  CHECK(batch.size() == 32);
  CHECK(batch.bytes() == 32 * 6);
  buffer.Consume(batch.bytes());
  REQUIRE(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kReady);
  CHECK(batch.size() == 8);
}

TEST_CASE("RespParser: empty requests are skipped and counted") {
  CHECK(Parse({"*0\r\n*-1\r\n*-5\r\n\r\n\n  \t\r\nPING\r\n*0\r\n\n"}).requests == std::vector<Args>{{"PING"}});
  CHECK(Parse({"*0\r\n\r\n"}).left == 0);
  CHECK(Parse({"PING\n*0\r\n*1\r\n$4\r\nPI", "NG\r\n"}).requests == std::vector<Args>{{"PING"}, {"PING"}});
}

TEST_CASE("RespParser: the bytes after a length and after a bulk are not looked at") {
  CHECK(Parse({"*1\rx$4\r\rPINGxx*1\r\n$4\r\nPONG\r\n"}).requests == std::vector<Args>{{"PING"}, {"PONG"}});
}

TEST_CASE("RespParser: bad counts and lengths have Redis's texts") {
  const std::string bad_count = "Protocol error: invalid multibulk length";
  for (const char* text : {"", "+1", "01", "-0", "abc", "1 ", "2147483648", "99999999999999999999"}) {
    CHECK(ErrorOf(std::string("*") + text + "\r\n") == bad_count);
  }
  CHECK(ErrorOf("*2147483647\r\n").empty());
  const std::string bad_length = "Protocol error: invalid bulk length";
  for (const char* text : {"", "-1", "04", "+4", "4x", "536870913"}) {
    CHECK(ErrorOf(std::string("*1\r\n$") + text + "\r\n") == bad_length);
  }
  CHECK(ErrorOf("*1\r\n$536870912\r\n").empty());
  CHECK(ErrorOf("*1\r\n$5\r\n", {.proto_max_bulk_bytes = 4}) == bad_length);
  CHECK(ErrorOf("*1\r\n$5\r\nabcde\r\n", {.proto_max_bulk_bytes = 4}) == bad_length);
  CHECK(ErrorOf("*1\r\nXab\r\n") == "Protocol error: expected '$', got 'X'");
  CHECK(ErrorOf("*1\r\nXab\r").empty());
  CHECK(ErrorOf("*1\r\n\r\n") == "Protocol error: expected '$', got '\r'");
}

TEST_CASE("RespParser: a line ends within 64 KiB") {
  const auto many = [](size_t count, char c) { return std::string(count, c); };
  CHECK(ErrorOf(many(65536, 'a')).empty());
  CHECK(ErrorOf(many(65537, 'a')) == "Protocol error: too big inline request");
  CHECK(Parse({many(65536, 'a') + "\n"}).requests.size() == 1);
  CHECK(ErrorOf("*" + many(65535, '1')).empty());
  CHECK(ErrorOf("*" + many(65536, '1')) == "Protocol error: too big mbulk count string");
  CHECK(ErrorOf("*1\r\n" + many(65536, '$')).empty());
  CHECK(ErrorOf("*1\r\n" + many(65537, '$')) == "Protocol error: too big bulk count string");
}

TEST_CASE("RespParser: a line of more than 64 KiB is taken when one read brings it whole") {
  const std::string line(70'000, 'a');
  CHECK(Parse({line + "\n"}).requests.size() == 1);
  CHECK(Parse({line.substr(0, 60'000), line.substr(60'000) + "\n"}).requests.size() == 1);
  CHECK(Parse({line, "\n"}).error == "Protocol error: too big inline request");
  const std::string length(70'000, '1');
  CHECK(ErrorOf("*" + length + "\r\n") == "Protocol error: invalid multibulk length");
  CHECK(ErrorOf("*1\r\n$" + length + "\r\n") == "Protocol error: invalid bulk length");
}

TEST_CASE("RespParser: a NUL hides the end of its line") {
  const std::string nul(1, '\0');
  CHECK(Parse({"PI" + nul + "NG\r\nPING\r\n"}).requests.empty());
  CHECK(ErrorOf("*1" + nul + "\r\n").empty());
  CHECK(ErrorOf("*1\r\n" + nul + "ab\r\n").empty());
  CHECK(ErrorOf("a" + nul + std::string(65536, '\n')) == "Protocol error: too big inline request");
}

TEST_CASE("RespParser: an unauthenticated client is held to small requests, one at a time") {
  const Limits limits{.authenticated = false};
  CHECK(ErrorOf("*10\r\n", limits).empty());
  CHECK(ErrorOf("*11\r\n", limits) == "Protocol error: unauthenticated multibulk length");
  CHECK(ErrorOf("*1\r\n$16384\r\n", limits).empty());
  CHECK(ErrorOf("*1\r\n$16385\r\n", limits) == "Protocol error: unauthenticated bulk length");
  ReadBuffer buffer;
  RespParser parser;
  RequestBatch batch;
  Receive(buffer, "AUTH x\r\n*11\r\n$1\r\na\r\n");
  REQUIRE(parser.ParseBatch(buffer, batch, limits) == ParseStatus::kReady);
  CHECK(batch.size() == 1);
  buffer.Consume(batch.bytes());
  CHECK(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kNeedMore);
}

TEST_CASE("RespParser: requests before a bad one are delivered first") {
  const Parsed parsed = Parse({"PING\r\n*0\r\n*2\r\n$4\r\nECHO\r\nx\r\n"});
  CHECK(parsed.requests == std::vector<Args>{{"PING"}});
  CHECK(parsed.error == "Protocol error: expected '$', got 'x'");
}

TEST_CASE("RespParser: Restart finds the requests that were not executed again") {
  ReadBuffer buffer;
  RespParser parser;
  RequestBatch batch;
  Receive(buffer, "A\r\nB\r\n*2\r\n$1\r\nC\r\n$1");
  REQUIRE(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kReady);
  buffer.Consume(batch[0].bytes);
  parser.Restart();
  REQUIRE(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kReady);
  CHECK(batch.size() == 1);
  CHECK(batch[0].args[0] == "B");
  buffer.Consume(batch.bytes());
  Receive(buffer, "\r\nD\r\n");
  REQUIRE(parser.ParseBatch(buffer, batch, {}) == ParseStatus::kReady);
  CHECK(batch[0].args[1] == "D");
}

TEST_CASE("RespParser: inline commands are unquoted, and bad quotes an error") {
  const std::vector<Args> requests = {{"SET", "k", "a\nb"}, {"PING"}};
  CHECK(Parse({"SET k \"a\\nb\"\r\nPING\n"}).requests == requests);
  CHECK(ErrorOf("PING\r\nECHO \"a\r\n") == "Protocol error: unbalanced quotes in request");
}

TEST_CASE("RespParser: a big bulk in pieces takes one buffer of its size") {
  ReadBuffer buffer;
  RespParser parser;
  RequestBatch batch;
  const std::string value(5'000'000, 'v');
  const std::string stream = Encode({"SET", "k", value});
  std::string_view rest = stream;
  ParseStatus status = ParseStatus::kNeedMore;
  while (!rest.empty()) {
    const auto room = buffer.Writable();
    REQUIRE(!room.empty());
    const size_t taken = std::min({room.size(), rest.size(), size_t{50'000}});
    std::memcpy(room.data(), rest.data(), taken);
    buffer.Commit(taken);
    rest.remove_prefix(taken);
    status = parser.ParseBatch(buffer, batch, {});
  }
  REQUIRE(status == ParseStatus::kReady);
  CHECK(batch[0].args[2] == value);
  CHECK(buffer.capacity() == stream.size());
  buffer.Consume(batch.bytes());
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("RespParser: any split of a stream gives the same requests") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  const auto pick = [&random](size_t below) { return static_cast<size_t>(random() % below); };
  const std::vector<std::string> oddities = {"*0\r\n", "\r\n", "*-1\r\n", "ECHO \"a b\" 'c'\n", "PING\r\n", "  \n"};
  const std::vector<std::string> bad = {"*x\r\n", "*1\r\n$-1\r\n", "ECHO \"\n", "*1\r\nabc\r\n", "*1", "*2\r\n$1\r\n"};
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    const size_t requests = pick(60);
    for (size_t i = 0; i < requests; ++i) {
      if (pick(4) == 0) {
        stream += oddities[pick(oddities.size())];
        continue;
      }
      Args args(1 + pick(5));
      for (std::string& arg : args) arg.assign(pick(20) == 0 ? pick(50'000) : pick(12), static_cast<char>(pick(256)));
      stream += Encode(args);
    }
    if (pick(2) == 0) stream += bad[pick(bad.size())];
    std::vector<std::string> pieces;
    const size_t piece_max = size_t{1} << pick(15);
    for (size_t at = 0; at < stream.size(); at += pieces.back().size()) {
      pieces.push_back(stream.substr(at, 1 + pick(piece_max)));
    }
    REQUIRE(Parse(pieces) == Parse({stream}));
  }
}
