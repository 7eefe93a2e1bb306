// SnapshotFile: a file that loads; what happens when the disk does not take it.
#include "engine/snapshot_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "engine/effect_text.h"
#include "engine/rdb_file.h"
#include "engine/rdb_load.h"
#include "tests/support/temporary_folder.h"

namespace usher::engine {
namespace {

using tests::TemporaryFolder;

struct Keys : RdbTarget {
  std::string OnDatabase(int64_t) override { return {}; }
  std::string OnKey(const RdbKey& key, DecodedValue& value) override {
    OwnedEntry entry(value.Take().Build(key.name, key.expiry_ms));
    names += std::to_string(key.db) + std::string(key.name) + ' ';
    return {};
  }
  void OnAux(std::string_view name, std::string_view value) override {
    names += std::string(name) + '=' + std::string(value) + ' ';
  }
  std::string OnFunction(std::string_view code) override {
    names += "function " + std::string(code) + ' ';
    return {};
  }
  std::string names;
};

RdbFilePlan PlanIn(const TemporaryFolder& folder) {
  RdbFilePlan plan;
  plan.temporary = folder / "temp";
  plan.path = folder / "data";
  return plan;
}

std::string RecordOf(const char* name) {
  OwnedEntry entry(EntryBuilder::String("value").Build(name, kNoExpiry));
  RdbWriter writer;
  EncodeRdbKey(writer, name, entry.entry(), {});
  return writer.Take();
}

void WaitFor(const SnapshotFile& file) {
  while (!file.finished()) std::this_thread::yield();
}

std::string Loaded(const std::string& path) {
  RdbFileSource source;
  if (source.Open(path) != RdbFileSource::Opened::kYes) return "no file";
  RdbReader reader(source, true);
  Keys keys;
  const std::string error = LoadRdb(reader, {}, keys, {});
  return error.empty() ? keys.names : error;
}

TEST_CASE("SnapshotFile: records become a file under their databases") {
  const TemporaryFolder folder;
  {
    RdbFilePlan plan = PlanIn(folder);
    plan.aux = {{"a", "b"}};
    plan.functions = {"f"};
    SnapshotFile file(plan);
    file.OnRecords(3, RecordOf("x"), 1);
    file.OnRecords(3, RecordOf("y"), 1);
    file.OnRecords(1, RecordOf("z"), 1);
    file.Close();
    WaitFor(file);
    CHECK(file.error() == "");
    CHECK(file.keys_written() == 3);
  }
  CHECK(Loaded(folder / "data") == "a=b function f 3x 3y 1z ");
  CHECK(Loaded(folder / "temp") == "no file");
}

TEST_CASE("SnapshotFile: a long string is encoded behind its head") {
  const TemporaryFolder folder;
  SnapshotFile file(PlanIn(folder));
  RdbWriter head;
  OwnedEntry entry(EntryBuilder::String("v").Build("x", kNoExpiry));
  EncodeRdbHead(head, "x", entry.entry(), {});
  file.OnLongString(2, head.Take(), std::string(100'000, 'v'));
  file.OnRecords(2, RecordOf("y"), 1);
  file.Close();
  WaitFor(file);
  CHECK(file.keys_written() == 2);
  CHECK(Loaded(folder / "data") == "2x 2y ");
  CHECK(std::filesystem::file_size(folder / "data") < 10'000);
}

TEST_CASE("SnapshotFile: a record in pieces is not interrupted, and only its own shard goes on") {
  const TemporaryFolder folder;
  SnapshotFile file(PlanIn(folder));
  const std::string record = RecordOf("x");
  std::string first = record.substr(0, 2);
  std::string rest = record.substr(2);
  CHECK(!file.must_wait(2));
  CHECK(file.OnPiece(1, 0, first, false));
  CHECK(file.must_wait(2));
  CHECK(!file.must_wait(1));
  file.OnRecords(3, RecordOf("y"), 1);
  std::string other = RecordOf("z");
  CHECK(!file.OnPiece(2, 5, other, false));
  CHECK(other == RecordOf("z"));
  CHECK(file.OnPiece(1, 0, rest, true));
  CHECK(!file.must_wait(2));
  CHECK(file.OnPiece(2, 5, other, true));
  file.Close();
  WaitFor(file);
  CHECK(file.keys_written() == 3);
  CHECK(file.pending_bytes() == 0);
  CHECK(Loaded(folder / "data") == "0x 3y 5z ");
}

TEST_CASE("SnapshotFile: records become commands, also long strings and what comes in pieces") {
  const TemporaryFolder folder;
  RdbFilePlan plan = PlanIn(folder);
  plan.form = FileForm::kCommands;
  plan.time_s = 5;
  plan.functions = {"f"};
  plan.aux = {{"a", "b"}};
  plan.options.checksum = false;
  const std::string text(100'000, 'v');
  {
    SnapshotFile file(plan);
    std::string first = RecordOf("x").substr(0, 4);
    std::string rest = RecordOf("x").substr(4);
    file.OnPiece(1, 3, first, false);
    file.OnPiece(1, 3, rest, true);
    RdbWriter head;
    OwnedEntry entry(EntryBuilder::String("v").Build("y", 99));
    EncodeRdbHead(head, "y", entry.entry(), {});
    file.OnLongString(3, head.Take(), text);
    file.Close();
    WaitFor(file);
    CHECK(file.error() == "");
    CHECK(file.keys_written() == 2);
    CHECK(file.pending_bytes() == 0);
  }
  EffectText expected;
  expected.Add({"FUNCTION", "LOAD", "f"});
  expected.Add({"SELECT", "3"});
  expected.Add({"SET", "x", "value"});
  expected.Add({"SET", "y", text});
  expected.Add({"PEXPIREAT", "y", "99"});
  std::ifstream written(folder / "data", std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(written), {}) == "#TS:5\r\n" + std::string(expected.text()));
}

TEST_CASE("SnapshotFile: given up, it leaves the old file and nothing else") {
  const TemporaryFolder folder;
  {
    SnapshotFile first(PlanIn(folder));
    first.OnRecords(0, RecordOf("old"), 1);
    first.Close();
    WaitFor(first);
  }
  {
    SnapshotFile second(PlanIn(folder));
    second.OnRecords(0, RecordOf("new"), 1);
  }
  CHECK(Loaded(folder / "data") == "0old ");
  CHECK(Loaded(folder / "temp") == "no file");
}

TEST_CASE("SnapshotFile: a full disk is an error, and what else comes is dropped") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "temp");
  SnapshotFile file(PlanIn(folder));
  file.OnRecords(0, std::string(RdbWriter::kPieceBytes, 'x'), 1);
  file.Close();
  WaitFor(file);
  CHECK(file.has_failed());
  CHECK(file.error().find("Write error") != std::string::npos);
  file.OnRecords(0, "x", 1);
  RdbFilePlan plan = PlanIn(folder);
  plan.form = FileForm::kCommands;
  std::filesystem::create_symlink("/dev/full", folder / "temp");
  SnapshotFile commands(plan);
  commands.OnLongString(0, RecordOf("x"), {});
  commands.Close();
  WaitFor(commands);
  CHECK(commands.error().find("Write error") != std::string::npos);
}

}  // namespace
}  // namespace usher::engine
