// See execution_thread.h.
#include "server/execution_thread.h"

#include <algorithm>

#include "server/server.h"
#include "server/thread_scripts.h"
#include "server/worker.h"

namespace usher::server {

namespace {
thread_local ExecutionThread* current_thread = nullptr;

uint64_t DrawSeed() {
  uint64_t seed = 0;
  engine::FillSecure(&seed, sizeof seed);
  return seed;
}
}  // namespace

ExecutionThread::ExecutionThread(Server& owner, size_t thread_index, ThreadKind thread_kind)
    : server(owner),
      index(thread_index),
      kind(thread_kind),
      executor(owner.scheduler(), thread_kind == ThreadKind::kPool),
      engine(owner.engine()),
      random(DrawSeed()) {
  server.stats_reader().AddThread(stats);
  engine.set_observer(&owner.keyspace_events());
}

ExecutionThread::~ExecutionThread() {
  server.stats_reader().RemoveThread(stats);
  if (current_thread == this) current_thread = nullptr;
}

ExecutionThread* ExecutionThread::Current() {
  return current_thread;
}
ThreadScripts& ExecutionThread::scripts() {
  if (scripts_ == nullptr) scripts_ = std::make_unique<ThreadScripts>(server, stats);
  return *scripts_;
}

void ExecutionThread::BindToThread() {
  current_thread = this;
}

void ExecutionThread::OweWake(Worker& home) {
  const auto end = owed_.begin() + static_cast<ptrdiff_t>(owed_count_);
  if (home.index() == index && kind != ThreadKind::kPool) return;  // it reads its mail before it sleeps
  if (std::find(owed_.begin(), end, &home) == end) owed_[owed_count_++] = &home;
}

void ExecutionThread::FlushWakes() {
  for (size_t i = 0; i < owed_count_; ++i) owed_[i]->Wake();
  owed_count_ = 0;
}

void ExecutionThread::NoteTold(const Worker& home) {
  if (running_client == nullptr || &running_client->home != &home) return;
  const uint32_t flags = running_client->flags.load(std::memory_order_relaxed);
  const bool caches = (flags & kClientTracking) != 0 && running_client->redirect.load(std::memory_order_relaxed) == 0;
  if (caches || (flags & kClientSubscribed) != 0) told_itself = running_client;
}

void ExecutionThread::RefreshNow() {
  now_us_ = server.clock().NowUs();
}

}  // namespace usher::server
