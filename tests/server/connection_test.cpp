// A connection on its worker, driven by hand on one thread: what happens to it while its session is elsewhere.
#include "server/connection.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "server/worker.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// A client of a server whose worker runs only when the test says so.
class HandDriven {
 public:
  explicit HandDriven(TestServer& test_server) : server_(test_server), worker_(*server_.server().workers().front()) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    peer_ = ends[0];
    auto info = server_.server().clients().Add(worker_);
    id_ = info->id;
    worker_.Adopt(ends[1], std::move(info));
    Deliver();
  }
  ~HandDriven() {
    if (server::Connection* const mine = connection()) mine->Close(server::Connection::CloseWhen::kNow);
    Deliver();
    close(peer_);
    server_.thread().BindToThread();
  }
  HandDriven(const HandDriven&) = delete;
  HandDriven& operator=(const HandDriven&) = delete;

  server::Connection* connection() { return worker_.FindConnection(id_); }
  /// Sends commands in one piece, which the worker reads.
  void Send(std::string_view text) {
    REQUIRE(write(peer_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    worker_.execution().BindToThread();
    worker_.loop().RunOnce(server::EventLoop::Wait::kPoll);
    worker_.HandleEvents();
  }
  /// The worker reads its mail, and does what it is granted.
  void Deliver() {
    worker_.execution().BindToThread();
    worker_.DeliverMail();
    worker_.execution().executor.Drain();
    worker_.DeliverMail();
  }
  /// The other thread gives a turn up and does what waits for it.
  void ReleaseElsewhere(engine::ShardIndex shard) {
    server_.thread().BindToThread();
    server_.thread().executor.Release(shard);
    server_.thread().executor.Drain();
    worker_.execution().BindToThread();
  }
  /// What the worker does for others while a script keeps it.
  void ServeMeanwhile() {
    worker_.execution().BindToThread();
    worker_.ServeMeanwhile();
  }
  /// The worker takes over what others have left.
  void RunReady() {
    while (worker_.execution().executor.RunReady()) {
    }
  }
  /// What was sent to the client so far.
  std::string Received() {
    char room[4096];
    const ssize_t got = read(peer_, room, sizeof room);
    return got > 0 ? std::string(room, static_cast<size_t>(got)) : std::string();
  }

 private:
  TestServer& server_;
  server::Worker& worker_;
  uint64_t id_ = 0;
  int peer_ = -1;
};

uint64_t WaitedFor(TestServer& server) {
  uint64_t keys = 0;
  for (const auto& shard : server.server().engine().shards()) keys += shard->blocked().counted_keys();
  return keys;
}

TEST_CASE("Connection: closed while its command runs elsewhere and begins to wait, it leaves no waiter behind") {
  TestServer server;
  HandDriven client(server);
  const engine::ShardIndex shard = server.server().engine().ShardOf(engine::KeySlot("list"));
  REQUIRE(server.thread().executor.TryTake(shard));
  client.Send("BLPOP list 0\r\n");  // parked
  client.ReleaseElsewhere(shard);   // runs there and waits; that it does is on its way home
  REQUIRE(WaitedFor(server) == 1);
  client.connection()->Close(server::Connection::CloseWhen::kNow);
  REQUIRE(client.connection() != nullptr);
  client.Deliver();
  CHECK(client.connection() == nullptr);
  CHECK(WaitedFor(server) == 0);
}

TEST_CASE("Connection: closed while its command waits for a turn, it never runs") {
  TestServer server;
  HandDriven client(server);
  const engine::ShardIndex shard = server.server().engine().ShardOf(engine::KeySlot("list"));
  REQUIRE(server.thread().executor.TryTake(shard));
  client.Send("BLPOP list 0\r\n");
  client.connection()->Close(server::Connection::CloseWhen::kNow);
  client.ReleaseElsewhere(shard);
  CHECK(WaitedFor(server) == 0);
  client.Deliver();
  CHECK(client.connection() == nullptr);
}

TEST_CASE("Connection: closed while it waits, it leaves no waiter behind") {
  TestServer server;
  HandDriven client(server);
  client.Send("BLPOP list 0\r\n");
  REQUIRE(WaitedFor(server) == 1);
  client.connection()->Close(server::Connection::CloseWhen::kNow);
  client.Deliver();
  CHECK(client.connection() == nullptr);
  CHECK(WaitedFor(server) == 0);
}

TEST_CASE("Connection: closed at the end of what a worker does meanwhile, its waiter does not keep the key's turn") {
  TestServer server;
  HandDriven client(server);
  const engine::ShardIndex shard = server.server().engine().ShardOf(engine::KeySlot("list"));
  REQUIRE(server.Run({"CONFIG", "SET", "client-output-buffer-limit", "normal 1000 0 0"}) == "OK");
  client.Send("BLPOP list 0\r\n");
  struct PushTask final : engine::TurnTask {
    explicit PushTask(server::Connection& connection) : to(connection) {}
    void Run(engine::TurnExecutor&) override { to.Push(std::string(size_t{16} << 20, 'x')); }  // no socket takes that
    server::Connection& to;
  } push(*client.connection());
  server.thread().executor.Submit(push);
  server.thread().executor.ShareWork();  // so that it is pushed when the mail is read already
  client.ServeMeanwhile();
  client.RunReady();
  CHECK(client.connection() == nullptr);
  CHECK(WaitedFor(server) == 0);
  CHECK(server.thread().executor.TryTake(shard));
}

TEST_CASE("Connection: what a client publishes to itself comes right behind the command's reply") {
  TestServer server;
  HandDriven client(server);
  client.Send("HELLO 3\r\nSUBSCRIBE c\r\n");
  client.Deliver();
  client.Received();
  const std::string one = ":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n1\r\n";
  const std::string two = ":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n2\r\n";
  client.Send("PUBLISH c 1\r\nPUBLISH c 2\r\nPING\r\n");
  for (int i = 0; i < 3; ++i) client.Deliver();
  CHECK(client.Received() == one + two + "+PONG\r\n");
}

TEST_CASE("Connection: a key event of one's own command that ran elsewhere comes right behind its reply") {
  TestServer server{{.config = {{"notify-keyspace-events", "E$"}}}};
  HandDriven client(server);
  client.Send("HELLO 3\r\nSUBSCRIBE __keyevent@0__:set\r\n");
  client.Deliver();
  client.Received();
  const engine::ShardIndex shard = server.server().engine().ShardOf(engine::KeySlot("k"));
  REQUIRE(server.thread().executor.TryTake(shard));
  client.Send("SET k 1\r\nGET k\r\n");
  client.ReleaseElsewhere(shard);
  for (int i = 0; i < 3; ++i) client.Deliver();
  CHECK(client.Received() == "+OK\r\n>3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:set\r\n$1\r\nk\r\n$1\r\n1\r\n");
}

}  // namespace
}  // namespace usher::tests
