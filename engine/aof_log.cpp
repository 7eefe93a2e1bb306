// See aof_log.h.
#include "engine/aof_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "engine/base/cycle_clock.h"

namespace usher::engine {

namespace {

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;
constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDelayedMs = 2 * kSecondMs;
constexpr std::chrono::microseconds kFillWait{100};
constexpr int64_t kCrowdWaitMaxNs = 3'000'000;
constexpr int64_t kQuickSyncNs = 1'000'000;  // a sync that is not worth a hand-over to the thread
constexpr mode_t kFileMode = 0644;

int64_t NowMs() {
  return CycleClock::NowNs() / 1'000'000;
}

int OpenForAppending(const std::string& path, AofContent content) {
  const int emptied = content == AofContent::kNew ? O_TRUNC : 0;
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | emptied, kFileMode);
}

std::string CannotOpen(const std::string& path) {
  return "Can't open the append-only file " + path + ": " + std::strerror(errno);
}

}  // namespace

AofLog::AofLog(Journal& journal, Callbacks callbacks) : journal_(journal), callbacks_(std::move(callbacks)) {}

AofLog::~AofLog() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    if (switch_) close(switch_->fd);
    switch_.reset();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  journal_.Detach();
  writer_.Take();
  CloseFile();
  writer_.Give();
}

void AofLog::CloseFile() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

std::string AofLog::Start(const std::string& path, AofContent content, uint64_t position) {
  {
    const MutexLock lock(mutex_);
    closing_ = false;
  }
  writer_.Take();
  CloseFile();
  fd_ = OpenForAppending(path, content);
  open_ = fd_ >= 0;
  std::string error = open_ ? std::string() : CannotOpen(path);
  buffer_.clear();
  buffer_sent_ = 0;
  stamped_s_ = 0;
  if (open_) {
    write_ok_.store(true);
    file_bytes_.store(static_cast<uint64_t>(std::max<off_t>(0, lseek(fd_, 0, SEEK_END))));
    journal_.Attach(position);
    gathered_ = position;
    written_.store(position);
    durable_.store(position);
    synced_.store(position);
    synced_ms_.store(NowMs());
    thread_ = std::thread([this] { Main(); });
  }
  writer_.Give();
  return error;
}

std::string AofLog::SwitchAt(uint64_t position, const std::string& path, Commit commit) {
  const int fd = OpenForAppending(path, AofContent::kNew);
  if (fd < 0) return CannotOpen(path);
  {
    const MutexLock lock(mutex_);
    if (switch_) {
      close(fd);
      return "The append-only file is being changed already";
    }
    switch_ = Switch{position, fd, path, std::move(commit)};
    switching_.store(true, std::memory_order_release);
    noticed_ = true;
  }
  wake_.notify_all();
  return {};
}

bool AofLog::Close() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
  }
  PauseSync(false);
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  writer_.Take();
  CloseFile();  // somebody may delete it and want its room
  writer_.Give();
  journal_.Detach();
  return written() == journal_.position() && write_ok();
}

void AofLog::SetSync(AofSync sync) {
  sync_.store(sync, std::memory_order_relaxed);
  Notice();
}

void AofLog::Notice() {
  if (idle_for_crowd_.load() && CrowdWaitNs() > 0) return;
  if (!idle_.exchange(false, std::memory_order_seq_cst)) return;
  {
    const MutexLock lock(mutex_);
    noticed_ = true;
  }
  wake_.notify_all();
}

void AofLog::WaitForRoom(uint64_t bytes) {
  Notice();
  MutexLock lock(mutex_);
  // A second at most: if the disk has failed, writes are refused meanwhile.
  room_.wait_for(lock, std::chrono::milliseconds(kSecondMs), [this, bytes]() NO_THREAD_SAFETY_ANALYSIS {
    return stopping_ || closing_ || journal_.position() - written() <= bytes;
  });
}

bool AofLog::IsSyncDue(int64_t now_ms) const {
  if (!HasToSync()) return false;
  switch (sync()) {
    case AofSync::kNever:
      return false;
    case AofSync::kAlways:
      return true;
    case AofSync::kEverySecond:
      return now_ms - synced_ms_.load(std::memory_order_relaxed) >= kSecondMs;
  }
  return false;
}

/// How much longer the next sync waits for those who waited for the last one.
int64_t AofLog::CrowdWaitNs() const {
  if (arrived_.load(std::memory_order_relaxed) >= crowd_at_.load(std::memory_order_relaxed)) return 0;
  return crowd_end_ns_.load(std::memory_order_relaxed) - CycleClock::NowNs();
}

AofSynced AofLog::SyncHere() {
  const bool quick = sync_ns_.load(std::memory_order_relaxed) <= kQuickSyncNs;
  bool moved = false;
  if (quick && sync() == AofSync::kAlways) {
    if (!writer_.TryTake()) return AofSynced::kElsewhere;
    const uint64_t durable_before = durable();
    PumpAll();
    moved = durable() != durable_before;
    writer_.Give();
    TellDurable();  // also those who have found the role taken
  }
  if (!moved) {
    Notice();
    return AofSynced::kByThread;
  }
  synced_here_.fetch_add(1, std::memory_order_relaxed);
  return AofSynced::kHere;
}

void AofLog::Main() {
  Pumped pumped = Pumped::kIdle;
  for (;;) {
    const uint64_t synced_here = synced_here_.load(std::memory_order_relaxed);
    pumped = TakeAndPump();
    MutexLock lock(mutex_);
    if (stopping_) return;
    const bool all_written = pumped == Pumped::kIdle && written() == journal_.position();
    if (closing_ && (pumped == Pumped::kFailed || all_written)) break;
    if (pumped == Pumped::kMore) continue;
    idle_.store(true, std::memory_order_seq_cst);
    SleepUntilNoticed(lock, pumped, synced_here != synced_here_.load(std::memory_order_relaxed));
    idle_.store(false, std::memory_order_seq_cst);
    noticed_ = false;
  }
  writer_.Take();
  if (pumped == Pumped::kIdle) Sync();  // whatever the policy, as in Redis
  open_ = false;
  writer_.Give();
  TellDurable();
}

/// The end of a loop turn of the thread. `others_sync`: SyncHere() is called for what is recorded.
void AofLog::SleepUntilNoticed(MutexLock& lock, Pumped pumped, bool others_sync) {
  const auto woken = [this]() NO_THREAD_SAFETY_ANALYSIS { return noticed_ || closing_ || stopping_; };
  if (pumped == Pumped::kFailed) {
    wake_.wait_for(lock, std::chrono::milliseconds(kSecondMs),
                   [this]() NO_THREAD_SAFETY_ANALYSIS { return closing_ || stopping_; });
  } else if (sync() == AofSync::kAlways && durable() != journal_.position() && !others_sync) {
    // For the crowd; or it was recorded since, or reserved and not yet filled in by a command that is running.
    const std::chrono::nanoseconds crowd_wait(CrowdWaitNs());
    idle_for_crowd_.store(true);
    wake_.wait_for(lock, crowd_wait.count() > 0 ? crowd_wait : kFillWait, woken);
    idle_for_crowd_.store(false);
  } else if (sync() == AofSync::kEverySecond && HasToSync()) {
    const int64_t due_ms = synced_ms_.load(std::memory_order_relaxed) + kSecondMs;
    wake_.wait_for(lock, std::chrono::milliseconds(std::max<int64_t>(1, due_ms - NowMs())), woken);
  } else {
    wake_.wait(lock, woken);
  }
}

AofLog::Pumped AofLog::TakeAndPump() {
  writer_.Take();
  const uint64_t durable_before = durable();
  const Pumped pumped = Pump();
  const bool tell = durable() != durable_before || sync() == AofSync::kAlways;
  writer_.Give();
  if (tell) TellDurable();
  return pumped;
}

AofLog::Pumped AofLog::Pump() {
  if (sync() == AofSync::kAlways && CrowdWaitNs() > 0) return Pumped::kIdle;
  const uint64_t goal = journal_.position();  // before a look at the switch: one that comes later is not before this
  uint64_t until = UINT64_MAX;
  {
    const MutexLock lock(mutex_);
    if (switch_) until = switch_->position;
  }
  const uint64_t gathered_before = gathered_;
  if (buffer_.empty()) Gather(std::min(goal, until));
  if (!WriteBuffer()) return Pumped::kFailed;
  const bool switches = gathered_ == until;
  if (switches && !TakeSwitch()) return Pumped::kFailed;
  const int64_t now_ms = NowMs();
  if (IsSyncDue(now_ms)) {
    const bool delayed = now_ms - synced_ms_.load(std::memory_order_relaxed) > kDelayedMs;
    if (delayed && sync() == AofSync::kEverySecond) delayed_syncs_.fetch_add(1);
    if (!Sync()) return Pumped::kFailed;
  }
  const uint64_t enough = sync() == AofSync::kAlways ? 1 : kPieceBytes;
  return switches || gathered_ - gathered_before >= enough ? Pumped::kMore : Pumped::kIdle;
}

/// What is recorded by now, but for what a command that is running has not filled in yet, with one sync.
void AofLog::PumpAll() {
  const uint64_t goal = journal_.position();  // as in Pump()
  if (!open_ || switching()) return;
  while (gathered_ < goal) {
    const uint64_t gathered_before = gathered_;
    if (buffer_.empty()) Gather(goal);
    if (!WriteBuffer()) return;
    if (gathered_ == gathered_before) break;
  }
  if (HasToSync()) Sync();
}

void AofLog::Gather(uint64_t until) {
  const bool stamps = timestamps_.load(std::memory_order_relaxed);
  const auto take = [&](const Journal::RecordInfo& info, std::string_view payload) NO_THREAD_SAFETY_ANALYSIS {
    if ((info.targets & Journal::kAof) == 0) return;
    if (stamps && info.time_ms / kSecondMs > stamped_s_) {
      stamped_s_ = info.time_ms / kSecondMs;
      buffer_ += "#TS:" + std::to_string(stamped_s_) + "\r\n";
    }
    buffer_ += payload;
  };
  gathered_ = journal_.Read(gathered_, take, std::min(until, gathered_ + kPieceBytes)).value_or(gathered_);
}

bool AofLog::WriteBuffer() {
  while (buffer_sent_ < buffer_.size()) {
    const ssize_t count = write(fd_, buffer_.data() + buffer_sent_, buffer_.size() - buffer_sent_);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const std::string reason = std::strerror(errno);
      // The file ends with a whole record again, if that is possible; else the rest of this one will follow.
      const auto whole = static_cast<off_t>(file_bytes_.load(std::memory_order_relaxed));
      if (buffer_sent_ > 0 && ftruncate(fd_, whole) == 0) buffer_sent_ = 0;
      Fail("Error writing to the AOF file: " + reason);
      return false;
    }
    buffer_sent_ += static_cast<size_t>(count);
  }
  file_bytes_.fetch_add(buffer_.size(), std::memory_order_relaxed);
  buffer_sent_ = 0;
  buffer_.clear();
  if (buffer_.capacity() > 4 * kPieceBytes) buffer_.shrink_to_fit();
  written_.store(gathered_, std::memory_order_release);
  journal_.Consumed(gathered_);
  if (sync() == AofSync::kNever) Worked();
  {
    const MutexLock lock(mutex_);  // so that nobody misses it who has just looked
  }
  room_.notify_all();
  return true;
}

bool AofLog::Sync() {
  const int64_t arrived = arrived_.load(std::memory_order_relaxed);
  const int64_t start_ns = CycleClock::NowNs();
  const bool paused = sync_paused_.load();
  if (!paused) {
    syncing_.store(true, std::memory_order_relaxed);
    const int result = fdatasync(fd_);
    syncing_.store(false, std::memory_order_relaxed);
    if (result != 0) {
      Fail(std::string("Error fsyncing the AOF file: ") + std::strerror(errno));
      return false;
    }
  }
  const int64_t end_ns = CycleClock::NowNs();
  sync_ns_.store(end_ns - start_ns, std::memory_order_relaxed);
  synced_ms_.store(NowMs(), std::memory_order_relaxed);
  crowd_at_.store(arrived + waiting_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  crowd_end_ns_.store(end_ns + std::min(end_ns - start_ns, kCrowdWaitMaxNs), std::memory_order_relaxed);
  if (!paused) synced_.store(written(), std::memory_order_seq_cst);
  durable_.store(written(), std::memory_order_seq_cst);
  Worked();
  return true;
}

/// The file before the place is whole and on disk, whatever the policy, before anything is written behind it.
bool AofLog::TakeSwitch() {
  if (HasToSync() && !Sync()) return false;
  Switch next;
  {
    const MutexLock lock(mutex_);
    if (!switch_) return true;
    next = std::move(*switch_);
    switch_.reset();
  }
  if (next.commit && !next.commit()) {
    close(next.fd);
    unlink(next.path.c_str());
  } else {
    CloseFile();
    fd_ = next.fd;
    file_bytes_.store(0, std::memory_order_relaxed);
    stamped_s_ = 0;
  }
  switching_.store(false, std::memory_order_release);
  return true;
}

void AofLog::Fail(const std::string& what) {
  const bool first = write_ok_.exchange(false);
  if (sync() == AofSync::kAlways) return callbacks_.on_fatal(what);
  if (first) callbacks_.on_error(what);
}

void AofLog::Worked() {
  if (!write_ok_.exchange(true)) callbacks_.on_error({});
}

}  // namespace usher::engine
