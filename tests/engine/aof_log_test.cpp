// The log's thread against real files: everything in order, sync policies, the switch of files, a full disk.
#include "engine/aof_log.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace usher::engine {
namespace {

using tests::TemporaryFolder;

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

/// A log that follows a journal of its own into the file "a".
struct StartedLog {
  explicit StartedLog(AofSync sync = AofSync::kEverySecond) {
    log.SetSync(sync);
    REQUIRE(log.Start(folder / "a", AofContent::kNew, 0) == "");
  }
  uint64_t Record(const std::string& text) {
    const uint64_t end = journal.Append({}, text);
    log.Notice();
    return end;
  }
  AofLog::Callbacks Counting() {
    AofLog::Callbacks callbacks = NoErrors();
    callbacks.on_durable = [this] { ++told; };
    return callbacks;
  }

  TemporaryFolder folder;
  Journal journal{1 << 20};
  std::atomic<int> told{0};  // how often on_durable was called
  AofLog log{journal, Counting()};
};

TEST_CASE("AofLog: writes what is recorded, in order, and what is for replicas only it leaves out") {
  const TemporaryFolder folder;
  Journal journal(1 << 20);
  journal.Append({}, "before;");
  std::string expected;
  {
    AofLog log(journal, NoErrors());
    REQUIRE(log.Start(folder / "a", AofContent::kNew, journal.position()) == "");
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
  CHECK(Content(folder / "a") == expected);
}

TEST_CASE("AofLog: with kAlways what arrived is synced and said; with kEverySecond within a second or two") {
  StartedLog started(AofSync::kAlways);
  AofLog& log = started.log;
  const uint64_t end = started.Record("first");
  CHECK(Within([&] { return log.durable() == end; }));
  CHECK(Within([&] { return started.told.load() > 0; }));
  log.SetSync(AofSync::kEverySecond);
  const uint64_t next = started.Record("second");
  CHECK(Within([&] { return log.written() == next; }));
  CHECK(Within([&] { return log.durable() == next; }));
}

TEST_CASE("AofLog: with kNever only a file that is left is synced") {
  StartedLog started(AofSync::kNever);
  AofLog& log = started.log;
  const uint64_t first = started.Record("first");
  CHECK(Within([&] { return log.written() == first; }));
  REQUIRE(log.SwitchAt(first, started.folder / "b", [&] { return log.synced() == first; }) == "");
  CHECK(Within([&] { return !log.switching(); }));
  const uint64_t second = started.Record("second");
  CHECK(Within([&] { return log.written() == second; }));
  CHECK(log.durable() == first);
  CHECK(log.Close());
  CHECK(log.synced() == second);
  CHECK(Content(started.folder / "a") == "first");
}

TEST_CASE("AofLog: while syncs are paused nobody waits for them, and what was left is synced afterwards") {
  for (const AofSync sync : {AofSync::kAlways, AofSync::kEverySecond}) {
    StartedLog started(sync);
    AofLog& log = started.log;
    log.PauseSync(true);
    const uint64_t end = started.Record("record");
    CHECK(Within([&] { return log.durable() == end; }));
    CHECK(log.synced() == 0);
    log.PauseSync(false);
    CHECK(Within([&] { return log.synced() == end; }));
  }
}

TEST_CASE("AofLog: the file changes exactly where it is told, while others record") {
  StartedLog started;
  AofLog& log = started.log;
  Journal& journal = started.journal;
  std::string before;
  std::string after;
  for (int i = 0; i < 3000; ++i) journal.Append({}, before.append("a").substr(0, 1));
  REQUIRE(log.SwitchAt(journal.position(), started.folder / "b", {}) == "");
  for (int i = 0; i < 2000; ++i) journal.Append({}, after.append("b").substr(0, 1));
  CHECK(log.Close());
  CHECK(Content(started.folder / "a") == before);
  CHECK(Content(started.folder / "b") == after);
  CHECK(log.file_bytes() == after.size());
}

TEST_CASE("AofLog: with kAlways whoever asks makes it durable, or is told who does, and nobody is forgotten") {
  constexpr int kThreads = 4;
  constexpr int kRounds = 150;
  StartedLog started(AofSync::kAlways);
  AofLog& log = started.log;
  Journal& journal = started.journal;
  std::atomic<int> forgotten{0};
  const auto record_and_wait = [&](int thread) {
    for (int round = 0; round < kRounds && forgotten == 0; ++round) {
      const uint64_t end = journal.Append({}, std::to_string(thread) + ':' + std::to_string(round) + ';');
      log.AddWaiting();
      bool asks = true;
      const bool durable = Within([&] {
        const AofSynced synced = asks ? log.SyncHere() : AofSynced::kElsewhere;
        asks = synced == AofSynced::kHere || (synced == AofSynced::kElsewhere && !log.busy());
        return log.durable() >= end;
      });
      if (!durable) ++forgotten;
      log.RemoveWaiting(1);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(record_and_wait, i);
  for (std::thread& thread : threads) thread.join();
  CHECK(forgotten == 0);
  CHECK(started.told > 0);
  CHECK(log.Close());
  std::vector<int> next(kThreads);
  std::ifstream file(started.folder / "a");
  int in_order = 0;
  for (std::string record; std::getline(file, record, ';');) {
    const auto thread = static_cast<size_t>(record[0] - '0');
    REQUIRE(thread < next.size());
    in_order += record.substr(2) == std::to_string(next[thread]++) ? 1 : 0;
  }
  CHECK(in_order == kThreads * kRounds);
}

TEST_CASE("AofLog: SyncHere() syncs here, but only with kAlways, and not into a file that is to be changed") {
  StartedLog started;
  AofLog& log = started.log;
  Journal& journal = started.journal;
  journal.Append({}, "first");
  CHECK(log.SyncHere() == AofSynced::kByThread);
  CHECK(Within([&] { return log.written() == journal.position(); }));
  std::atomic<bool> waits{true};
  const auto commit = [&] { return Within([&] { return !waits; }); };
  REQUIRE(log.SwitchAt(journal.position(), started.folder / "b", commit) == "");
  log.SetSync(AofSync::kAlways);
  journal.Append({}, "second");
  CHECK(log.SyncHere() != AofSynced::kHere);
  waits = false;
  CHECK(Within([&] { return log.durable() == journal.position(); }));
  CHECK(log.Close());
  CHECK(Content(started.folder / "a") == "first");
  CHECK(Content(started.folder / "b") == "second");
  CHECK(log.SyncHere() == AofSynced::kByThread);
}

TEST_CASE("AofLog: the file changes exactly where it is told, while others sync") {
  constexpr int kSwitches = 40;
  const TemporaryFolder folder;
  Journal journal(1 << 20);
  AofLog log(journal, NoErrors());
  log.SetSync(AofSync::kAlways);
  REQUIRE(log.Start(folder / "0", AofContent::kNew, 0) == "");
  Mutex turns;
  std::vector<std::string> expected(kSwitches + 1);
  size_t current = 0;
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!over) {
        {
          const MutexLock lock(turns);
          journal.Append({}, std::to_string(expected[current].size()) + ';');
          expected[current] += std::to_string(expected[current].size()) + ';';
        }
        log.SyncHere();
      }
    });
  }
  for (size_t i = 1; i <= kSwitches; ++i) {
    CHECK(Within([&] { return !log.switching(); }));
    const MutexLock lock(turns);
    REQUIRE(log.SwitchAt(journal.position(), folder / std::to_string(i), {}) == "");
    current = i;
  }
  CHECK(Within([&] { return !log.switching(); }));
  over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(log.Close());
  int right = 0;
  for (size_t i = 0; i <= kSwitches; ++i) right += Content(folder / std::to_string(i)) == expected[i] ? 1 : 0;
  CHECK(right == kSwitches + 1);
}

TEST_CASE("AofLog: times are comments, one a second at most") {
  const TemporaryFolder folder;
  Journal journal(1 << 20);
  AofLog log(journal, NoErrors());
  log.SetTimestamps(true);
  REQUIRE(log.Start(folder / "a", AofContent::kNew, 0) == "");
  journal.Append({.time_ms = 5'100}, "x");
  journal.Append({.time_ms = 5'900}, "y");
  journal.Append({.time_ms = 6'000}, "z");
  CHECK(log.Close());
  CHECK(Content(folder / "a") == "#TS:5\r\nxy#TS:6\r\nz");
}

TEST_CASE("AofLog: a disk that fails is told once, and with kAlways is fatal") {
  Journal journal(1 << 20);
  std::atomic<int> errors{0};
  std::atomic<int> fatal{0};
  AofLog log(
      journal,
      {{}, [&](const std::string& error) { errors += error.empty() ? 0 : 1; }, [&](const std::string&) { ++fatal; }});
  REQUIRE(log.Start("/dev/full", AofContent::kNew, 0) == "");
  journal.Append({}, "x");
  log.Notice();
  CHECK(Within([&] { return errors.load() == 1; }));
  CHECK_FALSE(log.write_ok());
  CHECK(log.written() == 0);
  log.SetSync(AofSync::kAlways);
  CHECK(Within([&] { return fatal.load() > 0; }));
  CHECK(log.SyncHere() != AofSynced::kHere);
  CHECK(log.durable() == 0);
  CHECK_FALSE(log.Close());
}

}  // namespace
}  // namespace usher::engine
