// COMMAND: shapes of its replies, filters, key extraction, and every row beside Redis 7.2's published metadata.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "server/commands/command_docs.h"
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

/// A table of tests/data: its lines, by the names of its columns.
std::vector<std::map<std::string, std::string>> ReadTable(const std::string& name) {
  std::ifstream file(USHER_SOURCE_DIR "/tests/data/" + name);
  const auto fields_of = [](const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    return fields;
  };
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> columns = fields_of(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = fields_of(line);
    REQUIRE(fields.size() == columns.size());
    std::map<std::string, std::string>& row = rows.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) row[columns[i]] = fields[i];
  }
  return rows;
}

std::map<std::string, std::map<std::string, std::string>> ReadPublished() {
  std::map<std::string, std::map<std::string, std::string>> rows;
  for (auto& row : ReadTable("redis-7.2-commands.tsv")) rows[row["command"]] = row;
  REQUIRE(rows.size() > 300);
  return rows;
}

/// The commands that are not there yet.
std::set<std::string> ReadMissing() {
  std::set<std::string> names;
  for (auto& row : ReadTable("missing_commands.tsv")) {
    CHECK(row["reason"].size() > 5);
    CHECK(names.insert(row["command"]).second);
  }
  return names;
}

std::string ContainerOf(const std::string& name) {
  return name.substr(0, name.find('|'));
}

TEST_CASE("COMMAND INFO: every row has the arity, flags, keys, categories and group that Redis 7.2 publishes") {
  TestServer server;
  const auto check = [](const std::string& name, const char* field, const auto& ours, const auto& theirs) {
    INFO(name, " ", field);
    CHECK(ours == theirs);
  };
  const auto number = [](const Reply& reply) { return std::to_string(reply.integer); };
  size_t compared = 0;
  for (auto& [name, row] : ReadPublished()) {
    const CommandRow* const ours = CommandTable::Get().FindFull(name);
    if (ours == nullptr) continue;
    const Reply info = server.Run({"COMMAND", "INFO", name})[0];
    check(name, "name", info[0].text, name);
    check(name, "arity", number(info[1]), row["arity"]);
    check(name, "flags", Words(info[2]), SplitByComma(row["flags"]));
    check(name, "keys", number(info[3]) + ' ' + number(info[4]) + ' ' + number(info[5]),
          row["first_key"] + ' ' + row["last_key"] + ' ' + row["step"]);
    check(name, "categories", Words(info[6]), SplitByComma(row["acl_categories"]));
    check(name, "group", std::string(ours->group), row["group"]);
    const server::CommandDoc* const doc = server::FindCommandDoc(name);
    REQUIRE(doc != nullptr);
    check(name, "documented group", std::string(doc->group), row["group"]);
    check(name, "since", std::string(doc->since), row["since"]);
    ++compared;
  }
  CHECK(compared > 280);
}

TEST_CASE("CommandTable: what Redis 7.2 has and it lacks is listed in missing_commands.tsv, and nothing else is") {
  const std::set<std::string> missing = ReadMissing();
  const auto published = ReadPublished();
  for (const std::string& name : missing) {
    INFO(name);
    CHECK(published.contains(name));
    CHECK_MESSAGE(CommandTable::Get().FindFull(name) == nullptr, "it is there: take it out of missing_commands.tsv");
  }
  for (const auto& entry : published) {
    const auto& name = entry.first;
    if (CommandTable::Get().FindFull(name) != nullptr) continue;
    INFO(name);
    CHECK((missing.contains(name) || missing.contains(ContainerOf(name))));
  }
}

TEST_CASE("CommandTable: what Redis 7.2 does not have is the waiting room's") {
  const auto published = ReadPublished();
  for (const CommandRow& row : CommandTable::Get().rows()) {
    if (published.contains(std::string(row.spec->name)) || (row.spec->flags & server::kHidden) != 0) continue;
    INFO(row.spec->name);
    CHECK(row.group == "queue");
  }
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
