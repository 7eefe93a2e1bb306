// The opening: 310,000 people enter a queue within 70 seconds while the front is admitted every 5 seconds, then watch.
// Also the search for the rate at which a server no longer keeps its promise.
//
//   load workers (threads)      enter and poll by the schedule
//   admitter (one thread)       admits at fixed times
//   sampler (calling thread)    sizes of the sets, progress line, time series
//   afterwards                  reads all keys and judges (verification.h)
//
// Thread safety: RunOpening starts and joins its own threads; call it from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/dialect.h"
#include "bench/histogram.h"
#include "bench/schedule.h"
#include "bench/server_cpu.h"
#include "bench/verification.h"

namespace usher::bench {

struct OpeningSettings {
  Address address;
  std::string mode = "native";
  double scale = 1;
  double time_scale = 1;
  int64_t connections = 3'000;
  int64_t threads = 2;
  int64_t admit = 5'000;        // people per interval and queue
  int64_t active_max = 60'000;  // per queue
  int64_t token_ttl_s = 300;
  double admit_interval_s = 5;
  double polls_per_s = 1'000;
  std::string queue = "opening";
  int64_t queues = 1;
  int64_t server_pid = 0;
  int64_t seed = 1;
  double drain_s = 10;
  double hopeless_s = 1e6;  // give up once arrivals are sent so late
};

struct Sample {
  double at_s;
  int64_t waiting;
  int64_t active;
  uint64_t entered;  // since the start
  uint64_t polled;
  double p99_ms;  // of the entries that were due in this window; filled in after the run
};

struct OpeningResult {
  Histogram enter;
  Histogram poll;
  Histogram send_lag;
  Histogram admit;
  std::map<std::string, uint64_t> errors;
  Verdict verdict;
  std::vector<Sample> samples;
  size_t planned_entries = 0;
  size_t admitted = 0;
  double offered_per_s = 0;   // of the busiest phase
  double achieved_per_s = 0;  // entries of that phase, up to the answer of the last
  double wall_s = 0;
  double generator_cpu_s = 0;
  double busiest_worker_cpu_s = 0;
  double machine_busy_s = 0;  // core-seconds of all processes, other people's included
  std::optional<CpuTime> server_cpu;
  uint64_t operations = 0;

  bool Passed() const { return verdict.Passed() && errors.empty(); }
};

/// Told of each sample while the load runs.
using ProgressSink = std::function<void(const Sample& now, const Phase& phase, uint64_t failed, double behind_s)>;

/// Clears the queues, runs the schedule against the server and verifies.
OpeningResult RunOpening(const OpeningSettings& settings, const Schedule& schedule, const ProgressSink& progress);

struct Probe {
  double offered_per_s;
  double achieved_per_s;
  double p99_ms;
  size_t dropped;
  bool held;  // P99 under the limit, nothing dropped, verified
  OpeningResult result;
};

struct SearchSettings {
  double first_per_s = 5'000;
  double probe_s = 10;
  double p99_limit_ms = 20;
  double precision = 0.05;  // stop when the highest held and the lowest failed rate are this close
  double highest_per_s = 1'000'000;
  int64_t attempts =
      2;  // a rate has failed when so many runs in a row have: a busy neighbour is not the server's limit
};

/// Doubles the entry rate until the server no longer holds, then halves the gap. Each probe is a run of its own on
/// empty queues, with admission. The last held probe is the answer.
std::vector<Probe> FindSaturation(const OpeningSettings& settings, const SearchSettings& search,
                                  const std::function<void(const Probe&)>& on_probe);

/// A sentence that says who was at the limit: server, generator, machine or none.
std::string DescribeBottleneck(const OpeningResult& result, int64_t threads, unsigned cores);

}  // namespace usher::bench
