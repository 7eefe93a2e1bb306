// Start, stop, appending and what waits for it. Loading is in aof_load.cpp, rewriting in aof_rewrite.cpp. See aof.h.
#include "server/aof.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/aof_log.h"
#include "server/all_shards_task.h"
#include "server/blocked_client.h"
#include "server/server.h"

namespace usher::server {

namespace {

constexpr size_t kJournalBytes = size_t{1} << 20;          // beside what the log has not written yet
constexpr uint64_t kFarBehindBytes = uint64_t{256} << 20;  // commands wait for the disk
constexpr int64_t kRetryMs = 1000;

engine::AofSync SyncOf(AppendSync sync) {
  switch (sync) {
    case AppendSync::kEverySecond:
      return engine::AofSync::kEverySecond;
    case AppendSync::kAlways:
      return engine::AofSync::kAlways;
    case AppendSync::kNever:
      return engine::AofSync::kNever;
  }
  return engine::AofSync::kEverySecond;
}

}  // namespace

Aof::Aof(Server& server) : server_(server) {}

Aof::~Aof() = default;

engine::AofLog& Aof::MakeLog(engine::EngineContext& context) {
  engine::Journal& journal = context.engine().StartJournal(
      server_.config().journal == JournalMode::kMemory ? server_.config().journal_bytes_max : kJournalBytes);
  if (!own_log_) {
    own_log_ = std::make_unique<engine::AofLog>(
        journal, engine::AofLog::Callbacks{.on_durable = [this] { OnDurable(); },
                                           .on_error = [this](const std::string& what) { OnLogError(what); },
                                           .on_fatal = [this](const std::string& what) { OnFatal(what); }});
    log_.store(own_log_.get(), std::memory_order_release);
  }
  return *own_log_;
}

std::string Aof::StartLog(engine::EngineContext& context, const engine::AofFile& file, engine::AofContent content) {
  engine::AofLog& log = MakeLog(context);
  std::string error = log.Start(folder_.PathOf(file.name), content, log.journal_position());
  if (!error.empty() && server_.config().journal == JournalMode::kOff) context.engine().StopJournal();
  return error;
}

engine::FileForm Aof::BaseForm() const {
  return server_.config().append_rdb_base ? engine::FileForm::kRdb : engine::FileForm::kCommands;
}

/// A base and an increment, if there are none yet.
std::string Aof::PrepareFiles(engine::EngineContext& context) {
  if (std::string error = folder_.Make(); !error.empty()) return error;
  const bool fresh = manifest_.increments.empty();
  if (manifest_.empty()) {
    const engine::FileForm form = BaseForm();
    const engine::AofFile base = manifest_.NextBase(folder_.name(), form == engine::FileForm::kCommands);
    server_.log().Notice("Creating AOF base file " + base.name + " on server start");
    std::string error = server_.persistence().SaveBase(context, form, TemporaryBase(), folder_.PathOf(base.name));
    if (!error.empty()) return error;
    manifest_.ReplaceBase(base, 0);
    closed_bytes_ = base_bytes_ = folder_.BytesOf(base.name);
  }
  if (fresh) {
    const engine::AofFile increment = manifest_.NextIncrement(folder_.name());
    server_.log().Notice("Creating AOF incr file " + increment.name + " on server start");
    manifest_.AddIncrement(increment);
  }
  return fresh ? folder_.Store(manifest_) : std::string();
}

std::string Aof::Open(engine::EngineContext& context) {
  {
    const engine::MutexLock lock(mutex_);
    const bool fresh = manifest_.increments.empty();
    if (std::string error = PrepareFiles(context); !error.empty()) return error;
    const auto content = fresh ? engine::AofContent::kNew : engine::AofContent::kKept;
    if (std::string error = StartLog(context, manifest_.increments.back(), content); !error.empty()) return error;
    if (!server_.config().append_keeps_history) {
      if (const std::string error = folder_.DropHistory(manifest_); !error.empty()) server_.log().Warning(error);
    }
    state_.store(State::kOn);
  }
  ApplyConfig();
  return {};
}

void Aof::Close() {
  engine::AofLog* const log = log_.load();
  if (log == nullptr || (!enabled() && !stopping_.load())) return;
  state_.store(State::kOff);
  holds_replies_.store(false);
  if (log->Close()) return;
  server_.log().Warning("What is at the end of the append only file could not be written. " + WriteError());
}

/// Under the turns of all shards.
void Aof::Disable() {
  if (server_.config().journal == JournalMode::kOff) server_.engine().StopJournal();
  state_.store(State::kOff);
  holds_replies_.store(false);
  stopping_.store(true);
  EndWaits();
  if (rewriting_.load()) {
    gives_up_.store(true);
    server_.persistence().GiveUpBase();
  }
  for (const auto& worker : server_.workers()) worker->Wake();  // to send what waited for the disk
}

/// What the configuration wants now: switches on or off, under all turns. Any thread.
void Aof::FollowWish() {
  const bool wished = server_.config().append_only;
  if (wished == enabled() || stopping_.load() || (server_.gate() & kGateLoading) != 0) return;
  if (wished && (server_.persistence().saving() || rewriting_.load())) return;
  if (wished && server_.clock().NowUs() / 1000 < retry_ms_.load()) return;
  if (posted_.exchange(true)) return;
  AllShardsTask::Post(server_, AllShardsTask::Length::kShort, [this](engine::EngineContext& context) {
    posted_.store(false);
    if (server_.config().append_only == enabled()) return;
    if (enabled()) return Disable();
    const std::string error = Enable(context);
    if (error.empty()) return;
    server_.log().Warning(error);
    retry_ms_.store(context.now_ms() + kRetryMs);
  });
}

void Aof::OnTick() {
  if (stopping_.load()) {
    log_.load()->Close();
    stopping_.store(false);
  }
  FollowWish();
  bool finish = false;
  std::string error;
  {
    const engine::MutexLock lock(mutex_);
    const engine::AofLog* const log = log_.load();
    finish = snapshot_ended_ && (log == nullptr || !log->switching());
    if (finish) {
      snapshot_ended_ = false;
      error = std::exchange(snapshot_error_, {});
    }
  }
  if (finish) FinishRewrite(error);
  if (!enabled()) return scheduled_.load() ? PostRewrite() : void();
  engine::AofLog& log = *log_.load();
  log.PauseSync(server_.config().append_sync_pauses && server_.persistence().saving());
  if (log.journal_position() != log.written()) log.Notice();
  if (scheduled_.load() || IsRewriteDue()) PostRewrite();
}

void Aof::ApplyConfig() {
  engine::AofLog* const log = log_.load();
  if (log == nullptr) return;
  const ConfigValues& config = server_.config();
  log->SetTimestamps(config.append_timestamps);
  log->SetSync(SyncOf(config.append_sync));
  const bool held = holds_replies_.exchange(enabled() && config.append_sync == AppendSync::kAlways);
  if (!held || holds_replies()) return;
  for (const auto& worker : server_.workers()) worker->Wake();
}

void Aof::OnConfig(const ConfigChange& change) {
  ApplyConfig();
  if (change.before.append_only == change.after.append_only) return;
  retry_ms_.store(0);
  FollowWish();
}

bool Aof::RefusesShutdown(bool force) const {
  const bool has_begun = rewriting_.load() || posted_.load();
  if (!server_.config().append_only || state_.load() == State::kOn || !has_begun) return false;
  server_.log().Warning(force ? "Writing initial AOF. Exit anyway." : "Writing initial AOF, can't exit.");
  if (force) return false;
  server_.log().Warning("Errors trying to shut down the server. Check the logs for more information.");
  return true;
}

uint64_t Aof::position() const {
  const engine::AofLog* const log = log_.load(std::memory_order_acquire);
  return log == nullptr ? 0 : log->journal_position();
}

uint64_t Aof::durable() const {
  const engine::AofLog* const log = log_.load(std::memory_order_acquire);
  return log == nullptr ? 0 : log->durable();
}

void Aof::AddWaiting() const {
  log_.load(std::memory_order_acquire)->AddWaiting();
}

void Aof::RemoveWaiting(size_t count) const {
  log_.load(std::memory_order_acquire)->RemoveWaiting(static_cast<int64_t>(count));
}

engine::AofSynced Aof::Sync() const {
  return log_.load(std::memory_order_acquire)->SyncHere();
}

bool Aof::MaySync() const {
  return !log_.load(std::memory_order_acquire)->busy();
}

void Aof::WaitWhileFarBehind() const {
  engine::AofLog& log = *log_.load(std::memory_order_acquire);
  if (log.journal_position() - log.written() > kFarBehindBytes) log.WaitForRoom(kFarBehindBytes);
}

void Aof::AddWaiter(std::shared_ptr<BlockedClient> waiter, uint64_t position) {
  {
    const engine::MutexLock lock(waiters_mutex_);
    std::erase_if(waiters_, [](const Waiter& other) { return other.client->claimed(); });
    waiters_.push_back({std::move(waiter), position});
  }
  EndWaits();  // it may have missed the moment
}

bool Aof::Acknowledges(uint64_t position) const {
  return state_.load() == State::kOn && log_.load(std::memory_order_acquire)->synced() >= position;
}

/// The log's thread, or who syncs: replies may leave, and waits end.
void Aof::OnDurable() {
  EndWaits();
  for (const auto& worker : server_.workers()) worker->WakeForDisk();
}

void Aof::EndWaits() {
  std::vector<std::shared_ptr<BlockedClient>> over;
  {
    const engine::MutexLock lock(waiters_mutex_);
    if (waiters_.empty()) return;
    const bool wanted = server_.config().append_only;
    std::erase_if(waiters_, [&](const Waiter& waiter) {
      if (wanted && !Acknowledges(waiter.position)) return false;
      over.push_back(waiter.client);
      return true;
    });
  }
  for (const auto& client : over) {
    if (client->Claim()) client->session().ReportWaitEnd(WaitEnd::kTimeout);
  }
}

void Aof::OnLogError(const std::string& what) {
  const size_t reason = what.rfind(": ");
  {
    const engine::MutexLock lock(error_mutex_);
    write_error_ = reason == std::string::npos ? what : what.substr(reason + 2);
  }
  if (what.empty()) {
    server_.log().Warning("AOF write error looks solved, Usher can write again.");
  } else {
    server_.log().Warning(what);
  }
  server_.SetGate(kGateAofFailed, !what.empty());
}

/// Clients have been promised that what they are told is on disk: nobody is told anything any more.
void Aof::OnFatal(const std::string& what) {
  server_.log().Warning(what);
  server_.log().Warning("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...");
  std::_Exit(1);
}

std::string Aof::WriteError() const {
  const engine::MutexLock lock(error_mutex_);
  return write_error_;
}

}  // namespace usher::server
