// CLAIMSTOCK through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "engine/journal.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

/// "STATUS remaining", or the error.
std::string Claim(TestServer& server, std::string_view rest) {
  const Reply reply = server.Run("CLAIMSTOCK " + std::string(rest));
  if (reply.is_error()) return reply.text;
  REQUIRE(reply.elements.size() == 2);
  return reply[size_t{0}].text + ' ' + std::to_string(reply[1].integer);
}

TEST_CASE("CLAIMSTOCK: issues while there is stock, once to each") {
  TestServer server;
  server.Run("SET stock 2");
  CHECK(Claim(server, "stock issued ann") == "ISSUED 1");
  CHECK(Claim(server, "stock issued ann") == "DUPLICATE 1");
  CHECK(Claim(server, "stock issued bob") == "ISSUED 0");
  CHECK(Claim(server, "stock issued eve") == "SOLDOUT 0");
  CHECK(Claim(server, "stock issued bob") == "DUPLICATE 0");
  CHECK(server.Run("GET stock") == "0");
  CHECK(server.Run("SCARD issued") == Integer(2));
  CHECK(server.Run("SISMEMBER issued eve") == Integer(0));
}

TEST_CASE("CLAIMSTOCK: without a stock it is sold out, and no key comes of it") {
  TestServer server;
  CHECK(Claim(server, "stock issued ann STREAM events") == "SOLDOUT 0");
  CHECK(server.Run("EXISTS stock issued events") == Integer(0));
}

TEST_CASE("CLAIMSTOCK: leaves an event for each issue, at most MAXLEN") {
  TestServer server;
  server.Run("SET stock 5");
  CHECK(Claim(server, "stock issued ann STREAM events MAXLEN 2") == "ISSUED 4");
  const Reply first = server.Run("XRANGE events - +");
  REQUIRE(first.elements.size() == 1);
  CHECK(first[size_t{0}][1]["user"] == "ann");
  CHECK(first[size_t{0}][1]["stock"] == "stock");
  CHECK(first[size_t{0}][1]["remaining"] == "4");
  CHECK(Claim(server, "stock issued ann STREAM events MAXLEN 2") == "DUPLICATE 4");
  for (const char* user : {"bob", "cid"})
    Claim(server, std::string("stock issued ") + user + " MAXLEN 2 stream events");
  CHECK(server.Run("XLEN events") == Integer(2));
  CHECK(server.Run("XRANGE events - +")[1][1]["user"] == "cid");
}

TEST_CASE("CLAIMSTOCK: the stock keeps its expiry") {
  TestServer server;
  server.Run("SET stock 5 EX 100");
  Claim(server, "stock issued ann");
  CHECK(server.Run("TTL stock").integer > 0);
}

TEST_CASE("CLAIMSTOCK: errors change nothing") {
  TestServer server;
  const std::string wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
  server.Run("SET stock 5");
  server.Run("SET text some");
  server.Run("SET negative -1");
  server.Run("SADD set a");
  const std::string digest = server.Run("DEBUG DIGEST").text;
  const std::string not_a_stock = "ERR the stock is not a whole number, 0 or more";
  const std::string same_keys = "ERR the stock, the issued set and the stream must be different keys";
  CHECK(Claim(server, "text issued ann") == not_a_stock);
  CHECK(Claim(server, "negative issued ann") == not_a_stock);
  CHECK(Claim(server, "set issued ann") == wrong_type);
  CHECK(Claim(server, "stock text ann") == wrong_type);
  CHECK(Claim(server, "stock issued ann STREAM text") == wrong_type);
  CHECK(Claim(server, "stock issued ann STREAM issued") == same_keys);
  CHECK(Claim(server, "stock stock ann") == same_keys);
  CHECK(Claim(server, "stock issued ann STREAM events MAXLEN -1") == "ERR MAXLEN must be a whole number, 0 or more");
  CHECK(Claim(server, "stock issued ann STREAM events MAXLEN x") == "ERR MAXLEN must be a whole number, 0 or more");
  for (const char* rest : {"MAXLEN 3", "STREAM", "STREAM a STREAM b", "STREAM events MAXLEN", "NOSUCH"}) {
    CHECK(Claim(server, std::string("stock issued ann ") + rest) == "ERR syntax error");
  }
  CHECK(server.Run("DEBUG DIGEST") == digest.c_str());
}

TEST_CASE("CLAIMSTOCK: a stream that can take no more is an error that changes nothing") {
  TestServer server;
  server.Run("SET stock 5");
  server.Run("XADD events 18446744073709551615-18446744073709551615 f v");
  CHECK(server.Run("CLAIMSTOCK stock issued ann STREAM events").is_error());
  CHECK(server.Run("GET stock") == "5");
  CHECK(server.Run("EXISTS issued") == Integer(0));
}

TEST_CASE("CLAIMSTOCK: is journaled as plain commands, what changed nothing not at all") {
  TestServer server{{.config = {{"journal", "memory"}}}};
  server.Run("SET stock 1");
  const engine::Journal& journal = *server.server().engine().journal();
  const auto journal_of = [&](std::string_view rest) {
    const uint64_t before = journal.position();
    Claim(server, rest);
    std::string text;
    journal.Read(before, [&](const engine::Journal::RecordInfo&, std::string_view record) {
      text += record;
      return true;
    });
    return text;
  };
  const std::string issued = journal_of("stock issued ann STREAM events");
  for (const char* word : {"MULTI", "XADD", "DECR", "SADD", "EXEC"}) CHECK(issued.find(word) != std::string::npos);
  CHECK(issued.find("CLAIMSTOCK") == std::string::npos);
  CHECK(journal_of("stock issued ann STREAM events").empty());
  CHECK(journal_of("stock issued bob STREAM events").empty());
}

TEST_CASE("CLAIMSTOCK: its keys are found, the stream's among them") {
  TestServer server;
  const Reply keys = server.Run("COMMAND GETKEYS CLAIMSTOCK stock issued STREAM MAXLEN 5 stream events");
  REQUIRE(keys.elements.size() == 3);
  CHECK(keys[size_t{0}] == "stock");
  CHECK(keys[1] == "issued");
  CHECK(keys[2] == "events");
}

}  // namespace
}  // namespace usher::tests
