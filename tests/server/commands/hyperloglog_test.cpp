// HyperLogLogs through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

constexpr const char* kInvalid = "WRONGTYPE Key is not a valid HyperLogLog string value.";

TEST_CASE("PFADD: says whether the estimate may have changed") {
  TestServer server;
  CHECK(server.Run("PFADD h a b c") == Integer(1));
  CHECK(server.Run("PFADD h a b") == Integer(0));
  CHECK(server.Run("PFADD h") == Integer(0));
  CHECK(server.Run("PFADD empty") == Integer(1));
  CHECK(server.Run("PFCOUNT h") == Integer(3));
  CHECK(server.Run("PFCOUNT empty") == Integer(0));
  CHECK(server.Run("PFCOUNT none") == Integer(0));
}

TEST_CASE("PFADD: the bytes are Redis's") {
  TestServer server;
  server.Run("PFADD h a");
  CHECK(server.Run("GET h") == std::string("HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80q\xA6\x84NW", 21));
  server.Run("PFCOUNT h");
  CHECK(server.Run("GET h") == std::string("HYLL\x01\0\0\0\x01\0\0\0\0\0\0\0q\xA6\x84NW", 21));
  CHECK(server.Run("PFDEBUG DECODE h") == "Z:12711 v:2,1 Z:3672");
}

TEST_CASE("PFADD: turns dense at hll-sparse-max-bytes") {
  TestServer server{{.config = {{"hll-sparse-max-bytes", "30"}}}};
  server.Run("PFADD h 1 2 3");
  CHECK(server.Run("PFDEBUG ENCODING h") == "sparse");
  server.Run("PFADD h 4 5 6 7 8");
  CHECK(server.Run("PFDEBUG ENCODING h") == "dense");
  CHECK(server.Run("STRLEN h") == Integer(12304));
  CHECK(server.Run("PFCOUNT h") == Integer(8));
}

TEST_CASE("PFCOUNT, PFMERGE: several keys count as one") {
  TestServer server;
  server.Run("PFADD a 1 2 3");
  server.Run("PFADD b 3 4");
  CHECK(server.Run("PFCOUNT a none b") == Integer(4));
  CHECK(server.Run("PFMERGE a b none") == "OK");
  CHECK(server.Run("PFCOUNT a") == Integer(4));
  CHECK(server.Run("PFMERGE fresh") == "OK");
  CHECK(server.Run("PFCOUNT fresh") == Integer(0));
  server.Run("PFDEBUG TODENSE b");
  server.Run("PFMERGE fresh b");
  CHECK(server.Run("PFDEBUG ENCODING fresh") == "dense");
  CHECK(server.Run("PFCOUNT fresh") == Integer(2));
}

TEST_CASE("HyperLogLog commands: another string or type is refused, a damaged one as well") {
  TestServer server;
  server.Run("SET text something-longer-than-a-header");
  server.Run("SADD s a");
  server.Run({"SET", "damaged", std::string("HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f", 17)});
  for (const char* command : {"PFADD %", "PFCOUNT %", "PFCOUNT none %", "PFMERGE none %", "PFMERGE % none"}) {
    const auto with = [command](std::string_view key) {
      std::string line(command);
      return line.replace(line.find('%'), 1, key);
    };
    CHECK(server.Run(with("text")) == kInvalid);
    CHECK(server.Run(with("s")) == "WRONGTYPE Operation against a key holding the wrong kind of value");
    CHECK(server.Run(with("damaged")) == "INVALIDOBJ Corrupted HLL object detected");
  }
  CHECK(server.Run("EXISTS none") == Integer(0));
}

TEST_CASE("PFDEBUG: looks inside") {
  TestServer server;
  server.Run("PFADD h a");
  CHECK(server.Run("PFDEBUG GETREG h")[12'711] == Integer(2));
  CHECK(server.Run("PFDEBUG ENCODING h") == "dense");
  CHECK(server.Run("PFDEBUG TODENSE h") == Integer(0));
  CHECK(server.Run("PFDEBUG DECODE h") == "ERR HLL encoding is not sparse");
  CHECK(server.Run("PFDEBUG x h") == "ERR Unknown PFDEBUG subcommand 'x'");
  CHECK(server.Run("PFDEBUG x none") == "ERR The specified key does not exist");
}

}  // namespace
}  // namespace usher::tests
