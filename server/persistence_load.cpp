// Loading a file into the shards, under all their turns. See persistence.h.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "engine/access_clock.h"
#include "engine/rdb_file.h"
#include "engine/rdb_load.h"
#include "server/commands/function_library.h"
#include "server/persistence.h"
#include "server/server.h"

namespace usher::server {

namespace {

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

/// Puts what a file holds into the keyspaces.
class Persistence::KeyLoader final : public engine::RdbTarget {
 public:
  KeyLoader(Server& server, engine::EngineContext& context, Expired expired_keys)
      : server_(server), context_(context), drops_expired_(expired_keys == Expired::kDropped) {}

  std::string OnDatabase(int64_t db) override {
    const int databases = server_.engine().databases();
    if (db < databases) return {};
    return "Data file was created with a server configured to handle more than " + std::to_string(databases) +
           " databases";
  }

  std::string OnKey(const engine::RdbKey& key, engine::DecodedValue& value) override {
    if (drops_expired_ && key.expiry_ms != engine::kNoExpiry && key.expiry_ms < context_.now_ms()) {
      ++expired;
      return {};
    }
    const engine::Key name = engine::MakeKey(key.name);
    if (context_.IsLoaded(name, key.db)) return "a key is there twice: '" + std::string(key.name) + "'";
    context_.LoadKey(name, key.db, value.Take(), key.expiry_ms, AccessOf(key));
    ++loaded;
    return {};
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

  uint64_t loaded = 0;
  uint64_t expired = 0;
  std::vector<std::shared_ptr<const FunctionLibrary>> libraries;

 private:
  uint32_t AccessOf(const engine::RdbKey& key) const {
    const int64_t now_ms = context_.now_ms();
    if (context_.settings().uses_lfu()) {
      return key.frequency < 0 ? engine::LfuInitial(now_ms)
                               : engine::LfuWord(static_cast<uint32_t>(key.frequency), now_ms);
    }
    const int64_t idle_seconds = std::clamp<int64_t>(key.idle_seconds, 0, engine::kAccessMask);
    return engine::LruAccess(now_ms - idle_seconds * 1000);
  }

  Server& server_;
  engine::EngineContext& context_;
  const bool drops_expired_;
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
  KeyLoader loader(server_, context, expired);
  std::string error = LoadRdb(reader, context.settings(), loader, {.checksum = checksum});
  context.EndLoading();
  if (!error.empty()) return "Error loading the RDB file " + path + ": " + error + ". " + file.error();
  error = server_.functions().ReplaceAll(loader.libraries);
  if (!error.empty()) return "Error loading the RDB file " + path + ": " + error;
  server_.log().Notice("Done loading RDB, keys loaded: " + std::to_string(loader.loaded) +
                       ", keys expired: " + std::to_string(loader.expired) + ".");
  if (end != nullptr) *end = reader.consumed();
  const engine::MutexLock lock(mutex_);
  keys_loaded_ = loader.loaded;
  keys_expired_ = loader.expired;
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
