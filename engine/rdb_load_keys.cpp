// See rdb_load_keys.h.
#include "engine/rdb_load_keys.h"

#include <utility>

#include "engine/rdb_format.h"
#include "engine/rdb_skip.h"

namespace usher::engine {
namespace {

/// Steps over what follows `code` if it is something about the next key.
bool SkipPrefix(RdbReader& reader, uint8_t code) {
  switch (code) {
    case rdb::kExpiryMs:
      reader.Little64();
      return true;
    case rdb::kExpirySeconds:
      reader.Little32();
      return true;
    case rdb::kIdle:
      reader.Length();
      return true;
    case rdb::kFreq:
      reader.Byte();
      return true;
    default:
      return false;
  }
}

}  // namespace

// ---- KeyReader

bool KeyReader::ReadPrefix(uint8_t code) {
  switch (code) {
    case rdb::kExpiryMs:
      key_.expiry_ms = static_cast<int64_t>(reader_.Little64());
      break;
    case rdb::kExpirySeconds:
      key_.expiry_ms = int64_t{static_cast<int32_t>(reader_.Little32())} * 1000;
      break;
    case rdb::kIdle:
      key_.idle_seconds = static_cast<int64_t>(reader_.Length() & INT64_MAX);
      break;
    case rdb::kFreq:
      key_.frequency = reader_.Byte();
      break;
    default:
      return false;
  }
  return within_key_ = true;
}

void KeyReader::ReadKey(uint8_t type) {
  name_ = reader_.String();
  key_.name = name_;
  DecodedValue value;
  if (!reader_.ok() || !DecodeRdbValue(reader_, type, settings_, value)) return;
  if (!value.is_void()) Refuse(target_.OnKey(key_, value));
  const int db = key_.db;
  key_ = RdbKey();
  key_.db = db;
  within_key_ = false;
}

// ---- FindKeys

KeyRun FindKeys(std::string_view bytes, size_t bytes_wanted) {
  RdbReader reader(bytes);
  KeyRun run;
  while (run.bytes < bytes_wanted) {
    const uint8_t code = reader.Byte();
    if (SkipPrefix(reader, code)) continue;
    if (!reader.ok()) {
      run.is_cut = true;
      return run;
    }
    if (code >= rdb::kSlotInfo) return run;
    reader.SkipString();
    const bool skipped = SkipRdbValue(reader, code);
    run.is_cut = !reader.ok();
    if (!skipped) return run;
    run.bytes = reader.consumed();
  }
  return run;
}

// ---- LoadHelpers

LoadHelpers::LoadHelpers(size_t count, const EngineSettings& settings, RdbTarget& target)
    : count_(count), settings_(settings), target_(target) {}

LoadHelpers::~LoadHelpers() {
  Close(/*drop=*/true);
}

void LoadHelpers::Start() {
  for (size_t i = 0; i < count_; ++i) targets_.push_back(target_.NewHelper());
  for (const auto& target : targets_) threads_.emplace_back([this, &own = *target] { Main(own); });
}

void LoadHelpers::Main(RdbKeyTarget& target) {
  for (Run run; TakeRun(run);) Decode(run.bytes, run.db, run.offset, target);
}

// Waits for one. False: there will be none.
bool LoadHelpers::TakeRun(Run& run) {
  MutexLock lock(mutex_);
  while (runs_.empty() && !closed_) changed_.wait(lock);
  if (runs_.empty()) return false;
  run = std::move(runs_.front());
  runs_.pop_front();
  return true;
}

void LoadHelpers::Give(std::string_view keys, int db, uint64_t offset) {
  if (threads_.empty()) Start();
  bool is_full = false;
  {
    const MutexLock lock(mutex_);
    is_full = runs_.size() >= count_ * kRunsPerHelper;
  }
  if (is_full) return Decode(keys, db, offset, target_);
  Run run{std::string(keys), db, offset};
  const MutexLock lock(mutex_);
  runs_.push_back(std::move(run));
  changed_.notify_one();
}

void LoadHelpers::Decode(std::string_view keys, int db, uint64_t offset, RdbKeyTarget& target) {
  RdbReader reader(keys);
  KeyReader key_reader(reader, settings_, target);
  key_reader.set_db(db);
  while (reader.ok() && !reader.AtEnd() && !has_failed()) {
    const uint8_t code = reader.Byte();
    if (!key_reader.ReadPrefix(code)) key_reader.ReadKey(code);
  }
  if (reader.ok()) key_reader.Refuse(target.OnPause());
  if (!reader.ok()) Fail(reader.error(), offset + reader.consumed());
}

void LoadHelpers::Fail(std::string_view why, uint64_t offset) {
  const MutexLock lock(mutex_);
  if (!error_.empty() && error_offset_ <= offset) return;
  error_ = why;
  error_offset_ = offset;
  failed_.store(true, std::memory_order_relaxed);
}

void LoadHelpers::Close(bool drop) {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    if (drop) runs_.clear();
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void LoadHelpers::Finish() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  for (Run run; TakeRun(run);) Decode(run.bytes, run.db, run.offset, target_);
  Close(/*drop=*/false);
}

std::string LoadHelpers::error() const {
  const MutexLock lock(mutex_);
  return error_;
}

uint64_t LoadHelpers::error_offset() const {
  const MutexLock lock(mutex_);
  return error_offset_;
}

}  // namespace usher::engine
