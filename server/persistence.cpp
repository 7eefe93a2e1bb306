// Saving. Loading is in persistence_load.cpp. See persistence.h.
#include "server/persistence.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "engine/command_encode.h"
#include "engine/rdb_file.h"
#include "engine/snapshot.h"
#include "protocol/number_text.h"
#include "server/all_shards_task.h"
#include "server/server.h"
#include "server/version.h"

namespace usher::server {

namespace {

constexpr int64_t kRetrySeconds = 5;  // after a background save that failed
constexpr uint64_t kSyncEveryBytes = uint64_t{4} << 20;

/// Calls fn(entry) for each key of a database.
template <class Fn>
void ForEachKey(engine::EngineContext& context, int db, Fn&& fn) {
  context.turns().ForEachHeld(
      [&](const engine::ShardData& shard) { shard.databases[static_cast<size_t>(db)]->ForEach(fn); });
}

bool WriteRdb(engine::EngineContext& context, const engine::RdbFilePlan& plan, engine::RdbFileSink& file) {
  engine::RdbSaver saver(file, plan.options);
  engine::BeginRdbFile(saver, plan);
  for (const engine::RdbDatabaseSize& size : plan.sizes) {
    saver.Select(size.db);
    ForEachKey(context, size.db, [&](engine::KeyEntry entry) {
      engine::EncodeRdbKey(saver.writer(), entry.key(), entry, plan.options);
      saver.writer().MayFlush();
    });
  }
  return saver.Finish();
}

bool WriteCommands(engine::EngineContext& context, const engine::RdbFilePlan& plan, engine::RdbFileSink& file) {
  engine::CommandEncoder encoder(file);
  engine::BeginCommandFile(encoder, plan);
  for (const engine::RdbDatabaseSize& size : plan.sizes) {
    ForEachKey(context, size.db, [&](engine::KeyEntry entry) {
      if (!entry.IsExpired(plan.options.now_ms)) encoder.Key(size.db, entry.key(), entry);
    });
  }
  return encoder.Finish();
}

}  // namespace

Persistence::Persistence(Server& server)
    : server_(server),
      shard_active_(std::make_unique<std::atomic<bool>[]>(server.engine().shard_count())),
      shard_bytes_(std::make_unique<std::atomic<uint64_t>[]>(server.engine().shard_count())),
      last_save_s_(server.start_ms() / 1000) {}

Persistence::~Persistence() = default;

// A relative folder is where the process has gone already.
std::string Persistence::PathOf(std::string_view name) const {
  const std::filesystem::path folder(server_.config().directory);
  return folder.is_absolute() ? (folder / name).string() : std::string(name);
}

engine::RdbFilePlan Persistence::PlanOwnFile(engine::EngineContext& context) const {
  return PlanFile(context, FileKind::kRdb, PathOf("temp-" + std::to_string(getpid()) + ".rdb"),
                  PathOf(server_.config().rdb_file));
}

engine::RdbFilePlan Persistence::PlanFile(engine::EngineContext& context, FileKind kind, const std::string& temporary,
                                          const std::string& path) const {
  const ConfigValues& config = server_.config();
  engine::RdbFilePlan plan;
  plan.temporary = temporary;
  plan.path = path;
  const bool syncs = kind == FileKind::kRdb ? config.rdb_save_syncs : config.append_rewrite_syncs;
  plan.sync_every_bytes = syncs ? kSyncEveryBytes : 0;
  const engine::EngineSettings& settings = context.settings();
  plan.options = {.compress = config.rdb_compression,
                  .checksum = config.rdb_checksum,
                  .policy = settings.policy,
                  .lfu_decay_minutes = static_cast<uint32_t>(settings.lfu_decay_minutes),
                  .now_ms = context.now_ms()};
  plan.aux = {{"redis-ver", std::string(kRedisVersion)},
              {"redis-bits", "64"},
              {"ctime", std::to_string(context.now_ms() / 1000)},
              {"used-mem", std::to_string(server_.engine().KeyMemoryBytes())},
              {"aof-base", kind == FileKind::kAofBase ? "1" : "0"}};
  for (int db = 0; db < server_.engine().databases(); ++db) {
    engine::RdbDatabaseSize size{.db = db};
    context.turns().ForEachHeld([&](const engine::ShardData& shard) {
      const engine::Keyspace& keyspace = *shard.databases[static_cast<size_t>(db)];
      size.keys += keyspace.size();
      size.expires += keyspace.keys_with_expiry();
    });
    if (size.keys > 0) plan.sizes.push_back(size);
  }
  for (const auto& [name, library] : server_.functions().table()->libraries) plan.functions.push_back(library->code);
  return plan;
}

bool Persistence::WriteFile(engine::EngineContext& context, const engine::RdbFilePlan& plan, std::string& error) {
  engine::RdbFileSink file;
  file.SyncEvery(plan.sync_every_bytes);
  const bool created = file.Create(plan.temporary, plan.path);
  const bool written = created && (plan.form == engine::FileForm::kRdb ? WriteRdb(context, plan, file)
                                                                       : WriteCommands(context, plan, file));
  if (written && file.Commit()) return true;
  error = file.error();
  return false;
}

bool Persistence::Save(engine::EngineContext& context) {
  std::string error;
  const bool saved = WriteFile(context, PlanOwnFile(context), error);
  if (!saved) {
    server_.log().Warning(error);
    return false;
  }
  server_.log().Notice("DB saved on disk");
  last_background_ok_.store(true);
  NoteSaved(server_.stats_reader().Dirty());
  return true;
}

void Persistence::NoteSaved(uint64_t dirty) {
  dirty_when_saved_.store(dirty);
  last_save_s_.store(server_.clock().NowUs() / 1'000'000);
  {
    const engine::MutexLock lock(mutex_);
    ++saves_;
  }
  OnConfig();
}

engine::RdbFilePlan Persistence::PlanBase(engine::EngineContext& context, engine::FileForm form,
                                          const std::string& temporary, const std::string& path) const {
  engine::RdbFilePlan plan = PlanFile(context, FileKind::kAofBase, temporary, path);
  if (form == engine::FileForm::kRdb) return plan;
  plan.form = form;
  plan.time_s = server_.config().append_timestamps ? context.now_ms() / 1000 : 0;
  plan.options.compress = plan.options.checksum = false;  // nobody will see that form of it
  return plan;
}

std::string Persistence::SaveBase(engine::EngineContext& context, engine::FileForm form, const std::string& temporary,
                                  const std::string& path) const {
  std::string error;
  return WriteFile(context, PlanBase(context, form, temporary, path), error) ? std::string() : error;
}

bool Persistence::StartBackground(engine::EngineContext& context) {
  start_posted_.store(false);
  if (saving()) return false;
  last_try_s_.store(context.now_ms() / 1000);
  writes_base_.store(false);
  StartSnapshot(context, PlanOwnFile(context));
  return true;
}

bool Persistence::StartBase(engine::EngineContext& context, engine::FileForm form, const std::string& temporary,
                            const std::string& path, BaseDone done) {
  if (saving()) return false;
  writes_base_.store(true);
  base_done_ = std::move(done);
  StartSnapshot(context, PlanBase(context, form, temporary, path));
  return true;
}

void Persistence::GiveUpBase() {
  const engine::MutexLock lock(mutex_);
  if (file_ && writes_base_.load()) file_->Abort();
}

void Persistence::StartSnapshot(engine::EngineContext& context, engine::RdbFilePlan plan) {
  background_start_ms_.store(context.now_ms());
  dirty_at_start_.store(server_.stats_reader().Dirty());
  peak_bytes_.store(0);
  uint64_t keys = 0;
  for (const engine::RdbDatabaseSize& size : plan.sizes) keys += size.keys;
  keys_at_start_.store(keys);
  const engine::RdbSaveOptions options = plan.options;
  auto file = std::make_unique<engine::SnapshotFile>(std::move(plan));
  shards_left_.store(server_.engine().shard_count());
  current_.store(file.get(), std::memory_order_release);
  context.turns().ForEachHeld([&](engine::ShardData& shard) {
    shard.snapshot = std::make_unique<engine::ShardSnapshot>(shard.index, shard.databases, options, *file,
                                                             server_.engine().background_free());
    shard_active_[shard.index].store(true, std::memory_order_release);
  });
  const engine::MutexLock lock(mutex_);
  file_ = std::move(file);
}

bool Persistence::IsDue(engine::ShardIndex shard, int64_t) {
  if (!shard_active_[shard].load(std::memory_order_acquire)) return false;
  const engine::SnapshotFile* file = current_.load(std::memory_order_acquire);
  return file != nullptr && (!file->must_wait(shard) || file->has_failed());
}

bool Persistence::RunStep(engine::EngineContext&, engine::ShardData& shard) {
  engine::SnapshotFile* const file = current_.load(std::memory_order_acquire);
  if (!shard.snapshot || file == nullptr) return false;
  const bool more = !file->has_failed() && shard.snapshot->Step();
  shard_bytes_[shard.index].store(more ? shard.snapshot->MemoryBytes() : 0, std::memory_order_relaxed);
  if (more) return !file->must_wait(shard.index);
  shard.snapshot.reset();
  shard_active_[shard.index].store(false, std::memory_order_release);
  if (shards_left_.fetch_sub(1, std::memory_order_acq_rel) == 1) file->Close();
  return false;
}

void Persistence::Collect() {
  const engine::SnapshotFile* const file = current_.load(std::memory_order_acquire);
  if (file == nullptr || !file->finished() || shards_left_.load(std::memory_order_acquire) != 0) return;
  const std::string error = file->error();
  const bool writes_base = writes_base_.load();
  const BaseDone base_done = std::exchange(base_done_, nullptr);
  {
    const engine::MutexLock lock(mutex_);
    if (!writes_base) last_background_seconds_ = (server_.clock().NowUs() / 1000 - background_start_ms_.load()) / 1000;
    last_snapshot_bytes_ = peak_bytes_.load();
    current_.store(nullptr, std::memory_order_release);
    file_.reset();
  }
  if (writes_base) return base_done(error);
  last_background_ok_.store(error.empty());
  if (error.empty()) {
    server_.log().Notice("Background saving terminated with success");
    NoteSaved(dirty_at_start_.load());
  } else {
    server_.log().Warning("Background saving error: " + error);
    OnConfig();
  }
}

bool Persistence::IsSavePointReached() const {
  const std::vector<std::string>& points = server_.config().save_points;
  const uint64_t changes = server_.stats_reader().Dirty() - dirty_when_saved_.load();
  const int64_t now_s = server_.clock().NowUs() / 1'000'000;
  if (!last_background_ok_.load() && now_s - last_try_s_.load() <= kRetrySeconds) return false;
  for (size_t i = 0; i + 1 < points.size(); i += 2) {
    int64_t seconds = 0;
    uint64_t wanted = 0;
    protocol::ParseInteger(points[i], seconds);
    protocol::ParseUnsigned(points[i + 1], wanted);
    if (changes < wanted || now_s - last_save_s() <= seconds) continue;
    server_.log().Notice(points[i + 1] + " changes in " + points[i] + " seconds. Saving...");
    return true;
  }
  return false;
}

void Persistence::OnTick() {
  if (saving()) {
    uint64_t bytes = current_.load()->pending_bytes();
    for (size_t shard = 0; shard < server_.engine().shard_count(); ++shard) bytes += shard_bytes_[shard].load();
    if (bytes > peak_bytes_.load()) peak_bytes_.store(bytes);
    return Collect();
  }
  if (loading_.load() || start_posted_.load()) return;
  const bool scheduled = scheduled_.exchange(false);
  if (!scheduled && (server_.config().save_points.empty() || !IsSavePointReached())) return;
  start_posted_.store(true);
  AllShardsTask::Post(server_, AllShardsTask::Length::kShort, [this, scheduled](engine::EngineContext& context) {
    if (StartBackground(context)) return server_.log().Notice("Background saving started");
    if (scheduled) scheduled_.store(true);  // another snapshot has begun meanwhile
  });
}

void Persistence::OnConfig() {
  const ConfigValues& config = server_.config();
  const bool refuse = config.stop_writes_on_save_error && !config.save_points.empty() && !last_background_ok_.load();
  server_.SetGate(kGateWritesRefused, refuse);
}

bool Persistence::SavesAtShutdown() const {
  return !server_.config().save_points.empty();
}

void Persistence::Abandon() {
  const engine::MutexLock lock(mutex_);
  if (file_) file_->Abort();
  current_.store(nullptr, std::memory_order_release);
  file_.reset();
}

PersistenceInfo Persistence::Info() const {
  PersistenceInfo info;
  info.loading = loading_.load();
  info.loading_start_s = loading_start_s_.load();
  info.loading_total_bytes = loading_total_bytes_.load();
  info.loading_loaded_bytes = loading_loaded_bytes_.load();
  info.changes = server_.stats_reader().Dirty() - dirty_when_saved_.load();
  info.last_save_s = last_save_s();
  info.last_background_ok = last_background_ok_.load();
  const engine::MutexLock lock(mutex_);
  info.saving = file_ != nullptr && !writes_base_.load();
  info.snapshot_for_aof = file_ != nullptr && writes_base_.load();
  if (file_ != nullptr) {
    info.keys_processed = file_->keys_written();
    info.keys_total = keys_at_start_.load();
    info.snapshot_bytes = file_->pending_bytes();
    for (size_t shard = 0; shard < server_.engine().shard_count(); ++shard) {
      info.snapshot_bytes += shard_bytes_[shard].load();
    }
    info.snapshot_bytes_peak = std::max(peak_bytes_.load(), info.snapshot_bytes);
    info.current_background_seconds = (server_.clock().NowUs() / 1000 - background_start_ms_.load()) / 1000;
  }
  info.last_background_seconds = last_background_seconds_;
  info.saves = saves_;
  info.last_snapshot_bytes = last_snapshot_bytes_;
  info.keys_expired_at_load = keys_expired_;
  info.keys_loaded = keys_loaded_;
  return info;
}

}  // namespace usher::server
