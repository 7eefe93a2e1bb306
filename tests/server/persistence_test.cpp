// Saving and loading a server's data set: SAVE, BGSAVE, save points, DEBUG RELOAD, and what happens when the disk
// fails.
#include "server/persistence.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/random_writes.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_scale.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using engine::Random;

std::vector<std::vector<std::string>> ConfigIn(const TemporaryFolder& folder) {
  return {{"dir", folder.path.string()}, {"enable-debug-command", "yes"}};
}

/// Lets a background save go on until it has ended.
void FinishBackground(TestServer& server) {
  while (server.server().persistence().saving()) {
    server.server().maintenance().SubmitDue(server.thread());
    server.DeliverMail();
    std::this_thread::yield();
  }
}

std::string InfoField(TestServer& server, const std::string& name) {
  const std::string info = server.Run("INFO persistence").text;
  const size_t at = info.find(name + ':');
  return at == std::string::npos ? "" : info.substr(at + name.size() + 1, info.find('\r', at) - at - name.size() - 1);
}

/// What another server finds in the folder.
std::string DigestOfFile(const TemporaryFolder& folder) {
  TestServer server{{.config = ConfigIn(folder)}};
  CHECK(server.Run("DEBUG RELOAD NOSAVE") == "OK");
  return server.Run("DEBUG DIGEST").text;
}

TEST_CASE("SAVE: another server finds the same data") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  TestServer server{{.config = ConfigIn(folder)}};
  WriteAtRandom(server, random, 1000);
  CHECK(server.Run("SAVE") == "OK");
  CHECK(DigestOfFile(folder) == server.Run("DEBUG DIGEST").text);
  CHECK(InfoField(server, "rdb_saves") == "1");
  CHECK(InfoField(server, "rdb_changes_since_last_save") == "0");
}

TEST_CASE("BGSAVE: what is written is the state at its start") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  for (int round = 0; round < 5; ++round) {
    TestServer server{{.config = ConfigIn(folder)}};
    WriteAtRandom(server, random, 1500);
    const std::string digest = server.Run("DEBUG DIGEST").text;
    CHECK(server.Run("BGSAVE") == "Background saving started");
    CHECK(server.Run("BGSAVE") == "ERR Background save already in progress");
    CHECK(server.Run("SAVE") == "ERR Background save already in progress");
    CHECK(InfoField(server, "rdb_bgsave_in_progress") == "1");
    for (int step = 0; step < 30; ++step) {
      WriteAtRandom(server, random, 20);
      if (random.Below(30) == 0) server.Run("FLUSHDB");
      if (random.Below(30) == 0) server.Run("SWAPDB 0 1");
      server.server().maintenance().SubmitDue(server.thread());
      server.DeliverMail();
    }
    FinishBackground(server);
    CHECK(InfoField(server, "rdb_last_bgsave_status") == "ok");
    CHECK(InfoField(server, "rdb_bgsave_in_progress") == "0");
    CHECK(DigestOfFile(folder) == digest);
  }
}

/// A value of each kind of container, of a megabyte or so.
void FillLarge(TestServer& server) {
  const std::string pad(40, 'p');
  for (int base = 0; base < 20'000; base += 100) {
    std::string members, entries, fields;
    for (int i = base; i < base + 100; ++i) {
      const std::string name = pad + std::to_string(i);
      members += ' ' + name;
      entries += ' ' + std::to_string(i % 1000) + ' ' + name;
      fields += ' ' + name + " value" + std::to_string(i);
    }
    server.Run("SADD large:set" + members);
    server.Run("RPUSH large:list" + members);
    server.Run("ZADD large:zset" + entries);
    server.Run("HSET large:hash" + fields);
    for (int i = 0; i < 20; ++i) server.Run("XADD large:stream " + std::to_string(base + i + 1) + "-1" + fields);
  }
}

void EditLarge(TestServer& server, Random& random) {
  const std::string member = std::string(40, 'p') + std::to_string(random.Below(25'000));
  const std::string number = std::to_string(random.Below(20'000));
  switch (random.Below(13)) {
    case 0:
      server.Run("SADD large:set " + member);
      break;
    case 1:
      server.Run("SREM large:set " + member);
      break;
    case 2:
      server.Run("ZADD large:zset " + number + ' ' + member);
      break;
    case 3:
      server.Run("ZPOPMIN large:zset 5");
      break;
    case 4:
      server.Run("HSET large:hash " + member + ' ' + number);
      break;
    case 5:
      server.Run("HDEL large:hash " + member);
      break;
    case 6:
      server.Run("LSET large:list " + number + " x");
      break;
    case 7:
      server.Run("LPOP large:list 30");
      break;
    case 8:
      server.Run("RPUSH large:list " + member);
      break;
    case 9:
      server.Run("XADD large:stream * f " + member);
      break;
    case 10:
      server.Run("XDEL large:stream " + number + "-1");
      break;
    case 11:
      server.Run("XTRIM large:stream MAXLEN 3900");
      break;
    default:
      // It may go to another shard, which writes nothing of it.
      if (random.Below(40) == 0) server.Run("RENAME large:zset other:zset");
      if (random.Below(40) == 0) server.Run("UNLINK large:hash");
  }
}

TEST_CASE("BGSAVE: large values change while they are written") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  TestServer server{{.config = ConfigIn(folder)}};
  FillLarge(server);
  WriteAtRandom(server, random, 300);
  const std::string digest = server.Run("DEBUG DIGEST").text;
  CHECK(server.Run("BGSAVE") == "Background saving started");
  while (InfoField(server, "rdb_bgsave_in_progress") == "1") {
    for (int i = 0; i < Scaled(60, 12); ++i) EditLarge(server, random);
    server.server().maintenance().SubmitDue(server.thread());
    server.DeliverMail();
  }
  CHECK(InfoField(server, "rdb_last_bgsave_status") == "ok");
  CHECK(server.Run("DEBUG DIGEST").text != digest);
  CHECK(DigestOfFile(folder) == digest);
}

TEST_CASE("BGSAVE: its arguments") {
  const TemporaryFolder folder;
  TestServer server{{.config = ConfigIn(folder)}};
  CHECK(server.Run("BGSAVE NOW") == "ERR syntax error");
  CHECK(server.Run("BGSAVE SCHEDULE") == "Background saving started");
  FinishBackground(server);
}

TEST_CASE("Save points: enough changes and enough time") {
  const TemporaryFolder folder;
  auto config = ConfigIn(folder);
  config.push_back({"save", "60", "3"});
  TestServer server{{.config = config}};
  const auto tick = [&] {
    server.server().persistence().OnTick();
    server.DeliverMail();
    server.DeliverMail();
    return server.server().persistence().saving();
  };
  server.Run("MSET a 1 b 2");
  server.clock().AdvanceMs(61'000);
  CHECK_FALSE(tick());
  server.Run("SET c 3");
  CHECK(tick());
  FinishBackground(server);
  CHECK(InfoField(server, "rdb_changes_since_last_save") == "0");
  server.Run("MSET a 1 b 2 c 3 d 4");
  server.clock().AdvanceMs(59'000);
  CHECK_FALSE(tick());
}

TEST_CASE("A failing disk: errors, then no writes until a save succeeds") {
  const TemporaryFolder folder;
  auto config = ConfigIn(folder);
  config.push_back({"save", "60", "1"});
  TestServer server{{.config = config}};
  std::filesystem::create_directory(folder.path / "dump.rdb");  // in the way of the rename
  server.Run("SET a 1");
  CHECK(server.Run("SAVE") == "ERR");
  CHECK(server.Run("SET a 2") == "OK");
  server.Run("BGSAVE");
  FinishBackground(server);
  CHECK(InfoField(server, "rdb_last_bgsave_status") == "err");
  CHECK(server.Run("SET a 3").text.starts_with("MISCONF Redis is configured to save RDB snapshots"));
  CHECK(server.Run("PING").text.starts_with("MISCONF"));
  CHECK(server.Run("GET a") == "2");
  server.Run("MULTI");
  CHECK(server.Run("SET a 3").text.starts_with("MISCONF"));
  CHECK(server.Run("EXEC").text.starts_with("EXECABORT"));
  CHECK(server.Run("CONFIG SET stop-writes-on-bgsave-error no") == "OK");
  CHECK(server.Run("SET a 3") == "OK");
  CHECK(server.Run("CONFIG SET stop-writes-on-bgsave-error yes") == "OK");
  std::filesystem::remove(folder.path / "dump.rdb");
  server.Run("BGSAVE");
  FinishBackground(server);
  CHECK(server.Run("SET a 4") == "OK");
  CHECK_FALSE(std::filesystem::exists(folder.path / ("temp-" + std::to_string(getpid()) + ".rdb")));
}

TEST_CASE("Loading: commands that need the data are told to wait") {
  TestServer server;
  server.server().persistence().BeginLoading();
  CHECK(server.Run("GET a") == "LOADING Redis is loading the dataset in memory");
  CHECK(server.Run("PING") == "LOADING Redis is loading the dataset in memory");
  CHECK(InfoField(server, "loading") == "1");
  CHECK_FALSE(InfoField(server, "loading_loaded_perc").empty());
  server.server().persistence().EndLoading();
  CHECK(server.Run("GET a").is_null());
  CHECK(InfoField(server, "loading_loaded_perc").empty());
}

TEST_CASE("DEBUG RELOAD: the data is the same, and a damaged file is an error") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  TestServer server{{.config = ConfigIn(folder)}};
  WriteAtRandom(server, random, 500);
  const Reply digest = server.Run("DEBUG DIGEST");
  CHECK(server.Run("DEBUG RELOAD") == "OK");
  CHECK(server.Run("DEBUG RELOAD MERGE") == "OK");
  CHECK(server.Run("DEBUG DIGEST") == digest);
  CHECK(server.Run("DEBUG RELOAD NOSAVE NOFLUSH") == "ERR Error trying to load the RDB dump, check server logs.");
  CHECK(server.Run("DEBUG RELOAD WHATEVER").is_error());
  std::ofstream(folder.path / "dump.rdb") << "REDIS0010 and then nonsense";
  CHECK(server.Run("DEBUG RELOAD NOSAVE").is_error());
}

TEST_CASE("Loading: what has expired is left out, and libraries of functions are there to be called") {
  using namespace std::string_literals;
  const TemporaryFolder folder;
  const std::string code = "#!lua name=l\nredis.register_function('f', function() return 7 end)";
  REQUIRE(code.size() < 128);
  const std::string length = {'\x40', static_cast<char>(code.size())};
  const std::string keys =
      "\xfc\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01"s + "k" + "\x01" + "v" + "\x00\x01"s + "l" + "\x01" + "v" + "\xff";
  std::ofstream(folder.path / "dump.rdb") << "REDIS0004\xf5"s + length + code + keys;
  TestServer server{{.now_ms = 1000, .config = ConfigIn(folder)}};
  CHECK(server.Run("DEBUG RELOAD NOSAVE") == "OK");
  CHECK(server.Run("DBSIZE") == Integer(1));
  CHECK(InfoField(server, "rdb_last_load_keys_expired") == "1");
  CHECK(InfoField(server, "rdb_last_load_keys_loaded") == "1");
  CHECK(server.Run("FCALL f 0") == Integer(7));
  CHECK(server.Run("DEBUG RELOAD") == "OK");
  CHECK(server.Run("FCALL f 0") == Integer(7));
  std::ofstream(folder.path / "dump.rdb") << "REDIS0004\xf5\x04"s + "code" + keys;
  CHECK(server.Run("DEBUG RELOAD NOSAVE").is_error());
}

TEST_CASE("Loading: a waiting room is there again") {
  const TemporaryFolder folder;
  TestServer server{{.config = ConfigIn(folder)}};
  server.Run("ENTERQUEUE concert alice");
  server.Run("ENTERQUEUE concert bob");
  CHECK(server.Run("DEBUG RELOAD") == "OK");
  CHECK(server.Run("ENTERQUEUE concert bob")["position"] == Integer(1));
}

}  // namespace
}  // namespace usher::tests
