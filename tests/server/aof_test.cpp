// The append-only file of a whole server: appended, replayed, rewritten, switched, cut short.
#include "server/aof.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "server/all_shards_task.h"
#include "tests/support/random_writes.h"
#include "tests/support/running_server.h"
#include "tests/support/socket_client.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using engine::Random;

/// A server that has loaded what is in the folder and appends to it; closed like one that is stopped.
class AppendingServer {
 public:
  explicit AppendingServer(const TemporaryFolder& folder, std::vector<std::vector<std::string>> config = {})
      : server_{{.config = ConfigIn(folder, std::move(config))}} {
    server::AllShardsTask::Post(server_.server(), server::AllShardsTask::Length::kShort,
                                [this](engine::EngineContext& context) {
                                  error_ = server_.server().aof().Load(context);
                                  if (error_.empty()) error_ = server_.server().aof().Open(context);
                                });
    Settle();
  }
  ~AppendingServer() { server_.server().aof().Close(); }
  AppendingServer(const AppendingServer&) = delete;
  AppendingServer& operator=(const AppendingServer&) = delete;

  const std::string& error() const { return error_; }
  TestServer& server() { return server_; }
  template <class Command>
  Reply Run(const Command& command) {
    return server_.Run(command);
  }
  std::string Digest() { return server_.Run("DEBUG DIGEST").text; }
  std::string Info(const std::string& name) {
    const std::string info = server_.Run("INFO persistence").text;
    const size_t at = info.find(name + ':');
    return at == std::string::npos ? "" : info.substr(at + name.size() + 1, info.find('\r', at) - at - name.size() - 1);
  }
  /// What the main loop does until no rewrite and no change is under way.
  void FinishRewrite() {
    do {
      Tick();
      std::this_thread::yield();
    } while (Info("aof_rewrite_in_progress") != "0" || Info("aof_rewrite_scheduled") != "0");
    Tick();
  }
  void Tick() {
    server_.server().maintenance().SubmitDue(server_.thread());
    Settle();
    server_.server().aof().OnTick();
    Settle();
  }

 private:
  static std::vector<std::vector<std::string>> ConfigIn(const TemporaryFolder& folder,
                                                        std::vector<std::vector<std::string>> more) {
    more.push_back({"dir", folder.path.string()});
    more.push_back({"enable-debug-command", "yes"});
    more.push_back({"appendonly", "yes"});
    more.push_back({"loglevel", "nothing"});
    return more;
  }
  void Settle() {
    server_.DeliverMail();
    server_.DeliverMail();
  }
  TestServer server_;
  std::string error_ = "it never ran";
};

TEST_CASE("Aof: a new server finds what the old one did, rewritten or not") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  std::string digest;
  for (int round = 0; round < 6; ++round) {
    AppendingServer server(folder);
    REQUIRE(server.error() == "");
    if (round > 0) CHECK(server.Digest() == digest);
    WriteAtRandom(server.server(), random, 300);
    if (random.Below(3) != 0) {
      server.Run(random.Below(2) == 0 ? "CONFIG SET aof-use-rdb-preamble yes" : "CONFIG SET aof-use-rdb-preamble no");
      CHECK(server.Run("BGREWRITEAOF") == "Background append only file rewriting started");
      CHECK(server.Run("BGREWRITEAOF") == "ERR Background append only file rewriting already in progress");
      WriteAtRandom(server.server(), random, 100);
      server.FinishRewrite();
      CHECK(server.Info("aof_last_bgrewrite_status") == "ok");
      CHECK(std::distance(std::filesystem::directory_iterator(folder.path / "appendonlydir"), {}) == 3);
    }
    WriteAtRandom(server.server(), random, 50);
    digest = server.Digest();
  }
}

TEST_CASE("Aof: a base of commands holds functions, and pending entries that are gone") {
  const TemporaryFolder folder;
  const std::vector<std::vector<std::string>> config = {{"aof-use-rdb-preamble", "no"}};
  const std::string code = "#!lua name=l\nredis.register_function('f', function() return 7 end)";
  std::vector<Reply> facts;
  for (const bool loaded : {false, true}) {
    AppendingServer server(folder, config);
    CHECK(server.error() == "");
    if (!loaded) {
      CHECK(std::filesystem::exists(folder / "appendonlydir/appendonly.aof.1.base.aof"));
      server.Run(std::vector<std::string>{"FUNCTION", "LOAD", code});
      server.Run("XGROUP CREATE s g 0 MKSTREAM");
      for (const char* id : {"1-0", "2-0", "3-0", "4-0"}) server.Run(std::string("XADD s ") + id + " f v");
      server.Run("XREADGROUP GROUP g c COUNT 3 STREAMS s >");
      server.Run("XDEL s 2-0");
      server.Run("XTRIM s MAXLEN 2");
      server.Run("BGREWRITEAOF");
      server.FinishRewrite();
      CHECK(std::filesystem::exists(folder / "appendonlydir/appendonly.aof.2.base.aof"));
      CHECK(server.Run("DEBUG LOADAOF") == "OK");
    }
    std::vector<Reply> found = {server.Run("DEBUG DIGEST"), server.Run("XPENDING s g"), server.Run("XINFO GROUPS s"),
                                server.Run("XINFO STREAM s"), server.Run("FCALL f 0")};
    if (loaded) CHECK(found == facts);
    CHECK(found[1][0] == Integer(3));
    CHECK(found[4] == Integer(7));
    facts = std::move(found);
  }
}

TEST_CASE("Aof: without a manifest an RDB file is not looked at, as in Redis") {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "dump.rdb") << "nonsense";
  AppendingServer server(folder);
  CHECK(server.error() == "");
  CHECK(server.Run("DBSIZE") == Integer(0));
  CHECK(std::filesystem::exists(folder / "appendonlydir/appendonly.aof.1.base.rdb"));
  CHECK(std::filesystem::exists(folder / "appendonlydir/appendonly.aof.1.incr.aof"));
  CHECK(std::filesystem::exists(folder / "appendonlydir/appendonly.aof.manifest"));
}

TEST_CASE("Aof: a transaction whose end is missing is not run, and is cut off") {
  const TemporaryFolder folder;
  {
    AppendingServer server(folder);
    server.Run("SET a 1");
    server.Run("MULTI");
    server.Run("SET a 2");
    server.Run("SET b 2");
    server.Run("EXEC");
  }
  const std::string file = folder / "appendonlydir/appendonly.aof.1.incr.aof";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  {
    AppendingServer strict(folder, {{"aof-load-truncated", "no"}});
    CHECK(strict.error().starts_with("Unexpected end of file reading the append only file"));
  }
  {
    AppendingServer server(folder);
    CHECK(server.error() == "");
    CHECK(server.Run("GET a") == "1");
    CHECK(server.Run("EXISTS b") == Integer(0));
    server.Run("SET c 3");
  }
  AppendingServer server(folder);
  CHECK(server.error() == "");
  CHECK(server.Run("DBSIZE") == Integer(2));
}

TEST_CASE("DEBUG LOADAOF: what is in the files is what there was, and is appended to") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  std::string digest;
  {
    AppendingServer server(folder);
    WriteAtRandom(server.server(), random, 300);
    const std::string before = server.Digest();
    CHECK(server.Run("DEBUG LOADAOF") == "OK");
    CHECK(server.Digest() == before);
    server.Run("MULTI");
    server.Run("DEBUG LOADAOF");
    server.Run("SET behind it");
    server.Run("EXEC");
    WriteAtRandom(server.server(), random, 50);
    digest = server.Digest();
  }
  AppendingServer server(folder);
  CHECK(server.Digest() == digest);
  CHECK(server.Run("GET behind") == "it");
}

TEST_CASE("Aof: it is not switched on where its folder cannot be made") {
  const TemporaryFolder folder;
  AppendingServer server(folder);
  CHECK(server.Run("CONFIG SET appendonly no") == "OK");
  server.Tick();
  std::filesystem::remove_all(folder.path / "appendonlydir");
  std::ofstream(folder.path / "appendonlydir") << "in the way";
  CHECK(
      server.Run("CONFIG SET appendonly yes") ==
      "ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.");
  CHECK(server.Run("CONFIG GET appendonly")[1] == "no");
}

TEST_CASE("Aof: keys do not end while the file is read, only after it") {
  const TemporaryFolder folder;
  {
    AppendingServer server(folder);
    server.Run("SET a 1 PX 10");
    server.Run("SET b 1 PX 10");
    server.Run("PERSIST b");
    server.Run("SET c 1");
    server.Run("PEXPIRE c 10");
    server.Run("GETEX c PERSIST");
  }
  AppendingServer server(folder);
  server.server().clock().AdvanceMs(1'000'000);
  CHECK(server.Run("EXISTS a") == Integer(0));
  CHECK(server.Run("EXISTS b c") == Integer(2));
}

TEST_CASE("Aof: an unknown command, nonsense and a missing file end the start") {
  const auto error_with = [](const std::function<void(const TemporaryFolder&)>& damage) {
    const TemporaryFolder folder;
    AppendingServer(folder).Run("SET a 1");
    damage(folder);
    return AppendingServer(folder).error();
  };
  const auto appending = [](const char* text) {
    return [text](const TemporaryFolder& folder) {
      std::ofstream(folder / "appendonlydir/appendonly.aof.1.incr.aof", std::ios::app) << text;
    };
  };
  CHECK(error_with(appending("*1\r\n$4\r\nWHAT\r\n")) ==
        "Unknown command 'WHAT' reading the append only file appendonly.aof.1.incr.aof");
  CHECK(error_with(appending("WHAT")).starts_with("Bad file format reading the append only file"));
  CHECK(error_with([](const TemporaryFolder& folder) {
          std::filesystem::remove(folder / "appendonlydir/appendonly.aof.1.incr.aof");
        }).starts_with("Unable to obtain the AOF file appendonly.aof.1.incr.aof length."));
  CHECK(error_with([](const TemporaryFolder& folder) {
          std::ofstream(folder / "appendonlydir/appendonly.aof.manifest") << "nonsense\n";
        }).starts_with("*** FATAL AOF MANIFEST FILE ERROR ***"));
}

TEST_CASE("Aof: switched on and off and on again at run time") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  std::string digest;
  {
    AppendingServer server(folder);
    for (int round = 0; round < 2; ++round) {
      CHECK(server.Run("CONFIG SET appendonly no") == "OK");
      server.Tick();
      server.Tick();
      CHECK(server.Info("aof_enabled") == "0");
      WriteAtRandom(server.server(), random, 200);
      CHECK(server.Run("CONFIG SET appendonly yes") == "OK");
      server.FinishRewrite();
      CHECK(server.Info("aof_enabled") == "1");
      WriteAtRandom(server.server(), random, 200);
    }
    digest = server.Digest();
  }
  AppendingServer server(folder);
  CHECK(server.error() == "");
  CHECK(server.Digest() == digest);
}

TEST_CASE("Aof: with always every reply leaves, on whatever worker, while files and policies change; nothing is lost") {
  constexpr size_t kClients = 6;
  constexpr int kRounds = 60;
  const TemporaryFolder folder;
  {
    RunningServer running(3, 8, {{"dir", folder.path.string()}, {"appendonly", "yes"}, {"appendfsync", "always"}});
    OnThreads(kClients, [&](size_t index) {
      SocketClient client(running.path());
      const std::string own = "own:" + std::to_string(index);
      while (client.Run({"GET", own}).starts_with("-LOADING")) std::this_thread::yield();
      for (int round = 1; round <= kRounds; ++round) {
        client.Add({"INCR", "shared"});
        client.Add({"INCR", own});
        client.Add({"GET", own});
        client.Flush();
        client.ReadReply();
        const std::string text = std::to_string(round);
        if (client.ReadReply() != ":" + text + "\r\n") throw std::runtime_error("a wrong number");
        client.ReadReply();
        if (index != 0) continue;
        if (round % 20 == 5) client.Run({"BGREWRITEAOF"});
        if (round % 20 == 10) client.Run({"CONFIG", "SET", "appendfsync", "everysec"});
        if (round % 20 == 15) client.Run({"CONFIG", "SET", "appendfsync", "always"});
      }
    });
  }
  AppendingServer server(folder);
  CHECK(server.error() == "");
  CHECK(server.Run("GET shared") == std::to_string(kClients * kRounds));
  for (size_t i = 0; i < kClients; ++i) CHECK(server.Run("GET own:" + std::to_string(i)) == std::to_string(kRounds));
}

TEST_CASE("Aof: a rewrite that fails leaves what can be loaded, and is tried again by itself if the file has grown") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  std::string digest;
  {
    AppendingServer server(folder, {{"auto-aof-rewrite-min-size", "1"}});
    std::filesystem::create_directory(folder / "appendonlydir/appendonly.aof.2.base.rdb");  // in the way of the rename
    WriteAtRandom(server.server(), random, 200);
    server.Run("BGREWRITEAOF");
    WriteAtRandom(server.server(), random, 50);
    server.FinishRewrite();
    CHECK(server.Info("aof_last_bgrewrite_status") == "err");
    CHECK(server.Info("aof_rewrites_consecutive_failures") != "0");
    digest = server.Digest();
  }
  {
    AppendingServer server(folder, {{"auto-aof-rewrite-percentage", "0"}});
    CHECK(server.error() == "");
    CHECK(server.Digest() == digest);
  }
  std::filesystem::remove(folder / "appendonlydir/appendonly.aof.2.base.rdb");
  AppendingServer server(folder, {{"auto-aof-rewrite-min-size", "1"}, {"auto-aof-rewrite-percentage", "1"}});
  WriteAtRandom(server.server(), random, 300);
  for (int i = 0; i < 2000 && server.Info("aof_rewrites") == "0"; ++i) {
    server.Tick();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  server.FinishRewrite();
  CHECK(server.Info("aof_last_bgrewrite_status") == "ok");
}

TEST_CASE("BGSAVE and BGREWRITEAOF: one waits for the other when it is told to") {
  const TemporaryFolder folder;
  AppendingServer server(folder);
  server.Run("SET a 1");
  server.Run("BGREWRITEAOF");
  CHECK(server.Run("BGSAVE").text.starts_with("ERR Another child process is active (AOF?)"));
  CHECK(server.Run("SAVE") == "OK");
  CHECK(server.Run("BGSAVE SCHEDULE") == "Background saving scheduled");
  CHECK(server.Info("rdb_bgsave_in_progress") == "0");
  // The save begins in one tick and is over two ticks later, unless clients are paused.
  for (int i = 0; i < 100'000 && server.Info("rdb_bgsave_in_progress") == "0"; ++i) server.Tick();
  REQUIRE(server.Info("rdb_bgsave_in_progress") == "1");
  server.server().server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
  server.FinishRewrite();
  CHECK(server.Info("rdb_bgsave_in_progress") == "1");
  CHECK(server.Run("BGREWRITEAOF") == "Background append only file rewriting scheduled");
  CHECK(server.Info("aof_rewrite_scheduled") == "1");
  server.server().server().pause().Unpause();
  server.FinishRewrite();
  CHECK(server.Info("rdb_bgsave_in_progress") == "0");
  CHECK(server.Info("aof_rewrites") == "2");
}

TEST_CASE("Aof: CONFIG SET appendonly shows at once, and SHUTDOWN waits for the first base unless forced") {
  const TemporaryFolder folder;
  AppendingServer server(folder);
  CHECK(server.Run("CONFIG SET appendonly no") == "OK");
  CHECK(server.Info("aof_enabled") == "0");
  server.Tick();
  server.Tick();
  server.Run("SET a 1");
  server.server().server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
  CHECK(server.Run("CONFIG SET appendonly yes") == "OK");
  CHECK(server.Info("aof_enabled") == "1");
  CHECK(server.Info("aof_rewrite_in_progress") != server.Info("aof_rewrite_scheduled"));
  const std::string refused = "ERR Errors trying to SHUTDOWN. Check logs.";
  CHECK(server.Run("SHUTDOWN NOSAVE") == refused);
  CHECK(server.Run("BGREWRITEAOF") == "ERR Background append only file rewriting already in progress");
  server.Tick();
  CHECK(server.Info("aof_rewrite_in_progress") == "1");
  CHECK(server.Run("SHUTDOWN") == refused);
  CHECK(server.Run("SHUTDOWN NOSAVE NOW") == refused);
  CHECK_FALSE(server.server().server().stopping());
  SUBCASE("the base is there") {
    server.server().server().pause().Unpause();
    server.FinishRewrite();
    server.Run("SHUTDOWN");
  }
  SUBCASE("forced") {
    server.Run("SHUTDOWN FORCE");
  }
  CHECK(server.server().server().stopping());
}

TEST_CASE("Aof: switched off while it is rewritten, the rewrite is given up, and on again it is whole") {
  const TemporaryFolder folder;
  Random random{TestSeed()};
  std::string digest;
  {
    AppendingServer server(folder);
    WriteAtRandom(server.server(), random, 200);
    for (const bool is_first : {false, true}) {
      server.server().server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
      CHECK_FALSE(server.Run(is_first ? "CONFIG SET appendonly yes" : "BGREWRITEAOF").is_error());
      server.Tick();
      CHECK(server.Info("aof_rewrite_in_progress") == "1");
      CHECK(server.Run("CONFIG SET appendonly no") == "OK");
      server.Tick();
      CHECK(server.Info("aof_rewrite_in_progress") == "0");
      server.server().server().pause().Unpause();
      while (server.server().server().persistence().saving()) server.Tick();
      server.Tick();
      WriteAtRandom(server.server(), random, 50);
    }
    CHECK(server.Run("CONFIG SET appendonly yes") == "OK");
    server.FinishRewrite();
    CHECK(server.Info("aof_last_bgrewrite_status") == "ok");
    CHECK(server.Info("aof_rewrites") == "1");
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path / "appendonlydir"), {}) == 3);
    WriteAtRandom(server.server(), random, 50);
    digest = server.Digest();
  }
  AppendingServer server(folder);
  CHECK(server.error() == "");
  CHECK(server.Digest() == digest);
}

TEST_CASE("WAITAOF: not before the first base; an error when the file is switched off") {
  const TemporaryFolder folder;
  AppendingServer server(folder);
  CHECK(server.Run("CONFIG SET appendonly no") == "OK");
  server.Tick();
  server.Tick();
  server.server().server().pause().Pause(server::PauseMode::kWrites, INT64_MAX);
  server.Run("CONFIG SET appendonly yes");
  TestClient client(server.server());
  for (const bool finishes : {false, true}) {
    client.Send({"WAITAOF", "1", "0", "0"});
    server.Tick();
    CHECK(client.blocked());
    if (finishes) {
      server.server().server().pause().Unpause();
      server.FinishRewrite();
      CHECK(client.Read().elements == std::vector<Reply>{Integer(1), Integer(0)});
    } else {
      server.Run("CONFIG SET appendonly no");
      server.Tick();
      CHECK(client.Read() == "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
      server.Tick();
      server.Run("CONFIG SET appendonly yes");
    }
  }
}

TEST_CASE("WAITAOF: with appendfsync no only a rewrite has syncs") {
  const TemporaryFolder folder;
  AppendingServer server(folder, {{"appendfsync", "no"}});
  server.Run("SET a 1");
  TestClient client(server.server());
  client.Send({"WAITAOF", "1", "0", "0"});
  server.Tick();
  CHECK(client.blocked());
  server.Run("BGREWRITEAOF");
  server.FinishRewrite();
  CHECK(client.Read().elements == std::vector<Reply>{Integer(1), Integer(0)});
}

TEST_CASE("WAITAOF: what it refuses") {
  TestServer server;
  CHECK(server.Run("WAITAOF 1 0 0") == "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  CHECK(server.Run("WAITAOF 2 0 0") == "ERR value is out of range, must be between 0 and 1");
  CHECK(server.Run("WAITAOF 0 -1 0") == "ERR value is out of range, must be positive");
  CHECK(server.Run("WAITAOF 0 0 -1") == "ERR timeout is negative");
  CHECK(server.Run("WAITAOF 0 0 0").elements == std::vector<Reply>{Integer(0), Integer(0)});
}

}  // namespace
}  // namespace usher::tests
