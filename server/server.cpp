// Start and stop order, and the main thread's loop. See server.h.
#include "server/server.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <exception>

#include "engine/base/cycle_clock.h"
#include "server/all_shards_task.h"
#include "server/listener.h"
#include "server/metrics.h"
#include "server/open_files.h"
#include "server/short_timer.h"
#include "server/version.h"

namespace usher::server {

namespace {

constexpr size_t kPoolThreads = 2;
constexpr uint64_t kSamplesPerMemoryReport = 10;
constexpr size_t kShardsPerWorker = 4;
constexpr size_t kShardsMin = 8;

size_t UsableCores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<size_t>(std::max(1, CPU_COUNT(&cores)));
}

engine::EngineSettings SettingsFrom(const ConfigValues& config) {
  engine::EngineSettings settings;
  settings.hash.packed_entries_max = config.hash_max_listpack_entries;
  settings.hash.packed_value_bytes_max = config.hash_max_listpack_value_bytes;
  settings.hll_sparse_bytes_max = config.hll_sparse_max_bytes;
  settings.set.integer_entries_max = config.set_max_intset_entries;
  settings.set.packed_entries_max = config.set_max_listpack_entries;
  settings.set.packed_value_bytes_max = config.set_max_listpack_value_bytes;
  settings.list = engine::ListLimits(config.list_max_listpack_size);
  settings.stream.node_bytes_max = config.stream_node_bytes_max;
  settings.stream.node_entries_max = config.stream_node_entries_max;
  settings.zset.packed_entries_max = config.zset_max_listpack_entries;
  settings.zset.packed_value_bytes_max = config.zset_max_listpack_value_bytes;
  settings.maxmemory_bytes = config.maxmemory_bytes;
  settings.policy = config.maxmemory_policy;
  settings.eviction_samples = config.maxmemory_samples;
  settings.lfu_log_factor = config.lfu_log_factor;
  settings.lfu_decay_minutes = config.lfu_decay_minutes;
  settings.notify = config.notify_classes;
  settings.string_bytes_max = config.bulk_bytes_max;
  settings.queue_wait_key = config.queue_wait_key;
  settings.queue_active_key = config.queue_active_key;
  settings.queue_token_key = config.queue_token_key;
  settings.queue_config_key = config.queue_config_key;
  return settings;
}

}  // namespace

Server::Server(Config& server_config, Options options)
    : config_(server_config),
      clock_(options.clock != nullptr ? options.clock : &system_clock_),
      run_id_(DrawRandomId()) {
  const ConfigValues& values = config();
  size_t worker_count = options.worker_count != 0 ? options.worker_count : static_cast<size_t>(values.workers);
  if (worker_count == 0) worker_count = UsableCores();
  worker_count = std::min(worker_count, engine::TurnScheduler::kExecutorsMax);
  size_t shard_count = options.shard_count != 0 ? options.shard_count : static_cast<size_t>(values.shards);
  if (shard_count == 0) shard_count = std::bit_ceil(std::max(kShardsMin, worker_count * kShardsPerWorker));
  shard_count = std::min(shard_count, engine::kShardsMax);
  start_ms_ = clock_->NowUs() / 1000;
  log_.SetLevel(values.log_level);
  const size_t journal_bytes = values.journal == JournalMode::kMemory ? values.journal_bytes_max : 0;
  engine_ = std::make_unique<engine::Engine>(engine::Engine::Options{shard_count, values.databases, journal_bytes},
                                             SettingsFrom(values));
  stats_reader_ = std::make_unique<StatsReader>(*engine_, stats_);
  engine::TurnScheduler::Options scheduling;
  scheduling.shard_count = shard_count;
  scheduling.executor_count = worker_count;
  scheduling.wake = [this](size_t executor) { workers_[executor]->Wake(); };
  scheduling.run_long_work = [this](engine::TurnTask& task) { pool_->Run(task); };
  scheduling.take_back_long_work = [this] { return pool_->TakeBack(); };
  scheduler_ = std::make_unique<engine::TurnScheduler>(std::move(scheduling));
  expiry_ = std::make_unique<ExpiryJob>(*engine_);
  memory_guard_ = std::make_unique<MemoryGuard>(*this);
  queue_job_ = std::make_unique<QueueJob>(*engine_);
  persistence_ = std::make_unique<Persistence>(*this);
  maintenance_ = std::make_unique<Maintenance>(*this);
  maintenance_->AddJob(*expiry_);
  maintenance_->AddJob(*memory_guard_);
  maintenance_->AddJob(*queue_job_);
  maintenance_->AddJob(*persistence_);
  if (values.metrics_port != 0) {
    queue_metrics_ = std::make_unique<QueueMetricsJob>(shard_count);
    maintenance_->AddJob(*queue_metrics_);
  }
  for (size_t i = 0; i < worker_count; ++i) workers_.push_back(std::make_unique<Worker>(*this, i));
  pool_ = std::make_unique<WorkerPool>(*this, worker_count, kPoolThreads);
  aof_ = std::make_unique<Aof>(*this);
  config_.AddVeto({"maxclients"}, [](const ConfigChange& change) -> std::string {
    const int64_t fits = RaiseOpenFilesFor(change.after.max_clients);
    if (fits >= change.after.max_clients) return {};
    return "The operating system is not able to handle the specified number of clients, try with " +
           std::to_string(fits);
  });
  config_.AddVeto({"appendonly"}, [this](const ConfigChange& change) -> std::string {
    if (!change.after.append_only || aof_->Probe(change.after).empty()) return {};
    return "Unable to turn on AOF. Check server logs.";
  });
  config_.AddObserver([this](const ConfigChange& change) {
    engine_->Publish(SettingsFrom(change.after));
    memory_guard_->OnConfig();
    persistence_->OnConfig();
    aof_->OnConfig(change);
    log_.SetLevel(change.after.log_level);
    AdvanceAdmission();
  });
}

Server::~Server() = default;

void Server::SampleStats() {
  stats_reader_->Sample(engine::CycleClock::NowNs());
  slowlog_.Collect(config().slowlog_length_max);
  latency_monitor_.Collect();
  migrate_links_.CloseIdle(engine::CycleClock::NowNs() / 1'000'000);
  if (++samples_taken_ % kSamplesPerMemoryReport == 0) memory_.Report(*this);
}

/// As many clients as the open-files limit allows: it is raised if possible, else maxclients is lowered.
void Server::FitMaxClients() {
  const int64_t wanted = config().max_clients;
  const int64_t fits = std::max<int64_t>(1, RaiseOpenFilesFor(wanted));
  if (fits == wanted) return;
  const std::array<ConfigPair, 1> lowered = {ConfigPair{"maxclients", std::to_string(fits)}};
  const std::string error = config_.Set(lowered, Config::Caller::kLocal);
  log_.Warning("maxclients is " + std::to_string(fits) + " instead of " + std::to_string(wanted) +
               ": the system allows no more open files. See 'ulimit -n'. " + error);
}

std::string Server::StartMetrics() {
  MetricsOptions options;
  options.port = static_cast<uint16_t>(config().metrics_port);
  options.queue_label = config().queue_metrics_label;
  options.bind_addresses.clear();
  for (const std::string& address : config().bind_addresses) {
    if (address.starts_with('-')) continue;  // may be missing
    options.bind_addresses.push_back(address == "*" ? "0.0.0.0" : address);
  }
  if (options.bind_addresses.empty()) options.bind_addresses = {"127.0.0.1"};
  try {
    metrics_ = MetricsEndpoint::Start(options, metrics_source_);
  } catch (const std::exception& error) {
    return std::string("Can't serve metrics: ") + error.what();
  }
  return {};
}

std::string Server::Start() {
  FitMaxClients();
  if (std::string error = StartMetrics(); !error.empty()) return error;
  listener_ = std::make_unique<Listener>(*this, main_loop_);
  const bool loads = config().append_only || persistence_->HasFile();
  if (loads) persistence_->BeginLoading();
  std::string error = listener_->Open();
  if (!error.empty()) return error;
  pool_->Start();
  for (const auto& worker : workers_) worker->Start();
  if (loads) StartLoading();
  return {};
}

/// With an append-only file that is what is loaded, and nothing else, as in Redis.
std::string Server::LoadDataSet(engine::EngineContext& context) {
  if (!config().append_only) return persistence_->Load(context);
  std::string error = aof_->Load(context);
  return error.empty() ? aof_->Open(context) : error;
}

/// The data set is loaded by a thread of the pool, which holds all turns, while clients are told to wait.
void Server::StartLoading() {
  AllShardsTask::Post(*this, AllShardsTask::Length::kLong, [this](engine::EngineContext& context) {
    const std::string error = LoadDataSet(context);
    if (error.empty()) return persistence_->EndLoading();
    log_.Warning(error);
    log_.Warning("Fatal error loading the DB. Exiting.");
    RequestShutdown(/*exit_code=*/1);
  });
}

/// SIGTERM and SIGINT: saves first if the configuration wants that (shutdown-on-sigterm, shutdown-on-sigint).
void Server::OnSignal(int signal) {
  constexpr int64_t kSave = 1;
  constexpr int64_t kNoSave = 2;
  constexpr int64_t kForce = 8;
  log_.Warning("Received a signal, scheduling shutdown...");
  const int64_t flags = signal == SIGTERM ? config().shutdown_on_sigterm : config().shutdown_on_sigint;
  if (aof_->RefusesShutdown((flags & kForce) != 0)) return;
  const bool save = (flags & kSave) != 0 || ((flags & kNoSave) == 0 && persistence_->SavesAtShutdown());
  if (!save || (gate() & kGateLoading) != 0) return RequestShutdown();
  AllShardsTask::Post(*this, AllShardsTask::Length::kLong, [this, flags](engine::EngineContext& context) {
    if (persistence_->Save(context) || (flags & kForce) != 0) return RequestShutdown();
    log_.Warning("Error trying to save the DB, can't exit.");
  });
}

void Server::RequestShutdown(int exit_code) {
  exit_code_.store(exit_code);
  shutdown_requested_.store(true);
  main_loop_.Wake();
}

void Server::RunUntilShutdown() {
  const auto on_signal = [this](int signal) { OnSignal(signal); };
  SignalWatcher terminate(main_loop_, SIGTERM, on_signal);
  SignalWatcher interrupt(main_loop_, SIGINT, on_signal);
  ShortTimer short_tick(main_loop_, [this] { maintenance_->OnShortTick(); });
  LoopTimer tick(main_loop_, [this, &short_tick] {
    pause_.OnTick(Worker::MonotonicMs());
    short_tick.SetPeriod(maintenance_->OnTick() ? Maintenance::kShortTickNs : 0);
    aof_->OnTick();
  });
  tick.Start(Maintenance::kTickMs, Maintenance::kTickMs);
  LoopTimer sampling(main_loop_, [this] { SampleStats(); });
  sampling.Start(StatsReader::kSampleMs, StatsReader::kSampleMs);
  while (!shutdown_requested_.load()) main_loop_.RunOnce(EventLoop::Wait::kBlock);
  listener_.reset();
  metrics_.reset();
  for (const auto& worker : workers_) worker->RequestStop();
  for (const auto& worker : workers_) worker->Join();
  pool_->Stop();
  persistence_->Abandon();
  // What needs no connection (a waiter being taken off its keys) may still be queued; it belongs to nobody else now.
  for (bool more = true; more;) {
    more = false;
    for (const auto& worker : workers_) more = worker->FinishWork() || more;
  }
  aof_->Close();
  log_.Warning("Usher is now ready to exit, bye bye...");
}

}  // namespace usher::server
