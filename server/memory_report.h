// MemoryReport: what INFO, MEMORY and the metrics say about memory, gathered in one go, and MemoryMeter, which
// remembers the peak. "Used" is what is accounted: what maxmemory is compared with (memory_guard.h), and the journal.
// Complexity: O(shards + clients). Thread safety: all methods, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace usher::server {

class Server;

struct MemoryReport {
  uint64_t used = 0;
  uint64_t peak = 0;
  uint64_t startup = 0;  // what the process had before the first key
  uint64_t keys = 0;     // keys, values and their tables
  uint64_t clients = 0;  // input and output buffers
  uint64_t journal = 0;
  uint64_t resident = 0;   // what the process occupies
  uint64_t anonymous = 0;  // the part with no file behind it, which is what the allocator holds
  uint64_t system_total = 0;
  uint64_t client_input_max = 0;
  uint64_t client_output_max = 0;

  uint64_t overhead() const { return used - keys; }
  uint64_t dataset() const { return keys; }
  double fragmentation() const { return Ratio(resident, used); }
  /// What the allocator holds for what it gave out.
  double allocator_fragmentation() const { return Ratio(anonymous, used); }
  /// What the process occupies for what the allocator holds.
  double process_overhead() const { return Ratio(resident, anonymous); }

 private:
  static double Ratio(uint64_t of, uint64_t to) {
    return to == 0 ? 0 : static_cast<double>(of) / static_cast<double>(to);
  }
};

class MemoryMeter {
 public:
  MemoryReport Report(Server& server);

 private:
  std::atomic<uint64_t> peak_{0};
};

/// A size for people, as INFO's *_human fields: "943.21K".
std::string HumanBytes(uint64_t bytes);

}  // namespace usher::server
