// Admitter: the service's scheduler. On a thread and connection of its own it admits people from every queue at a fixed
// interval, open loop as well (a slow admission does not move the next one), and notes whom each admission named.
//
// Thread safety: Run() on its own thread; the results only after it has returned.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/dialect.h"
#include "bench/histogram.h"
#include "bench/verification.h"

namespace usher::bench {

struct AdmitPlan {
  Address address;
  const QueueDialect* dialect;
  const std::vector<QueueKeys>* queues;
  AdmitOrder order;
  int64_t interval_ns;
  int64_t duration_ns;
  uint64_t seed;
  size_t entries;
  const std::atomic<bool>* stop;
};

class Admitter {
 public:
  explicit Admitter(const AdmitPlan& plan);

  /// Admits until the plan's duration is over; the schedule's 0 is at `start_ns`.
  void Run(int64_t start_ns);

  const Histogram& latency() const { return latency_; }  // one admission, one queue
  /// One element per queue: whom the admissions named, strangers, and the most active people seen.
  const std::vector<QueueEvidence>& queues() const { return evidence_; }
  const std::string& error() const { return error_; }

 private:
  void AdmitOnce();

  const AdmitPlan plan_;
  BlockingClient client_;
  Histogram latency_;
  std::vector<QueueEvidence> evidence_;
  std::string error_;
};

}  // namespace usher::bench
