// What the commands are. That they make the same data again is tested in tests/server/aof_test.cpp and by the suite
// `aof`.
#include "engine/command_encode.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/zset.h"

namespace usher::engine {
namespace {

struct TextSink : RdbSink {
  bool Write(std::string_view bytes) override {
    text += bytes;
    return !fails;
  }
  std::string text;
  bool fails = false;
};

/// RESP commands as lines of words.
std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  const auto take_number = [&text] {
    const size_t number = std::strtoul(text.data() + 1, nullptr, 10);
    text.remove_prefix(text.find('\n') + 1);
    return number;
  };
  while (!text.empty()) {
    REQUIRE(text.front() == '*');
    std::string line;
    for (size_t words = take_number(); words > 0; --words) {
      const size_t size = take_number();
      line += (line.empty() ? "" : " ") + std::string(text.substr(0, size));
      text.remove_prefix(size + 2);
    }
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> Encoded(EntryBuilder value, int64_t expiry_ms = kNoExpiry) {
  OwnedEntry entry(std::move(value).Build("k", expiry_ms));
  TextSink sink;
  CommandEncoder encoder(sink);
  encoder.Key(3, "k", entry.entry());
  REQUIRE(encoder.Finish());
  std::vector<std::string> lines = Lines(sink.text);
  REQUIRE(!lines.empty());
  CHECK(lines.front() == "SELECT 3");
  lines.erase(lines.begin());
  return lines;
}

using Expected = std::vector<std::string>;

TEST_CASE("CommandEncoder: a command makes the value, another one its expiry") {
  CHECK(Encoded(EntryBuilder::String("text"), 1234) == Expected{"SET k text", "PEXPIREAT k 1234"});
  Hash hash;
  hash.Set("f", "v", {});
  CHECK(Encoded(EntryBuilder::Value(hash)) == Expected{"HSET k f v"});
  Set set;
  set.Add("17", {});
  CHECK(Encoded(EntryBuilder::Value(set)) == Expected{"SADD k 17"});
  Zset zset;
  zset.Add("a", 0.5, {});
  zset.Add("b", HUGE_VAL, {});
  CHECK(Encoded(EntryBuilder::Value(zset)) == Expected{"ZADD k 0.5 a inf b"});
}

TEST_CASE("CommandEncoder: 64 elements to a command") {
  List list;
  for (int i = 0; i < 130; ++i) {
    list.PrepareToGrow(1, 1, {});
    list.Push(ListEnd::kTail, "x", {});
  }
  const std::vector<std::string> lines = Encoded(EntryBuilder::Value(list));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].size() == std::string("RPUSH k").size() + 2 * 64);
  CHECK(lines[1] == lines[0]);
  CHECK(lines[2] == "RPUSH k x x");
}

TEST_CASE("CommandEncoder: databases are selected as they change, and functions come as they are") {
  OwnedEntry entry(EntryBuilder::String("v").Build("k", kNoExpiry));
  TextSink sink;
  CommandEncoder encoder(sink);
  encoder.Function("code");
  encoder.Key(0, "k", entry.entry());
  encoder.Key(0, "l", entry.entry());
  encoder.Key(1, "k", entry.entry());
  CHECK(encoder.Finish());
  CHECK(Lines(sink.text) == Expected{"FUNCTION LOAD code", "SELECT 0", "SET k v", "SET l v", "SELECT 1", "SET k v"});
}

TEST_CASE("CommandEncoder: a time is a comment") {
  TextSink sink;
  CommandEncoder encoder(sink);
  encoder.Time(17);
  CHECK(encoder.Finish());
  CHECK(sink.text == "#TS:17\r\n");
}

TEST_CASE("CommandEncoder: what was deleted and is pending still is so again") {
  Stream stream;
  const auto id = [](uint64_t ms) { return StreamId{ms, 0}; };
  for (const uint64_t ms : {2, 3, 4, 5}) {
    const std::string_view fields[] = {"f", "v"};
    REQUIRE(stream.Add({id(ms), true, true}, fields, 0, {}));
  }
  StreamGroup* const group = stream.CreateGroup("g", id(4), 3);
  StreamConsumer* const consumer = group->CreateConsumer("c", 0);
  group->CreateConsumer("idle", 0);
  for (const uint64_t ms : {2, 3, 4}) group->Assign({id(ms), 77, 5, consumer});
  stream.Trim({.by = StreamTrim::By::kLength, .length_max = 3});
  const StreamId deleted[] = {id(4)};
  stream.Delete(deleted);
  const auto claim = [](int ms) {
    return "XCLAIM k g c 0 " + std::to_string(ms) + "-0 TIME 77 RETRYCOUNT 5 JUSTID FORCE";
  };
  CHECK(Encoded(EntryBuilder::Value(stream)) ==
        Expected{"XADD k 2-0  ", "XADD k 3-0 f v", "XADD k 4-0  ", "XADD k 5-0 f v",
                 "XGROUP CREATE k g 4-0 ENTRIESREAD 3", "XGROUP CREATECONSUMER k g idle", claim(2), claim(3), claim(4),
                 "XTRIM k MINID 3-0", "XDEL k 4-0", "XSETID k 5-0 ENTRIESADDED 4 MAXDELETEDID 4-0"});
}

TEST_CASE("CommandEncoder: a stream without entries") {
  Stream stream;
  stream.Create();
  CHECK(Encoded(EntryBuilder::Value(stream)) == Expected{"XADD k MAXLEN 0 0-1  ", "XSETID k 0-0 ENTRIESADDED 0"});
}

TEST_CASE("CommandEncoder: a sink that fails is not asked again") {
  OwnedEntry entry(EntryBuilder::String("v").Build("k", kNoExpiry));
  TextSink sink;
  sink.fails = true;
  CommandEncoder encoder(sink);
  encoder.Key(0, "k", entry.entry());
  CHECK_FALSE(encoder.Finish());
  const size_t written = sink.text.size();
  encoder.Key(1, "k", entry.entry());
  CHECK_FALSE(encoder.Finish());
  CHECK(sink.text.size() == written);
}

}  // namespace
}  // namespace usher::engine
