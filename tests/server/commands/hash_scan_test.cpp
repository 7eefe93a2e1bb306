// Hashes as a whole through the dispatcher.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void UseResp3(TestClient& client) {
  client.session().writer.set_version(protocol::RespVersion::kResp3);
}

TEST_CASE("HGETALL: a flat array in RESP2, a map in RESP3") {
  TestServer server;
  server.Run("HSET h a 1 b 2");
  CHECK(server.Run("HGETALL h").type == '*');
  CHECK(server.Run("HGETALL h")["b"] == "2");
  TestClient client(server);
  UseResp3(client);
  CHECK(client.Run("HGETALL h").type == '%');
  CHECK(client.Run("HGETALL none").type == '%');
  CHECK(client.Run("HKEYS h").type == '*');
}

TEST_CASE("HKEYS, HVALS: one text per field") {
  TestServer server;
  server.Run("HSET h a 1 b 2");
  CHECK(server.Run("HKEYS h")[1] == "b");
  CHECK(server.Run("HVALS h")[1] == "2");
  CHECK(server.Run("HVALS none").elements.empty());
}

TEST_CASE("HSCAN: finds every field of a large hash, as MATCH says") {
  TestServer server;
  for (int i = 0; i < 3000; ++i) server.Run("HSET h field" + std::to_string(i) + " " + std::to_string(i));
  std::map<std::string, std::string> seen;
  std::string cursor = "0";
  size_t calls = 0;
  do {
    const Reply reply = server.Run("HSCAN h " + cursor + " COUNT 50 MATCH *7");
    cursor = reply[size_t{0}].text;
    for (size_t i = 0; i < reply[1].elements.size(); i += 2) seen[reply[1][i].text] = reply[1][i + 1].text;
    ++calls;
  } while (cursor != "0");
  CHECK(seen.size() == 300);
  CHECK(seen["field17"] == "17");
  CHECK(calls > 10);
}

TEST_CASE("HSCAN: judges cursor, key and options in this order") {
  TestServer server;
  server.Run("SET s 1");
  server.Run("HSET h f v");
  CHECK(server.Run("HSCAN s x") == "ERR invalid cursor");
  CHECK(server.Run("HSCAN s 0 FOO") == "WRONGTYPE Operation against a key holding the wrong kind of value");
  CHECK(server.Run("HSCAN none 0 FOO")[size_t{0}] == "0");
  CHECK(server.Run("HSCAN h 0 FOO") == "ERR syntax error");
}

TEST_CASE("HRANDFIELD: distinct fields for a positive count, repetitions for a negative one") {
  TestServer server;
  server.Run("HSET h a 1 b 2 c 3");
  std::set<std::string> drawn;
  for (const Reply& field : server.Run("HRANDFIELD h 2").elements) drawn.insert(field.text);
  CHECK(drawn.size() == 2);
  CHECK(server.Run("HRANDFIELD h 10").elements.size() == 3);
  CHECK(server.Run("HRANDFIELD h -10").elements.size() == 10);
  CHECK(server.Run("HRANDFIELD none").is_null());
  CHECK(server.Run("HRANDFIELD h 10 WITHVALUES")["c"] == "3");
}

TEST_CASE("HRANDFIELD: values come in pairs in RESP3") {
  TestServer server;
  server.Run("HSET h a 1");
  TestClient client(server);
  UseResp3(client);
  const Reply reply = client.Run("HRANDFIELD h -2 WITHVALUES");
  CHECK(reply.elements.size() == 2);
  CHECK(reply[1][1] == "1");
}

TEST_CASE("HRANDFIELD: counts that are too large") {
  TestServer server;
  CHECK(server.Run("HRANDFIELD h 9223372036854775807 WITHVALUES") == "ERR value is out of range");
  CHECK(server.Run("HRANDFIELD h 5 FOO") == "ERR syntax error");
}

}  // namespace
}  // namespace usher::tests
