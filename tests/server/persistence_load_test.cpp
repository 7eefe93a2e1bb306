// Loading by several threads. What else there is to loading is in persistence_test.cpp.
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "tests/support/test_server.h"

#include "tests/support/temporary_folder.h"

namespace usher::tests {
namespace {

TEST_CASE("Loading: many keys, in the threads that share them") {
  const TemporaryFolder folder;
  TestServer server{
      {.config = {{"dir", folder.path.string()}, {"enable-debug-command", "yes"}, {"rdbcompression", "no"}}}};
  const std::string value(100, 'x');
  for (int key = 0; key < 8'000; ++key) {
    server.Run("SELECT " + std::to_string(key % 2));
    server.Run("SET key:" + std::to_string(key) + ' ' + value + std::to_string(key));
  }
  const Reply digest = server.Run("DEBUG DIGEST");
  CHECK(server.Run("DEBUG RELOAD") == "OK");
  CHECK(server.Run("DEBUG DIGEST") == digest);
  CHECK(server.Run("DBSIZE") == Integer(4'000));
  CHECK(server.Run("INFO persistence").text.find("rdb_last_load_keys_loaded:8000\r\n") != std::string::npos);
  CHECK(server.Run("GET key:7777").text == value + "7777");
  CHECK(server.Run("DEBUG RELOAD NOSAVE NOFLUSH").is_error());
}

}  // namespace
}  // namespace usher::tests
