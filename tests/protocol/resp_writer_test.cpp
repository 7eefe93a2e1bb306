// RespWriter and ReplyBuffer: exact bytes of both protocol versions, deferred headers, partial sends, memory.
#include "protocol/resp_writer.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <random>
#include <string>

#include "tests/support/test_seed.h"

using namespace usher::protocol;

namespace {

std::string Written(RespVersion version, const std::function<void(ReplySink&)>& write) {
  ReplyBuffer buffer;
  RespWriter writer(buffer, version);
  write(writer);
  return std::string(buffer.Pending());
}

void CheckBoth(const std::function<void(ReplySink&)>& write, const std::string& resp2, const std::string& resp3) {
  CHECK(Written(RespVersion::kResp2, write) == resp2);
  CHECK(Written(RespVersion::kResp3, write) == resp3);
}

void CheckSame(const std::function<void(ReplySink&)>& write, const std::string& bytes) {
  CheckBoth(write, bytes, bytes);
}

// A random nested value, with the bytes that a writer told all lengths beforehand would give.
std::string WriteRandom(std::mt19937_64& random, ReplySink& sink, int depth) {
  if (depth == 0 || random() % 3 == 0) {
    const std::string text(random() % 300, 'x');
    sink.Bulk(text);
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
  const size_t elements = random() % (random() % 8 == 0 ? 1200 / static_cast<size_t>(depth * depth) : 12);
  const ReplySink::Deferred start = sink.BeginDeferred();
  std::string body;
  for (size_t i = 0; i < elements; ++i) body += WriteRandom(random, sink, depth - 1);
  sink.EndArray(start, elements);
  return "*" + std::to_string(elements) + "\r\n" + body;
}

}  // namespace

TEST_CASE("RespWriter: simple values have the bytes of redis-server") {
  CheckSame([](ReplySink& s) { s.Ok(); }, "+OK\r\n");
  CheckSame([](ReplySink& s) { s.SimpleString(""); }, "+\r\n");
  CheckSame([](ReplySink& s) { s.Bulk("Hello World"); }, "$11\r\nHello World\r\n");
  CheckSame([](ReplySink& s) { s.Bulk(""); }, "$0\r\n\r\n");
  CheckBoth([](ReplySink& s) { s.Null(); }, "$-1\r\n", "_\r\n");
  CheckBoth([](ReplySink& s) { s.NullArray(); }, "*-1\r\n", "_\r\n");
  CheckBoth([](ReplySink& s) { s.Boolean(true); }, ":1\r\n", "#t\r\n");
  CheckBoth([](ReplySink& s) { s.Boolean(false); }, ":0\r\n", "#f\r\n");
  CheckBoth([](ReplySink& s) { s.BigNumber("1234567999999999999999999999999999999"); },
            "$37\r\n1234567999999999999999999999999999999\r\n", "(1234567999999999999999999999999999999\r\n");
  CheckBoth([](ReplySink& s) { s.Verbatim("txt", "This is a verbatim\nstring"); },
            "$25\r\nThis is a verbatim\nstring\r\n", "=29\r\ntxt:This is a verbatim\nstring\r\n");
}

TEST_CASE("RespWriter: integers of every length") {
  for (const int64_t value :
       {int64_t{0}, int64_t{1}, int64_t{9}, int64_t{10}, int64_t{99}, int64_t{100}, int64_t{-1}, int64_t{12345},
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    CheckSame([value](ReplySink& s) { s.Integer(value); }, ":" + std::to_string(value) + "\r\n");
  }
}

TEST_CASE("RespWriter: doubles") {
  CheckBoth([](ReplySink& s) { s.Double(3.141); }, "$5\r\n3.141\r\n", ",3.141\r\n");
  CheckBoth([](ReplySink& s) { s.Double(-7); }, "$2\r\n-7\r\n", ",-7\r\n");
  const double infinity = std::numeric_limits<double>::infinity();
  CheckBoth([=](ReplySink& s) { s.Double(infinity); }, "$3\r\ninf\r\n", ",inf\r\n");
  CheckBoth([=](ReplySink& s) { s.Double(-infinity); }, "$4\r\n-inf\r\n", ",-inf\r\n");
  CheckBoth([](ReplySink& s) { s.Double(std::numeric_limits<double>::quiet_NaN()); }, "$3\r\nnan\r\n", ",nan\r\n");
}

TEST_CASE("RespWriter: an error is one line") {
  CheckSame([](ReplySink& s) { s.Error("ERR syntax error"); }, "-ERR syntax error\r\n");
  CheckSame([](ReplySink& s) { s.Error("ERR a\r\nb\r\n\n"); }, "-ERR a  b\r\n");
}

TEST_CASE("RespWriter: aggregates are flat arrays in RESP2") {
  CheckSame([](ReplySink& s) { s.Array(3); }, "*3\r\n");
  CheckSame([](ReplySink& s) { s.Array(0); }, "*0\r\n");
  CheckSame([](ReplySink& s) { s.Array(1234567); }, "*1234567\r\n");
  CheckBoth([](ReplySink& s) { s.Map(60); }, "*120\r\n", "%60\r\n");
  CheckBoth([](ReplySink& s) { s.Set(3); }, "*3\r\n", "~3\r\n");
  CheckBoth([](ReplySink& s) { s.Push(2); }, "*2\r\n", ">2\r\n");
  CheckBoth([](ReplySink& s) { s.Attribute(1); }, "", "|1\r\n");
}

TEST_CASE("RespWriter: the version changes between values") {
  ReplyBuffer buffer;
  RespWriter writer(buffer);
  writer.Null();
  writer.set_version(RespVersion::kResp3);
  writer.Null();
  CHECK(buffer.Pending() == "$-1\r\n_\r\n");
}

TEST_CASE("RespWriter: deferred maps and sets take the type of their version") {
  const auto write = [](ReplySink& s) {
    s.Integer(5);
    const auto map = s.BeginDeferred();
    s.Bulk("k");
    const auto set = s.BeginDeferred();
    s.EndSet(set, 0);
    s.EndMap(map, 1);
    s.Integer(6);
  };
  CheckBoth(write, ":5\r\n*2\r\n$1\r\nk\r\n*0\r\n:6\r\n", ":5\r\n%1\r\n$1\r\nk\r\n~0\r\n:6\r\n");
}

TEST_CASE("RespWriter: nested deferred arrays of any length equal announced ones") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  for (int round = 0; round < 200; ++round) {
    ReplyBuffer buffer;
    RespWriter writer(buffer);
    writer.Ok();
    const std::string body = WriteRandom(random, writer, 3);
    writer.Ok();
    REQUIRE(std::string(buffer.Pending()) == "+OK\r\n" + body + "+OK\r\n");
  }
}

TEST_CASE("ReplyBuffer: partial sends keep the rest in order") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  ReplyBuffer buffer;
  std::string model;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      const std::string text(random() % 400, static_cast<char>('a' + random() % 26));
      buffer.Append(text);
      model += text;
    } else {
      const size_t sent = random() % 4 == 0 ? model.size() : random() % (model.size() + 1);
      buffer.MarkSent(sent);
      model.erase(0, sent);
    }
    REQUIRE(buffer.Pending() == model);
  }
  buffer.Append("12345");
  buffer.Truncate(model.size() + 2);
  CHECK(buffer.Pending() == model + "12");
}

TEST_CASE("ReplyBuffer: memory starts lazily, stays while small, goes when giant or released") {
  ReplyBuffer buffer;
  CHECK(buffer.capacity() == 0);
  buffer.Append("x");
  CHECK(buffer.capacity() == 1024);
  buffer.ReleaseIfEmpty();
  CHECK(buffer.capacity() == 1024);
  buffer.MarkSent(1);
  CHECK(buffer.capacity() == 1024);
  buffer.Append(std::string(1'000'000, 'x'));
  CHECK(buffer.capacity() >= 1'000'000);
  buffer.MarkSent(1'000'000);
  CHECK(buffer.capacity() == 0);
  buffer.Append("y");
  ReplyBuffer taken = std::move(buffer);
  CHECK(taken.Pending() == "y");
  taken.MarkSent(1);
  taken.ReleaseIfEmpty();
  CHECK(taken.capacity() == 0);
}
