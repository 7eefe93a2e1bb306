// Sets as a whole and at random through the dispatcher.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "engine/journal.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::set<std::string> Texts(const Reply& reply) {
  std::set<std::string> texts;
  for (const Reply& element : reply.elements) texts.insert(element.text);
  CHECK(texts.size() == reply.elements.size());
  return texts;
}

void AddMany(TestServer& server, int count) {
  for (int i = 0; i < count; ++i) server.Run("SADD s m" + std::to_string(i));
}

/// What a command leaves in the journal, as words.
std::string JournalOf(TestServer& server, std::string_view command) {
  const engine::Journal& journal = *server.server().engine().journal();
  const uint64_t before = journal.position();
  server.Run(command);
  std::string words;
  journal.Read(before, [&](const engine::Journal::RecordInfo&, std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find("\r\n", at);
      if (text[at] != '*' && text[at] != '$') words += std::string(text.substr(at, end - at)) + ' ';
      at = end + 2;
    }
    return true;
  });
  return words;
}

TEST_CASE("SMEMBERS: an array in RESP2, a set in RESP3") {
  TestServer server;
  server.Run("SADD s 2 1");
  CHECK(server.Run("SMEMBERS s").type == '*');
  CHECK(server.Run("SMEMBERS s")[1] == "2");
  CHECK(server.Run("SMEMBERS none").elements.empty());
  TestClient client(server);
  client.session().writer.set_version(protocol::RespVersion::kResp3);
  CHECK(client.Run("SMEMBERS s").type == '~');
  CHECK(client.Run("SMEMBERS none").type == '~');
  CHECK(client.Run("SRANDMEMBER s 2").type == '*');
  CHECK(client.Run("SPOP s 1").type == '~');
}

TEST_CASE("SSCAN: finds every member of a large set, as MATCH says") {
  TestServer server;
  AddMany(server, 3'000);
  std::set<std::string> seen;
  std::string cursor = "0";
  size_t calls = 0;
  do {
    const Reply reply = server.Run("SSCAN s " + cursor + " COUNT 50 MATCH *7");
    cursor = reply[size_t{0}].text;
    for (const Reply& member : reply[1].elements) seen.insert(member.text);
    ++calls;
  } while (cursor != "0");
  CHECK(seen.size() == 300);
  CHECK(calls > 10);
}

TEST_CASE("SSCAN: judges cursor, key and options in this order") {
  TestServer server;
  server.Run("SET text 1");
  server.Run("SADD s a");
  CHECK(server.Run("SSCAN text x") == "ERR invalid cursor");
  CHECK(server.Run("SSCAN text 0 FOO") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("SSCAN none 0 FOO")[size_t{0}] == "0");
  CHECK(server.Run("SSCAN s 0 FOO") == "ERR syntax error");
}

TEST_CASE("SRANDMEMBER: distinct members for a positive count, repetitions for a negative one") {
  TestServer server;
  AddMany(server, 300);
  const std::set<std::string> all = Texts(server.Run("SMEMBERS s"));
  CHECK(all.count(server.Run("SRANDMEMBER s").text) == 1);
  CHECK(Texts(server.Run("SRANDMEMBER s 20")).size() == 20);
  CHECK(Texts(server.Run("SRANDMEMBER s 1000")) == all);
  CHECK(server.Run("SRANDMEMBER s -1000").elements.size() == 1'000);
  CHECK(server.Run("SRANDMEMBER s 0").elements.empty());
  CHECK(server.Run("SRANDMEMBER none").is_null());
  CHECK(server.Run("SCARD s") == Integer(300));
}

TEST_CASE("SPOP: takes what it replies") {
  TestServer server;
  AddMany(server, 300);
  const std::set<std::string> all = Texts(server.Run("SMEMBERS s"));
  std::set<std::string> popped = {server.Run("SPOP s").text};
  for (const std::string& member : Texts(server.Run("SPOP s 100"))) popped.insert(member);
  CHECK(popped.size() == 101);
  std::set<std::string> left = Texts(server.Run("SMEMBERS s"));
  left.insert(popped.begin(), popped.end());
  CHECK(left == all);
  CHECK(server.Run("SPOP s 0").elements.empty());
  CHECK(server.Run("SPOP s 1000").elements.size() == 199);
  CHECK(server.Run("EXISTS s") == Integer(0));
  CHECK(server.Run("SPOP s").is_null());
  CHECK(server.Run("SPOP s 2").elements.empty());
}

TEST_CASE("SPOP: errors come before anything is taken") {
  TestServer server;
  server.Run("SADD s a");
  CHECK(server.Run("SPOP s -1") == "ERR value is out of range, must be positive");
  CHECK(server.Run("SPOP s x") == "ERR value is out of range, must be positive");
  CHECK(server.Run("SPOP s 1 2") == "ERR syntax error");
  CHECK(server.Run("SCARD s") == Integer(1));
}

TEST_CASE("SPOP: is journaled as what it did") {
  TestServer server{{.config = {{"journal", "memory"}}}};
  server.Run("SADD one a");
  CHECK(JournalOf(server, "SPOP one") == "SREM one a ");
  server.Run("SADD all a b");
  CHECK(JournalOf(server, "SPOP all 2") == "DEL all ");
  CHECK(JournalOf(server, "SPOP all 2").empty());
  server.Run("SADD some 1 2 3");
  const std::string some = JournalOf(server, "SPOP some 2");
  CHECK(some.starts_with("SREM some "));
  CHECK(some.size() == std::string("SREM some 1 2 ").size());
  AddMany(server, 1'100);
  const std::string many = JournalOf(server, "SPOP s 1050");
  CHECK(many.starts_with("MULTI SREM s "));
  CHECK(many.ends_with("EXEC "));
}

}  // namespace
}  // namespace usher::tests
