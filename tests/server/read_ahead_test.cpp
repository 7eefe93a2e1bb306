// Reading ahead: keys are those of the bytes they were made from, and a pipeline over a large table answers as one
// command at a time would.
#include "server/read_ahead.h"

#include <doctest/doctest.h>

#include <string>

#include "server/session.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::string Encoded(const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return text;
}

TEST_CASE("ReadAheadKeys: a key is handed out for its own bytes and session only") {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  server::ReadAheadKeys keys;
  const std::string text = "{tag}key";
  std::string same = text;
  keys.Begin(&client.session());
  CHECK(keys.Add(0, text, nullptr));
  CHECK_FALSE(keys.Add(1, same, nullptr));
  same[0] = 'x';  // what was hashed is no longer there: only the wrong caller would see the old hash
  const engine::Key expected = engine::MakeKey(text);
  CHECK(keys.KeyOf(client.session(), 0, text).hash == expected.hash);
  CHECK(keys.KeyOf(client.session(), 0, text).slot == expected.slot);
  CHECK(keys.KeyOf(other.session(), 1, same).hash == engine::MakeKey(same).hash);
  keys.Begin(nullptr);
  CHECK(keys.KeyOf(client.session(), 1, same).hash == engine::MakeKey(same).hash);
}

TEST_CASE("ReadAheadKeys: a row is handed out for its own request and session only") {
  TestServer server;
  TestClient client(server);
  TestClient other(server);
  server::ReadAheadKeys keys;
  const server::CommandRow* const get = server::CommandTable::Get().Find("get");
  const std::string text = "key";
  keys.Begin(&client.session());
  keys.Add(1, text, get);
  CHECK(keys.RowOf(client.session(), 1) == get);
  CHECK(keys.RowOf(client.session(), 0) == nullptr);
  CHECK(keys.RowOf(other.session(), 1) == nullptr);
  keys.Begin(&client.session());
  CHECK(keys.RowOf(client.session(), 1) == nullptr);
  keys.Begin(nullptr);
  CHECK(keys.RowOf(client.session(), 1) == nullptr);
}

TEST_CASE("Dispatcher: a pipeline of different commands, known and unknown, finds each of them") {
  TestServer server;
  TestClient client(server);
  std::string pipeline;
  for (int i = 0; i < 5; ++i) {
    pipeline += Encoded({"set", "k", "v"}) + Encoded({"GET", "k"}) + Encoded({"gEt", "k", "x"}) +
                Encoded({"OBJECT", "ENCODING", "k"}) + Encoded({"DEL", "k"}) + Encoded({"nosuch", "k"});
  }
  client.Feed(pipeline);
  for (int i = 0; i < 5; ++i) {
    CHECK(client.Read() == "OK");
    CHECK(client.Read() == "v");
    CHECK(client.Read() == "ERR wrong number of arguments for 'get' command");
    CHECK(client.Read() == "embstr");
    CHECK(client.Read() == Integer(1));
    CHECK(client.Read().text.starts_with("ERR unknown command 'nosuch'"));
  }
}

TEST_CASE("ReadAheadKeys: the empty key behind a request without a key is hashed, not taken from an older batch") {
  TestServer server;
  TestClient client(server);
  server::ReadAheadKeys keys;
  const std::string old = "old key";
  const std::string empty;
  keys.Begin(&client.session());
  keys.Add(0, old, nullptr);
  keys.Begin(&client.session());
  CHECK(keys.Add(1, empty, nullptr));
  CHECK(keys.KeyOf(client.session(), 1, empty).hash == engine::MakeKey("").hash);
}

TEST_CASE("Dispatcher: a pipeline over a large table answers in order and finds every key") {
  TestServer server;
  TestClient client(server);
  constexpr int kKeys = 8'000;  // more than what is read ahead from, in each of the shards
  for (int i = 0; i < kKeys; ++i) client.Run({"SET", "key:" + std::to_string(i), std::to_string(i)});
  std::string pipeline;
  for (int i = 0; i < 31; ++i) {
    pipeline += Encoded({"GET", "key:" + std::to_string(i * 37)});
    if (i % 10 == 0) pipeline += Encoded({"MGET", "key:1", "nokey"}) + Encoded({"NOSUCH"}) + Encoded({"PING"});
    if (i % 7 == 0) pipeline += Encoded({"APPEND", "key:" + std::to_string(i * 37), "x"});
  }
  client.Feed(pipeline);
  for (int i = 0; i < 31; ++i) {
    CHECK(client.Read() == std::to_string(i * 37));
    if (i % 10 == 0) {
      const Reply values = client.Read();
      CHECK(values[0] == "1");
      CHECK(values[1].is_null());
      CHECK(client.Read().is_error());
      CHECK(client.Read() == "PONG");
    }
    if (i % 7 == 0) CHECK(client.Read() == Integer(static_cast<int64_t>(std::to_string(i * 37).size()) + 1));
  }
}

TEST_CASE("Dispatcher: a pipeline on one key, and one that changes its database, answer in order") {
  TestServer server;
  TestClient client(server);
  for (int i = 0; i < 8'000; ++i) client.Run({"SET", "key:" + std::to_string(i), "0"});
  std::string pipeline;
  for (int i = 0; i < 10; ++i) pipeline += Encoded({"INCR", "key:5"});
  pipeline +=
      Encoded({"SELECT", "1"}) + Encoded({"GET", "key:5"}) + Encoded({"SELECT", "0"}) + Encoded({"GET", "key:5"});
  client.Feed(pipeline);
  for (int i = 1; i <= 10; ++i) CHECK(client.Read() == Integer(i));
  CHECK(client.Read() == "OK");
  CHECK(client.Read().is_null());
  CHECK(client.Read() == "OK");
  CHECK(client.Read() == "10");
}

}  // namespace
}  // namespace usher::tests
