// Tests of bench/dialect: what each mode sends for one person, and how it reads the answers. No server.
#include "bench/dialect.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace usher::bench;

namespace {

const QueueKeys kQueue("q");

Conversation Talk(Work work) {
  Conversation talk;
  talk.work = work;
  talk.queue = &kQueue;
  talk.now_ms = 1'700'000'000'123;
  return talk;
}

/// The words of the one command in `bytes`, joined by spaces.
std::string WordsOf(const std::string& bytes) {
  std::string joined;
  for (const Reply& word : ParseReply(bytes).elements) joined += (joined.empty() ? "" : " ") + std::string(word.text);
  return joined;
}

/// Holds a whole conversation; returns the commands that were sent.
std::vector<std::string> Converse(const QueueDialect& dialect, Conversation& talk,
                                  const std::vector<std::string>& replies) {
  std::vector<std::string> sent;
  std::string out;
  dialect.Begin(talk, out);
  for (const std::string& reply : replies) {
    sent.push_back(WordsOf(out));
    out.clear();
    if (dialect.OnReply(talk, ParseReply(reply), out)) return sent;
  }
  sent.emplace_back("unfinished");
  return sent;
}

const std::string kUser(UserName(0, 0).Text());

}  // namespace

TEST_CASE("QueueKeys: the keys of the product's page") {
  CHECK(kQueue.wait == "queue:wait:{q}");
  CHECK(kQueue.active == "queue:active:{q}");
  CHECK(kQueue.config == "queue:config:{q}");
  CHECK(kQueue.TokenOf("u") == "active:token:{q}:u");
}

TEST_CASE("NativeDialect: one command, the status read from pairs or a map") {
  const auto dialect = MakeDialect("native");
  Conversation enter = Talk(Work::kEnter);
  CHECK(Converse(*dialect, enter, {"*4\r\n$6\r\nstatus\r\n$3\r\nNEW\r\n$8\r\nposition\r\n:0\r\n"}) ==
        std::vector<std::string>{"ENTERQUEUE q " + kUser});
  CHECK(enter.answer == Answer::kNew);
  Conversation poll = Talk(Work::kPoll);
  CHECK(Converse(*dialect, poll, {"%1\r\n+status\r\n+READY\r\n"}) ==
        std::vector<std::string>{"QUEUE STATUS q " + kUser});
  CHECK(poll.answer == Answer::kReady);
  CHECK_FALSE(dialect->BreaksTiesByName());
}

TEST_CASE("LuaDialect: the status read from the scripts' JSON") {
  const auto dialect = MakeDialect("lua");
  Conversation enter = Talk(Work::kEnter);
  const std::vector<std::string> sent =
      Converse(*dialect, enter, {"$33\r\n{\"position\":0,\"status\":\"WAITING\"}\r\n"});
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].starts_with("EVALSHA"));
  CHECK(sent[0].ends_with(" 3 queue:wait:{q} active:token:{q}:" + kUser + " queue:config:{q} " + kUser +
                          " 1700000000123"));
  CHECK(enter.answer == Answer::kWaiting);
  Conversation strange = Talk(Work::kPoll);
  Converse(*dialect, strange, {"$2\r\n{}\r\n"});
  CHECK(strange.answer == Answer::kError);
}

TEST_CASE("PlainDialect: entering is six round trips, or one with a token") {
  const auto dialect = MakeDialect("plain");
  Conversation enter = Talk(Work::kEnter);
  CHECK(Converse(*dialect, enter, {"*0\r\n", "*0\r\n", "$-1\r\n", ":1\r\n", ":0\r\n", ":1\r\n"}) ==
        std::vector<std::string>{"HGETALL active:token:{q}:" + kUser, "HGETALL queue:config:{q}",
                                 "ZRANK queue:wait:{q} " + kUser, "ZADD queue:wait:{q} NX 1700000000123 " + kUser,
                                 "ZRANK queue:wait:{q} " + kUser, "ZCARD queue:wait:{q}"});
  CHECK(enter.answer == Answer::kNew);

  Conversation again = Talk(Work::kEnter);
  Converse(*dialect, again, {"*0\r\n", "*0\r\n", ":5\r\n", ":0\r\n", ":5\r\n", ":9\r\n"});
  CHECK(again.answer == Answer::kWaiting);

  Conversation admitted = Talk(Work::kEnter);
  CHECK(Converse(*dialect, admitted, {"*2\r\n$6\r\nstatus\r\n$5\r\nREADY\r\n"}).size() == 1);
  CHECK(admitted.answer == Answer::kReady);
}

TEST_CASE("PlainDialect: a poll asks for the token only of those who no longer wait") {
  const auto dialect = MakeDialect("plain");
  Conversation waiting = Talk(Work::kPoll);
  CHECK(Converse(*dialect, waiting, {":3\r\n"}).size() == 1);
  CHECK(waiting.answer == Answer::kWaiting);
  Conversation gone = Talk(Work::kPoll);
  CHECK(Converse(*dialect, gone, {"$-1\r\n", "*0\r\n"}).size() == 2);
  CHECK(gone.answer == Answer::kNone);
}

TEST_CASE("MakeDialect and ScriptText: unknown names") {
  CHECK(MakeDialect("nothing") == nullptr);
  CHECK(ScriptText("nothing").empty());
  CHECK(ScriptText("enter").find("ZADD") != std::string_view::npos);
}
