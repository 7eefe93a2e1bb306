// Reads, writes and their reports. See engine_context.h.
#include "engine/engine_context.h"

#include <algorithm>
#include <array>

#include "engine/snapshot.h"
#include "protocol/number_text.h"

namespace usher::engine {

void EngineContext::Begin(const Turns* turns, int db, int64_t now_us) {
  turns_ = turns;
  settings_ = &engine_.settings();
  journal_ = engine_.journal();
  db_ = db;
  now_us_ = now_us;
  dirty_ = 0;
  explicit_effects_ = false;
  if (turns == nullptr) return;
  turns->ForEachHeld([&](const ShardData& shard) { now_us_ = std::max(now_us_, shard.last_now_us); });
  turns->ForEachHeld([&](ShardData& shard) { shard.last_now_us = now_us_; });
}

void EngineContext::End() {
  if (dirty_ != 0) AccountHeld();
  turns_ = nullptr;
}

void EngineContext::AccountHeld() {
  if (turns_ == nullptr) return;
  turns_->ForEachHeld([this](ShardData& shard) { AccountShard(shard, db_); });
}

void EngineContext::ChangeDb(int db) {
  if (dirty_ != 0) AccountHeld();
  db_ = db;
  if (!in_transaction_ || journal_ == nullptr) return;
  const size_t commands = effects_.commands();
  effects_.Command(2);
  effects_.Word("SELECT");
  effects_.Integer(db);
  effects_.Truncate(effects_.text().size(), commands);  // by itself it is no effect
  step_bytes_ = effects_.text().size();
}

void EngineContext::AccountShard(ShardData& shard, int db) {
  const size_t at = static_cast<size_t>(db);
  const Keyspace& keyspace = *shard.databases[at];
  const size_t bytes = keyspace.memory_bytes();
  shard.stats.memory_bytes.Set(shard.stats.memory_bytes.Get() + bytes - shard.accounted_bytes[at]);
  shard.accounted_bytes[at] = bytes;
  shard.stats.databases[at].keys.Set(keyspace.size());
  shard.stats.databases[at].expires.Set(keyspace.keys_with_expiry());
  shard.stats.databases[at].expiry_ticks.Set(keyspace.expiry_ticks());
}

KeyEntry EngineContext::FindLive(const Key& key, int db) {
  const KeyEntry entry = turns_->KeyspaceOf(key, db).Find(key);
  if (!entry || !entry.IsExpired(now_ms())) [[likely]]
    return entry;
  if (replaying_) return entry;
  Expire(key, db);
  return KeyEntry();
}

void EngineContext::Touch(KeyEntry entry, const Key& key) {
  if (no_touch_) return;
  const uint32_t access = entry.access();
  uint32_t touched = 0;
  if (settings_->uses_lfu()) [[unlikely]] {
    const LfuSettings lfu{static_cast<uint32_t>(settings_->lfu_log_factor),
                          static_cast<uint32_t>(settings_->lfu_decay_minutes)};
    touched = LfuTouched(access, now_ms(), lfu, RandomOf(key));
  } else {
    touched = LruAccess(now_ms());
  }
  if (touched != access) entry.set_access(touched);
}

void EngineContext::TouchNew(KeyEntry entry, const Key& key) {
  entry.set_access(settings_->uses_lfu() ? LfuInitial(now_ms()) : LruAccess(now_ms()));
  if ((settings_->notify & kNotifyNew) != 0) Notify(key, db_, kNotifyNew, "new");
}

KeyEntry EngineContext::Read(const Key& key) {
  const KeyEntry entry = ReadUntouched(key);
  if (entry) Touch(entry, key);
  return entry;
}

KeyEntry EngineContext::ReadUntouched(const Key& key) {
  const KeyEntry entry = FindLive(key, db_);
  ShardStats& stats = ShardOf(key).stats;
  if (!entry) {
    stats.misses.Add(1);
    if ((settings_->notify & kNotifyKeyMiss) != 0) Notify(key, db_, kNotifyKeyMiss, "keymiss");
    return entry;
  }
  stats.hits.Add(1);
  return entry;
}

KeyEntry EngineContext::Peek(const Key& key) {
  return FindLive(key, db_);
}
KeyEntry EngineContext::Peek(const Key& key, int db) {
  return FindLive(key, db);
}

Result<std::optional<std::string_view>> EngineContext::ReadString(const Key& key, IntegerScratch& scratch) {
  const KeyEntry entry = Read(key);
  if (!entry) return std::optional<std::string_view>();
  if (entry.type() != ValueType::kString) return Error::kWrongType;
  return std::optional<std::string_view>(entry.StringBytes(scratch));
}

// Whoever writes a snapshot keeps what the key was.
void EngineContext::BeforeWrite(const Key& key, int db, KeyEntry entry) {
  if (ShardSnapshot* const snapshot = ShardOf(key).snapshot.get(); snapshot != nullptr) [[unlikely]]
    snapshot->BeforeWrite(db, key, entry);
}

// Here or in the background, or when the snapshot has done with it.
void EngineContext::FreeEntry(const ShardData& shard, OwnedEntry entry) {
  if (shard.snapshot) [[unlikely]]
    return shard.snapshot->Free(std::move(entry));
  engine_.background_free().Free(std::move(entry));
}

KeyEntry EngineContext::ForWrite(const Key& key) {
  const KeyEntry entry = FindLive(key, db_);
  BeforeWrite(key, db_, entry);
  if (entry) Touch(entry, key);
  return entry;
}

void EngineContext::SetString(const Key& key, std::string_view bytes, int64_t expiry_ms) {
  SetBuilt(key, EntryBuilder::String(bytes), expiry_ms);
}

void EngineContext::SetBuilt(const Key& key, const EntryBuilder& value, int64_t expiry_ms) {
  Keyspace& keyspace = KeyspaceOf(key);
  if (const KeyEntry entry = ForWrite(key)) {
    FreeEntry(ShardOf(key), keyspace.Replace(entry, value, expiry_ms));
  } else {
    TouchNew(keyspace.Insert(key, value, expiry_ms), key);
  }
}

bool EngineContext::Delete(const Key& key) {
  const KeyEntry entry = ForWrite(key);
  if (!entry) return false;
  FreeEntry(ShardOf(key), KeyspaceOf(key).Erase(entry));
  return true;
}

OwnedEntry EngineContext::Detach(const Key& key) {
  const KeyEntry entry = ForWrite(key);
  return entry ? KeyspaceOf(key).Erase(entry) : OwnedEntry();
}

void EngineContext::Attach(const Key& key, OwnedEntry entry, int db) {
  Keyspace& keyspace = turns_->KeyspaceOf(key, db);
  const KeyEntry old = FindLive(key, db);
  BeforeWrite(key, db, old);
  if (old) FreeEntry(ShardOf(key), keyspace.Erase(old));
  ShardSnapshot::OnAttach(entry.entry(), ShardOf(key).snapshot.get());
  keyspace.Insert(key, std::move(entry), kKeepExpiry);
  if ((settings_->notify & kNotifyNew) != 0) Notify(key, db, kNotifyNew, "new");
}

void EngineContext::FlushDatabase(int db, FreeWhere where) {
  dirty_ = kDirty;
  effect_slot_ = 0;
  turns_->ForEachHeld([&](ShardData& shard) {
    TouchWatched(shard, db, nullptr);
    Keyspace flushed;
    shard.databases[static_cast<size_t>(db)]->Swap(flushed);
    shard.stats.dirty.Add(flushed.size());
    if (shard.snapshot) shard.snapshot->OnFlush(db, flushed);
    AccountShard(shard, db);
    SignalAll(shard, db);
    if (where == FreeWhere::kBackground) engine_.background_free().Free(std::move(flushed));
  });
}

void EngineContext::Unload() {
  turns_->ForEachHeld([&](ShardData& shard) {
    for (size_t db = 0; db < shard.databases.size(); ++db) {
      TouchWatched(shard, static_cast<int>(db), nullptr);
      Keyspace unloaded;
      shard.databases[db]->Swap(unloaded);
      if (shard.snapshot) shard.snapshot->OnFlush(static_cast<int>(db), unloaded);
      AccountShard(shard, static_cast<int>(db));
      engine_.background_free().Free(std::move(unloaded));
    }
  });
}

bool EngineContext::LoadKey(const Key& key, int db, OwnedEntry& entry, uint32_t access) const {
  Keyspace& keyspace = turns_->KeyspaceOf(key, db);
  if (keyspace.Find(key)) return false;
  keyspace.Insert(key.hash, std::move(entry)).set_access(access);
  keyspace.NoteChange(key.name);
  return true;
}

void EngineContext::EndLoading() {
  turns_->ForEachHeld([&](ShardData& shard) {
    for (size_t db = 0; db < shard.databases.size(); ++db) AccountShard(shard, static_cast<int>(db));
  });
}

void EngineContext::BeginReplay() {
  replaying_ = true;
  journal_ = nullptr;
  silenced_ = std::exchange(observer_, nullptr);
}

void EngineContext::EndReplay() {
  replaying_ = false;
  journal_ = engine_.journal();
  observer_ = std::exchange(silenced_, nullptr);
  EndLoading();
}

void EngineContext::SetExpiry(const Key& key, int64_t expiry_ms) {
  if (const KeyEntry entry = ForWrite(key)) KeyspaceOf(key).SetExpiry(entry, expiry_ms);
}

bool EngineContext::ClearExpiry(const Key& key) {
  const KeyEntry entry = ForWrite(key);
  if (!entry || !entry.HasExpiry()) return false;
  KeyspaceOf(key).SetExpiry(entry, kNoExpiry);
  return true;
}

// A watched key changes with its database if it is in the old one or, not yet expired, in the new one.
void EngineContext::TouchWatched(ShardData& shard, int db, const Keyspace* replacement) {
  const Keyspace& old = *shard.databases[static_cast<size_t>(db)];
  shard.watched.ForEachKey([&](int watched_db, std::string_view name) {
    if (watched_db != db) return;
    const Key key = MakeKey(name);
    const KeyEntry next = replacement == nullptr ? KeyEntry() : replacement->Find(key);
    if (next && !next.IsExpired(now_ms())) {
      shard.watched.Touch(db, name);
    } else if (old.Find(key)) {
      shard.watched.TouchGone(db, name);
    }
  });
}

void EngineContext::SwapDatabases(int a, int b) {
  dirty_ = kDirty;
  effect_slot_ = 0;
  turns_->ForEachHeld([&](ShardData& shard) {
    TouchWatched(shard, a, shard.databases[static_cast<size_t>(b)].get());
    TouchWatched(shard, b, shard.databases[static_cast<size_t>(a)].get());
    shard.databases[static_cast<size_t>(a)]->Swap(*shard.databases[static_cast<size_t>(b)]);
    if (shard.snapshot) shard.snapshot->OnSwap(a, b);
    shard.stats.dirty.Add(1);
    AccountShard(shard, a);
    AccountShard(shard, b);
    SignalAll(shard, a);
    if (a != b) SignalAll(shard, b);
  });
}

void EngineContext::Modified(const Key& key, int db, NotifyClass event_class, std::string_view event) {
  dirty_ = kDirty;
  effect_slot_ = key.slot;
  ShardData& shard = ShardOf(key);
  shard.stats.dirty.Add(1);
  shard.databases[static_cast<size_t>(db)]->NoteChange(key.name);
  if (db != db_) AccountShard(shard, db);
  if ((settings_->notify & event_class) != 0) [[unlikely]]
    Notify(key, db, event_class, event);
  if (shard.observed) [[unlikely]]
    TellObservers(shard, key, db);
}

void EngineContext::RefreshObserved(ShardData& shard) const {
  shard.observed = !shard.blocked.empty() || !shard.watched.empty() || !shard.tracked.empty() || engine_.broadcasting();
}

void EngineContext::TellObservers(ShardData& shard, const Key& key, int db) {
  RefreshObserved(shard);
  if (!shard.blocked.empty()) Signal(key, db);
  if (!shard.watched.empty()) shard.watched.Touch(db, key.name);
  TellReaders(shard, key);
}

void EngineContext::TellReaders(ShardData& shard, const Key& key) {
  if (shard.tracked.empty() && !engine_.broadcasting()) return;
  CachingReaders readers = shard.tracked.Take(key.name);
  if (observer_ != nullptr) observer_->OnKeyChanged(key.name, std::move(readers));
}

void EngineContext::ModifiedQuietly(const Key& key, NotifyClass event_class, std::string_view event) {
  dirty_ = kDirty;
  effect_slot_ = key.slot;
  ShardOf(key).stats.dirty.Add(1);
  Notify(key, db_, event_class, event);
}

void EngineContext::Signal(const Key& key, int db) {
  if (ShardOf(key).blocked.Find(db, key.name) != nullptr) ready_keys_.push_back({db, std::string(key.name)});
}

// Whoever is blocked on a key of the database looks again, also for a key that is gone.
void EngineContext::SignalAll(const ShardData& shard, int db) {
  shard.blocked.ForEachKey([&](int of_db, std::string_view name) {
    if (of_db == db) ready_keys_.push_back({db, std::string(name)});
  });
}

void EngineContext::Notify(const Key& key, int db, NotifyClass event_class, std::string_view event) {
  if (observer_ != nullptr && (settings_->notify & event_class) != 0) {
    observer_->OnKeyspaceEvent(db, event_class, event, key.name);
  }
}

void EngineContext::Publish(std::string_view channel, std::string_view message) {
  if (observer_ != nullptr) observer_->OnPublish(channel, message);
}

void EngineContext::ContainerEmptied(Keyspace& keyspace, const Key& key) {
  keyspace.Erase(keyspace.Find(key));
  Notify(key, db_, kNotifyGeneric, "del");
}

void EngineContext::Expire(const Key& key, int db) {
  ShardOf(key).stats.expired.Add(1);
  RemoveSilently(key, db, kNotifyExpired, "expired");
}

void EngineContext::Evict(const Key& key, int db) {
  ShardOf(key).stats.evicted.Add(1);
  RemoveSilently(key, db, kNotifyEvicted, "evicted");
}

// The server deletes a key on its own account: journaled before the command that met it.
void EngineContext::RemoveSilently(const Key& key, int db, NotifyClass event_class, std::string_view event) {
  // The key's bytes may be the entry's own.
  const std::string name(key.name);
  const Key owned{name, key.hash, key.slot};
  Keyspace& keyspace = turns_->KeyspaceOf(owned, db);
  const KeyEntry entry = keyspace.Find(owned);
  BeforeWrite(owned, db, entry);
  ShardData& shard = ShardOf(owned);
  FreeEntry(shard, keyspace.Erase(entry));
  AccountShard(shard, db);
  if (shard.observed) {
    shard.watched.TouchGone(db, name);
    TellReaders(shard, owned);
  }
  effect_slot_ = key.slot;
  if (journal_ != nullptr) {
    const bool explicit_before = explicit_effects_;
    const int command_db = std::exchange(db_, db);
    if (db != command_db) EffectSelect(db);
    Effect({"DEL", name});
    if (db != command_db) EffectSelect(command_db);
    db_ = command_db;
    explicit_effects_ = explicit_before;
  }
  Notify(owned, db, event_class, event);
  if (!ShardOf(owned).blocked.empty()) [[unlikely]]
    Signal(owned, db);
}

void EngineContext::EffectSelect(int db) {
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  const size_t length = protocol::FormatInteger(db, digits.data());
  Effect({"SELECT", std::string_view(digits.data(), length)});
}

void EngineContext::Effect(std::span<const std::string_view> words) {
  explicit_effects_ = true;
  if (journal_ != nullptr) effects_.Add(words);
}

void EngineContext::CollectCommand(std::span<const std::string_view> command) {
  const bool is_effect = (dirty_ & kNotJournaled) != 0 && !explicit_effects_;
  dirty_ &= kNotAccounted;
  explicit_effects_ = false;
  if (is_effect && journal_ != nullptr) effects_.Add(command);
}

void EngineContext::AppendToJournal(std::span<const std::string_view> command) {
  CollectCommand(command);
  if (journal_ == nullptr) return;
  if (effects_.commands() > 0) {
    if (!in_transaction_) record_db_ = db_;
    const Journal::RecordInfo info{
        .slot = effect_slot_, .db = static_cast<uint8_t>(record_db_), .targets = Journal::kAll, .time_ms = now_ms()};
    if (db_ == 0 && effects_.commands() == 1 && !in_transaction_) {
      journal_->Append(info, effects_.text());
    } else {
      AppendFramed(info);
    }
  }
  if (!effects_.text().empty()) effects_.Clear();
}

void EngineContext::BeginTransaction() {
  in_transaction_ = true;
  record_db_ = db_;
  step_bytes_ = effects_.text().size();
  step_commands_ = effects_.commands();
}

void EngineContext::EndStep(std::span<const std::string_view> command) {
  if ((dirty_ & kNotAccounted) != 0) AccountHeld();
  CollectCommand(command);
  step_bytes_ = effects_.text().size();
  step_commands_ = effects_.commands();
}

// What it gave as explicit effects goes as well; they are the newest commands since the last step.
void EngineContext::EndStepUnjournaled() {
  if ((dirty_ & kNotAccounted) != 0) AccountHeld();
  dirty_ &= kNotAccounted;
  explicit_effects_ = false;
  effects_.Truncate(step_bytes_, step_commands_);
}

void EngineContext::CommitTransaction() {
  AppendToJournal({});
  in_transaction_ = false;
}

// A record depends on no neighbour: it selects its database and goes back, and several effects are one transaction.
void EngineContext::AppendFramed(const Journal::RecordInfo& info) {
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  const std::string_view db(digits.data(), protocol::FormatInteger(record_db_, digits.data()));
  const bool framed = in_transaction_ || effects_.commands() > 1;
  frame_.Clear();
  if (record_db_ != 0) frame_.Add({"SELECT", db});
  if (framed) frame_.Add({"MULTI"});
  const size_t before_bytes = frame_.text().size();
  if (framed) frame_.Add({"EXEC"});
  if (record_db_ != 0 || db_ != 0) frame_.Add({"SELECT", "0"});
  const std::string_view frame = frame_.text();
  journal_->Append(info, frame.substr(0, before_bytes), effects_.text(), frame.substr(before_bytes));
}

bool EngineContext::PopReadyKey(ReadyKey& ready) {
  if (ready_keys_.empty()) return false;
  ready = std::move(ready_keys_.front());
  ready_keys_.pop_front();
  return true;
}

}  // namespace usher::engine
