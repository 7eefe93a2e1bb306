// MIGRATE against a target that says what the test wants it to say.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/journal.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using Args = std::vector<std::string>;

/// Serves connections one after the other on a thread: of each, it waits for `requests` commands and sends `replies`.
struct Conversation {
  size_t requests = 0;
  std::string replies;
  bool closes = false;  // at once; else when the target goes
};

class FakeTarget {
 public:
  explicit FakeTarget(std::vector<Conversation> conversations) : conversations_(std::move(conversations)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 4) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeTarget() { Join(); }
  FakeTarget(const FakeTarget&) = delete;
  FakeTarget& operator=(const FakeTarget&) = delete;

  const std::string& port() const { return port_; }
  /// What each connection sent. Only after Join().
  const std::vector<std::string>& heard() const { return heard_; }
  void Join() {
    if (!thread_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (const int fd : open_) close(fd);
    close(listener_);
  }

 private:
  void Serve() {
    for (const Conversation& conversation : conversations_) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string& heard = heard_.emplace_back();
      char room[4096];
      while (CountCommands(heard) < conversation.requests) {
        const ssize_t got = recv(fd, room, sizeof room, 0);
        if (got <= 0) break;
        heard.append(room, static_cast<size_t>(got));
      }
      send(fd, conversation.replies.data(), conversation.replies.size(), MSG_NOSIGNAL);
      if (conversation.closes) {
        close(fd);
      } else {
        open_.push_back(fd);
      }
    }
  }

  /// Complete commands at the front of `bytes`: every RESTORE ends with its payload or REPLACE.
  static size_t CountCommands(std::string_view bytes) {
    size_t count = 0;
    while (!bytes.empty()) {
      size_t words = 0;
      if (!TakeNumber(bytes, words)) return count;
      for (; words > 0; --words) {
        size_t size = 0;
        if (!TakeNumber(bytes, size) || bytes.size() < size + 2) return count;
        bytes.remove_prefix(size + 2);
      }
      ++count;
    }
    return count;
  }
  static bool TakeNumber(std::string_view& bytes, size_t& number) {
    const size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return false;
    number = std::stoul(std::string(bytes.substr(1, end - 1)));
    bytes.remove_prefix(end + 2);
    return true;
  }

  const std::vector<Conversation> conversations_;
  int listener_ = -1;
  std::string port_;
  std::vector<std::string> heard_;
  std::vector<int> open_;
  std::thread thread_;
};

Args Migrate(const FakeTarget& target, const Args& rest) {
  Args args = {"MIGRATE", "127.0.0.1", target.port()};
  args.insert(args.end(), rest.begin(), rest.end());
  return args;
}

TEST_CASE("MIGRATE: what the target has acknowledged is deleted and journaled, the rest stays") {
  TestServer server{{.config = {{"journal", "memory"}, {"notify-keyspace-events", "Eg"}}}};
  for (const char* key : {"a", "b", "c"}) server.Run(Args{"SET", key, "1"});
  const engine::Journal& journal = *server.server().engine().journal();
  const uint64_t before = journal.position();
  FakeTarget target({{4, "+OK\r\n+OK\r\n-BUSYKEY Target key name already exists.\r\n+OK\r\n"}});
  CHECK(server.Run(Migrate(target, {"", "3", "1000", "KEYS", "a", "b", "none", "c"})) ==
        "ERR Target instance replied with error: BUSYKEY Target key name already exists.");
  CHECK(server.Run("EXISTS a") == Integer(0));
  CHECK(server.Run("EXISTS b") == Integer(1));
  CHECK(server.Run("EXISTS c") == Integer(0));
  std::string record;
  journal.Read(before, [&](const engine::Journal::RecordInfo&, std::string_view text) {
    record = text;
    return true;
  });
  CHECK(record == "*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nc\r\n");
  target.Join();
  CHECK(
      target.heard()[0].starts_with("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*4\r\n$7\r\nRESTORE\r\n$1\r\na\r\n$1\r\n0\r\n"));
}

TEST_CASE("MIGRATE: COPY keeps the keys; times to live, REPLACE and AUTH2 are passed on") {
  TestServer server;
  server.Run("SET a 1");
  server.Run("PEXPIRE a 5000");
  FakeTarget target({{3, "+OK\r\n+OK\r\n+OK\r\n"}});
  CHECK(server.Run(Migrate(target, {"a", "0", "1000", "COPY", "REPLACE", "AUTH2", "me", "secret"})) == "OK");
  CHECK(server.Run("EXISTS a") == Integer(1));
  target.Join();
  const std::string& heard = target.heard()[0];
  CHECK(heard.starts_with("*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*5\r\n"));
  CHECK(heard.find("$1\r\na\r\n$4\r\n") != std::string::npos);  // some of the 5000 ms
  CHECK(heard.ends_with("$7\r\nREPLACE\r\n"));
}

TEST_CASE("MIGRATE: a target that refuses the password keeps nothing") {
  TestServer server;
  server.Run("SET a 1");
  FakeTarget target({{3, "-WRONGPASS no\r\n-NOAUTH no\r\n+OK\r\n"}});
  CHECK(server.Run(Migrate(target, {"a", "0", "1000", "AUTH", "bad"})) ==
        "ERR Target instance replied with error: WRONGPASS no");
  CHECK(server.Run("EXISTS a") == Integer(1));
}

TEST_CASE("MIGRATE: a connection is kept for the next time, and replaced when it was closed meanwhile") {
  TestServer server;
  for (const char* key : {"a", "b"}) server.Run(Args{"SET", key, "1"});
  FakeTarget target({{2, "+OK\r\n+OK\r\n", true}, {2, "+OK\r\n+OK\r\n"}});
  CHECK(server.Run(Migrate(target, {"a", "0", "1000"})) == "OK");
  CHECK(server.server().migrate_links().size() == 1);
  CHECK(server.Run(Migrate(target, {"b", "0", "1000"})) == "OK");
  CHECK(server.Run("DBSIZE") == Integer(0));
  target.Join();
  REQUIRE(target.heard().size() == 2);
  CHECK(target.heard()[1].find("\r\nb\r\n") != std::string::npos);
}

TEST_CASE("MIGRATE: what no answer came for stays, what was answered before is gone") {
  TestServer server;
  for (const char* key : {"a", "b", "c"}) server.Run(Args{"SET", key, "1"});
  FakeTarget target({{3, "+OK\r\n+OK\r\n"}, {2, "", true}, {2, "", true}});
  CHECK(server.Run(Migrate(target, {"", "0", "50", "KEYS", "a", "b"})) ==
        "IOERR error or timeout reading to target instance");
  CHECK(server.Run("EXISTS a") == Integer(0));
  CHECK(server.Run("EXISTS b") == Integer(1));
  // Closed without an answer: tried once more, and then given up.
  CHECK(server.Run(Migrate(target, {"c", "0", "1000"})) == "IOERR error or timeout reading to target instance");
  CHECK(server.Run("EXISTS c") == Integer(1));
  target.Join();
  CHECK(target.heard().size() == 3);
}

TEST_CASE("MIGRATE: nobody listens, nothing to send, wrong arguments") {
  TestServer server;
  server.Run("SET a 1");
  const auto run = [&](Args rest) {
    rest.insert(rest.begin(), {"MIGRATE", "127.0.0.1", "1"});
    return server.Run(rest);
  };
  CHECK(run({"a", "0", "100"}) == "IOERR error or timeout writing to target instance");
  CHECK(server.Run("MIGRATE no-such-host.invalid 1 a 0 100") == "IOERR error or timeout connecting to the client");
  CHECK(run({"none", "0", "100"}) == "NOKEY");
  CHECK(run({"", "0", "100", "KEYS"}) == "NOKEY");
  CHECK(run({"a", "0", "x"}) == "ERR value is not an integer or out of range");
  CHECK(run({"a", "x", "100"}) == "ERR value is not an integer or out of range");
  CHECK(run({"a", "0", "100", "AUTH"}) == "ERR syntax error");
  CHECK(run({"a", "0", "100", "AUTH2", "u"}) == "ERR syntax error");
  CHECK(run({"a", "0", "100", "KEYS", "a"}) ==
        "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
  CHECK(server.Run("EXISTS a") == Integer(1));
}

TEST_CASE("MIGRATE: its keys are found as Redis finds them") {
  TestServer server;
  const auto keys = [&](Args rest) {
    rest.insert(rest.begin(), {"COMMAND", "GETKEYS", "MIGRATE", "h", "1"});
    std::string text;
    const Reply reply = server.Run(rest);
    if (reply.is_error()) return reply.text;
    for (const Reply& key : reply.elements) text += key.text + ",";
    return text;
  };
  CHECK(keys({"k", "0", "1"}) == "k,");
  CHECK(keys({"", "0", "1", "KEYS", "a", "b"}) == "a,b,");
  CHECK(keys({"", "0", "1", "AUTH", "keys", "KEYS", "a"}) == "a,");
  CHECK(keys({"", "0", "1", "AUTH2", "keys", "keys", "COPY", "KEYS", "a"}) == "a,");
  CHECK(keys({"k", "0", "1", "KEYS"}) == "k,");
  CHECK(keys({"k", "0", "1", "KEYS", "a"}) == "ERR Invalid arguments specified for command");
}

}  // namespace
}  // namespace usher::tests
