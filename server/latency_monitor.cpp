// See latency_monitor.h.
#include "server/latency_monitor.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace usher::server {

using engine::MutexLock;

/// A sample on its way. Delivered by whoever holds the monitor's mutex, which the analysis cannot see.
class LatencyMonitor::Posted final : public Message {
 public:
  Posted(LatencyMonitor& monitor, std::string_view event, LatencySample sample)
      : monitor_(monitor), event_(event), sample_(sample) {}
  void Deliver() override NO_THREAD_SAFETY_ANALYSIS {
    const std::unique_ptr<Posted> self(this);
    monitor_.Add(event_, sample_);
  }

 private:
  LatencyMonitor& monitor_;
  const std::string_view event_;
  const LatencySample sample_;
};

LatencyMonitor::~LatencyMonitor() {
  Collect();
}

void LatencyMonitor::Post(std::string_view event, int64_t time_s, int64_t ms) {
  mail_.Post(new Posted(*this, event, {time_s, ms}));
}

void LatencyMonitor::Collect() {
  const MutexLock lock(mutex_);
  mail_.DeliverAll();
}

void LatencyMonitor::Add(std::string_view event, LatencySample sample) {
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.emplace(event, LatencySeries{std::string(event), {}, 0}).first;
  LatencySeries& series = found->second;
  series.ms_max = std::max(series.ms_max, sample.ms);
  if (!series.samples.empty() && series.samples.back().time_s == sample.time_s) {
    series.samples.back().ms = std::max(series.samples.back().ms, sample.ms);
    return;
  }
  series.samples.push_back(sample);
  if (series.samples.size() > kSamplesMax) series.samples.pop_front();
}

std::vector<LatencySeries> LatencyMonitor::All() {
  const MutexLock lock(mutex_);
  mail_.DeliverAll();
  std::vector<LatencySeries> all;
  for (const auto& [event, series] : events_) all.push_back(series);
  return all;
}

LatencySeries LatencyMonitor::Of(std::string_view event) {
  const MutexLock lock(mutex_);
  mail_.DeliverAll();
  const auto found = events_.find(event);
  return found == events_.end() ? LatencySeries() : found->second;
}

size_t LatencyMonitor::Reset(std::string_view event) {
  const MutexLock lock(mutex_);
  mail_.DeliverAll();
  const size_t before = events_.size();
  if (event.empty()) {
    events_.clear();
  } else if (const auto found = events_.find(event); found != events_.end()) {
    events_.erase(found);
  }
  return before - events_.size();
}

std::vector<std::string> DrawLatencies(const LatencySeries& series, size_t rows) {
  int64_t highest = 1;
  for (const LatencySample& sample : series.samples) highest = std::max(highest, sample.ms);
  std::vector<std::string> lines(rows, std::string(series.samples.size(), ' '));
  for (size_t column = 0; column < series.samples.size(); ++column) {
    const auto scaled = static_cast<size_t>(series.samples[column].ms * static_cast<int64_t>(rows) / highest);
    const size_t height = std::clamp<size_t>(scaled, 1, rows);
    for (size_t row = 0; row < height; ++row) lines[rows - 1 - row][column] = '#';
  }
  return lines;
}

}  // namespace usher::server
