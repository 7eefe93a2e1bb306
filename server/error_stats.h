// ErrorStats: how often each error code (the first word of an error reply) was replied, for INFO's errorstats. Codes
// are a small set, so they sit in a fixed array that is only appended to; counting a known code takes no lock.
// Invariants: entries below size_ have a constant code. After kCodesMax codes further ones are counted nowhere, as
// Redis 7.2 gives up there too. Thread safety: all methods, any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"

namespace usher::server {

class ErrorStats {
 public:
  /// Counts an error reply; `text` is what stands behind the "-".
  void Count(std::string_view text) EXCLUDES(mutex_);
  /// Codes with a count, in alphabetical order.
  std::vector<std::pair<std::string, uint64_t>> All() const;
  void Reset();

  static constexpr size_t kCodesMax = 128;

 private:
  struct Entry {
    std::array<char, 32> code{};
    uint8_t length = 0;
    std::atomic<uint64_t> count{0};
    std::string_view name() const { return {code.data(), length}; }
  };
  Entry* Find(std::string_view code);
  Entry* Append(std::string_view code) EXCLUDES(mutex_);

  std::array<Entry, kCodesMax> entries_;
  std::atomic<size_t> size_{0};
  engine::Mutex mutex_;  // for appending
};

}  // namespace usher::server
