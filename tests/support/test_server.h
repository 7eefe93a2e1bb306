// TestServer: a whole server in one process without sockets or threads of its own: commands go through the dispatcher
// on the calling thread, with an injected clock. TestClient is one of its clients; Reply is a parsed RESP value.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "server/config.h"
#include "server/server.h"
#include "server/session.h"

namespace usher::tests {

/// A reply as a tree. `type` is the RESP type byte; null is '_' in both protocol versions.
struct Reply {
  char type = 0;  // 0: nothing was replied
  std::string text;
  int64_t integer = 0;
  std::vector<Reply> elements;

  bool is_null() const { return type == '_'; }
  bool is_error() const { return type == '-'; }
  /// The value behind `field` in a map or a flat array of pairs; aborts the test if it is absent.
  const Reply& operator[](std::string_view field) const;
  const Reply& operator[](size_t index) const { return elements.at(index); }
  bool operator==(const Reply&) const = default;
  /// Equal to a string, simple string or error text.
  bool operator==(std::string_view expected) const { return type != ':' && type != '*' && text == expected; }
  bool operator==(const char* expected) const { return *this == std::string_view(expected); }
};
std::ostream& operator<<(std::ostream& out, const Reply& reply);

/// What a test expects of an integer reply.
inline Reply Integer(int64_t value) {
  return {':', {}, value, {}};
}

struct TestServerOptions {
  size_t shard_count = 4;
  int64_t now_ms = 1'000'000;
  std::vector<std::vector<std::string>> config = {};  // directives set at start: {"name", "word" ...}
};

class TestServer;

class TestClient final : public server::SessionHome {
 public:
  explicit TestClient(TestServer& test_server);
  ~TestClient() override;

  /// Runs one command given as words separated by spaces ("" is written as two quotes), or as a list of arguments.
  Reply Run(std::string_view line);
  Reply Run(const std::vector<std::string>& args);
  /// Sends without reading a reply (blocking commands); Read() takes the reply when there is one.
  void Send(const std::vector<std::string>& args);
  /// Receives bytes as they are and executes what is complete.
  void Feed(std::string_view bytes);
  Reply Read();
  /// Ends a wait whose time is up, and goes on after CLIENT PAUSE if that is over.
  void OnTick(int64_t monotonic_ms);
  bool blocked() const { return blocked_; }
  /// The blocked command's time is up.
  Reply EndWait();
  /// Elsewhere: parked for turns, or on the pool.
  bool away() const { return away_; }
  server::Session& session() { return *session_; }

  // SessionHome.
  void OnReturned(server::RunEnd end) override;
  void OnServed() override;
  void Push(std::string_view bytes) override;
  void PostHome(server::Message& message) override;

 private:
  void Pump();
  void Flush();
  bool ParseMore();
  bool StopWaiting();
  void SetBlocked(server::RunEnd end);
  TestServer& server_;
  std::shared_ptr<server::ClientInfo> info_;
  std::unique_ptr<server::Session> session_;
  std::string flushed_;  // replies on their way to Read()
  std::string unread_;   // received, but the session's read buffer may not move while it is executing or away
  bool away_ = false;
  bool blocked_ = false;
  bool paused_ = false;
  bool broken_ = false;  // a protocol error: nothing more is read
};

class TestServer {
 public:
  explicit TestServer(TestServerOptions options = {});

  Reply Run(std::string_view line) { return client_->Run(line); }
  Reply Run(const std::vector<std::string>& args) { return client_->Run(args); }
  engine::ManualClock& clock() { return clock_; }
  server::Server& server() { return *server_; }
  server::Config& config() { return config_; }
  server::ExecutionThread& thread() { return *thread_; }
  /// Delivers what was posted to clients (served blocked clients).
  void DeliverMail();

 private:
  friend class TestClient;
  engine::ManualClock clock_;
  server::Config config_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<server::ExecutionThread> thread_;
  server::Mailbox mailbox_;
  std::unique_ptr<TestClient> client_;
};

}  // namespace usher::tests
