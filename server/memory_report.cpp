// See memory_report.h.
#include "server/memory_report.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/base/memory.h"
#include "server/server.h"

namespace usher::server {

namespace {

uint64_t SystemBytes() {
  struct sysinfo info {};
  return sysinfo(&info) == 0 ? static_cast<uint64_t>(info.totalram) * info.mem_unit : 0;
}

void RaiseTo(std::atomic<uint64_t>& peak, uint64_t value) {
  uint64_t seen = peak.load(std::memory_order_relaxed);
  while (seen < value && !peak.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

struct Residence {
  uint64_t all = 0;
  uint64_t of_files = 0;
};

Residence ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return {};
  unsigned long long size = 0;
  unsigned long long resident = 0;
  unsigned long long shared = 0;
  const int fields = std::fscanf(file, "%llu %llu %llu", &size, &resident, &shared);
  std::fclose(file);
  if (fields != 3) return {};
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return {resident * page_bytes, shared * page_bytes};
}

}  // namespace

MemoryReport MemoryMeter::Report(Server& server) {
  MemoryReport report;
  report.startup = MemoryGuard::kIdleServerBytes;
  report.keys = server.engine().KeyMemoryBytes();
  report.clients = server.memory_guard().ClientBytes();
  for (const auto& client : server.clients().All()) {
    report.client_input_max =
        std::max<uint64_t>(report.client_input_max, client->query_bytes.load(std::memory_order_relaxed));
    report.client_output_max =
        std::max<uint64_t>(report.client_output_max, client->output_bytes.load(std::memory_order_relaxed));
  }
  if (const engine::Journal* journal = server.engine().journal()) report.journal = journal->GetStats().memory_bytes;
  report.used = server.memory_guard().UsedBytes() + report.journal;
  RaiseTo(peak_, report.used);
  report.peak = peak_.load(std::memory_order_relaxed);
  const Residence residence = ResidentBytes();
  report.resident = residence.all;
  report.anonymous = residence.all - residence.of_files;
  report.system_total = SystemBytes();
  return report;
}

std::string HumanBytes(uint64_t bytes) {
  static constexpr std::array<char, 5> kUnits = {'K', 'M', 'G', 'T', 'P'};
  std::array<char, 32> text;
  if (bytes < 1024) return std::to_string(bytes) + 'B';
  double scaled = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (scaled >= 1024 && unit + 1 < kUnits.size()) {
    scaled /= 1024;
    ++unit;
  }
  const int length = std::snprintf(text.data(), text.size(), "%.2f%c", scaled, kUnits[unit]);
  return {text.data(), static_cast<size_t>(length)};
}

}  // namespace usher::server
