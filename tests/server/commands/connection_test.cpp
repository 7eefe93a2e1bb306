// PING, ECHO, AUTH, HELLO, RESET and QUIT through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

TEST_CASE("HELLO: switches the protocol and describes the server") {
  TestServer server;
  const Reply flat = server.Run("HELLO");
  CHECK(flat.type == '*');
  CHECK(flat["proto"] == Integer(2));
  CHECK(flat["version"] == "7.2.4");
  const Reply map = server.Run("HELLO 3 SETNAME me");
  CHECK(map.type == '%');
  CHECK(map["proto"] == Integer(3));
  CHECK(server.Run("CLIENT GETNAME") == "me");
  CHECK(server.Run("RESET") == "RESET");
  CHECK(server.Run("HELLO")["proto"] == Integer(2));
  CHECK(server.Run("CLIENT GETNAME").is_null());
}

TEST_CASE("HELLO: a refused option changes nothing") {
  TestServer server;
  CHECK(server.Run("HELLO 4") == "NOPROTO unsupported protocol version");
  CHECK(server.Run("HELLO 3 AUTH nobody x") == "WRONGPASS invalid username-password pair or user is disabled.");
  CHECK(server.Run("HELLO 3 SETNAME me FOO") == "ERR Syntax error in HELLO option 'FOO'");
  CHECK(server.Run(std::vector<std::string>{"HELLO", "3", "SETNAME", "a b", "FOO"}) ==
        "ERR Client names cannot contain spaces, newlines or special characters.");
  CHECK(server.Run("HELLO")["proto"] == Integer(2));
  CHECK(server.Run("CLIENT GETNAME").is_null());
}

TEST_CASE("AUTH: until the password is given, only what needs none is run") {
  TestServer server({.config = {{"requirepass", "secret"}}});
  CHECK(server.Run("GET a") == "NOAUTH Authentication required.");
  CHECK(server.Run("NOSUCH").text.starts_with("ERR unknown command"));
  CHECK(server.Run("HELLO").text.starts_with("NOAUTH HELLO must be called"));
  for (const char* wrong : {"AUTH secre", "AUTH secrets", "AUTH secretsecret", "AUTH nobody secret", "AUTH \"\""}) {
    CHECK(server.Run(wrong).text.starts_with("WRONGPASS"));
  }
  CHECK(server.Run("AUTH default secret") == "OK");
  CHECK(server.Run("GET a").is_null());
  CHECK(server.Run("RESET") == "RESET");
  CHECK(server.Run("GET a") == "NOAUTH Authentication required.");
}

TEST_CASE("AUTH: who is let in stays in when the password changes, and nobody is kept out when it goes") {
  TestServer server({.config = {{"requirepass", "secret"}}});
  TestClient inside(server);
  TestClient outside(server);
  CHECK(inside.Run("AUTH secret") == "OK");
  const server::ConfigPair changed{"requirepass", "other"};
  CHECK(server.config().Set({&changed, 1}, server::Config::Caller::kRemote).empty());
  CHECK(inside.Run("PING") == "PONG");
  CHECK(outside.Run("AUTH secret").is_error());
  const server::ConfigPair none{"requirepass", ""};
  CHECK(server.config().Set({&none, 1}, server::Config::Caller::kRemote).empty());
  CHECK(outside.Run("PING") == "PONG");
  CHECK(outside.Run("AUTH x").text.starts_with("ERR AUTH <password> called without any password"));
}

TEST_CASE("QUIT: answers, then ends the connection") {
  TestServer server;
  TestClient client(server);
  CHECK(client.Run("QUIT") == "OK");
  CHECK(client.session().client.close_after_reply);
}

}  // namespace
}  // namespace usher::tests
