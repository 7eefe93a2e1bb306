// Scripts on several threads at once: those that stray, in all directions, beside those that do not; SCRIPT KILL and
// -BUSY. ThreadSanitizer watches it in that preset.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "server/script_history.h"
#include "tests/support/running_server.h"
#include "tests/support/socket_client.h"
#include "tests/support/test_scale.h"
#include "tests/support/test_seed.h"

namespace usher::tests {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

const std::string kStrayText = "-ERR Script needs a key that it did not declare";

int64_t NumberOf(const std::string& reply) {
  return std::stoll(reply.substr(reply.find("\r\n") + 2));
}

/// A script of its own SHA that increments its declared key, then another one.
std::string StrayingBody(int number) {
  return "redis.call('INCR', KEYS[1]) for i = 1, 50 do redis.call('GET', KEYS[1]) end return redis.call('INCR', "
         "ARGV[1]) "
         "-- " +
         std::to_string(number);
}

/// Runs it until it is trusted with its declared key's turn. It increments that key twice a run.
void Train(SocketClient& client, const std::string& body, const std::string& key) {
  constexpr uint32_t kRuns = server::ScriptHistory::kCleanRunsNeeded + server::ScriptHistory::kShortRunsNeeded;
  for (uint32_t i = 0; i < kRuns; ++i) client.Add({"EVAL", body, "1", key, key});
  client.Flush();
  for (uint32_t i = 0; i < kRuns; ++i) client.ReadReply();
}

/// Waits until `ready` says so, at most some seconds.
template <class Ready>
bool WaitFor(Ready&& ready) {
  const Clock::time_point end = Clock::now() + std::chrono::seconds(20);
  while (!ready()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

TEST_CASE("Scripts: strays in opposite directions, at once, lose nothing and do not wait for ever") {
  RunningServer server(4, 8);
  constexpr size_t kClients = 6;
  const int rounds = Scaled(6);
  std::atomic<int> waiting{0};
  std::atomic<int64_t> done{0};
  std::atomic<int64_t> half_done{0};
  OnThreads(kClients, [&](size_t index) {
    SocketClient client(server.path());
    for (int round = 0; round < rounds; ++round) {
      // Everybody has a script of his own; it has never strayed yet.
      const std::string body = StrayingBody(static_cast<int>(index) * 1000 + round);
      Train(client, body, "trained:" + std::to_string(index));
      ++waiting;
      WaitFor([&] { return waiting.load() >= static_cast<int>(kClients) * (round + 1); });
      const std::string key = "k" + std::to_string(index);
      const std::string elsewhere = "k" + std::to_string((index + 1 + static_cast<size_t>(round)) % kClients);
      const std::string reply = client.Run({"EVAL", body, "1", key, elsewhere});
      if (reply.starts_with(kStrayText)) {
        ++half_done;
      } else if (reply.starts_with(":")) {
        ++done;
      } else {
        throw std::runtime_error(reply);
      }
    }
  });
  SocketClient client(server.path());
  int64_t total = 0;
  for (size_t i = 0; i < kClients; ++i) total += NumberOf(client.Run({"GET", "k" + std::to_string(i)}));
  CHECK(total == 2 * done.load() + half_done.load());
  CHECK(done.load() > 0);
  MESSAGE("strays: " << done.load() << " taken, " << half_done.load() << " failed");
}

TEST_CASE("Scripts: a flood of trusted ones and of other commands beside strays") {
  RunningServer server(4, 8);
  std::atomic<bool> over{false};
  std::atomic<int64_t> increments{0};
  const int rounds = Scaled(15);
  OnThreads(8, [&](size_t index) {
    SocketClient client(server.path());
    engine::Random random(TestSeed() + index);
    if (index == 0) {
      for (int round = 0; round < rounds; ++round) {
        const std::string body = StrayingBody(round);
        Train(client, body, "trained");
        const std::string reply =
            client.Run({"EVAL", body, "1", "s" + std::to_string(round), "s" + std::to_string(random.Below(100))});
        if (!reply.starts_with(":")) throw std::runtime_error(reply);
      }
      over = true;
      return;
    }
    while (!over) {
      for (int i = 0; i < 16; ++i) {
        const std::string key = "flood:" + std::to_string(random.Below(8));
        if (index % 2 == 0) {
          client.Add({"EVAL", "return redis.call('INCR', KEYS[1])", "1", key});
        } else {
          client.Add(
              {"MSET", "m" + std::to_string(random.Below(100)), "x", "m" + std::to_string(random.Below(100)), "y"});
        }
      }
      client.Flush();
      for (int i = 0; i < 16; ++i) {
        const std::string reply = client.ReadReply();
        if (reply.starts_with("-")) throw std::runtime_error(reply);
        if (index % 2 == 0) ++increments;
      }
    }
  });
  SocketClient client(server.path());
  int64_t total = 0;
  for (int i = 0; i < 8; ++i) total += NumberOf(client.Run({"GET", "flood:" + std::to_string(i)}));
  CHECK(total == increments.load());
}

TEST_CASE("Scripts: scripts that write undeclared keys are never seen half done") {
  RunningServer server(4, 8);
  std::atomic<bool> over{false};
  std::atomic<int> torn{0};
  OnThreads(4, [&](size_t index) {
    SocketClient client(server.path());
    if (index == 0) {
      for (int round = 0; round < Scaled(200); ++round) {
        client.Run(
            {"EVAL", "for i = 1, 8 do redis.call('SET', 'part:' .. i, ARGV[1]) end", "0", std::to_string(round)});
      }
      over = true;
      return;
    }
    while (!over) {
      const std::string reply =
          client.Run({"MGET", "part:1", "part:2", "part:3", "part:4", "part:5", "part:6", "part:7", "part:8"});
      const std::string parts = reply.substr(reply.find("\r\n") + 2);
      const std::string first = parts.substr(0, parts.size() / 8);
      for (size_t i = 0; i < 8; ++i) torn += parts.substr(i * first.size(), first.size()) != first ? 1 : 0;
    }
  });
  CHECK(torn.load() == 0);
}

TEST_CASE("SCRIPT KILL: ends a script that never ends, with one worker; others are told that the server is busy") {
  RunningServer server(1, 8, {{"busy-reply-threshold", "30"}});
  std::thread endless([&] {
    SocketClient client(server.path());
    const std::string reply = client.Run({"EVAL", "while true do pcall(function() while true do end end) end", "0"});
    CHECK(reply.find("Script killed by user with SCRIPT KILL") != std::string::npos);
  });
  SocketClient client(server.path());
  CHECK(WaitFor([&] { return client.Run({"GET", "k"}).starts_with("-BUSY Redis is busy running a script."); }));
  CHECK(client.Run({"PING"}) == "+PONG\r\n");
  CHECK(client.Run({"FUNCTION", "KILL"}).starts_with("-BUSY"));
  CHECK(client.Run({"FUNCTION", "STATS"}).find("running_script\r\n*6") != std::string::npos);
  CHECK(WaitFor([&] { return client.Run({"SCRIPT", "KILL"}) == "+OK\r\n"; }));
  endless.join();
  CHECK(WaitFor([&] { return client.Run({"SCRIPT", "KILL"}).starts_with("-NOTBUSY"); }));
  CHECK(client.Run({"SET", "k", "v"}) == "+OK\r\n");
}

TEST_CASE("SCRIPT KILL: a script that has written goes on") {
  RunningServer server(2, 8, {{"busy-reply-threshold", "20"}});
  std::thread writer([&] {
    SocketClient client(server.path());
    CHECK(client.Run({"EVAL",
                      "redis.call('SET', KEYS[1], 1) local start = os.clock() while os.clock() - start < 0.6 do end "
                      "return redis.call('INCR', KEYS[1])",
                      "1", "k"}) == ":2\r\n");
  });
  SocketClient client(server.path());
  CHECK(WaitFor([&] { return client.Run({"SCRIPT", "KILL"}).starts_with("-UNKILLABLE"); }));
  writer.join();
}

TEST_CASE("Scripts: whoever waits for a script's turns when it becomes busy is turned away, and served later") {
  RunningServer server(2, 8, {{"busy-reply-threshold", "100"}});
  std::thread slow([&] {
    SocketClient client(server.path());
    client.Run({"EVAL", "local start = os.clock() while os.clock() - start < 1 do end", "0"});
  });
  std::this_thread::sleep_for(milliseconds(50));
  SocketClient client(server.path());
  for (int i = 0; i < 3; ++i) client.Add({"INCR", "k"});
  client.Flush();
  for (int i = 0; i < 3; ++i) CHECK(client.ReadReply().starts_with("-BUSY"));
  CHECK(client.Run({"MULTI"}) == "+OK\r\n");
  CHECK(client.Run({"INCR", "k"}) == "+QUEUED\r\n");
  CHECK(client.Run({"EXEC"}).starts_with("-EXECABORT Transaction discarded because of: BUSY"));
  slow.join();
  CHECK(client.Run({"INCR", "k"}) == ":1\r\n");
}

TEST_CASE("Server: stops although a script never ends") {
  std::thread endless;
  {
    RunningServer server(2, 8);
    endless = std::thread([path = server.path()] {
      try {
        SocketClient(path).Run({"EVAL", "redis.call('SET', 'k', 1) while true do end", "0"});
      } catch (const std::exception&) {  // the connection closes
      }
    });
    SocketClient client(server.path());
    CHECK(WaitFor([&] { return client.Run({"FUNCTION", "STATS"}).find("running_script\r\n*6") != std::string::npos; }));
  }
  endless.join();
}

}  // namespace
}  // namespace usher::tests
