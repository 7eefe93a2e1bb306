// OwnedCounter: a counter with one writer at a time (a thread, or whoever holds a shard's turn) and any number of
// readers. Adding costs a load and a store, no locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace usher::engine {

class OwnedCounter {
 public:
  void Add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace usher::engine
