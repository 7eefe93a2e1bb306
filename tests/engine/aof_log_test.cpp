// The log's thread against real files: everything in order, sync policies, the switch of files, a full disk.
#include "engine/aof_log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace usher::engine {
namespace {

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "aof-log-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string File(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool Within(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

AofLog::Callbacks NoErrors() {
  return {
      {}, [](const std::string& error) { CHECK(error == ""); }, [](const std::string& error) { CHECK(error == ""); }};
}

TEST_CASE("AofLog: writes what is recorded, in order, and what is for replicas only it leaves out") {
  const Folder folder;
  Journal journal(1 << 20);
  journal.Append({}, "before;");
  std::string expected;
  {
    AofLog log(journal, NoErrors());
    REQUIRE(log.Start(folder.File("a"), AofLog::Content::kNew, journal.position()) == "");
    for (int i = 0; i < 20'000; ++i) {
      const std::string text = std::to_string(i) + std::string(static_cast<size_t>(i % 300), 'x') + ";";
      if (i % 7 == 0) {
        journal.Append({.targets = Journal::kReplicas}, text);
      } else {
        journal.Append({}, text);
        expected += text;
      }
      if (i % 500 == 0) log.Notice();
    }
    CHECK(log.Close());
    CHECK(log.durable() == journal.position());
    CHECK(log.file_bytes() == expected.size());
  }
  CHECK(Content(folder.File("a")) == expected);
}

TEST_CASE("AofLog: with kAlways what arrived is synced and said; with kEverySecond within a second or two") {
  const Folder folder;
  Journal journal(1 << 20);
  std::atomic<int> told{0};
  AofLog::Callbacks callbacks = NoErrors();
  callbacks.on_durable = [&told] { ++told; };
  AofLog log(journal, callbacks);
  log.SetSync(AofSync::kAlways);
  REQUIRE(log.Start(folder.File("a"), AofLog::Content::kNew, 0) == "");
  const uint64_t end = journal.Append({}, "first");
  log.Notice();
  CHECK(Within([&] { return log.durable() == end; }));
  CHECK(Within([&] { return told.load() > 0; }));
  log.SetSync(AofSync::kEverySecond);
  const uint64_t next = journal.Append({}, "second");
  log.Notice();
  CHECK(Within([&] { return log.written() == next; }));
  CHECK(Within([&] { return log.durable() == next; }));
}

TEST_CASE("AofLog: the file changes exactly where it is told, while others record") {
  const Folder folder;
  Journal journal(1 << 20);
  AofLog log(journal, NoErrors());
  REQUIRE(log.Start(folder.File("a"), AofLog::Content::kNew, 0) == "");
  std::string before;
  std::string after;
  for (int i = 0; i < 3000; ++i) journal.Append({}, before.append("a").substr(0, 1));
  REQUIRE(log.SwitchAt(journal.position(), folder.File("b"), {}) == "");
  for (int i = 0; i < 2000; ++i) journal.Append({}, after.append("b").substr(0, 1));
  CHECK(log.Close());
  CHECK(Content(folder.File("a")) == before);
  CHECK(Content(folder.File("b")) == after);
  CHECK(log.file_bytes() == after.size());
}

TEST_CASE("AofLog: times are comments, one a second at most") {
  const Folder folder;
  Journal journal(1 << 20);
  AofLog log(journal, NoErrors());
  log.SetTimestamps(true);
  REQUIRE(log.Start(folder.File("a"), AofLog::Content::kNew, 0) == "");
  journal.Append({.time_ms = 5'100}, "x");
  journal.Append({.time_ms = 5'900}, "y");
  journal.Append({.time_ms = 6'000}, "z");
  CHECK(log.Close());
  CHECK(Content(folder.File("a")) == "#TS:5\r\nxy#TS:6\r\nz");
}

TEST_CASE("AofLog: a disk that fails is told once, and with kAlways is fatal") {
  Journal journal(1 << 20);
  std::atomic<int> errors{0};
  std::atomic<int> fatal{0};
  AofLog log(
      journal,
      {{}, [&](const std::string& error) { errors += error.empty() ? 0 : 1; }, [&](const std::string&) { ++fatal; }});
  REQUIRE(log.Start("/dev/full", AofLog::Content::kNew, 0) == "");
  journal.Append({}, "x");
  log.Notice();
  CHECK(Within([&] { return errors.load() == 1; }));
  CHECK_FALSE(log.write_ok());
  CHECK(log.written() == 0);
  log.SetSync(AofSync::kAlways);
  CHECK(Within([&] { return fatal.load() > 0; }));
  CHECK_FALSE(log.Close());
}

}  // namespace
}  // namespace usher::engine
