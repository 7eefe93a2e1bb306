// See worker_pool.h.
#include "server/worker_pool.h"

namespace usher::server {

WorkerPool::WorkerPool(Server& server, size_t first_index, size_t thread_count) {
  for (size_t i = 0; i < thread_count; ++i) {
    threads_.push_back(std::make_unique<ExecutionThread>(server, first_index + i, ThreadKind::kPool));
  }
}

WorkerPool::~WorkerPool() {
  Stop();
}

void WorkerPool::Start() {
  for (const auto& thread : threads_) running_.emplace_back([this, &thread = *thread] { Main(thread); });
}

void WorkerPool::Stop() {
  {
    const engine::MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_arrived_.notify_all();
  for (std::thread& thread : running_) thread.join();
  running_.clear();
}

void WorkerPool::Run(engine::TurnTask& task) {
  {
    const engine::MutexLock lock(mutex_);
    queue_.push_back(&task);
  }
  work_arrived_.notify_one();
}

engine::TurnTask* WorkerPool::TakeBack() {
  const engine::MutexLock lock(mutex_);
  if (queue_.empty()) return nullptr;
  engine::TurnTask* const task = queue_.front();
  queue_.pop_front();
  return task;
}

void WorkerPool::Main(ExecutionThread& thread) {
  thread.BindToThread();
  for (;;) {
    engine::TurnTask* task = nullptr;
    {
      engine::MutexLock lock(mutex_);
      while (!stopping_ && queue_.empty()) work_arrived_.wait(lock);
      if (queue_.empty()) return;
      task = queue_.front();
      queue_.pop_front();
    }
    thread.executor.RunLongWork(*task);
    thread.FlushWakes();
  }
}

}  // namespace usher::server
