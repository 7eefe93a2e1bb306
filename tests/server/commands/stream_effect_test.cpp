// What stream commands leave in the journal, beside what a real redis-server propagates for them.
#include "server/commands/stream_effect.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal.h"
#include "tests/support/redis_oracle.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// RESP commands as lines. Times, which two clocks have told, are "*".
std::string Lines(std::string_view resp) {
  std::string lines;
  bool is_time = false;
  const auto take_line = [&resp] {
    const size_t end = resp.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    const std::string_view line = resp.substr(0, end);
    resp.remove_prefix(end + 2);
    return line;
  };
  while (!resp.empty()) {
    if (take_line()[0] == '*') {
      lines += lines.empty() ? "" : "\n";
      continue;
    }
    const std::string_view word = take_line();
    lines += lines.empty() || lines.back() == '\n' ? "" : " ";
    lines += is_time ? "*" : word;
    is_time = word == "TIME";
  }
  return lines;
}

/// Redis says in which database it begins; the journal's records do only outside database 0.
std::string WithoutFirstSelect(std::string lines) {
  constexpr std::string_view kSelect = "SELECT 0\n";
  return lines.starts_with(kSelect) ? lines.substr(kSelect.size()) : lines;
}

class Both {
 public:
  bool available() const { return oracle_.available(); }

  /// The command's effects on the server under test and on redis-server.
  std::pair<std::string, std::string> EffectsOf(const std::string& command) {
    const engine::Journal& journal = *server_.server().engine().journal();
    const uint64_t before = journal.position();
    server_.Run(command);
    std::string ours;
    journal.Read(before, [&](const engine::Journal::RecordInfo&, std::string_view text) { ours += text; });
    oracle_.Call(command);
    return {Lines(ours), WithoutFirstSelect(Lines(oracle_.NewEffects()))};
  }

 private:
  TestServer server_{{.config = {{"journal", "memory"}}}};
  RedisOracle oracle_{RedisOracle::kWithAof};
};

/// A command, and its effects where they are to be others than redis-server 7.0's.
struct Step {
  std::string command;
  std::optional<std::string> ours = std::nullopt;
};

void CheckEffects(const std::vector<Step>& steps) {
  Both both;
  if (!both.available()) return;
  size_t with_effects = 0;
  for (const Step& step : steps) {
    CAPTURE(step.command);
    const auto [ours, theirs] = both.EffectsOf(step.command);
    CHECK(ours == step.ours.value_or(theirs));
    with_effects += ours.empty() ? 0 : 1;
  }
  CHECK(with_effects > steps.size() / 2);
}

TEST_CASE("StreamEffect: XADD, XDEL, XTRIM and XSETID leave what redis-server propagates") {
  CheckEffects({{"XADD s 1-0 f v"},
                {"XADD s 2-* f v"},
                {"XADD s 2-* f v"},
                {"XADD n NOMKSTREAM 1-0 f v"},
                {"XADD n NOMKSTREAM 1-0 f v"},
                {"XADD s MAXLEN 2 3-0 f v g w", "XADD s MAXLEN = 2 3-0 f v g w"},
                {"XADD s MAXLEN = 2 4-0 f v"},
                {"XADD s MAXLEN ~ 2 5-0 f v"},
                {"XADD s MINID 4 6-0 f v", "XADD s MINID = 4-0 6-0 f v"},
                {"XADD s 6-0 f v"},
                {"XDEL s 5-0 9-9"},
                {"XDEL s 5-0"},
                {"XADD s 7-0 f v"},
                {"XTRIM s MAXLEN 2"},
                {"XTRIM s MAXLEN 2"},
                {"XTRIM s MAXLEN ~ 1"},
                {"XTRIM s MINID 7"},
                {"XSETID s 100-0"},
                {"XSETID s 200-0 ENTRIESADDED 10 MAXDELETEDID 6-0"},
                {"XDEL s 7-0"},
                {"DEL s"}});
}

// "$" is resolved: the journal's records do not depend on what the stream is where they are replayed.
TEST_CASE("StreamEffect: XGROUP leaves what redis-server propagates") {
  CheckEffects({{"XADD s 1-0 f v"},
                {"XADD s 2-0 f v"},
                {"XADD s 3-0 f v"},
                {"XGROUP CREATE s g 0"},
                {"XGROUP CREATE s g 0"},
                {"XGROUP CREATE s last $", "XGROUP CREATE s last 3-0 MKSTREAM ENTRIESREAD -1"},
                {"XGROUP CREATE s read 2-0 ENTRIESREAD 2"},
                {"XGROUP CREATE n g $ MKSTREAM", "XGROUP CREATE n g 0-0 MKSTREAM ENTRIESREAD -1"},
                {"XGROUP CREATE m g 5-0 MKSTREAM ENTRIESREAD 1"},
                {"XGROUP CREATECONSUMER s g alice"},
                {"XGROUP CREATECONSUMER s g alice"},
                {"XGROUP SETID s g 2-0"},
                {"XGROUP SETID s g $"},
                {"XGROUP SETID s g 1-0 ENTRIESREAD 1"},
                {"XGROUP DELCONSUMER s g alice"},
                {"XGROUP DELCONSUMER s g alice"},
                {"XGROUP DESTROY s last"},
                {"XGROUP DESTROY s last"}});
}

/// XREADGROUP of all that is new, by its effects: what is pending, and, as in 7.2, how many entries the group has read.
std::string Delivered(const std::string& consumer, int first, int last) {
  std::string lines = "MULTI\n";
  for (int id = first; id <= last; ++id) {
    const std::string text = std::to_string(id) + "-0";
    lines += "XCLAIM s g " + consumer + " 0 " + text + " TIME * RETRYCOUNT 1 FORCE JUSTID LASTID " + text + "\n";
  }
  return lines + "XGROUP SETID s g " + std::to_string(last) + "-0 ENTRIESREAD " + std::to_string(last) + "\nEXEC";
}

// 7.2 makes the consumer although there is nothing for it, and says how many entries a group has read.
TEST_CASE("StreamEffect: XREADGROUP, XACK, XCLAIM and XAUTOCLAIM leave what redis-server propagates") {
  std::vector<Step> steps;
  for (int i = 1; i <= 9; ++i) steps.push_back({"XADD s " + std::to_string(i) + "-0 f v"});
  const std::vector<Step> more = {{"XGROUP CREATE s g 0"},
                                  {"XREADGROUP GROUP g alice COUNT 2 STREAMS s >", Delivered("alice", 1, 2)},
                                  {"XREADGROUP GROUP g bob COUNT 1 NOACK STREAMS s >"},
                                  {"XREADGROUP GROUP g alice COUNT 1 NOACK STREAMS s >"},
                                  {"XREADGROUP GROUP g carol STREAMS s >", Delivered("carol", 5, 9)},
                                  {"XREADGROUP GROUP g dave STREAMS s >", "XGROUP CREATECONSUMER s g dave"},
                                  {"XREADGROUP GROUP g eve NOACK STREAMS s >", "XGROUP CREATECONSUMER s g eve"},
                                  {"XREADGROUP GROUP g alice STREAMS s >"},
                                  {"XREADGROUP GROUP g alice STREAMS s 0"},
                                  {"XREADGROUP GROUP g frank STREAMS s 0"},
                                  {"XACK s g 9-0"},
                                  {"XACK s g 9-0 3-0"},
                                  {"XCLAIM s g bob 0 1-0"},
                                  {"XCLAIM s g bob 0 1-0 2-0 JUSTID"},
                                  {"XCLAIM s g bob 0 2-0 TIME 500 RETRYCOUNT 7"},
                                  {"XCLAIM s g grace 0 99-0", "XGROUP CREATECONSUMER s g grace"},
                                  {"XCLAIM s g heidi 0 99-0 LASTID 3-0", "XGROUP CREATECONSUMER s g heidi"},
                                  {"XCLAIM s g bob 0 3-0"},
                                  {"XCLAIM s g bob 0 3-0 FORCE"},
                                  {"XCLAIM s g ivan 0 9-0 FORCE LASTID 10-0"},
                                  {"XCLAIM s g bob 0 99-0 LASTID 11-0"},
                                  {"XCLAIM s g bob 10000000 5-0"},
                                  {"XDEL s 2-0 5-0 6-0"},
                                  {"XCLAIM s g alice 0 2-0"},
                                  {"XAUTOCLAIM s g judy 0 0 COUNT 2"},
                                  {"XAUTOCLAIM s g judy 0 4-0 COUNT 2 JUSTID"},
                                  {"XAUTOCLAIM s g judy 0 0"},
                                  {"XAUTOCLAIM s g kate 1000000000 0", "XGROUP CREATECONSUMER s g kate"},
                                  {"XAUTOCLAIM s g judy 1000000000 0"}};
  steps.insert(steps.end(), more.begin(), more.end());
  CheckEffects(steps);
}

}  // namespace
}  // namespace usher::tests
