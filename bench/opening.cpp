// See opening.h.
#include "bench/opening.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/admitter.h"
#include "bench/load_worker.h"
#include "bench/queue_reader.h"
#include "bench/timing.h"

namespace usher::bench {
namespace {

constexpr int64_t kStartDelayNs = 100 * kNsPerMs;
constexpr double kSampleS = 1;
constexpr double kSampleMinS = 0.1;

double ProcessCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

size_t BusiestEnterPhase(const Schedule& schedule) {
  size_t busiest = 0;
  for (size_t i = 0; i < schedule.phases().size(); ++i) {
    const Phase& phase = schedule.phases()[i];
    if (phase.work == Work::kEnter && phase.rate_per_s > schedule.phases()[busiest].rate_per_s) busiest = i;
  }
  return busiest;
}

/// A number of people, made smaller with the durations, so that the curves of a short run have the shape of the whole
/// one.
int64_t ShortRun(int64_t people, double time_scale) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(people) * std::min(time_scale, 1.0)));
}

/// One run: owns what the threads share.
class OpeningRun {
 public:
  OpeningRun(const OpeningSettings& settings, const Schedule& schedule);
  OpeningResult Run(const ProgressSink& progress);

 private:
  void Prepare();
  LoadPlan MakeLoadPlan();
  AdmitPlan MakeAdmitPlan();
  void SampleUntilDone(int64_t start_ns, const ProgressSink& progress);
  Sample TakeSample(int64_t start_ns);
  void CollectWorkers(int64_t start_ns);
  void CollectEvidence();
  void MeasureWindows(int64_t start_ns);

  const OpeningSettings& settings_;
  const Schedule& schedule_;
  std::unique_ptr<QueueDialect> dialect_;
  std::vector<QueueKeys> queues_;
  BlockingClient client_;
  Evidence evidence_;
  std::atomic<bool> stop_{false};
  std::atomic<size_t> running_{0};
  std::vector<std::unique_ptr<LoadWorker>> workers_;
  std::unique_ptr<Admitter> admitter_;
  int64_t active_max_;
  std::vector<int64_t> active_seen_max_;
  OpeningResult result_;
};

OpeningRun::OpeningRun(const OpeningSettings& settings, const Schedule& schedule)
    : settings_(settings),
      schedule_(schedule),
      dialect_(MakeDialect(settings.mode)),
      client_(settings.address),
      active_max_(ShortRun(settings.active_max, settings.time_scale)) {
  if (!dialect_) throw std::runtime_error("mode is native, lua or plain, not " + settings.mode);
  for (int64_t q = 0; q < settings.queues; ++q) {
    queues_.emplace_back(settings.queues == 1 ? settings.queue : settings.queue + "-" + std::to_string(q));
  }
  active_seen_max_.resize(queues_.size());
  evidence_.entries.resize(schedule.CountOf(Work::kEnter));
}

void OpeningRun::Prepare() {
  for (const QueueKeys& queue : queues_) ClearQueue(client_, queue);
  dialect_->Prepare(client_);
  const auto threads = static_cast<size_t>(settings_.threads);
  const auto connections = static_cast<size_t>(settings_.connections);
  const LoadPlan plan = MakeLoadPlan();
  for (size_t i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<LoadWorker>(plan, i, connections * (i + 1) / threads - connections * i / threads));
  }
  admitter_ = std::make_unique<Admitter>(MakeAdmitPlan());
}

LoadPlan OpeningRun::MakeLoadPlan() {
  return {settings_.address,
          &schedule_,
          dialect_.get(),
          &queues_,
          &evidence_.entries,
          static_cast<uint64_t>(settings_.seed),
          static_cast<size_t>(settings_.threads),
          std::llround(settings_.drain_s * static_cast<double>(kNsPerSecond)),
          std::llround(settings_.hopeless_s * static_cast<double>(kNsPerSecond)),
          &stop_};
}

AdmitPlan OpeningRun::MakeAdmitPlan() {
  const double interval_s = settings_.admit_interval_s * settings_.time_scale;
  return {settings_.address,
          dialect_.get(),
          &queues_,
          {ShortRun(settings_.admit, settings_.time_scale), active_max_, settings_.token_ttl_s},
          std::llround(interval_s * static_cast<double>(kNsPerSecond)),
          schedule_.DurationNs(),
          static_cast<uint64_t>(settings_.seed),
          evidence_.entries.size(),
          &stop_};
}

OpeningResult OpeningRun::Run(const ProgressSink& progress) {
  Prepare();
  const double cpu_before_s = ProcessCpuSeconds();
  const double machine_before_s = MachineBusySeconds();
  const std::optional<CpuTime> server_before = ReadServerCpu(client_, settings_.server_pid);
  const int64_t start_ns = NowNs() + kStartDelayNs;
  running_ = workers_.size();
  std::vector<std::thread> threads;
  for (const std::unique_ptr<LoadWorker>& worker : workers_) {
    threads.emplace_back([this, start_ns, &worker] {
      worker->Run(start_ns);
      --running_;
    });
  }
  threads.emplace_back([this, start_ns] { admitter_->Run(start_ns); });
  try {
    SampleUntilDone(start_ns, progress);
  } catch (const std::exception& error) {
    ++result_.errors[std::string("sampler: ") + error.what()];
    stop_ = true;
  }
  for (size_t i = 0; i + 1 < threads.size(); ++i) threads[i].join();
  const bool is_over = NowNs() >= start_ns + schedule_.DurationNs();
  stop_ = stop_ || !is_over;  // a run that gave up need not wait for the next admission
  threads.back().join();
  result_.wall_s = Seconds(NowNs() - start_ns);
  result_.generator_cpu_s = ProcessCpuSeconds() - cpu_before_s;
  result_.machine_busy_s = MachineBusySeconds() - machine_before_s;
  const std::optional<CpuTime> server_after = ReadServerCpu(client_, settings_.server_pid);
  if (server_before && server_after) result_.server_cpu = UsedBetween(*server_before, *server_after);
  CollectWorkers(start_ns);
  CollectEvidence();
  MeasureWindows(start_ns);
  result_.verdict = Judge(evidence_);
  return std::move(result_);
}

void OpeningRun::SampleUntilDone(int64_t start_ns, const ProgressSink& progress) {
  const double period_s = std::max(kSampleMinS, kSampleS * std::min(settings_.time_scale, 1.0));
  const auto period_ns = static_cast<int64_t>(period_s * static_cast<double>(kNsPerSecond));
  for (int64_t due_ns = start_ns + period_ns; running_ > 0; due_ns += period_ns) {
    while (running_ > 0 && NowNs() < due_ns) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(std::clamp<int64_t>(due_ns - NowNs(), 1, 20 * kNsPerMs)));
    }
    const Sample sample = TakeSample(start_ns);
    result_.samples.push_back(sample);
    uint64_t failed = 0;
    int64_t behind_ns = 0;
    for (const std::unique_ptr<LoadWorker>& worker : workers_) {
      failed += worker->counters().failed.load(std::memory_order_relaxed);
      behind_ns = std::max(behind_ns, worker->counters().behind_ns.load(std::memory_order_relaxed));
    }
    if (progress) progress(sample, schedule_.PhaseAt(NowNs() - start_ns), failed, Seconds(behind_ns));
  }
}

Sample OpeningRun::TakeSample(int64_t start_ns) {
  Sample sample{};
  for (const QueueKeys& queue : queues_) {
    client_.Queue({"ZCARD", queue.wait});
    client_.Queue({"ZCARD", queue.active});
  }
  client_.Flush();
  for (size_t q = 0; q < queues_.size(); ++q) {
    sample.waiting += client_.Receive().integer;
    const int64_t active = client_.Receive().integer;
    sample.active += active;
    active_seen_max_[q] = std::max(active_seen_max_[q], active);
  }
  for (const std::unique_ptr<LoadWorker>& worker : workers_) {
    sample.entered += worker->counters().entered.load(std::memory_order_relaxed);
    sample.polled += worker->counters().polled.load(std::memory_order_relaxed);
  }
  sample.at_s = Seconds(NowNs() - start_ns);
  return sample;
}

void OpeningRun::CollectWorkers(int64_t start_ns) {
  for (const std::unique_ptr<LoadWorker>& worker : workers_) {
    const LoadResults& part = worker->results();
    result_.enter.Merge(part.enter);
    result_.poll.Merge(part.poll);
    result_.send_lag.Merge(part.send_lag);
    for (const auto& [text, count] : part.errors) result_.errors[text] += count;
    evidence_.lost_polls.insert(evidence_.lost_polls.end(), part.lost_polls.begin(), part.lost_polls.end());
    result_.busiest_worker_cpu_s = std::max(result_.busiest_worker_cpu_s, part.cpu_s);
  }
  if (!admitter_->error().empty()) ++result_.errors["admission: " + admitter_->error()];
  result_.admit = admitter_->latency();
  result_.planned_entries = evidence_.entries.size();
  result_.operations = result_.enter.Count() + result_.poll.Count();

  const size_t busiest = BusiestEnterPhase(schedule_);
  const Phase& phase = schedule_.phases()[busiest];
  double phase_start_s = 0;
  for (size_t i = 0; i < busiest; ++i) phase_start_s += schedule_.phases()[i].duration_s;
  const auto phase_start_ns = start_ns + static_cast<int64_t>(phase_start_s * static_cast<double>(kNsPerSecond));
  int64_t last_ns = phase_start_ns;
  size_t answered = 0;
  for (const EntryRecord& record : evidence_.entries) {
    if (record.sent_ns < phase_start_ns || record.answered_ns == 0 || record.answer == Answer::kError) continue;
    ++answered;
    last_ns = std::max(last_ns, record.answered_ns);
  }
  result_.offered_per_s = phase.rate_per_s;
  result_.achieved_per_s =
      static_cast<double>(answered) / std::max(Seconds(last_ns - phase_start_ns), phase.duration_s);
}

void OpeningRun::CollectEvidence() {
  evidence_.queues = admitter_->queues();
  for (size_t q = 0; q < queues_.size(); ++q) {
    QueueEvidence& queue = evidence_.queues[q];
    result_.admitted += queue.admitted.size();
    queue.active_seen_max = std::max(queue.active_seen_max, active_seen_max_[q]);
    ReadQueue(client_, queues_[q], static_cast<uint64_t>(settings_.seed), evidence_.entries.size(), queue);
  }
  evidence_.active_max = active_max_;
  evidence_.ttl_ns = settings_.token_ttl_s * kNsPerSecond;
  evidence_.read_ns = NowNs();
  evidence_.ties_by_name = dialect_->BreaksTiesByName();
  evidence_.admits_in_pieces = dialect_->AdmitsInPieces();
}

// The P99 of each sample's window, by intended time: what people who came then had to wait, however late it was known.
void OpeningRun::MeasureWindows(int64_t start_ns) {
  if (result_.samples.empty()) return;
  std::vector<Histogram> windows(result_.samples.size());
  size_t window = 0;
  for (size_t i = 0; i < schedule_.Count(); ++i) {
    const Arrival arrival = schedule_.At(i);
    if (arrival.work != Work::kEnter) continue;
    while (window + 1 < windows.size() && Seconds(arrival.intended_ns) > result_.samples[window].at_s) ++window;
    const EntryRecord& record = evidence_.entries[arrival.ordinal];
    if (record.answered_ns != 0) windows[window].Record(record.answered_ns - start_ns - arrival.intended_ns);
  }
  for (size_t i = 0; i < windows.size(); ++i) {
    result_.samples[i].p99_ms = static_cast<double>(windows[i].ValueAt(0.99)) / static_cast<double>(kNsPerMs);
  }
}

Probe RunProbe(const OpeningSettings& settings, const SearchSettings& search, double rate_per_s) {
  const Schedule schedule({{"probe", Work::kEnter, rate_per_s, search.probe_s * settings.time_scale}},
                          static_cast<uint64_t>(settings.seed));
  Probe probe{};
  probe.result = RunOpening(settings, schedule, nullptr);
  probe.offered_per_s = rate_per_s;
  probe.achieved_per_s = probe.result.achieved_per_s;
  probe.p99_ms = static_cast<double>(probe.result.enter.ValueAt(0.99)) / static_cast<double>(kNsPerMs);
  probe.dropped = probe.result.verdict.dropped;
  probe.held = probe.result.Passed() && probe.p99_ms < search.p99_limit_ms;
  return probe;
}

}  // namespace

OpeningResult RunOpening(const OpeningSettings& settings, const Schedule& schedule, const ProgressSink& progress) {
  return OpeningRun(settings, schedule).Run(progress);
}

std::vector<Probe> FindSaturation(const OpeningSettings& settings, const SearchSettings& search,
                                  const std::function<void(const Probe&)>& on_probe) {
  OpeningSettings probe_settings = settings;
  probe_settings.hopeless_s = std::min(settings.hopeless_s, 2.0);
  std::vector<Probe> probes;
  double held_per_s = 0;
  double failed_per_s = search.highest_per_s * 2;
  double rate_per_s = search.first_per_s;
  while (rate_per_s <= search.highest_per_s && failed_per_s - held_per_s > search.precision * failed_per_s) {
    for (int64_t attempt = 0; attempt < search.attempts; ++attempt) {
      probes.push_back(RunProbe(probe_settings, search, rate_per_s));
      if (on_probe) on_probe(probes.back());
      if (probes.back().held) break;
    }
    (probes.back().held ? held_per_s : failed_per_s) = rate_per_s;
    const bool is_bounded = failed_per_s <= search.highest_per_s;
    rate_per_s = is_bounded ? (held_per_s + failed_per_s) / 2 : rate_per_s * 2;
  }
  return probes;
}

std::string DescribeBottleneck(const OpeningResult& result, int64_t threads, unsigned cores) {
  const double wall_s = std::max(result.wall_s, 1e-9);
  const double server_cores = result.server_cpu ? result.server_cpu->Total() / wall_s : 0;
  const double generator_cores = result.generator_cpu_s / wall_s;
  const double machine_cores = result.machine_busy_s / wall_s;
  const double worker_share = result.busiest_worker_cpu_s / wall_s;
  std::string who = "nobody was at a limit";
  if (server_cores + generator_cores > 0.9 * cores) {
    who = "the machine is the limit: generator and server together use its cores";
  } else if (worker_share > 0.9) {
    who = "the generator is the limit: its busiest thread had no time left (more --threads)";
  } else if (server_cores > 0.85 && server_cores < 1.05) {
    who = "the server is the limit, if it executes on one thread";
  } else if (machine_cores > 0.9 * cores) {
    who = "the machine is the limit, but by the work of other processes: this is no measurement of the server";
  }
  char numbers[240];
  std::snprintf(
      numbers, sizeof numbers,
      " (of %u cores the server used %.2f, the generator %.2f on %lld threads, the busiest %.0f%%, all processes %.2f)",
      cores, server_cores, generator_cores, static_cast<long long>(threads), 100 * worker_share, machine_cores);
  return who + numbers;
}

}  // namespace usher::bench
