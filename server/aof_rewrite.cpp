// Rewriting, and switching on at run time, which begins with a rewrite. See aof.h.
#include <unistd.h>

#include <limits>

#include "engine/aof_log.h"
#include "server/all_shards_task.h"
#include "server/aof.h"
#include "server/server.h"

namespace usher::server {

namespace {
constexpr uint64_t kFailuresBeforeLimit = 3;
constexpr int64_t kLimitMinutesMax = 60;
}  // namespace

std::string Aof::TemporaryBase() const {
  return folder_.PathOf("temp-rewriteaof-bg-" + std::to_string(getpid()) + ".aof");
}

Aof::Answer Aof::Rewrite(engine::EngineContext& context, bool later) {
  if (rewriting_.load()) return Answer::kRunning;
  const bool begins = server_.config().append_only && !enabled() && !stopping_.load();
  if (begins && !later && !server_.persistence().saving()) {
    return Enable(context).empty() ? Answer::kRunning : Answer::kFailed;
  }
  if (later || server_.persistence().saving()) {
    scheduled_.store(true);
    return Answer::kScheduled;
  }
  return StartRewrite(context).empty() ? Answer::kStarted : Answer::kFailed;
}

/// Has a rewrite begun under all turns, now that nothing is in its way.
void Aof::PostRewrite() {
  if (server_.persistence().saving() || rewriting_.load() || posted_.exchange(true)) return;
  AllShardsTask::Post(server_, AllShardsTask::Length::kShort, [this](engine::EngineContext& context) {
    posted_.store(false);
    if (rewriting_.load() || server_.persistence().saving()) return;
    scheduled_.store(false);
    StartRewrite(context);
  });
}

std::string Aof::StartRewrite(engine::EngineContext& context) {
  std::string error;
  {
    const engine::MutexLock lock(mutex_);
    if (!enabled() && manifest_.empty()) {
      Locate();
      if (folder_.HasManifest()) error = folder_.Load(manifest_);
    }
    if (error.empty()) error = folder_.Make();
    rewrite_ = {};
    rewrite_.form = BaseForm();
    rewrite_.base = manifest_.NextBase(folder_.name(), rewrite_.form == engine::FileForm::kCommands);
    if (error.empty() && enabled()) error = SwitchIncrement();
    if (error.empty()) StartBase(context);
  }
  if (error.empty()) {
    server_.log().Notice("Background append only file rewriting started");
  } else {
    server_.log().Warning("Can't rewrite the append only file: " + error);
    EndRewrite(false);
  }
  return error;
}

std::string Aof::SwitchIncrement() {
  rewrite_.increment = manifest_.NextIncrement(folder_.name());
  rewrite_.has_increment = true;
  engine::AofLog& log = *log_.load();
  return log.SwitchAt(log.journal_position(), folder_.PathOf(rewrite_.increment.name),
                      [this, file = rewrite_.increment] { return CommitIncrement(file); });
}

/// The log's thread: the increment before this one is complete.
bool Aof::CommitIncrement(const engine::AofFile& file) {
  std::string error;
  {
    const engine::MutexLock lock(mutex_);
    const engine::AofManifest before = manifest_;
    manifest_.AddIncrement(file);
    error = folder_.Store(manifest_);
    if (error.empty()) {
      closed_bytes_ += log_.load()->file_bytes();
      return true;
    }
    manifest_ = before;
  }
  server_.log().Warning(error);
  return false;
}

void Aof::StartBase(engine::EngineContext& context) {
  rewriting_.store(true);
  gives_up_.store(false);
  rewrite_start_ms_ = context.now_ms();
  snapshot_ended_ = false;
  server_.persistence().StartBase(context, rewrite_.form, TemporaryBase(), folder_.PathOf(rewrite_.base.name),
                                  [this](const std::string& error) {
                                    const engine::MutexLock lock(mutex_);
                                    snapshot_ended_ = true;
                                    snapshot_error_ = error;
                                  });
}

/// Switched on at run time: what is recorded goes to an increment that the manifest does not know before the base is
/// complete.
std::string Aof::Enable(engine::EngineContext& context) {
  if (server_.persistence().saving() || rewriting_.load() || stopping_.load()) return {};
  {
    const engine::MutexLock lock(mutex_);
    Locate();
    if (std::string error = folder_.Make(); !error.empty()) return error;
    manifest_ = {};
    if (folder_.HasManifest()) {
      if (std::string error = folder_.Load(manifest_); !error.empty()) return error;
    }
    const engine::FileForm form = BaseForm();
    rewrite_ = {.form = form,
                .base = manifest_.NextBase(folder_.name(), form == engine::FileForm::kCommands),
                .increment = manifest_.NextIncrement(folder_.name()),
                .has_increment = true,
                .adds_increment = true};
    std::string error = StartLog(context, rewrite_.increment, engine::AofContent::kNew);
    if (!error.empty()) return error;
    state_.store(State::kStarting);
    StartBase(context);
  }
  ApplyConfig();
  return {};
}

/// Main thread: the snapshot has ended, and the log is where it was to go.
void Aof::FinishRewrite(const std::string& snapshot_error) {
  if (gives_up_.exchange(false)) return DropRewrite();
  std::string error = snapshot_error;
  {
    const engine::MutexLock lock(mutex_);
    if (error.empty()) error = TakeBase();
    if (error.empty() && state_.load() == State::kStarting) state_.store(State::kOn);
  }
  EndWaits();  // that wait for the first base
  if (error.empty()) {
    server_.log().Notice("Background AOF rewrite finished successfully");
  } else {
    server_.log().Warning("Background AOF rewrite terminated with error: " + error);
  }
  EndRewrite(error.empty());
}

/// Neither success nor failure. The manifest stays as it is, without an increment that has no base.
void Aof::DropRewrite() {
  const engine::MutexLock lock(mutex_);
  unlink(folder_.PathOf(rewrite_.base.name).c_str());
  if (rewrite_.adds_increment) unlink(folder_.PathOf(rewrite_.increment.name).c_str());
  rewriting_.store(false);
  server_.log().Notice("Background AOF rewrite given up: the append only file was switched off");
}

std::string Aof::TakeBase() {
  const engine::AofManifest before = manifest_;
  const bool listed = !manifest_.increments.empty() && manifest_.increments.back().number == rewrite_.increment.number;
  std::string error;
  if (rewrite_.adds_increment) {
    manifest_.AddIncrement(rewrite_.increment);
  } else if (rewrite_.has_increment && !listed) {
    error = "the increment could not be added to the manifest";
  }
  if (error.empty()) {
    manifest_.ReplaceBase(rewrite_.base,
                          rewrite_.has_increment ? rewrite_.increment.number : std::numeric_limits<int64_t>::max());
    error = folder_.Store(manifest_);
  }
  if (!error.empty()) {
    manifest_ = before;
    unlink(folder_.PathOf(rewrite_.base.name).c_str());
    return error;
  }
  closed_bytes_ = folder_.BytesOf(rewrite_.base.name);
  base_bytes_ = CurrentBytes();
  if (!server_.config().append_keeps_history) {
    if (const std::string left = folder_.DropHistory(manifest_); !left.empty()) server_.log().Warning(left);
  }
  return {};
}

void Aof::EndRewrite(bool ok) {
  {
    const engine::MutexLock lock(mutex_);
    last_rewrite_ok_ = ok;
    ++rewrites_;
    rewrites_failed_ = ok ? 0 : rewrites_failed_ + 1;
    if (rewriting_.load()) {
      last_rewrite_seconds_ = (server_.clock().NowUs() / 1000 - rewrite_start_ms_) / 1000;
    }
  }
  rewriting_.store(false);
  if (ok || state_.load() != State::kStarting) return;
  // Without a base the increment is worth nothing: begin again, a little later.
  retry_ms_.store(server_.clock().NowUs() / 1000 + 1000);
  AllShardsTask::Post(server_, AllShardsTask::Length::kShort, [this](engine::EngineContext&) {
    if (state_.load() == State::kStarting && !rewriting_.load()) Disable();
  });
}

uint64_t Aof::CurrentBytes() const {
  const engine::AofLog* const log = log_.load();
  return closed_bytes_ + (log == nullptr || !enabled() ? 0 : log->file_bytes());
}

bool Aof::IsRewriteDue() {
  const ConfigValues& config = server_.config();
  if (config.append_rewrite_percentage == 0 || rewriting_.load() || state_.load() != State::kOn) return false;
  if (server_.persistence().saving()) return false;
  const engine::MutexLock lock(mutex_);
  const uint64_t bytes = CurrentBytes();
  if (bytes <= config.append_rewrite_bytes_min) return false;
  const uint64_t base = std::max<uint64_t>(base_bytes_, 1);
  const uint64_t growth = bytes > base ? (bytes - base) * 100 / base : 0;
  if (growth < static_cast<uint64_t>(config.append_rewrite_percentage) || IsRewriteLimited()) return false;
  server_.log().Notice("Starting automatic rewriting of AOF on " + std::to_string(growth) + "% growth");
  return true;
}

/// After some failures automatic rewrites become rare, up to one an hour.
bool Aof::IsRewriteLimited() {
  if (rewrites_failed_ < kFailuresBeforeLimit) {
    limit_minutes_ = 0;
    limited_until_s_ = 0;
    return false;
  }
  const int64_t now_s = server_.clock().NowUs() / 1'000'000;
  if (limited_until_s_ != 0) {
    if (now_s < limited_until_s_) return true;
    limited_until_s_ = 0;
    return false;
  }
  limit_minutes_ = limit_minutes_ == 0 ? 1 : std::min(2 * limit_minutes_, kLimitMinutesMax);
  limited_until_s_ = now_s + limit_minutes_ * 60;
  server_.log().Warning("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in " +
                        std::to_string(limit_minutes_) + " minutes");
  return true;
}

AofInfo Aof::Info() const {
  AofInfo info;
  const bool begins = server_.config().append_only && !enabled() && (server_.gate() & kGateLoading) == 0;
  info.enabled = server_.config().append_only;
  info.rewriting = rewriting_.load() && !gives_up_.load();
  info.scheduled = scheduled_.load() || (begins && !info.rewriting);
  const engine::AofLog* const log = log_.load();
  if (log != nullptr) {
    info.last_write_ok = log->write_ok();
    info.buffered_bytes = enabled() ? log->journal_position() - log->written() : 0;
    info.pending_syncs = log->syncing() ? 1 : 0;
    info.delayed_syncs = log->delayed_syncs();
  }
  const engine::MutexLock lock(mutex_);
  if (info.rewriting) info.current_rewrite_seconds = (server_.clock().NowUs() / 1000 - rewrite_start_ms_) / 1000;
  info.last_rewrite_seconds = last_rewrite_seconds_;
  info.last_rewrite_ok = last_rewrite_ok_;
  info.rewrites = rewrites_;
  info.rewrites_failed = rewrites_failed_;
  info.current_bytes = CurrentBytes();
  info.base_bytes = base_bytes_;
  return info;
}

}  // namespace usher::server
