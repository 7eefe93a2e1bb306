// See snapshot_file.h.
#include "engine/snapshot_file.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "engine/command_encode.h"
#include "engine/rdb_file.h"
#include "engine/rdb_load.h"

namespace usher::engine {

void BeginRdbFile(RdbSaver& saver, const RdbFilePlan& plan) {
  saver.Begin(plan.aux);
  for (const std::string& code : plan.functions) saver.Function(code);
  for (const RdbDatabaseSize& size : plan.sizes) saver.BeginDatabase(size.db, size.keys, size.expires);
}

void BeginCommandFile(CommandEncoder& encoder, const RdbFilePlan& plan) {
  if (plan.time_s != 0) encoder.Time(plan.time_s);
  for (const std::string& code : plan.functions) encoder.Function(code);
}

SnapshotFile::SnapshotFile(RdbFilePlan plan) : plan_(std::move(plan)) {
  thread_ = std::thread([this] { Main(); });
}

SnapshotFile::~SnapshotFile() {
  Abort();
  thread_.join();
}

void SnapshotFile::OnRecords(int db, std::string records, uint64_t keys) {
  Add({db, std::move(records), keys});
}

void SnapshotFile::OnLongString(int db, std::string head, std::string text) {
  Add({db, std::move(head), 1, std::move(text)});
}

void SnapshotFile::Add(Records records) {
  if (has_failed()) return;
  const MutexLock lock(mutex_);
  const bool is_behind = speaker_.load() != kNoShard;
  (is_behind ? behind_bytes_ : pending_bytes_).fetch_add(records.MemoryBytes(), std::memory_order_relaxed);
  (is_behind ? behind_ : queue_).push_back(std::move(records));
  if (!is_behind) arrived_.notify_one();
}

bool SnapshotFile::OnPiece(ShardIndex shard, int db, std::string& piece, bool last) {
  if (has_failed()) return true;
  const MutexLock lock(mutex_);
  if (speaker_.load() != kNoShard && speaker_.load() != shard) return false;
  speaker_.store(last ? kNoShard : shard);
  pending_bytes_.fetch_add(piece.size(), std::memory_order_relaxed);
  queue_.push_back({db, std::move(piece), last ? uint64_t{1} : 0});
  if (last) {
    std::ranges::move(behind_, std::back_inserter(queue_));
    behind_.clear();
    pending_bytes_.fetch_add(behind_bytes_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
  }
  arrived_.notify_one();
  return true;
}

void SnapshotFile::Close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  arrived_.notify_one();
}

void SnapshotFile::Abort() {
  const MutexLock lock(mutex_);
  aborted_ = true;
  failed_.store(true, std::memory_order_relaxed);
  arrived_.notify_one();
}

// Waits for a record and writes it. False: there are no more, or none are wanted.
bool SnapshotFile::WriteNext(RdbSaver& saver) {
  if (batch_.empty()) {
    MutexLock lock(mutex_);
    while (queue_.empty() && !closed_ && !aborted_) arrived_.wait(lock);
    if (aborted_) return false;
    batch_.swap(queue_);
  }
  if (batch_.empty()) return false;
  const Records records = std::move(batch_.front());
  batch_.pop_front();
  if (records.db != selected_) saver.Select(selected_ = records.db);
  saver.writer().Bytes(records.bytes);
  if (!records.text.empty()) saver.writer().String(records.text);
  saver.writer().MayFlush();
  keys_.fetch_add(records.keys, std::memory_order_relaxed);
  pending_bytes_.fetch_sub(records.MemoryBytes(), std::memory_order_relaxed);
  return saver.writer().ok();
}

bool SnapshotFile::WriteRdb(RdbFileSink& file) {
  RdbSaver saver(file, plan_.options);
  BeginRdbFile(saver, plan_);
  while (WriteNext(saver)) {
  }
  return !is_aborted() && saver.Finish();
}

/// The bytes that the RDB file would have, to be read.
class SnapshotFile::AsRdb final : public RdbSource, RdbSink {
 public:
  explicit AsRdb(SnapshotFile& file) : file_(file), saver_(*this, file.plan_.options) {
    BeginRdbFile(saver_, file.plan_);
  }
  size_t Read(char* to, size_t size) override {
    while (begin_ == bytes_.size()) {
      bytes_.clear();
      begin_ = 0;
      if (ended_ || file_.is_aborted()) return 0;
      ended_ = !file_.WriteNext(saver_);
      if (ended_) saver_.Finish();
      saver_.writer().Flush();
    }
    const size_t count = std::min(size, bytes_.size() - begin_);
    std::memcpy(to, bytes_.data() + begin_, count);
    begin_ += count;
    return count;
  }

 private:
  bool Write(std::string_view bytes) override {
    bytes_ += bytes;
    return true;
  }

  SnapshotFile& file_;
  RdbSaver saver_;
  std::string bytes_;
  size_t begin_ = 0;
  bool ended_ = false;
};

/// Makes commands of the keys that are read.
class SnapshotFile::AsCommands final : public RdbTarget {
 public:
  explicit AsCommands(CommandEncoder& encoder) : encoder_(encoder) {}
  std::string OnDatabase(int64_t) override { return {}; }
  void OnAux(std::string_view, std::string_view) override {}
  std::string OnFunction(std::string_view) override { return {}; }  // BeginCommandFile() has them
  std::string OnKey(const RdbKey& key, DecodedValue& value) override {
    OwnedEntry entry(value.Take().Build(key.name, key.expiry_ms));
    encoder_.Key(key.db, key.name, entry.entry());
    return encoder_.ok() ? std::string() : "the file cannot be written";
  }

 private:
  CommandEncoder& encoder_;
};

bool SnapshotFile::WriteCommands(RdbFileSink& file) {
  CommandEncoder encoder(file);
  BeginCommandFile(encoder, plan_);
  AsRdb source(*this);
  RdbReader reader(source, /*checked=*/false);
  AsCommands target(encoder);
  const std::string error = LoadRdb(reader, {}, target, {.checksum = false});
  if (is_aborted() || !encoder.Finish()) return false;
  error_ = error;
  return error_.empty();
}

void SnapshotFile::Main() {
  {
    RdbFileSink file;
    file.SyncEvery(plan_.sync_every_bytes);
    const bool created = file.Create(plan_.temporary, plan_.path);
    const bool written = created && (plan_.form == FileForm::kRdb ? WriteRdb(file) : WriteCommands(file));
    if (!written || !file.Commit()) {
      if (!file.error().empty()) error_ = file.error();
      if (error_.empty()) error_ = "the snapshot was given up";
      failed_.store(true, std::memory_order_relaxed);
    }
  }
  finished_.store(true, std::memory_order_release);
}

}  // namespace usher::engine
