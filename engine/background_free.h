// BackgroundFree: one thread that frees what would take long to free under a turn: large values, whole keyspaces. What
// is handed over belongs to nobody else any more, so there is nothing to lock: givers push onto a stack with one
// exchange, the thread takes all of it at a time. The thread starts with the first large thing.
// Bound: when kPendingMax things wait, the giver frees its own, so that freeing cannot fall behind for ever.
// Complexity: O(1) for the giver. Thread safety: all methods, any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/key_entry.h"
#include "engine/keyspace.h"

namespace usher::engine {

class BackgroundFree {
 public:
  BackgroundFree() = default;
  /// Frees what is left, then ends the thread.
  ~BackgroundFree();
  BackgroundFree(const BackgroundFree&) = delete;
  BackgroundFree& operator=(const BackgroundFree&) = delete;

  /// Frees `entry`, here if that is quick.
  void Free(OwnedEntry entry) {
    if (entry && IsLarge(entry.entry())) [[unlikely]]
      HandOver(std::move(entry), Keyspace());
  }
  /// Frees all keys of a keyspace that was swapped out.
  void Free(Keyspace keyspace);

  /// Whether freeing the entry may take more than some 50 us.
  static bool IsLarge(KeyEntry entry) {
    return entry_layout::HasWord(entry.kind()) && entry.ValueMemoryBytes() >= kLargeBytes;
  }

  /// Things that wait (lazyfree_pending_objects; a keyspace counts as many as it has keys), and that were freed.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }

 private:
  /// What is handed over at once.
  struct Load {
    Load* next = nullptr;
    OwnedEntry entry;
    Keyspace keyspace;
    uint64_t objects() const { return keyspace.size() + (keyspace.size() == 0 ? 1 : 0); }
  };
  static constexpr size_t kLargeBytes = 64 * 1024;
  static constexpr uint64_t kLoadsMax = 4096;

  void HandOver(OwnedEntry entry, Keyspace keyspace);
  void Push(std::unique_ptr<Load> load);
  void Main();
  void FreeAll(Load* newest);

  std::atomic<Load*> newest_{nullptr};  // what the thread sleeps on
  std::atomic<uint64_t> loads_{0};      // that wait
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  std::atomic<bool> stopping_{false};
  std::once_flag started_;
  std::thread thread_;
};

}  // namespace usher::engine
