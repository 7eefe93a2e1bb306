// ServerStats: process-wide counters that no single thread owns. Thread safety: atomics.
#pragma once

#include <atomic>
#include <cstdint>

namespace usher::server {

struct ServerStats {
  std::atomic<uint64_t> connections_received{0};
  std::atomic<uint64_t> connections_rejected{0};
  std::atomic<uint64_t> query_buffer_limit_disconnections{0};
  std::atomic<uint64_t> output_buffer_limit_disconnections{0};
};

}  // namespace usher::server
