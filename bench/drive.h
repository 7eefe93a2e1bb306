// The closed-loop driver: every connection keeps one batch of pipelined commands under way, so the server is always
// busy. It measures throughput and, given the server's process id, the server's CPU, user and system apart, per
// operation; an operation is one repetition of the template. (redis-benchmark alone can be the slower side; this driver
// costs a few tens of ns per command.)
//
// Thread safety: RunDrive starts and joins its own threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/histogram.h"
#include "bench/server_cpu.h"
#include "bench/socket.h"

namespace usher::bench {

struct DriveSettings {
  Address address;
  int64_t connections = 50;
  int64_t pipeline = 1;
  int64_t threads = 1;
  int64_t requests = 0;  // operations; 0 = run for `seconds`
  double seconds = 3;
  int64_t keyspace = 1'000'000;
  int64_t first = 0;  // the first __seq__
  int64_t seed = 1;
  int64_t server_pid = 0;
  std::vector<std::string> words;
};

struct DriveResult {
  uint64_t operations = 0;
  uint64_t errors = 0;
  std::string first_error;
  double wall_s = 0;
  double generator_cpu_s = 0;
  std::optional<CpuTime> server_cpu;
  Histogram batch_latency;
};

DriveResult RunDrive(const DriveSettings& settings);

/// One line for people; JSON for budget.py.
std::string DriveLine(const DriveResult& result);
std::string DriveJson(const DriveResult& result);

}  // namespace usher::bench
