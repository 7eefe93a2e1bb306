// EVAL, EVALSHA, SCRIPT through the dispatcher: what a script's commands do to the rest of the server, and their turns.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/key_slot.h"
#include "server/thread_scripts.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using Words = std::vector<std::string>;

std::vector<std::string> Journal(TestServer& server) {
  std::vector<std::string> records;
  server.server().engine().journal()->Read(
      0, [&](const engine::Journal::RecordInfo&, std::string_view payload) { records.emplace_back(payload); });
  return records;
}

size_t CountOf(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

/// A key in another shard than `key`.
std::string ElsewhereThan(TestServer& server, std::string_view key) {
  const engine::Engine& engine = server.server().engine();
  for (int i = 0;; ++i) {
    std::string other = "other" + std::to_string(i);
    if (engine.ShardOf(engine::KeySlot(other)) != engine.ShardOf(engine::KeySlot(key))) return other;
  }
}

/// Runs the script until it is trusted with the turns of its declared keys.
void Train(TestServer& server, const Words& call) {
  for (uint32_t i = 0; i < server::ScriptHistory::kCleanRunsNeeded; ++i) server.Run(call);
}

server::ScriptHistory& HistoryOf(TestServer& server, const std::string& body) {
  return server.thread().scripts().FindByBody(body)->script->history;
}

std::string Field(TestServer& server, const std::string& name) {
  const std::string info = server.Run("INFO usher").text;
  const size_t at = info.find(name + ":") + name.size() + 1;
  return info.substr(at, info.find('\r', at) - at);
}

TEST_CASE("EVAL: keys and arguments reach the script, replies come back") {
  TestServer server;
  CHECK(server.Run({"EVAL", "return {KEYS[1], ARGV[1], #ARGV}", "1", "k", "a", "b"})[0] == "k");
  CHECK(server.Run({"EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "v"}) == "OK");
  CHECK(server.Run("GET k") == "v");
  CHECK(server.Run({"EVAL", "return redis.call('GET', KEYS[1])", "1", "k"}) == "v");
}

TEST_CASE("EVAL: a count of keys that is no number, too large or negative is refused") {
  TestServer server;
  CHECK(server.Run({"EVAL", "return 1", "x"}) == "ERR value is not an integer or out of range");
  CHECK(server.Run({"EVAL", "return 1", "2", "k"}) == "ERR Number of keys can't be greater than number of args");
  CHECK(server.Run({"EVAL", "return 1", "-1", "k"}) == "ERR Number of keys can't be negative");
}

TEST_CASE("EVALSHA: knows what EVAL and SCRIPT LOAD have seen, until SCRIPT FLUSH") {
  TestServer server;
  const std::string sha = server.Run({"SCRIPT", "LOAD", "return 7"}).text;
  CHECK(sha == server::ShaOf("return 7"));
  CHECK(server.Run({"EVALSHA", sha, "0"}) == Integer(7));
  std::string upper = sha;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(server.Run({"EVALSHA", upper, "0"}) == Integer(7));
  CHECK(server.Run("SCRIPT FLUSH") == "OK");
  CHECK(server.Run({"EVALSHA", sha, "0"}) == "NOSCRIPT No matching script. Please use EVAL.");
  server.Run({"EVAL", "return 7", "0"});
  CHECK(server.Run({"EVALSHA", sha, "0"}) == Integer(7));
  CHECK(server.Run({"SCRIPT", "EXISTS", sha, "x"})[0] == Integer(1));
}

TEST_CASE("EVAL_RO: a write is refused, and nothing is written") {
  TestServer server;
  const Reply reply = server.Run({"EVAL_RO", "return redis.call('SET', KEYS[1], 1)", "1", "k"});
  CHECK(reply.text.starts_with("ERR Write commands are not allowed from read-only scripts."));
  CHECK(server.Run("EXISTS k") == Integer(0));
}

TEST_CASE("EVAL: commands that may not be called, and unknown ones, are refused") {
  TestServer server;
  const auto refused = [&](const std::string& call) {
    return server.Run({"EVAL", "return redis.pcall(" + call + ").err", "0"}).text;
  };
  CHECK(refused("'MULTI'").starts_with("ERR This Redis command is not allowed from script"));
  CHECK(refused("'NOSUCH'").starts_with("ERR Unknown Redis command called from script"));
  CHECK(refused("'GET'").starts_with("ERR Wrong number of args calling Redis command from script"));
}

TEST_CASE("EVAL: all that it writes is one record of the journal, made of its effects") {
  TestServer server({.config = {{"journal", "memory"}}});
  server.Run(
      {"EVAL", "redis.call('SET','a',1) redis.call('SADD','s','x') return redis.call('SPOP','s')", "2", "a", "s"});
  const std::vector<std::string> records = Journal(server);
  REQUIRE(records.size() == 1);
  CHECK(CountOf(records[0], "MULTI") == 1);
  CHECK(CountOf(records[0], "SREM") == 1);
  CHECK(CountOf(records[0], "EVAL") == 0);
}

TEST_CASE("EVAL: what redis.set_repl keeps from the journal is not in it") {
  TestServer server({.config = {{"journal", "memory"}}});
  server.Run({"EVAL",
              "redis.set_repl(redis.REPL_NONE) redis.call('SET','hidden',1) redis.set_repl(redis.REPL_ALL) "
              "redis.call('SET','shown',1)",
              "0"});
  const std::vector<std::string> records = Journal(server);
  REQUIRE(records.size() == 1);
  CHECK(CountOf(records[0], "hidden") == 0);
  CHECK(CountOf(records[0], "shown") == 1);
  CHECK(server.Run("GET hidden") == "1");
}

TEST_CASE("EVAL: a read-only script leaves no record") {
  TestServer server({.config = {{"journal", "memory"}}});
  server.Run({"EVAL", "redis.call('SELECT', 3) return redis.call('GET', KEYS[1])", "1", "k"});
  CHECK(Journal(server).empty());
}

TEST_CASE("EVAL: SELECT is the script's own") {
  TestServer server;
  server.Run({"EVAL", "redis.call('SELECT', 3) redis.call('SET', 'k', 'there')", "1", "k"});
  CHECK(server.Run("EXISTS k") == Integer(0));
  server.Run("SELECT 3");
  CHECK(server.Run("GET k") == "there");
}

TEST_CASE("EVAL: a watched key that it writes makes EXEC fail") {
  TestServer server;
  TestClient other(server);
  server.Run("WATCH k");
  other.Run({"EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k"});
  server.Run("MULTI");
  server.Run("PING");
  CHECK(server.Run("EXEC").is_null());
}

TEST_CASE("EVAL: a client blocked on a key is served after the script, which sees the key full") {
  TestServer server;
  TestClient waiter(server);
  waiter.Send({"BLPOP", "list", "0"});
  REQUIRE(waiter.blocked());
  CHECK(server.Run({"EVAL", "redis.call('RPUSH', KEYS[1], 'x') return redis.call('LLEN', KEYS[1])", "1", "list"}) ==
        Integer(1));
  CHECK(waiter.Read()[1] == "x");
  CHECK(server.Run("EXISTS list") == Integer(0));
}

TEST_CASE("EVAL: a blocking command in it does not wait") {
  TestServer server;
  CHECK(server.Run({"EVAL", "return redis.call('BLPOP', KEYS[1], 0)", "1", "list"}).is_null());
}

TEST_CASE("EVAL: runs inside EXEC") {
  TestServer server({.config = {{"journal", "memory"}}});
  server.Run("MULTI");
  server.Run({"EVAL", "redis.call('SET', KEYS[1], 1) redis.call('SELECT', 2) return redis.call('DBSIZE')", "1", "k"});
  server.Run("GET k");
  const Reply reply = server.Run("EXEC");
  CHECK(reply[0] == Integer(0));
  CHECK(reply[1] == "1");
  CHECK(Journal(server).size() == 1);
}

TEST_CASE("EVAL: its commands are counted, and their errors once") {
  TestServer server;
  server.Run({"EVAL", "redis.call('SET', KEYS[1], 'x') return redis.call('INCR', KEYS[1])", "1", "k"});
  const std::string stats = server.Run("INFO commandstats").text;
  CHECK(stats.find("cmdstat_incr:calls=1") != std::string::npos);
  CHECK(stats.substr(stats.find("cmdstat_incr:")).find("failed_calls=1") < 120);
  CHECK(stats.substr(stats.find("cmdstat_eval:")).find("failed_calls=0") < 120);
  CHECK(server.Run("INFO errorstats").text.find("errorstat_ERR:count=1\r") != std::string::npos);
}

TEST_CASE("Script turns: one that stays with its declared keys is trusted after a hundred runs") {
  TestServer server({.shard_count = 4});
  const std::string body = "return redis.call('INCR', KEYS[1])";
  const Words call = {"EVAL", body, "1", "k"};
  for (uint32_t i = 0; i + 1 < server::ScriptHistory::kCleanRunsNeeded; ++i) server.Run(call);
  CHECK_FALSE(HistoryOf(server, body).StaysInside());
  server.Run(call);
  CHECK(HistoryOf(server, body).StaysInside());
  CHECK(server.Run(call) == Integer(server::ScriptHistory::kCleanRunsNeeded + 1));
}

TEST_CASE("Script turns: one that strays is never trusted") {
  TestServer server({.shard_count = 4});
  const std::string body = "return redis.call('INCR', ARGV[1])";
  Train(server, {"EVAL", body, "1", "k", ElsewhereThan(server, "k")});
  CHECK_FALSE(HistoryOf(server, body).StaysInside());
}

TEST_CASE("Script turns: a trusted one that reads elsewhere begins again under all turns") {
  TestServer server({.shard_count = 4});
  const std::string body = "redis.call('GET', ARGV[1]) return redis.call('INCR', KEYS[1])";
  Train(server, {"EVAL", body, "1", "k", "k"});
  REQUIRE(HistoryOf(server, body).StaysInside());
  CHECK(server.Run({"EVAL", body, "1", "k", ElsewhereThan(server, "k")}) ==
        Integer(server::ScriptHistory::kCleanRunsNeeded + 1));
  CHECK(Field(server, "usher_script_restarts") == "1");
  CHECK_FALSE(HistoryOf(server, body).StaysInside());
  CHECK_FALSE(HistoryOf(server, body).IsMarked());
}

TEST_CASE("Script turns: a trusted one that has written takes the turns it lacks and is marked for ever") {
  TestServer server({.shard_count = 4, .config = {{"journal", "memory"}}});
  const std::string body = "redis.call('INCR', KEYS[1]) return redis.call('INCR', ARGV[1])";
  Train(server, {"EVAL", body, "1", "k", "k"});
  const size_t records = Journal(server).size();
  const std::string elsewhere = ElsewhereThan(server, "k");
  CHECK(server.Run({"EVAL", body, "1", "k", elsewhere}) == Integer(1));
  CHECK(server.Run("GET k") == std::to_string(2 * server::ScriptHistory::kCleanRunsNeeded + 1));
  CHECK(Journal(server).size() == records + 1);
  CHECK(Field(server, "usher_script_strays_taken") == "1");
  CHECK(HistoryOf(server, body).IsMarked());
  Train(server, {"EVAL", body, "1", "k", "k"});
  CHECK_FALSE(HistoryOf(server, body).StaysInside());
}

TEST_CASE("Script turns: KEYS, DBSIZE and SORT BY in a trusted one see the whole database") {
  TestServer server({.shard_count = 4});
  for (int i = 0; i < 20; ++i) server.Run({"SET", "k" + std::to_string(i), "1"});
  const std::string body = "if ARGV[1] == '1' then return redis.call('DBSIZE') end return redis.call('GET', KEYS[1])";
  Train(server, {"EVAL", body, "1", "k1", "0"});
  REQUIRE(HistoryOf(server, body).StaysInside());
  CHECK(server.Run({"EVAL", body, "1", "k1", "1"}) == Integer(20));
}

TEST_CASE("Script turns: a trusted one without keys takes none") {
  TestServer server({.shard_count = 4});
  const std::string body = "return ARGV[1]";
  Train(server, {"EVAL", body, "0", "x"});
  REQUIRE(HistoryOf(server, body).StaysInside());
  CHECK(server.Run({"EVAL", body, "0", "y"}) == "y");
}

}  // namespace
}  // namespace usher::tests
