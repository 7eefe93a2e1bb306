// Changing and searching lists through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

std::string Joined(const Reply& reply) {
  std::string text;
  for (const Reply& element : reply.elements) text += element.text + " ";
  return text;
}

TEST_CASE("LSET: replaces one element") {
  TestServer server;
  server.Run("RPUSH l a b c");
  CHECK(server.Run("LSET l -1 z") == "OK");
  CHECK(server.Run("LSET l 0 x") == "OK");
  CHECK(Joined(server.Run("LRANGE l 0 -1")) == "x b z ");
  CHECK(server.Run("LSET l 3 q") == "ERR index out of range");
  CHECK(server.Run("LSET l abc q") == "ERR value is not an integer or out of range");
  CHECK(server.Run("LSET nokey 0 q") == "ERR no such key");
}

TEST_CASE("LINSERT: beside the first that equals the pivot") {
  TestServer server;
  server.Run("RPUSH l a b a");
  CHECK(server.Run("LINSERT l BEFORE a x") == Integer(4));
  CHECK(server.Run("LINSERT l after b y") == Integer(5));
  CHECK(Joined(server.Run("LRANGE l 0 -1")) == "x a b y a ");
  CHECK(server.Run("LINSERT l BEFORE nothing x") == Integer(-1));
  CHECK(server.Run("LINSERT nokey BEFORE a x") == Integer(0));
  CHECK(server.Run("LINSERT l AT a x") == "ERR syntax error");
}

TEST_CASE("LREM: from the side its sign says, as many as it says") {
  TestServer server;
  server.Run("RPUSH l a b a c a");
  CHECK(server.Run("LREM l -1 a") == Integer(1));
  CHECK(Joined(server.Run("LRANGE l 0 -1")) == "a b a c ");
  CHECK(server.Run("LREM l 1 a") == Integer(1));
  CHECK(server.Run("LREM l 0 nothing") == Integer(0));
  CHECK(server.Run("LREM l -9223372036854775808 a") == Integer(1));
  CHECK(Joined(server.Run("LRANGE l 0 -1")) == "b c ");
  server.Run("LREM l 0 b");
  server.Run("LREM l 0 c");
  CHECK(server.Run("EXISTS l") == Integer(0));
}

TEST_CASE("LTRIM: keeps a range, which may be nothing") {
  TestServer server;
  server.Run("RPUSH l a b c d e");
  CHECK(server.Run("LTRIM l 1 -2") == "OK");
  CHECK(Joined(server.Run("LRANGE l 0 -1")) == "b c d ");
  CHECK(server.Run("LTRIM l 5 9") == "OK");
  CHECK(server.Run("EXISTS l") == Integer(0));
}

TEST_CASE("LPOS: rank, count and a limit of comparisons") {
  TestServer server;
  server.Run("RPUSH l a b c a c c");
  CHECK(server.Run("LPOS l c") == Integer(2));
  CHECK(server.Run("LPOS l c RANK -1") == Integer(5));
  CHECK(server.Run("LPOS l c RANK 2") == Integer(4));
  CHECK(server.Run("LPOS l c RANK 4").is_null());
  const Reply all = server.Run("LPOS l c COUNT 0 RANK -2");
  CHECK(all.elements.size() == 2);
  CHECK(all[0] == Integer(4));
  CHECK(server.Run("LPOS l c COUNT 0 MAXLEN 5").elements.size() == 2);
  CHECK(server.Run("LPOS l x COUNT 1").elements.empty());
  CHECK(server.Run("LPOS l c COUNT -1") == "ERR COUNT can't be negative");
  CHECK(server.Run("LPOS l c RANK -9223372036854775808").is_error());
}

}  // namespace
}  // namespace usher::tests
