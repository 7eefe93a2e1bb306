// See background_free.h.
#include "engine/background_free.h"

#include <utility>

namespace usher::engine {

BackgroundFree::~BackgroundFree() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  Push(std::make_unique<Load>());
  thread_.join();
}

void BackgroundFree::Free(Keyspace keyspace) {
  if (keyspace.size() == 0) return;
  HandOver(OwnedEntry(), std::move(keyspace));
}

void BackgroundFree::HandOver(OwnedEntry entry, Keyspace keyspace) {
  if (loads_.load(std::memory_order_relaxed) >= kLoadsMax) return;  // freed here, as the parameters end
  std::call_once(started_, [this] { thread_ = std::thread([this] { Main(); }); });
  auto load = std::make_unique<Load>();
  load->entry = std::move(entry);
  load->keyspace = std::move(keyspace);
  pending_.fetch_add(load->objects(), std::memory_order_relaxed);
  loads_.fetch_add(1, std::memory_order_relaxed);
  Push(std::move(load));
}

void BackgroundFree::Push(std::unique_ptr<Load> load) {
  Load* given = load.release();
  given->next = newest_.load(std::memory_order_relaxed);
  while (!newest_.compare_exchange_weak(given->next, given, std::memory_order_release, std::memory_order_relaxed)) {
  }
  newest_.notify_one();
}

void BackgroundFree::Main() {
  bool stopping = false;
  while (!stopping) {
    newest_.wait(nullptr, std::memory_order_acquire);
    stopping = stopping_.load(std::memory_order_relaxed);  // set before the last push
    FreeAll(newest_.exchange(nullptr, std::memory_order_acquire));
  }
}

void BackgroundFree::FreeAll(Load* newest) {
  while (newest != nullptr) {
    const std::unique_ptr<Load> load(std::exchange(newest, newest->next));
    if (!load->entry && load->keyspace.size() == 0) continue;  // the end
    const uint64_t objects = load->objects();
    load->entry = OwnedEntry();
    load->keyspace.Clear();
    loads_.fetch_sub(1, std::memory_order_relaxed);
    pending_.fetch_sub(objects, std::memory_order_relaxed);
    freed_.fetch_add(objects, std::memory_order_relaxed);
  }
}

}  // namespace usher::engine
