// WorkerPool: a few threads for long work (rows flagged long, commands whose cost is above a millisecond), so that no
// worker's connections wait behind it. A task arrives holding its turns. Thread safety: Run() from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/turn_scheduler.h"
#include "server/execution_thread.h"

namespace usher::server {

class WorkerPool {
 public:
  /// Threads start with Start(); their ExecutionThread indexes follow `first_index`.
  WorkerPool(Server& server, size_t first_index, size_t thread_count);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Start();
  /// Ends the threads after the work that is queued.
  void Stop();
  /// Queues a task that holds its turns.
  void Run(engine::TurnTask& task);
  /// Takes one back that no thread has started. Null: there is none.
  engine::TurnTask* TakeBack();
  const std::vector<std::unique_ptr<ExecutionThread>>& threads() const { return threads_; }

 private:
  void Main(ExecutionThread& thread);

  std::vector<std::unique_ptr<ExecutionThread>> threads_;
  std::vector<std::thread> running_;
  engine::Mutex mutex_;
  std::condition_variable_any work_arrived_;
  std::deque<engine::TurnTask*> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace usher::server
