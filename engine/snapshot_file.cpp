// See snapshot_file.h.
#include "engine/snapshot_file.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/rdb_file.h"

namespace usher::engine {

void BeginRdbFile(RdbSaver& saver, const RdbFilePlan& plan) {
  saver.Begin(plan.aux);
  for (const std::string& code : plan.functions) saver.Function(code);
  for (const RdbDatabaseSize& size : plan.sizes) saver.BeginDatabase(size.db, size.keys, size.expires);
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
  arrived_.notify_one();
}

// Waits for records; false when there are no more, or none are wanted.
bool SnapshotFile::Next(std::deque<Records>& batch) {
  MutexLock lock(mutex_);
  while (queue_.empty() && !closed_ && !aborted_) arrived_.wait(lock);
  batch.swap(queue_);
  return !aborted_ && !batch.empty();
}

bool SnapshotFile::WriteAll(RdbSaver& saver) {
  BeginRdbFile(saver, plan_);
  int selected = -1;
  for (std::deque<Records> batch; Next(batch); batch.clear()) {
    for (const Records& records : batch) {
      if (records.db != selected) saver.Select(selected = records.db);
      saver.writer().Bytes(records.bytes);
      if (!records.text.empty()) saver.writer().String(records.text);
      saver.writer().MayFlush();
      keys_.fetch_add(records.keys, std::memory_order_relaxed);
      pending_bytes_.fetch_sub(records.MemoryBytes(), std::memory_order_relaxed);
    }
    if (!saver.writer().ok()) return false;
  }
  const MutexLock lock(mutex_);
  return !aborted_;
}

void SnapshotFile::Main() {
  {
    RdbFileSink file;
    file.SyncEvery(plan_.sync_every_bytes);
    const bool created = file.Create(plan_.temporary, plan_.path);
    RdbSaver saver(file, plan_.options);
    const bool written = created && WriteAll(saver);
    if (!written || !saver.Finish() || !file.Commit()) {
      error_ = file.error().empty() ? "the snapshot was given up" : file.error();
      failed_.store(true, std::memory_order_relaxed);
    }
  }
  finished_.store(true, std::memory_order_release);
}

}  // namespace usher::engine
