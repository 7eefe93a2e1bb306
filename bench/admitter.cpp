// See admitter.h.
#include "bench/admitter.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>

#include "bench/timing.h"

namespace usher::bench {

Admitter::Admitter(const AdmitPlan& plan) : plan_(plan), client_(plan.address), evidence_(plan.queues->size()) {}

void Admitter::Run(int64_t start_ns) {
  try {
    for (int64_t due_ns = plan_.interval_ns; due_ns <= plan_.duration_ns; due_ns += plan_.interval_ns) {
      int64_t now_ns = NowNs();
      while (now_ns < start_ns + due_ns && !plan_.stop->load()) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(start_ns + due_ns - now_ns, 100 * kNsPerMs)));
        now_ns = NowNs();
      }
      if (plan_.stop->load()) return;
      AdmitOnce();
    }
  } catch (const std::exception& error) {
    error_ = error.what();
  }
}

void Admitter::AdmitOnce() {
  for (size_t q = 0; q < plan_.queues->size(); ++q) {
    const QueueKeys& queue = (*plan_.queues)[q];
    QueueEvidence& evidence = evidence_[q];
    const int64_t sent_ns = NowNs();
    const std::vector<std::string> users = plan_.dialect->Admit(client_, queue, plan_.order);
    latency_.Record(NowNs() - sent_ns);
    for (const std::string& user : users) {
      const std::optional<uint64_t> entry = UserName::EntryOf(plan_.seed, user);
      if (entry && *entry < plan_.entries) {
        evidence.admitted.push_back({static_cast<size_t>(*entry), sent_ns});
      } else {
        ++evidence.strangers;
      }
    }
    evidence.active_seen_max = std::max(evidence.active_seen_max, client_.CallOk({"ZCARD", queue.active}).integer);
  }
}

}  // namespace usher::bench
