// See snapshot.h.
#include "engine/snapshot.h"

#include <utility>

namespace usher::engine {
namespace {

constexpr size_t kStepBytes = 16 * 1024;  // of records
constexpr int kStepBucketsMax = 64;
constexpr size_t kFlushBytes = 64 * 1024;

}  // namespace

ShardSnapshot::ShardSnapshot(const Databases& databases, const RdbSaveOptions& options, SnapshotSink& sink,
                             BackgroundFree& free)
    : databases_(databases),
      options_(options),
      sink_(sink),
      background_free_(free),
      contents_(databases.size()),
      writer_(nullptr, options.compress) {
  for (size_t db = 0; db < databases.size(); ++db) {
    contents_[db].keyspace = databases[db].get();
    contents_[db].finished = databases[db]->size() == 0;
    if (!contents_[db].finished) contents_[db].saved = std::make_unique<SetTable>();
    place_.push_back(db);
  }
}

ShardSnapshot::~ShardSnapshot() {
  for (Content& content : contents_) Finish(content);
}

void ShardSnapshot::Save(size_t at, const Key& key, KeyEntry entry) {
  if (contents_[at].saved->Add(key.name) && entry) Encode(at, entry);
}

void ShardSnapshot::Encode(size_t at, KeyEntry entry) {
  if (at != writer_db_) Flush();
  writer_db_ = at;
  if (EncodeRdbKey(writer_, entry.key(), entry, options_)) ++writer_keys_;
  if (writer_.view().size() >= kFlushBytes) Flush();
}

void ShardSnapshot::Flush() {
  if (writer_.view().empty()) return;
  sink_.OnRecords(static_cast<int>(writer_db_), writer_.Take(), std::exchange(writer_keys_, 0));
  writer_.Clear();
}

void ShardSnapshot::Finish(Content& content) {
  content.finished = true;
  content.saved.reset();
  if (content.owned) background_free_.Free(std::move(*content.owned));
  content.owned.reset();
}

void ShardSnapshot::OnSwap(int a, int b) {
  std::swap(place_[static_cast<size_t>(a)], place_[static_cast<size_t>(b)]);
  for (const int db : {a, b}) {
    const size_t at = place_[static_cast<size_t>(db)];
    if (at != kNowhere) contents_[at].keyspace = databases_[static_cast<size_t>(db)].get();
  }
}

void ShardSnapshot::OnFlush(int db, Keyspace& flushed) {
  const size_t at = std::exchange(place_[static_cast<size_t>(db)], kNowhere);
  if (at == kNowhere || contents_[at].finished) return;
  contents_[at].owned = std::make_unique<Keyspace>(std::move(flushed));
  contents_[at].keyspace = contents_[at].owned.get();
}

bool ShardSnapshot::Step() {
  int buckets = 0;
  for (; current_ < contents_.size(); ++current_) {
    Content& content = contents_[current_];
    while (!content.finished) {
      if (++buckets > kStepBucketsMax || writer_.view().size() >= kStepBytes) {
        Flush();
        return true;
      }
      content.cursor = content.keyspace->Scan(content.cursor, [&](KeyEntry entry) {
        if (content.saved->size() == 0 || !content.saved->Contains(entry.key())) Encode(current_, entry);
      });
      if (content.cursor == 0) Finish(content);
    }
  }
  Flush();
  return false;
}

size_t ShardSnapshot::MemoryBytes() const {
  size_t bytes = writer_.view().size();
  for (const Content& content : contents_) {
    if (content.saved) bytes += content.saved->MemoryBytes();
  }
  return bytes;
}

}  // namespace usher::engine
