// FCALL and FUNCTION through the dispatcher.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

const std::string kLibrary =
    "#!lua name=mylib\n"
    "redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)\n"
    "redis.register_function{function_name='look', callback=function(keys) return redis.call('GET', keys[1]) end, "
    "flags={'no-writes'}, description='looks'}\n";

TEST_CASE("FUNCTION LOAD: its functions can be called, by their flags also read-only") {
  TestServer server;
  CHECK(server.Run({"FUNCTION", "LOAD", kLibrary}) == "mylib");
  CHECK(server.Run({"FCALL", "put", "1", "k", "v"}) == "OK");
  CHECK(server.Run({"FCALL", "look", "1", "k"}) == "v");
  CHECK(server.Run({"FCALL_RO", "look", "1", "k"}) == "v");
  CHECK(server.Run({"FCALL_RO", "put", "1", "k", "w"}) ==
        "ERR Can not execute a script with write flag using *_ro command.");
  CHECK(server.Run({"FCALL", "nosuch", "0"}) == "ERR Function not found");
  CHECK(server.Run({"FCALL", "put", "x"}) == "ERR Bad number of keys provided");
}

TEST_CASE("FUNCTION LOAD: a library is replaced only when told so, and DELETE forgets it") {
  TestServer server;
  server.Run({"FUNCTION", "LOAD", kLibrary});
  CHECK(server.Run({"FUNCTION", "LOAD", kLibrary}) == "ERR Library 'mylib' already exists");
  const std::string next = "#!lua name=mylib\nredis.register_function('look', function() return 'new' end)";
  CHECK(server.Run({"FUNCTION", "LOAD", "REPLACE", next}) == "mylib");
  CHECK(server.Run({"FCALL", "look", "0"}) == "new");
  CHECK(server.Run({"FCALL", "put", "1", "k", "v"}) == "ERR Function not found");
  CHECK(server.Run("FUNCTION DELETE mylib") == "OK");
  CHECK(server.Run("FUNCTION DELETE mylib") == "ERR Library not found");
  CHECK(server.Run({"FCALL", "look", "0"}) == "ERR Function not found");
}

TEST_CASE("FUNCTION LIST: shows the libraries that match") {
  TestServer server;
  server.Run({"FUNCTION", "LOAD", kLibrary});
  const Reply list = server.Run({"FUNCTION", "LIST", "LIBRARYNAME", "MY*", "WITHCODE"});
  REQUIRE(list.elements.size() == 1);
  CHECK(list[0]["library_name"] == "mylib");
  CHECK(list[0]["library_code"] == kLibrary);
  CHECK(list[0]["functions"].elements.size() == 2);
  CHECK(server.Run({"FUNCTION", "LIST", "LIBRARYNAME", "x*"}).elements.empty());
}

TEST_CASE("FUNCTION DUMP: RESTORE makes the same libraries of it, by its policy") {
  TestServer server;
  server.Run({"FUNCTION", "LOAD", kLibrary});
  const std::string payload = server.Run("FUNCTION DUMP").text;
  CHECK(server.Run({"FUNCTION", "RESTORE", payload}) == "ERR Library mylib already exists");
  CHECK(server.Run({"FUNCTION", "RESTORE", payload, "REPLACE"}) == "OK");
  CHECK(server.Run("FUNCTION FLUSH") == "OK");
  CHECK(server.Run({"FCALL", "put", "1", "k", "v"}) == "ERR Function not found");
  CHECK(server.Run({"FUNCTION", "RESTORE", payload, "FLUSH"}) == "OK");
  CHECK(server.Run({"FCALL", "put", "1", "k", "v"}) == "OK");
  CHECK(server.Run({"FUNCTION", "RESTORE", payload + "x"}) == "ERR DUMP payload version or checksum are wrong");
}

TEST_CASE("FUNCTION STATS: counts libraries and functions") {
  TestServer server;
  server.Run({"FUNCTION", "LOAD", kLibrary});
  const Reply stats = server.Run("FUNCTION STATS");
  CHECK(stats["running_script"].is_null());
  CHECK(stats["engines"]["LUA"]["libraries_count"] == Integer(1));
  CHECK(stats["engines"]["LUA"]["functions_count"] == Integer(2));
}

}  // namespace
}  // namespace usher::tests
