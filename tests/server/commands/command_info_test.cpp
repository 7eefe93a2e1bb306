// COMMAND: shapes of its replies, filters, key extraction, and every row beside Redis 7.2's published metadata.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "server/commands/command_reply.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using server::CommandRow;
using server::CommandTable;

std::set<std::string> Words(const Reply& reply) {
  std::set<std::string> words;
  for (const Reply& element : reply.elements) words.insert(element.text);
  return words;
}

std::set<std::string> SplitByComma(const std::string& text) {
  std::set<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.insert(word);
  return words;
}

/// A line of redis-7.2-commands.tsv.
struct Published {
  std::string name, arity, flags, first_key, last_key, step, categories;
};

std::vector<Published> ReadPublished() {
  std::ifstream file(USHER_SOURCE_DIR "/tests/data/redis-7.2-commands.tsv");
  std::vector<Published> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Published row;
    for (std::string* field :
         {&row.name, &row.arity, &row.flags, &row.first_key, &row.last_key, &row.step, &row.categories}) {
      std::getline(fields, *field, '\t');
    }
    rows.push_back(row);
  }
  return rows;
}

/// Differences from the published list that are meant, with the reason.
const std::map<std::pair<std::string, std::string>, std::string> kDeliberate = {};

/// Our row as the list would have it.
Published OurRow(const Reply& info) {
  const auto joined = [](const std::set<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
  };
  const auto number = [](const Reply& reply) { return std::to_string(reply.integer); };
  return {info[0].text,    number(info[1]), joined(Words(info[2])), number(info[3]),
          number(info[4]), number(info[5]), joined(Words(info[6]))};
}

TEST_CASE("COMMAND INFO: every row has the arity, flags, keys and categories that Redis 7.2 publishes") {
  TestServer server;
  const std::vector<Published> published = ReadPublished();
  REQUIRE(published.size() > 300);
  const auto check = [](const Published& row, const char* field, const auto& ours, const auto& theirs) {
    if (kDeliberate.contains({row.name, field})) return;
    INFO(row.name, " ", field);
    CHECK(ours == theirs);
  };
  size_t compared = 0;
  for (const Published& row : published) {
    if (CommandTable::Get().FindFull(row.name) == nullptr) continue;
    const Published ours = OurRow(server.Run({"COMMAND", "INFO", row.name})[0]);
    check(row, "arity", ours.arity, row.arity);
    check(row, "flags", SplitByComma(ours.flags), SplitByComma(row.flags));
    check(row, "keys", ours.first_key + ' ' + ours.last_key + ' ' + ours.step,
          row.first_key + ' ' + row.last_key + ' ' + row.step);
    check(row, "categories", SplitByComma(ours.categories), SplitByComma(row.categories));
    ++compared;
  }
  CHECK(compared > 10);
}

TEST_CASE("COMMAND INFO: unknown names are null, subcommands are found in full") {
  TestServer server;
  const Reply reply = server.Run("COMMAND INFO get nosuch CONFIG|GET config|nosuch");
  REQUIRE(reply.elements.size() == 4);
  CHECK(reply[0][0] == "get");
  CHECK(reply[1].is_null());
  CHECK(reply[2][0] == "config|get");
  CHECK(reply[3].is_null());
  CHECK(server.Run("COMMAND INFO config")[0][9].elements.size() == 5);
}

TEST_CASE("COMMAND: COUNT, the bare name and LIST agree") {
  TestServer server;
  const auto count = static_cast<size_t>(server.Run("COMMAND COUNT").integer);
  CHECK(server.Run("COMMAND").elements.size() == count);
  CHECK(server.Run("COMMAND INFO").elements.size() == count);
  const Reply list = server.Run("COMMAND LIST");
  const auto rows = CommandTable::Get().rows();
  const auto hidden =
      std::ranges::count_if(rows, [](const CommandRow& row) { return (row.spec->flags & server::kHidden) != 0; });
  CHECK(list.elements.size() + static_cast<size_t>(hidden) == rows.size());
  CHECK(server.Run("COMMAND DOCS").elements.size() == 2 * count);
}

TEST_CASE("COMMAND LIST: filters") {
  TestServer server;
  CHECK(Words(server.Run("COMMAND LIST FILTERBY PATTERN CONFIG|r*")) ==
        std::set<std::string>{"config|resetstat", "config|rewrite"});
  CHECK(Words(server.Run("COMMAND LIST FILTERBY ACLCAT String")).contains("get"));
  CHECK(server.Run("COMMAND LIST FILTERBY ACLCAT nosuch").elements.empty());
  CHECK(server.Run("COMMAND LIST FILTERBY MODULE m").elements.empty());
  CHECK(server.Run("COMMAND LIST FILTERBY FOO x") == "ERR syntax error");
  CHECK(server.Run("COMMAND LIST FILTERBY") == "ERR syntax error");
}

TEST_CASE("COMMAND DOCS: known commands only") {
  TestServer server;
  CHECK(server.Run("COMMAND DOCS get nosuch")["get"]["group"] == "string");
  CHECK(server.Run("COMMAND DOCS nosuch").elements.empty());
}

TEST_CASE("COMMAND GETKEYS: names the keys or says why not") {
  TestServer server;
  CHECK(server.Run("COMMAND GETKEYS SET a b")[0] == "a");
  CHECK(server.Run("COMMAND GETKEYS NOSUCH a") == "ERR Invalid command specified");
  CHECK(server.Run("COMMAND GETKEYS COMMAND COUNT") == "ERR The command has no key arguments");
  CHECK(server.Run("COMMAND GETKEYS GET") == "ERR Invalid number of arguments specified for command");
  CHECK(server.Run("COMMAND GETKEYS") == "ERR wrong number of arguments for 'command|getkeys' command");
}

TEST_CASE("COMMAND GETKEYSANDFLAGS: names what happens to each key") {
  TestServer server;
  const Reply reply = server.Run("COMMAND GETKEYSANDFLAGS GET a");
  CHECK(reply[0][0] == "a");
  CHECK(Words(reply[0][1]) == std::set<std::string>{"RO", "access"});
}

TEST_CASE("COMMAND GETKEYSANDFLAGS: SET reads the key only with GET") {
  TestServer server;
  const auto flags = [&](const std::string& line) {
    return Words(server.Run("COMMAND GETKEYSANDFLAGS " + line)[0][1]);
  };
  CHECK(flags("SET k v") == std::set<std::string>{"OW", "update"});
  CHECK(flags("SET k GET EX 10") == std::set<std::string>{"OW", "update"});
  CHECK(flags("SET k v EX 10 get") == std::set<std::string>{"RW", "access", "update"});
}

TEST_CASE("LegacyKeyRangeOf: joins neighbours and stops at what it cannot say") {
  using server::KeyCount;
  using server::KeyRange;
  using server::LegacyKeyRangeOf;
  const auto text = [](server::KeySpecs keys) {
    const auto range = LegacyKeyRangeOf({.name = "x", .keys = keys});
    return std::to_string(range.first) + ' ' + std::to_string(range.last) + ' ' + std::to_string(range.step);
  };
  CHECK(text(server::NoKeys()) == "0 0 0");
  CHECK(text(server::OneKey(0, 2)) == "2 2 1");
  CHECK(text(server::Keys(KeyRange(0, 1, 1), KeyRange(0, 2, -1))) == "1 -1 1");
  CHECK(text(server::Keys(KeyRange(0, 1, -1, 2))) == "1 -1 2");
  CHECK(text(server::Keys(KeyRange(0, 1, 1), KeyCount(0, 2))) == "1 1 1");
  CHECK(text(server::Keys(KeyCount(0, 1))) == "0 0 0");
}

}  // namespace
}  // namespace usher::tests
