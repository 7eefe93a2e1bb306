// QUEUE and its subcommands through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/reply_text.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using Names = std::vector<std::string>;

/// A server with `users` admitted to queue q for 60 s.
struct Admitted : TestServer {
  Admitted(std::initializer_list<const char*> users) : TestServer({.now_ms = 1'000'000}) {
    for (const char* user : users) Run({"ENTERQUEUE", "q", user});
    Run("MOVEACTIVE q 100 TTL 60");
  }
};

TEST_CASE("QUEUE STATUS: tells of every standing and creates nothing") {
  TestServer server{{.now_ms = 1'000'000}};
  CHECK(server.Run("QUEUE STATUS q a")["status"] == "NONE");
  CHECK(server.Run("QUEUE LIST").elements.empty());
  server.Run("ENTERQUEUE q a");
  server.Run("ENTERQUEUE q b");
  CHECK(server.Run("QUEUE STATUS q b")["status"] == "WAITING");
  CHECK(server.Run("QUEUE STATUS q b")["position"] == Integer(1));
  CHECK(server.Run("QUEUE STATUS q b")["total"] == Integer(2));
  server.Run("MOVEACTIVE q 1 TTL 60");
  CHECK(server.Run("QUEUE STATUS q a")["status"] == "READY");
  CHECK(server.Run("QUEUE STATUS q a")["expires_at"] == Integer(1060));
  CHECK(server.Run("QUEUE ACTIVATE q a TTL 90") == Integer(1));
  CHECK(server.Run("QUEUE STATUS q a")["status"] == "ACTIVE");
  CHECK(server.Run("QUEUE STATUS q a")["expires_at"] == Integer(1090));
  CHECK(server.Run("QUEUE STATUS q c")["status"] == "NONE");
  CHECK(server.Run("QUEUE STATUS q a JSON").text.starts_with(R"({"status":"ACTIVE","token":")"));
  CHECK(server.Run("QUEUE STATUS q c JSON") == R"({"status":"NONE"})");
}

TEST_CASE("QUEUE STATUS: at the second of its expiry a place is gone, and makes room") {
  Admitted server({"a"});
  server.clock().AdvanceMs(59'999);
  CHECK(server.Run("QUEUE STATUS q a")["status"] == "READY");
  server.clock().AdvanceMs(1);
  CHECK(server.Run("QUEUE STATUS q a")["status"] == "NONE");
  CHECK(server.Run("QUEUE INFO q")["active"] == Integer(0));
  CHECK(server.Run("QUEUE INFO q")["expired"] == Integer(1));
}

TEST_CASE("QUEUE: a place whose token is gone is gone") {
  Admitted server({"a", "b"});
  server.Run("SET active:token:{q}:a x PX 1");
  server.clock().AdvanceMs(10);
  CHECK(server.Run("QUEUE ACTIVATE q a") == Integer(0));
  CHECK(server.Run("QUEUE INFO q")["active"] == Integer(1));
  CHECK(server.Run("ENTERQUEUE q a")["status"] == "NEW");
}

TEST_CASE("QUEUE ACTIVATE: 1, then -1; 0 without a token") {
  Admitted server({"a"});
  CHECK(server.Run("QUEUE ACTIVATE q a") == Integer(1));
  CHECK(server.Run("QUEUE ACTIVATE q a") == Integer(-1));
  CHECK(server.Run("QUEUE ACTIVATE q b") == Integer(0));
  CHECK(server.Run("QUEUE ACTIVATE none b") == Integer(0));
  CHECK(server.Run("QUEUE ACTIVATE q a TTL") == "ERR syntax error");
  CHECK(server.Run("QUEUE STATUS q a")["expires_at"] == Integer(1300));
}

TEST_CASE("QUEUE EXTEND: renews an ACTIVE token up to the limit") {
  Admitted server({"a"});
  CHECK(server.Run("QUEUE EXTEND q a") == Integer(0));
  server.Run("QUEUE ACTIVATE q a");
  server.clock().AdvanceMs(10'000);
  CHECK(server.Run("QUEUE EXTEND q a TTL 100 MAXEXTENDS 2") == Integer(1));
  CHECK(server.Run("QUEUE STATUS q a")["expires_at"] == Integer(1110));
  CHECK(server.Run("QUEUE EXTEND q a TTL 100 MAXEXTENDS 2") == Integer(1));
  CHECK(server.Run("QUEUE EXTEND q a TTL 100 MAXEXTENDS 2") == Integer(-1));
  CHECK(server.Run("QUEUE EXTEND q a") == Integer(1));
  CHECK(server.Run("QUEUE EXTEND q a") == Integer(-1));
  CHECK(server.Run("QUEUE EXTEND q b") == Integer(0));
}

TEST_CASE("QUEUE LEAVE: gives up a place in the line or an active one, once") {
  Admitted server({"a"});
  server.Run("ENTERQUEUE q b");
  CHECK(server.Run("QUEUE LEAVE q a") == Integer(1));
  CHECK(server.Run("QUEUE LEAVE q a") == Integer(0));
  CHECK(server.Run("GET active:token:{q}:a").is_null());
  CHECK(server.Run("QUEUE LEAVE q b") == Integer(1));
  CHECK(server.Run("QUEUE STATUS q b")["status"] == "NONE");
  CHECK(server.Run("QUEUE LEAVE none b") == Integer(0));
  CHECK(server.Run("QUEUE LIST").elements.empty());
}

TEST_CASE("QUEUE EXPIRE: removes those whose time is up, first expired first") {
  TestServer server{{.now_ms = 1'000'000}};
  for (const char* user : {"a", "b", "c"}) server.Run({"ENTERQUEUE", "q", user});
  for (const char* ttl : {"30", "20", "50"}) server.Run({"MOVEACTIVE", "q", "1", "TTL", ttl});
  CHECK(server.Run("QUEUE EXPIRE q").elements.empty());
  server.clock().AdvanceMs(40'000);
  CHECK(Texts(server.Run("QUEUE EXPIRE q LIMIT 1")) == Names{"b"});
  CHECK(Texts(server.Run("QUEUE EXPIRE q")) == Names{"a"});
  CHECK(server.Run("QUEUE EXPIRE none").elements.empty());
  CHECK(server.Run("QUEUE EXPIRE q LIMIT x").is_error());
}

TEST_CASE("QUEUE WAIT: answers at once unless the user waits") {
  Admitted server({"a"});
  CHECK(server.Run("QUEUE WAIT q a 1000")["status"] == "READY");
  CHECK(server.Run("QUEUE WAIT q b 1000")["status"] == "NONE");
  CHECK(server.Run("QUEUE WAIT q b -1") == "ERR timeout is negative");
  CHECK(server.Run("QUEUE WAIT q b x") == "ERR timeout is not an integer or out of range");
}

TEST_CASE("QUEUE WAIT: is served when the user is admitted, or has left") {
  TestServer server;
  for (const char* user : {"a", "b"}) server.Run({"ENTERQUEUE", "q", user});
  TestClient first(server);
  TestClient second(server);
  first.Send({"QUEUE", "WAIT", "q", "a", "1000"});
  second.Send({"QUEUE", "WAIT", "q", "b", "0"});
  CHECK(first.blocked());
  CHECK(second.blocked());
  server.Run("MOVEACTIVE q 1");
  CHECK(first.Read()["status"] == "READY");
  CHECK(second.blocked());
  server.Run("QUEUE LEAVE q b");
  CHECK(second.Read()["status"] == "NONE");
  CHECK_FALSE(second.blocked());
}

TEST_CASE("QUEUE WAIT: at the end of the time the present standing is told") {
  TestServer server;
  for (const char* user : {"a", "b", "c"}) server.Run({"ENTERQUEUE", "q", user});
  TestClient client(server);
  client.Send({"QUEUE", "WAIT", "q", "c", "1000"});
  server.Run("MOVEACTIVE q 1");
  CHECK(client.blocked());
  const Reply reply = client.EndWait();
  CHECK(reply["status"] == "WAITING");
  CHECK(reply["position"] == Integer(1));
  CHECK(client.Run("QUEUE STATUS q a")["status"] == "READY");
  client.Send({"QUEUE", "WAIT", "q", "c", "1000"});
  CHECK(client.blocked());
}

TEST_CASE("QUEUE WAIT: deleting the queue ends the wait") {
  TestServer server;
  server.Run("ENTERQUEUE q a");
  TestClient client(server);
  client.Send({"QUEUE", "WAIT", "q", "a", "0"});
  CHECK(server.Run("QUEUE DEL q") == Integer(1));
  CHECK(client.Read()["status"] == "NONE");
}

TEST_CASE("QUEUE CONFIG: what is set is what is got, the rest is the default") {
  TestServer server;
  const Reply before = server.Run("QUEUE CONFIG GET q");
  CHECK(before["max-active"] == "1000");
  CHECK(before["state"] == "open");
  CHECK(before["admit"] == "off");
  CHECK(server.Run("QUEUE LIST").elements.empty());
  CHECK(server.Run("QUEUE CONFIG SET q max-active 5 admit on state paused") == "OK");
  const Reply after = server.Run("QUEUE CONFIG GET q");
  CHECK(after["max-active"] == "5");
  CHECK(after["state"] == "paused");
  CHECK(after["admit"] == "on");
  CHECK(after["token-ttl"] == "300");
  CHECK(Texts(server.Run("QUEUE LIST")) == Names{"q"});
}

TEST_CASE("QUEUE CONFIG SET: an unknown field or a bad value changes nothing") {
  TestServer server;
  CHECK(server.Run("QUEUE CONFIG SET q max-active 5 nosuch 1") == "ERR unknown queue setting");
  for (const char* bad : {"abc", "-1", "1.5", ""}) {
    CHECK(server.Run({"QUEUE", "CONFIG", "SET", "q", "rate", "7", "max-active", bad}) ==
          "ERR invalid value for a queue setting");
  }
  CHECK(server.Run("QUEUE CONFIG SET q state ajar").is_error());
  CHECK(server.Run("QUEUE CONFIG SET q token-ttl 0").is_error());
  CHECK(server.Run("QUEUE CONFIG SET q interval 0").is_error());
  CHECK(server.Run("QUEUE CONFIG SET q admit maybe").is_error());
  CHECK(server.Run("QUEUE CONFIG SET q rate") == "ERR wrong number of arguments for 'queue|config' command");
  CHECK(server.Run("QUEUE CONFIG GET q extra") == "ERR wrong number of arguments for 'queue|config' command");
  CHECK(server.Run("QUEUE CONFIG NUDGE q") == "ERR syntax error");
  CHECK(server.Run("QUEUE LIST").elements.empty());
  CHECK(server.Run("QUEUE CONFIG GET q")["rate"] == "100");
}

TEST_CASE("QUEUE CONFIG: max-active, max-waiting and state rule") {
  TestServer server;
  server.Run("QUEUE CONFIG SET q max-active 1 max-waiting 2");
  server.Run("ENTERQUEUE q a");
  server.Run("ENTERQUEUE q b");
  CHECK(server.Run("ENTERQUEUE q c") == "QUEUEFULL the queue is full");
  CHECK(server.Run("MOVEACTIVE q 5").elements.size() == 1);
  server.Run("QUEUE CONFIG SET q state paused max-active 5");
  CHECK(server.Run("ENTERQUEUE q c")["status"] == "NEW");
  CHECK(server.Run("MOVEACTIVE q 5").elements.empty());
  server.Run("QUEUE CONFIG SET q state closed");
  CHECK(server.Run("ENTERQUEUE q d") == "QUEUECLOSED the queue is closed");
  CHECK(server.Run("ENTERQUEUE q b")["status"] == "WAITING");
  CHECK(server.Run("ENTERQUEUE q a")["status"] == "READY");
  CHECK(server.Run("MOVEACTIVE q 5").elements.size() == 2);
}

TEST_CASE("QUEUE INFO: sizes, totals and the oldest wait") {
  TestServer server{{.now_ms = 1'000'000}};
  for (const char* user : {"a", "b", "c", "d"}) server.Run({"ENTERQUEUE", "q", user});
  server.Run("ENTERQUEUE q a");
  server.Run("MOVEACTIVE q 2 TTL 10");
  server.Run("QUEUE ACTIVATE q a TTL 100");
  server.Run("QUEUE LEAVE q c");
  server.clock().AdvanceMs(20'000);
  server.Run("QUEUE EXPIRE q");
  const Reply info = server.Run("QUEUE INFO q");
  CHECK(info["waiting"] == Integer(1));
  CHECK(info["active"] == Integer(1));
  CHECK(info["entered"] == Integer(4));
  CHECK(info["admitted"] == Integer(2));
  CHECK(info["activated"] == Integer(1));
  CHECK(info["expired"] == Integer(1));
  CHECK(info["left"] == Integer(1));
  CHECK(info["oldest_wait_ms"] == Integer(19'999));
  CHECK(info["max-active"] == "1000");
  CHECK(server.Run("QUEUE INFO none")["entered"] == Integer(0));
}

TEST_CASE("QUEUE LIST: follows the keys over all shards and takes a pattern") {
  TestServer server;
  for (const char* queue : {"x1", "x2", "y1", "y2", "z"}) server.Run({"ENTERQUEUE", queue, "u"});
  CHECK(Texts(server.Run("QUEUE LIST")) == Names{"x1", "x2", "y1", "y2", "z"});
  CHECK(Texts(server.Run("QUEUE LIST MATCH ?1")) == Names{"x1", "y1"});
  server.Run("QUEUE LEAVE x1 u");
  server.Run("QUEUE DEL y1");
  CHECK(Texts(server.Run("QUEUE LIST MATCH ?1")).empty());
  CHECK(server.Run("QUEUE LIST FOO") == "ERR syntax error");
  CHECK(server.Run("QUEUE LIST FOO bar") == "ERR syntax error");
}

TEST_CASE("QUEUE DEL: nothing of the queue is left") {
  Admitted server({"a", "b"});
  server.Run("ENTERQUEUE q c");
  server.Run("QUEUE CONFIG SET q rate 5");
  CHECK(server.Run("QUEUE DEL q") == Integer(1));
  CHECK(server.Run("QUEUE DEL q") == Integer(0));
  CHECK(server.Run("GET active:token:{q}:a").is_null());
  CHECK(server.Run("QUEUE CONFIG GET q")["rate"] == "100");
  CHECK(server.Run("QUEUE INFO q")["entered"] == Integer(0));
  CHECK(server.Run("QUEUE STATUS q a")["status"] == "NONE");
}

TEST_CASE("QUEUE DEL: whoever waits for admission hears of it, in a short line and in a long one") {
  for (const int others : {0, 100}) {
    CAPTURE(others);
    TestServer server;
    for (const std::string queue : {"q", "r"}) {
      for (int i = 0; i < others; ++i) server.Run("ENTERQUEUE " + queue + " other" + std::to_string(i));
      server.Run("ENTERQUEUE " + queue + " a");
    }
    TestClient waiter(server);
    TestClient elsewhere(server);
    waiter.Send({"QUEUE", "WAIT", "q", "a", "0"});
    elsewhere.Send({"QUEUE", "WAIT", "r", "a", "0"});
    CHECK(server.Run("QUEUE DEL q") == Integer(1));
    server.DeliverMail();
    CHECK(waiter.Read()["status"] == "NONE");
    CHECK(elsewhere.Read().type == 0);
    CHECK(elsewhere.blocked());
  }
}

TEST_CASE("QUEUE: a bad name is an error of every subcommand") {
  TestServer server;
  const std::string name_error = "ERR invalid queue name: it must not be empty or hold '{' or '}'";
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"MOVEACTIVE", "", "1"},
           {"QUEUE", "STATUS", "a{", "u"},
           {"QUEUE", "ACTIVATE", "a}", "u"},
           {"QUEUE", "EXTEND", "", "u"},
           {"QUEUE", "LEAVE", "{x}", "u"},
           {"QUEUE", "EXPIRE", ""},
           {"QUEUE", "WAIT", "", "u", "1"},
           {"QUEUE", "CONFIG", "GET", ""},
           {"QUEUE", "CONFIG", "SET", "{", "rate", "1"},
           {"QUEUE", "INFO", ""},
           {"QUEUE", "DEL", ""},
       }) {
    CHECK(server.Run(command) == name_error);
  }
}

TEST_CASE("QUEUE: eta follows the rate of admission, or the settings until there is one") {
  TestServer server{{.now_ms = 1'000'000}};
  for (int i = 0; i < 100; ++i) server.Run({"ENTERQUEUE", "q", "u" + std::to_string(i)});
  CHECK(server.Run("QUEUE STATUS q u99")["eta_ms"] == Integer(-1));
  server.Run("QUEUE CONFIG SET q rate 10 interval 2000 admit on");
  CHECK(server.Run("QUEUE STATUS q u0")["eta_ms"] == Integer(0));
  CHECK(server.Run("QUEUE STATUS q u99")["eta_ms"] == Integer(18'000));
  server.Run("QUEUE CONFIG SET q admit off");
  for (int i = 0; i < 5; ++i) {
    server.Run("MOVEACTIVE q 10");
    server.clock().AdvanceMs(2'000);
  }
  const int64_t eta = server.Run("QUEUE STATUS q u99")["eta_ms"].integer;
  CHECK(eta > 8'000);
  CHECK(eta < 13'000);
  CHECK(server.Run("QUEUE INFO q")["admitted_per_second"].text.size() > 0);
  server.Run("QUEUE CONFIG SET q state paused");
  CHECK(server.Run("QUEUE STATUS q u99")["eta_ms"] == Integer(-1));
}

TEST_CASE("QUEUE HELP: lists the subcommands") {
  TestServer server;
  const Reply help = server.Run("QUEUE HELP");
  CHECK(help.elements.size() > 20);
  CHECK(help[0].text.starts_with("QUEUE <subcommand>"));
}

}  // namespace
}  // namespace usher::tests
