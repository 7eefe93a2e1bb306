// See pause.h. Resuming goes through the home worker's mailbox, since only it may touch its connections.
#include "server/pause.h"

#include <algorithm>

#include "server/worker.h"

namespace usher::server {

void PauseControl::Pause(PauseMode mode, int64_t until_ms) {
  const engine::MutexLock lock(mutex_);
  until_ms_ = std::max(until_ms_, until_ms);
  mode_.store(std::max(mode_.load(), mode), std::memory_order_release);
}

void PauseControl::Unpause() {
  std::vector<std::pair<Worker*, uint64_t>> held;
  {
    const engine::MutexLock lock(mutex_);
    until_ms_ = 0;
    mode_.store(PauseMode::kNone, std::memory_order_release);
    held.swap(held_);
  }
  ResumeAll(std::move(held));
}

void PauseControl::OnTick(int64_t now_ms) {
  if (mode() == PauseMode::kNone) return;
  bool over = false;
  {
    const engine::MutexLock lock(mutex_);
    over = now_ms >= until_ms_;
  }
  if (over) Unpause();
}

void PauseControl::AddHeld(Worker& home, uint64_t connection_id) {
  std::vector<std::pair<Worker*, uint64_t>> late;
  {
    const engine::MutexLock lock(mutex_);
    held_.emplace_back(&home, connection_id);
    if (mode_.load() == PauseMode::kNone) late.swap(held_);  // the pause ended while the connection was on its way here
  }
  ResumeAll(std::move(late));
}

void PauseControl::ResumeAll(std::vector<std::pair<Worker*, uint64_t>> held) {
  for (const auto& [home, id] : held) {
    home->PostCall([worker = home, id = id] {
      if (Connection* connection = worker->FindConnection(id)) connection->Resume();
    });
  }
}

}  // namespace usher::server
