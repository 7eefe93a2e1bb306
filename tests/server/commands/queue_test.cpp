// The waiting room through the dispatcher: entering and admission.
#include <doctest/doctest.h>

#include <set>

#include "tests/support/reply_text.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("ENTERQUEUE: somebody new is told place, total and an unknown time") {
  TestServer server;
  const Reply reply = server.Run("ENTERQUEUE concert-1 alice");
  CHECK(reply["status"] == "NEW");
  CHECK(reply["position"] == Integer(0));
  CHECK(reply["total"] == Integer(1));
  CHECK(reply["eta_ms"] == Integer(-1));
  CHECK(reply.elements.size() == 8);
}

TEST_CASE("ENTERQUEUE: entering twice keeps the first position") {
  TestServer server{{.shard_count = 4, .now_ms = 1'000}};
  server.Run("ENTERQUEUE concert-1 alice");
  server.Run("ENTERQUEUE concert-1 bob");
  server.clock().AdvanceMs(5000);
  const Reply again = server.Run("ENTERQUEUE concert-1 alice");
  CHECK(again["status"] == "WAITING");
  CHECK(again["position"] == Integer(0));
  CHECK(again["total"] == Integer(2));
}

TEST_CASE("ENTERQUEUE: arrivals in one millisecond are ordered by arrival, not by name") {
  TestServer server;
  for (const char* user : {"zoe", "mia", "abe"}) server.Run({"ENTERQUEUE", "q", user});
  CHECK(Texts(server.Run("MOVEACTIVE q 3")) == Names{"zoe", "mia", "abe"});
}

TEST_CASE("ENTERQUEUE: a clock that steps back lets nobody overtake") {
  TestServer server;
  server.Run("ENTERQUEUE q first");
  server.clock().SetMs(10);
  server.Run("ENTERQUEUE q second");
  CHECK(server.Run("ENTERQUEUE q second")["position"] == Integer(1));
  CHECK(Texts(server.Run("MOVEACTIVE q 3")) == Names{"first", "second"});
}

TEST_CASE("ENTERQUEUE: order holds behind an arrival too large for fractions") {
  TestServer server;
  server.Run("ENTERQUEUE q z SCORE 1e300");
  server.Run("ENTERQUEUE q y");
  server.Run("ENTERQUEUE q x");
  CHECK(Texts(server.Run("MOVEACTIVE q 3")) == Names{"z", "y", "x"});
}

TEST_CASE("ENTERQUEUE: SCORE chooses the place") {
  TestServer server;
  server.Run("ENTERQUEUE q b SCORE 20");
  CHECK(server.Run("ENTERQUEUE q a SCORE 10")["position"] == Integer(0));
  CHECK(server.Run("ENTERQUEUE q c SCORE 15.5")["position"] == Integer(1));
}

TEST_CASE("ENTERQUEUE: who has a token is told of it") {
  TestServer server{{.now_ms = 1'000'000}};
  server.Run("ENTERQUEUE q alice");
  const Reply moved = server.Run("MOVEACTIVE q 1 TTL 60 WITHTOKENS");
  const Reply reply = server.Run("ENTERQUEUE q alice");
  CHECK(reply["status"] == "READY");
  CHECK(reply["token"] == moved[1].text);
  CHECK(reply["expires_at"] == Integer(1060));
}

TEST_CASE("ENTERQUEUE: a full queue turns new people away and keeps the others") {
  TestServer server;
  server.Run("ENTERQUEUE q alice");
  CHECK(server.Run("ENTERQUEUE q bob MAXWAIT 1") == "QUEUEFULL the queue is full");
  CHECK(server.Run("ENTERQUEUE q alice MAXWAIT 1")["status"] == "WAITING");
  CHECK(server.Run("ENTERQUEUE q bob MAXWAIT 2")["status"] == "NEW");
}

TEST_CASE("ENTERQUEUE: JSON answers like the scripts") {
  TestServer server;
  CHECK(server.Run("ENTERQUEUE q alice JSON") == R"({"status":"NEW","position":0,"totalWaiting":1})");
  CHECK(server.Run("ENTERQUEUE q alice JSON") == R"({"status":"WAITING","position":0,"totalWaiting":1})");
  const std::string token = server.Run("MOVEACTIVE q 1 WITHTOKENS")[1].text;
  CHECK(server.Run("ENTERQUEUE q alice JSON") == R"({"status":"READY","token":")" + token + "\"}");
}

TEST_CASE("ENTERQUEUE: bad names and options are errors") {
  TestServer server;
  const std::string name_error = "ERR invalid queue name: it must not be empty or hold '{' or '}'";
  for (const char* name : {"", "a{b", "a}b", "{}"}) CHECK(server.Run({"ENTERQUEUE", name, "u"}) == name_error);
  for (const char* score : {"abc", "nan", "inf", "-1"}) {
    CHECK(server.Run({"ENTERQUEUE", "q", "u", "SCORE", score}) == "ERR SCORE is not a valid number of milliseconds");
  }
  CHECK(server.Run("ENTERQUEUE q u MAXWAIT -1") == "ERR value is out of range, must be positive");
  CHECK(server.Run("ENTERQUEUE q u MAXWAIT x") == "ERR value is not an integer or out of range");
  CHECK(server.Run("ENTERQUEUE q u FOO") == "ERR syntax error");
  CHECK(server.Run("ENTERQUEUE q u SCORE") == "ERR syntax error");
  CHECK(server.Run("GET queue:wait:{q}").is_null());
}

TEST_CASE("MOVEACTIVE: admits from the front up to count, room and who is there") {
  TestServer server;
  for (const char* user : {"a", "b", "c", "d", "e"}) server.Run({"ENTERQUEUE", "q", user});
  CHECK(Texts(server.Run("MOVEACTIVE q 2")) == Names{"a", "b"});
  CHECK(Texts(server.Run("MOVEACTIVE q 5 MAXACTIVE 3")) == Names{"c"});
  CHECK(server.Run("MOVEACTIVE q 5 MAXACTIVE 3").elements.empty());
  CHECK(Texts(server.Run("MOVEACTIVE q 50")) == Names{"d", "e"});
  CHECK(server.Run("MOVEACTIVE q 5").type == '*');
  CHECK(server.Run("MOVEACTIVE q 5").elements.empty());
}

TEST_CASE("MOVEACTIVE: an unknown queue admits nobody and leaves no trace") {
  TestServer server;
  CHECK(server.Run("MOVEACTIVE nobody 5").elements.empty());
  CHECK(server.Run("MOVEACTIVE nobody 5 JSON") == "[]");
}

TEST_CASE("MOVEACTIVE: tokens are 32 hex digits, all different, also in bulk") {
  TestServer server;
  for (int i = 0; i < 500; ++i) server.Run({"ENTERQUEUE", "q", "u" + std::to_string(i)});
  const Reply moved = server.Run("MOVEACTIVE q 500 WITHTOKENS");
  REQUIRE(moved.elements.size() == 1000);
  std::set<std::string> tokens;
  for (size_t i = 0; i < 500; ++i) {
    CHECK(moved[2 * i].text == "u" + std::to_string(i));
    CHECK(moved[2 * i + 1].text.size() == 32);
    CHECK(moved[2 * i + 1].text.find_first_not_of("0123456789abcdef") == std::string::npos);
    tokens.insert(moved[2 * i + 1].text);
  }
  CHECK(tokens.size() == 500);
  CHECK(server.Run("ENTERQUEUE q u123")["token"] == moved[2 * 123 + 1].text);
}

TEST_CASE("MOVEACTIVE: expired people make room and lose their tokens") {
  TestServer server{{.now_ms = 1'000'000}};
  for (const char* user : {"a", "b", "c"}) server.Run({"ENTERQUEUE", "q", user});
  server.Run("MOVEACTIVE q 2 TTL 10 MAXACTIVE 2");
  server.clock().AdvanceMs(9999);
  CHECK(server.Run("MOVEACTIVE q 2 MAXACTIVE 2").elements.empty());
  server.clock().AdvanceMs(1);
  CHECK(Texts(server.Run("MOVEACTIVE q 2 MAXACTIVE 2")) == Names{"c"});
  CHECK(server.Run("ENTERQUEUE q a")["status"] == "NEW");
}

TEST_CASE("MOVEACTIVE: JSON is an array, of objects with tokens, and escapes names") {
  TestServer server;
  server.Run({"ENTERQUEUE", "q", "a\"b"});
  server.Run("ENTERQUEUE q c");
  CHECK(server.Run("MOVEACTIVE q 1 JSON") == R"(["a\"b"])");
  const Reply reply = server.Run("MOVEACTIVE q 1 JSON WITHTOKENS");
  const std::string token = server.Run("ENTERQUEUE q c")["token"].text;
  CHECK(reply == R"([{"user":"c","token":")" + token + "\"}]");
}

TEST_CASE("MOVEACTIVE: wrong types are refused before anything changes") {
  for (const char* key : {"queue:wait:{q}", "queue:active:{q}", "queue:config:{q}", "active:token:{q}:alice"}) {
    TestServer server;
    if (std::string_view(key) != "queue:wait:{q}") server.Run("ENTERQUEUE q alice");
    server.Run({"SET", std::string(key), "v"});
    const Reply reply = server.Run("MOVEACTIVE q 1");
    CHECK_MESSAGE(reply.text.starts_with("WRONGTYPE"), key);
    CHECK(server.Run(std::string("GET ") + key) == "v");
    if (std::string_view(key) == "active:token:{q}:alice") {
      CHECK(server.Run("ENTERQUEUE q alice")["status"] == "WAITING");
    }
  }
}

TEST_CASE("MOVEACTIVE: bad arguments are errors") {
  TestServer server;
  CHECK(server.Run("MOVEACTIVE q x") == "ERR value is not an integer or out of range");
  CHECK(server.Run("MOVEACTIVE q -1") == "ERR value is out of range, must be positive");
  CHECK(server.Run("MOVEACTIVE q 1 TTL 0") == "ERR value is out of range, must be positive");
  CHECK(server.Run("MOVEACTIVE q 1 TTL 99999999999") == "ERR value is not an integer or out of range");
  CHECK(server.Run("MOVEACTIVE q 1 NONSENSE") == "ERR syntax error");
}

}  // namespace
}  // namespace usher::tests
