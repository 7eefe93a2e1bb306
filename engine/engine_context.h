// EngineContext: the engine as one command sees it: its turns, database and time; reads, writes, and the one report of
// what it changed. Writing has one shape: a mutable value comes only from ForWrite..., Modified() follows and feeds
// keyspace events, blocked clients and the dirty counters; the journal record is the command itself unless the handler
// gave Effect()s. Expired keys are deleted when met, before anything else sees them.
// Lives with one executing thread and is reused; Begin() and End() bracket a command. Thread safety: that thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"
#include "engine/effect_text.h"
#include "engine/engine.h"
#include "engine/key_entry.h"
#include "engine/turns.h"

namespace usher::engine {

class EngineContext;

/// Where many keys are freed: by the caller, or in the background.
enum class FreeWhere : uint8_t { kHere, kBackground };

/// A key that was written and that somebody is blocked on.
struct ReadyKey {
  int db = 0;
  std::string name;
};

/// What leaves a turn beside replies. Called under the turn; must only append to mailboxes.
class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  /// A keyspace event of a selected class.
  virtual void OnKeyspaceEvent(int db, NotifyClass event_class, std::string_view event, std::string_view key) = 0;
  /// A message on a channel (queue events).
  virtual void OnPublish(std::string_view channel, std::string_view message) = 0;
  /// A key was changed or deleted, of which `readers` may have a copy; others may want to hear of it as well.
  virtual void OnKeyChanged(std::string_view key, CachingReaders readers) = 0;
  /// Whether anybody listens on the channel, so that building the message may be skipped.
  virtual bool HasSubscribers(std::string_view channel) const = 0;
};

/// A value being changed, or nothing. When it goes out of scope the memory is accounted and an empty container's key is
/// deleted ("del" event). At most one Writable per key at a time; other keys may be written meanwhile. Unlike a
/// KeyEntry, which is invalid after any insert or delete in its keyspace, it stays valid until its own key is deleted
/// or replaced.
template <class T>
class Writable {
 public:
  Writable() = default;
  Writable(EngineContext& context, Keyspace& keyspace, const Key& key, T& value)
      : context_(&context), keyspace_(&keyspace), key_(key), value_(&value), bytes_before_(value.MemoryBytes()) {}
  Writable(Writable&& other) noexcept { *this = std::move(other); }
  Writable& operator=(Writable&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(keyspace_, other.keyspace_);
    std::swap(key_, other.key_);
    std::swap(value_, other.value_);
    std::swap(bytes_before_, other.bytes_before_);
    return *this;
  }
  ~Writable() { Finish(); }

  explicit operator bool() const { return value_ != nullptr; }
  T* operator->() const { return value_; }
  T& operator*() const { return *value_; }
  /// Does now what the destructor would do.
  void Finish();

 private:
  EngineContext* context_ = nullptr;
  Keyspace* keyspace_ = nullptr;
  Key key_{};
  T* value_ = nullptr;
  size_t bytes_before_ = 0;
};

class EngineContext {
 public:
  explicit EngineContext(Engine& of_engine) : engine_(of_engine) {}
  EngineContext(const EngineContext&) = delete;
  EngineContext& operator=(const EngineContext&) = delete;

  // For the dispatcher.
  void set_observer(EngineObserver* observer) { observer_ = observer; }
  /// Starts a command under `turns` (null: without keys). Time is now_us, or later if one of the shards has seen later.
  void Begin(const Turns* turns, int db, int64_t now_us);
  /// Ends it: what remains to be reported is dropped (the journal has it by then).
  void End();
  bool has_effects() const { return (dirty_ & kNotJournaled) != 0 || effects_.commands() > 0 || !ready_keys_.empty(); }
  /// An expired key was deleted, or something else happened beside what is journaled already.
  bool has_unjournaled_effects() const { return effects_.commands() > 0; }
  bool has_ready_keys() const { return !ready_keys_.empty(); }
  bool PopReadyKey(ReadyKey& ready);
  /// Journals what the command did: its effects, or the command itself. Clears them.
  void AppendToJournal(std::span<const std::string_view> command);
  /// Several commands become one record: EndStep() after each of them, CommitTransaction() after the last.
  void BeginTransaction();
  void EndStep(std::span<const std::string_view> command);
  void CommitTransaction();
  /// Takes the place of EndStep() where the step's effects must not be journaled (redis.set_repl).
  void EndStepUnjournaled();
  bool in_transaction() const { return in_transaction_; }

  // Facts of the command.
  Engine& engine() { return engine_; }
  const Engine& engine() const { return engine_; }
  const EngineSettings& settings() const { return *settings_; }
  int db() const { return db_; }
  void set_db(int db) {
    if (db != db_) ChangeDb(db);
  }
  int64_t now_ms() const { return now_us_ / 1000; }
  int64_t now_us() const { return now_us_; }
  /// Whether a key that ends at this time is gone already.
  bool HasPassed(int64_t at_ms) const { return at_ms <= now_ms() && !replaying_; }
  const Turns& turns() const { return *turns_; }
  ShardData& ShardOf(const Key& key) const { return turns_->DataOf(key); }
  Keyspace& KeyspaceOf(const Key& key) const { return turns_->KeyspaceOf(key, db_); }
  Random& RandomOf(const Key& key) const { return ShardOf(key).random; }

  // Reading. A missing or expired key is an empty entry.
  /// For commands that read the key: counts a hit or miss and touches LRU/LFU (unless the client said NO-TOUCH).
  KeyEntry Read(const Key& key);
  /// The same without touching (EXISTS, TYPE, TTL, OBJECT).
  KeyEntry ReadUntouched(const Key& key);
  /// Without counting or touching (conditions of commands that write).
  KeyEntry Peek(const Key& key);
  KeyEntry Peek(const Key& key, int db);
  /// The value of type T; null when the key is missing; kWrongType when it is something else.
  template <class T>
  Result<const T*> ReadAs(const Key& key);
  /// A string's bytes; `scratch` holds an integer's digits.
  Result<std::optional<std::string_view>> ReadString(const Key& key, IntegerScratch& scratch);

  // Writing.
  /// The entry about to be changed (touched, its old image saved while a snapshot runs), or an empty one.
  KeyEntry ForWrite(const Key& key);
  template <class T>
  Result<Writable<T>> ForWriteAs(const Key& key);
  /// Creates the key when it is missing. The caller must leave the value non-empty, or it is deleted again.
  template <class T>
  Result<Writable<T>> ForWriteOrCreate(const Key& key);
  /// Sets the key to a string, whatever it was; integers are stored as such. `expiry_ms` absolute or kNoExpiry.
  /// kKeepExpiry keeps what the key has. `bytes` must not be the entry's own.
  void SetString(const Key& key, std::string_view bytes, int64_t expiry_ms);
  /// Sets the key to a container made elsewhere (STORE commands, RENAME); it must not be empty.
  template <class T>
  void SetValue(const Key& key, const T& value, int64_t expiry_ms) {
    SetBuilt(key, EntryBuilder::Value(value), expiry_ms);
  }
  /// Sets the key to what `value` builds.
  void SetBuilt(const Key& key, const EntryBuilder& value, int64_t expiry_ms);
  /// Removes the key. False when it was not there. Reports nothing: Modified() follows.
  bool Delete(const Key& key);
  /// Takes the whole entry out (RENAME, MOVE), value and expiry included.
  OwnedEntry Detach(const Key& key);
  /// Puts a detached entry's value and expiry under another key (and database), replacing what is there.
  void Attach(const Key& key, OwnedEntry entry, int db);
  /// A string stored as the integer `value`, keeping the expiry; the entry must be a string.
  void SetInt(KeyEntry entry, int64_t value, const Key& key) { KeyspaceOf(key).SetInt(entry, value); }
  void SetExpiry(const Key& key, int64_t expiry_ms);
  /// False when there was none.
  bool ClearExpiry(const Key& key);

  // Loading a file, under the turns of all shards: nobody hears of it, and it counts as no change.
  /// Removes all keys of all databases.
  void Unload();
  /// Adds a key. False: it is there already, and nothing was taken. Several threads may do so at the same time, but
  /// only one in each shard.
  bool LoadKey(const Key& key, int db, OwnedEntry& entry, uint32_t access) const;
  /// Counts what was loaded.
  void EndLoading();
  /// Between these the commands of an append-only file are run again: nothing is journaled or told to anybody, and no
  /// key expires, since its end is a command of the file as well.
  void BeginReplay();
  void EndReplay();

  // Whole databases, in the shards that are held: all of them.
  /// Removes all keys of a database.
  void FlushDatabase(int db, FreeWhere where);
  /// Exchanges two databases. Clients blocked on a key that is there now are served.
  void SwapDatabases(int a, int b);

  /// Reports a change of `key`: once per key and event of the command.
  void Modified(const Key& key, NotifyClass event_class, std::string_view event) {
    Modified(key, db_, event_class, event);
  }
  void Modified(const Key& key, int db, NotifyClass event_class, std::string_view event);
  /// Reports a change that neither WATCH nor blocked clients hear of, as Redis keeps the states of consumer groups from
  /// them.
  void ModifiedQuietly(const Key& key, NotifyClass event_class, std::string_view event);
  /// Looks again whether a client blocked on `key` can be served now, though the key itself was not changed.
  void Signal(const Key& key, int db);
  /// A keyspace event without a change of its own (expired, evicted, keymiss, del of an emptied container).
  void Notify(const Key& key, int db, NotifyClass event_class, std::string_view event);
  /// Journals this command instead of the one that runs. Only complete, deterministic commands.
  void Effect(std::initializer_list<std::string_view> words) { Effect(std::span(words.begin(), words.size())); }
  void Effect(std::span<const std::string_view> words);
  /// Where to write many of them, when journaling().
  EffectText& Effects() {
    explicit_effects_ = true;
    return effects_;
  }
  /// Runs fn in another database of the shard; what it journals is framed by SELECT.
  template <class Fn>
  void InDatabase(ShardData& shard, int db, Fn&& fn);
  bool journaling() const { return journal_ != nullptr; }
  /// Publishes on a channel, in order with the replies.
  void Publish(std::string_view channel, std::string_view message);
  bool HasSubscribers(std::string_view channel) const {
    return observer_ != nullptr && observer_->HasSubscribers(channel);
  }
  void set_no_touch(bool no_touch) { no_touch_ = no_touch; }
  /// Deletes an expired or evicted key, journals and reports it.
  void Expire(const Key& key, int db);
  void Evict(const Key& key, int db);

 private:
  template <class T>
  friend class Writable;
  static constexpr uint8_t kNotJournaled = 1;
  static constexpr uint8_t kNotAccounted = 2;
  static constexpr uint8_t kDirty = kNotJournaled | kNotAccounted;

  void ChangeDb(int db);
  void AccountHeld();
  void CollectCommand(std::span<const std::string_view> command);
  /// What of `shard` is observed, if anything.
  void RefreshObserved(ShardData& shard) const;
  void TellObservers(ShardData& shard, const Key& key, int db);
  void TellReaders(ShardData& shard, const Key& key);
  void TouchWatched(ShardData& shard, int db, const Keyspace* replacement);
  void BeforeWrite(const Key& key, int db, KeyEntry entry);
  void FreeEntry(const ShardData& shard, OwnedEntry entry);
  void Touch(KeyEntry entry, const Key& key);
  void TouchNew(KeyEntry entry, const Key& key);
  KeyEntry FindLive(const Key& key, int db);
  void RemoveSilently(const Key& key, int db, NotifyClass event_class, std::string_view event);
  static void AccountShard(ShardData& shard, int db);
  void SignalAll(const ShardData& shard, int db);
  void EffectSelect(int db);
  void AppendFramed(const Journal::RecordInfo& info);
  void ContainerEmptied(Keyspace& keyspace, const Key& key);

  Engine& engine_;
  EngineObserver* observer_ = nullptr;

  const Turns* turns_ = nullptr;
  const EngineSettings* settings_ = nullptr;
  Journal* journal_ = nullptr;
  int db_ = 0;
  int64_t now_us_ = 0;
  bool no_touch_ = false;
  bool replaying_ = false;
  EngineObserver* silenced_ = nullptr;  // while replaying
  uint8_t dirty_ = 0;                   // something was modified: kNotJournaled, kNotAccounted
  bool explicit_effects_ = false;       // Effect() replaces the command
  bool in_transaction_ = false;
  int record_db_ = 0;         // where the record began
  size_t step_bytes_ = 0;     // of effects_, when the step at hand began
  size_t step_commands_ = 0;  // the same
  uint16_t effect_slot_ = 0;
  EffectText effects_;
  EffectText frame_;
  std::deque<ReadyKey> ready_keys_;
};

template <class Fn>
void EngineContext::InDatabase(ShardData& shard, int db, Fn&& fn) {
  if (db == db_) return fn();
  const int db_before = db_;
  const size_t effects_before = effects_.commands();
  const size_t bytes_before = effects_.text().size();
  EffectSelect(db);
  const size_t effects_selected = effects_.commands();
  db_ = db;
  fn();
  db_ = db_before;
  AccountShard(shard, db);
  if (effects_.commands() > effects_selected) return EffectSelect(db_before);
  effects_.Truncate(bytes_before, effects_before);
}

template <class T>
void Writable<T>::Finish() {
  if (value_ == nullptr) return;
  keyspace_->AdjustMemory(static_cast<ptrdiff_t>(value_->MemoryBytes() - bytes_before_));
  T* value = std::exchange(value_, nullptr);
  if (value->empty()) context_->ContainerEmptied(*keyspace_, key_);
}

template <class T>
Result<const T*> EngineContext::ReadAs(const Key& key) {
  const KeyEntry entry = Read(key);
  if (!entry) return static_cast<const T*>(nullptr);
  if (entry.type() != kTypeOf<T>) return Error::kWrongType;
  return static_cast<const T*>(&entry.As<T>());
}

template <class T>
Result<Writable<T>> EngineContext::ForWriteAs(const Key& key) {
  const KeyEntry entry = ForWrite(key);
  if (!entry) return Writable<T>();
  if (entry.type() != kTypeOf<T>) return Error::kWrongType;
  return Writable<T>(*this, KeyspaceOf(key), key, entry.As<T>());
}

template <class T>
Result<Writable<T>> EngineContext::ForWriteOrCreate(const Key& key) {
  const KeyEntry entry = ForWrite(key);
  Keyspace& keyspace = KeyspaceOf(key);
  if (entry) {
    if (entry.type() != kTypeOf<T>) return Error::kWrongType;
    return Writable<T>(*this, keyspace, key, entry.As<T>());
  }
  T& created = keyspace.Create<T>(key);
  TouchNew(keyspace.Find(key), key);
  return Writable<T>(*this, keyspace, key, created);
}

}  // namespace usher::engine
