// COMMAND DOCS: lookup, the supplement, and every entry against a real redis-server.
#include "server/commands/command_docs.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "protocol/resp_writer.h"
#include "tests/support/redis_oracle.h"

namespace usher::server {
namespace {

using protocol::RespVersion;

bool ShowAll(std::string_view) {
  return true;
}
bool ShowNone(std::string_view) {
  return false;
}
bool ShowOldOnly(std::string_view name) {
  return !FindCommandDoc(name)->is_supplement;
}

// A whole COMMAND DOCS reply about one command.
std::string Entry(std::string_view name, RespVersion version, IsShownSubcommand is_shown) {
  const CommandDoc* doc = FindCommandDoc(name);
  REQUIRE(doc != nullptr);
  protocol::ReplyBuffer buffer;
  protocol::RespWriter writer(buffer, version);
  writer.Map(1);
  writer.Bulk(doc->name);
  WriteCommandDoc(*doc, is_shown, writer);
  return std::string(buffer.Pending());
}

std::vector<std::string> SortedLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

// The names in a reply of COMMAND LIST.
std::vector<std::string> ListedNames(const std::string& reply) {
  std::vector<std::string> names;
  std::istringstream stream(reply);
  for (std::string line; std::getline(stream, line);) {
    line.pop_back();
    if (!line.empty() && line[0] != '*' && line[0] != '$' && line[0] != '~') names.push_back(line);
  }
  return names;
}

TEST_CASE("CommandDocs: names are found in full and in any case") {
  REQUIRE(FindCommandDoc("GET") != nullptr);
  CHECK(FindCommandDoc("GET")->name == "get");
  CHECK(FindCommandDoc("Config|Get")->group == "server");
  CHECK(FindCommandDoc("config|") == nullptr);
  CHECK(FindCommandDoc("nosuch") == nullptr);
}

TEST_CASE("CommandDocs: the supplement documents 7.2 and the waiting room") {
  for (const char* name : {"client|setinfo", "client|no-touch", "waitaof", "cluster|myshardid", "enterqueue",
                           "moveactive", "queue", "queue|status", "queue|wait", "queue|config", "claimstock"}) {
    CAPTURE(name);
    REQUIRE(FindCommandDoc(name) != nullptr);
    CHECK(FindCommandDoc(name)->is_supplement);
  }
  CHECK(Entry("zrank", RespVersion::kResp2, ShowAll).find("WITHSCORE") != std::string::npos);
  CHECK(Entry("queue", RespVersion::kResp3, ShowAll).find("queue|leave") != std::string::npos);
}

TEST_CASE("CommandDocs: subcommands that the table does not have are not shown") {
  CHECK(Entry("config", RespVersion::kResp3, ShowNone).find("subcommands") == std::string::npos);
}

TEST_CASE("CommandDocs: every entry of redis-server is replied byte for byte") {
  tests::RedisOracle redis;
  if (!redis.available()) {
    MESSAGE("no redis-server here: nothing compared");
    return;
  }
  size_t compared = 0;
  for (const RespVersion version : {RespVersion::kResp2, RespVersion::kResp3}) {
    redis.Call(version == RespVersion::kResp2 ? "HELLO 2" : "HELLO 3");
    for (const std::string& name : ListedNames(redis.Call("COMMAND LIST"))) {
      CAPTURE(name);
      REQUIRE(FindCommandDoc(name) != nullptr);
      const std::string theirs = redis.Call("COMMAND DOCS " + name);
      const bool is_container = theirs.find("\r\nsubcommands\r\n") != std::string::npos;
      if (FindCommandDoc(name)->is_supplement) continue;
      const std::string ours = Entry(name, version, ShowOldOnly);
      ++compared;
      if (!is_container) {
        CHECK(ours == theirs);
        continue;
      }
      const std::vector<std::string> subs = ListedNames(redis.Call("COMMAND LIST FILTERBY PATTERN " + name + "|*"));
      const auto is_other = [](const std::string& sub) { return FindCommandDoc(sub)->is_supplement; };
      if (std::ranges::none_of(subs, is_other)) {
        CHECK(SortedLines(ours) == SortedLines(theirs));  // a container's subcommands come in the order of a hash table
      }
      for (const std::string& sub : subs) {
        CAPTURE(sub);
        if (is_other(sub)) continue;
        CHECK(Entry(sub, version, ShowOldOnly) == redis.Call("COMMAND DOCS " + sub));
        ++compared;
      }
    }
  }
  CHECK(compared > 600);
}

}  // namespace
}  // namespace usher::server
