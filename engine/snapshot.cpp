// See snapshot.h.
#include "engine/snapshot.h"

#include <utility>

namespace usher::engine {
namespace {

constexpr int kStepBucketsMax = 64;

}  // namespace

ShardSnapshot::ShardSnapshot(ShardIndex shard, const Databases& databases, const RdbSaveOptions& options,
                             SnapshotSink& sink, BackgroundFree& free, const SnapshotLimits& limits)
    : shard_(shard),
      databases_(databases),
      options_(options),
      limits_(limits),
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
  while (!large_.empty()) EndLarge();
  for (Content& content : contents_) Finish(content);
}

void ShardSnapshot::Save(size_t at, const Key& key, KeyEntry entry) {
  if (contents_[at].saved->Add(key.name) && entry) Encode(at, entry);
}

void ShardSnapshot::Encode(size_t at, KeyEntry entry) {
  if (entry.IsExpired(options_.now_ms)) return;
  if (auto value = ValueSnapshot::Begin(entry, options_, limits_.large_value_bytes, this)) {
    large_.push_back({.at = at, .value = std::move(value)});
    return;
  }
  if (entry.kind() == EntryKind::kRaw && entry.ValueMemoryBytes() >= limits_.large_value_bytes) {
    RdbWriter head;
    EncodeRdbHead(head, entry.key(), entry, options_);
    return sink_.OnLongString(static_cast<int>(at), head.Take(), std::string(entry.As<RawString>().view()));
  }
  if (at != writer_db_) Flush();
  writer_db_ = at;
  if (EncodeRdbKey(writer_, entry.key(), entry, options_)) ++writer_keys_;
  if (writer_.view().size() >= limits_.piece_bytes) Flush();
}

void ShardSnapshot::Flush() {
  if (writer_.view().empty()) return;
  sink_.OnRecords(static_cast<int>(writer_db_), writer_.Take(), std::exchange(writer_keys_, 0));
  writer_.Clear();
}

void ShardSnapshot::Finish(Content& content) {
  content.finished = true;
  content.saved.reset();
  if (content.owned && !large_.empty()) {
    emptied_.push_back(std::move(content.owned));
  } else if (content.owned) {
    background_free_.Free(std::move(*content.owned));
  }
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
  if (at == kNowhere || contents_[at].finished) {
    if (!large_.empty()) emptied_.push_back(std::make_unique<Keyspace>(std::move(flushed)));
    return;
  }
  contents_[at].owned = std::make_unique<Keyspace>(std::move(flushed));
  contents_[at].keyspace = contents_[at].owned.get();
}

void ShardSnapshot::Free(OwnedEntry entry) {
  ValueSnapshot* const value = entry ? ValueSnapshot::Of(entry.entry()) : nullptr;
  if (value == nullptr) return background_free_.Free(std::move(entry));
  value->TakeOver(std::move(entry));
}

// Goes on with the first large value, unless its records have to wait for another shard's.
void ShardSnapshot::StepLarge() {
  LargeValue& large = large_.front();
  if (!large.finished && large.value->writer().view().size() < limits_.piece_bytes) {
    large.finished = !large.value->Step(limits_.step_bytes);
  }
  if (GiveLarge(large) && large.finished) EndLarge();
}

// Gives to the sink what is worth it. False: it does not take it now.
bool ShardSnapshot::GiveLarge(LargeValue& large) {
  RdbWriter& records = large.value->writer();
  if (!large.finished && records.view().size() < limits_.piece_bytes) return true;
  const int db = static_cast<int>(large.at);
  std::string bytes = records.Take();
  records.Clear();
  if (large.finished && !large.in_pieces) {
    sink_.OnRecords(db, std::move(bytes), 1);
    return true;
  }
  if (sink_.OnPiece(shard_, db, bytes, large.finished)) return large.in_pieces = true;
  records.Bytes(bytes);
  return false;
}

void ShardSnapshot::EndLarge() {
  OwnedEntry entry = large_.front().value->GiveUp();
  large_.pop_front();  // lets the value go, if it was not finished
  background_free_.Free(std::move(entry));
  if (!large_.empty()) return;
  for (const auto& keyspace : emptied_) background_free_.Free(std::move(*keyspace));
  emptied_.clear();
}

bool ShardSnapshot::Step() {
  if (!large_.empty()) {
    StepLarge();
    return true;
  }
  const size_t begin_bytes = writer_.view().size();
  const auto is_enough = [&] {  // or just given to the sink
    const size_t bytes = writer_.view().size();
    return bytes >= begin_bytes + limits_.step_bytes || bytes < begin_bytes;
  };
  int buckets = 0;
  for (; current_ < contents_.size(); ++current_) {
    Content& content = contents_[current_];
    while (!content.finished) {
      if (++buckets > kStepBucketsMax || is_enough()) return true;
      content.cursor = content.keyspace->Scan(content.cursor, [&](KeyEntry entry) {
        if (content.saved->size() == 0 || !content.saved->Contains(entry.key())) Encode(current_, entry);
      });
      if (content.cursor == 0) Finish(content);
    }
  }
  Flush();
  return !large_.empty();
}

size_t ShardSnapshot::MemoryBytes() const {
  size_t bytes = writer_.view().size();
  for (const Content& content : contents_) {
    if (content.saved) bytes += content.saved->MemoryBytes();
  }
  for (const LargeValue& large : large_) bytes += large.value->MemoryBytes();
  return bytes;
}

}  // namespace usher::engine
