// Loading a file into the shards, under all their turns. See persistence.h.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "engine/access_clock.h"
#include "engine/base/mutex.h"
#include "engine/rdb_file.h"
#include "engine/rdb_load.h"
#include "server/commands/function_library.h"
#include "server/persistence.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr size_t kHelpersMax = 7;  // beside the thread that reads, which does as much as one of them

/// A file whose reader can be watched.
class WatchedSource final : public engine::RdbSource {
 public:
  WatchedSource(engine::RdbFileSource& file, std::atomic<uint64_t>& loaded) : file_(file), loaded_(loaded) {}
  size_t Read(char* to, size_t size) override {
    const size_t count = file_.Read(to, size);
    loaded_.fetch_add(count, std::memory_order_relaxed);
    return count;
  }

 private:
  engine::RdbFileSource& file_;
  std::atomic<uint64_t>& loaded_;
};

std::string SecondsText(std::chrono::steady_clock::duration taken) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(taken).count());
  return text;
}

}  // namespace

/// What the threads that load have in common: the keyspaces, of which each shard is one thread's at a time, and counts.
struct Persistence::LoadedKeys {
  LoadedKeys(engine::EngineContext& of_context, Expired expired_keys)
      : context(of_context),
        drops_expired(expired_keys == Expired::kDropped),
        shards(std::make_unique<engine::Mutex[]>(of_context.engine().shard_count())),
        expected(static_cast<size_t>(of_context.engine().databases())) {}

  engine::EngineContext& context;
  const bool drops_expired;
  const std::unique_ptr<engine::Mutex[]> shards;
  std::vector<std::atomic<uint64_t>> expected;  // by database: how many keys a shard will have
  std::atomic<uint64_t> loaded{0};
  std::atomic<uint64_t> expired{0};
};

/// Makes entries of keys on one thread, and puts them into the keyspaces many at a time, shard by shard.
class Persistence::KeyTaker final : public engine::RdbKeyTarget {
 public:
  explicit KeyTaker(LoadedKeys& keys) : keys_(keys), pending_(keys.context.engine().shard_count()) {}

  std::string OnKey(const engine::RdbKey& key, engine::DecodedValue& value) override {
    if (keys_.drops_expired && key.expiry_ms != engine::kNoExpiry && key.expiry_ms < keys_.context.now_ms()) {
      keys_.expired.fetch_add(1, std::memory_order_relaxed);
      return {};
    }
    const engine::Key name = engine::MakeKey(key.name);
    engine::OwnedEntry entry(value.Take().Build(key.name, key.expiry_ms));
    pending_[keys_.context.engine().ShardOf(name.slot)].push_back(
        {std::move(entry), name.hash, name.slot, key.db, AccessOf(key)});
    return ++pending_count_ < kPendingMax ? std::string() : OnPause();
  }

  std::string OnPause() override {
    keys_.loaded.fetch_add(std::exchange(pending_count_, 0), std::memory_order_relaxed);
    std::string error;
    for (size_t shard = 0; shard < pending_.size(); ++shard) {
      if (pending_[shard].empty()) continue;
      const engine::MutexLock lock(keys_.shards[shard]);
      if (error.empty()) error = Insert(pending_[shard]);
      pending_[shard].clear();
    }
    return error;
  }

 private:
  struct Pending {
    engine::OwnedEntry entry;
    uint64_t hash;
    uint16_t slot;
    int db;
    uint32_t access;
    engine::Key key() { return {entry.entry().key(), hash, slot}; }
  };
  static constexpr size_t kPendingMax = 4096;

  std::string Insert(std::vector<Pending>& pending) {
    constexpr size_t kAhead = 8;
    for (size_t i = 0; i < pending.size(); ++i) {
      if (i + kAhead < pending.size()) {
        Pending& ahead = pending[i + kAhead];
        keys_.context.turns().KeyspaceOf(ahead.key(), ahead.db).Prefetch(ahead.key());
      }
      Pending& next = pending[i];
      const engine::Key key = next.key();
      if (!keys_.context.LoadKey(key, next.db, next.entry, next.access)) {
        return "a key is there twice: '" + std::string(key.name) + "'";
      }
      engine::Keyspace& keyspace = keys_.context.turns().KeyspaceOf(key, next.db);
      if (keyspace.size() == 1) keyspace.Reserve(keys_.expected[static_cast<size_t>(next.db)].load());
    }
    return {};
  }

  uint32_t AccessOf(const engine::RdbKey& key) const {
    const int64_t now_ms = keys_.context.now_ms();
    if (keys_.context.settings().uses_lfu()) {
      return key.frequency < 0 ? engine::LfuInitial(now_ms)
                               : engine::LfuWord(static_cast<uint32_t>(key.frequency), now_ms);
    }
    const int64_t idle_seconds = std::clamp<int64_t>(key.idle_seconds, 0, engine::kAccessMask);
    return engine::LruAccess(now_ms - idle_seconds * 1000);
  }

  LoadedKeys& keys_;
  std::vector<std::vector<Pending>> pending_;  // by shard
  size_t pending_count_ = 0;
};

/// Takes in what a file holds.
class Persistence::FileTarget final : public engine::RdbTarget {
 public:
  FileTarget(Server& server, engine::EngineContext& context, Expired expired_keys, uint64_t file_bytes)
      : keys(context, expired_keys), server_(server), keys_max_(file_bytes / kKeyBytesMin), own_keys_(keys) {}

  std::string OnDatabase(int64_t db) override {
    const int databases = server_.engine().databases();
    if (db < databases) return {};
    return "Data file was created with a server configured to handle more than " + std::to_string(databases) +
           " databases";
  }

  std::string OnKey(const engine::RdbKey& key, engine::DecodedValue& value) override {
    return own_keys_.OnKey(key, value);
  }
  std::string OnPause() override { return own_keys_.OnPause(); }
  std::unique_ptr<engine::RdbKeyTarget> NewHelper() override { return std::make_unique<KeyTaker>(keys); }

  // What the file says is believed as far as it has bytes for it.
  void OnDatabaseSize(int db, uint64_t count) override {
    keys.expected[static_cast<size_t>(db)].store(std::min(count, keys_max_) / server_.engine().shard_count());
  }

  void OnAux(std::string_view name, std::string_view value) override {
    if (name == "redis-ver") server_.log().Notice("Loading RDB produced by version " + std::string(value));
  }

  std::string OnFunction(std::string_view code) override {
    std::string name;
    std::shared_ptr<FunctionLibrary> library;
    std::string error = ParseLibraryHeader(code, name);
    if (error.empty()) error = MakeLibrary(*ExecutionThread::Current(), name, code, library);
    if (!error.empty()) return "Failed loading function: " + error;
    libraries.push_back(std::move(library));
    return {};
  }

  LoadedKeys keys;
  std::vector<std::shared_ptr<const FunctionLibrary>> libraries;

 private:
  static constexpr uint64_t kKeyBytesMin = 16;  // as a rule

  Server& server_;
  const uint64_t keys_max_;
  KeyTaker own_keys_;
};

bool Persistence::HasFile() const {
  engine::RdbFileSource file;
  return file.Open(PathOf(server_.config().rdb_file)) != engine::RdbFileSource::Opened::kMissing;
}

void Persistence::BeginLoading() {
  loading_start_s_.store(server_.clock().NowUs() / 1'000'000);
  loading_loaded_bytes_.store(0);
  loading_.store(true);
  server_.SetGate(kGateLoading, true);
}

void Persistence::EndLoading() {
  loading_.store(false);
  server_.SetGate(kGateLoading, false);
}

std::string Persistence::Load(engine::EngineContext& context) {
  const std::string path = PathOf(server_.config().rdb_file);
  std::error_code failed;
  const uint64_t bytes = std::filesystem::file_size(path, failed);
  SetLoadingTotal(failed ? 0 : bytes);
  const auto start = std::chrono::steady_clock::now();
  if (!HasFile()) return {};
  std::string error = LoadFile(context, path, Expired::kDropped, nullptr);
  if (!error.empty()) return error;
  server_.log().Notice("DB loaded from disk: " + SecondsText(std::chrono::steady_clock::now() - start) + " seconds");
  return {};
}

std::string Persistence::LoadFile(engine::EngineContext& context, const std::string& path, Expired expired,
                                  uint64_t* end) {
  const bool checksum = server_.config().rdb_checksum;
  engine::RdbFileSource file;
  if (file.Open(path) != engine::RdbFileSource::Opened::kYes) {
    return "Fatal error: can't open the RDB file " + path + " for reading: " + file.error();
  }
  WatchedSource source(file, loading_loaded_bytes_);
  engine::RdbReader reader(source, checksum);
  FileTarget loaded(server_, context, expired, file.size());
  const size_t helpers = std::clamp<size_t>(server_.workers().size() - 1, 1, kHelpersMax);
  std::string error = LoadRdb(reader, context.settings(), loaded, {.checksum = checksum, .helpers = helpers});
  context.EndLoading();
  if (!error.empty()) return "Error loading the RDB file " + path + ": " + error + ". " + file.error();
  error = server_.functions().ReplaceAll(loaded.libraries);
  if (!error.empty()) return "Error loading the RDB file " + path + ": " + error;
  server_.log().Notice("Done loading RDB, keys loaded: " + std::to_string(loaded.keys.loaded.load()) +
                       ", keys expired: " + std::to_string(loaded.keys.expired.load()) + ".");
  if (end != nullptr) *end = reader.consumed();
  const engine::MutexLock lock(mutex_);
  keys_loaded_ = loaded.keys.loaded.load();
  keys_expired_ = loaded.keys.expired.load();
  return {};
}

std::string Persistence::Reload(engine::EngineContext& context, bool save, bool unload) {
  if (saving()) return "a background save is in progress";
  if (save && !Save(context)) return "the file could not be written";
  if (unload) context.Unload();
  BeginLoading();
  std::string error = Load(context);
  EndLoading();
  if (!error.empty()) server_.log().Warning(error);
  return error;
}

}  // namespace usher::server
