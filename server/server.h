// Server: owns everything and fixes the order of starting and stopping. One per process (tests make several).
//
//   start: config -> engine (shards) -> scheduler -> workers, pool -> listener        stop: the same backwards
//
// Thread safety: construction, Start and Stop on one thread; the accessors return things with rules of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/engine.h"
#include "engine/turn_scheduler.h"
#include "server/aof.h"
#include "server/client_registry.h"
#include "server/config.h"
#include "server/dispatcher.h"
#include "server/error_stats.h"
#include "server/expiry_job.h"
#include "server/function_registry.h"
#include "server/keyspace_events.h"
#include "server/latency_monitor.h"
#include "server/log.h"
#include "server/maintenance.h"
#include "server/memory_guard.h"
#include "server/memory_report.h"
#include "server/metrics_source.h"
#include "server/migrate_link.h"
#include "server/monitor.h"
#include "server/pause.h"
#include "server/persistence.h"
#include "server/pubsub.h"
#include "server/queue_job.h"
#include "server/queue_metrics.h"
#include "server/replication_id.h"
#include "server/script_control.h"
#include "server/script_registry.h"
#include "server/server_stats.h"
#include "server/slowlog.h"
#include "server/stats_reader.h"
#include "server/tracking.h"
#include "server/worker.h"
#include "server/worker_pool.h"

namespace usher::server {

class Listener;

/// Why the server refuses commands; several may hold at once.
enum GateBit : uint32_t {
  kGateLoading = 1u << 0,        // the data set is being loaded
  kGateWritesRefused = 1u << 1,  // the last background save failed (stop-writes-on-bgsave-error)
  kGateAofFailed = 1u << 2,      // the append-only file cannot be written
};

class Server {
 public:
  struct Options {
    const engine::Clock* clock = nullptr;  // null: the machine's
    size_t worker_count = 0;               // 0: from the configuration
    size_t shard_count = 0;                // 0: from the configuration
  };

  Server(Config& server_config, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds the sockets and starts the threads. An error text when it cannot.
  std::string Start();
  /// Runs the main thread's loop until a shutdown is asked for, then stops everything.
  void RunUntilShutdown();
  /// Asks RunUntilShutdown() to return. Any thread.
  void RequestShutdown(int exit_code = 0);
  int exit_code() const { return exit_code_.load(); }
  bool stopping() const { return shutdown_requested_.load(std::memory_order_relaxed); }
  /// Takes the samples that INFO's rates and peaks are made of; the main loop calls it every StatsReader::kSampleMs.
  void SampleStats();

  const ConfigValues& config() const { return *config_.Current(); }
  Config& mutable_config() { return config_; }
  const engine::Clock& clock() const { return *clock_; }
  const MemoryGuard& memory_guard() const { return *memory_guard_; }
  engine::Engine& engine() { return *engine_; }
  engine::TurnScheduler& scheduler() { return *scheduler_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  ClientRegistry& clients() { return clients_; }
  PauseControl& pause() { return pause_; }
  PubSub& pubsub() { return pubsub_; }
  MonitorHub& monitors() { return monitors_; }
  TrackingHub& tracking() { return tracking_; }
  const TrackingHub& tracking() const { return tracking_; }
  KeyspaceEvents& keyspace_events() { return keyspace_events_; }
  ServerStats& stats() { return stats_; }
  StatsReader& stats_reader() { return *stats_reader_; }
  ErrorStats& error_stats() { return error_stats_; }
  MemoryMeter& memory() { return memory_; }
  Slowlog& slowlog() { return slowlog_; }
  LatencyMonitor& latency_monitor() { return latency_monitor_; }
  ScriptRegistry& scripts() { return scripts_; }
  FunctionRegistry& functions() { return functions_; }
  ScriptControl& script_control() { return script_control_; }
  MigrateLinks& migrate_links() { return migrate_links_; }
  ReplicationId& replication_id() { return replication_id_; }
  Log& log() { return log_; }
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
  WorkerPool& pool() { return *pool_; }
  Maintenance& maintenance() { return *maintenance_; }
  /// Null while there is no metrics port.
  const QueueMetricsJob* queue_metrics() const { return queue_metrics_.get(); }
  MemoryGuard& memory_guard() { return *memory_guard_; }
  ExpiryJob& expiry() { return *expiry_; }
  Persistence& persistence() { return *persistence_; }
  Aof& aof() { return *aof_; }
  const Aof& aof() const { return *aof_; }
  const std::string& run_id() const { return run_id_; }
  int64_t start_ms() const { return start_ms_; }

  /// Moves on whenever something that admission depends on changes (pause, password, role ...).
  uint64_t admission_generation() const { return admission_generation_.load(std::memory_order_acquire); }
  /// GateBit's: why commands are refused.
  uint32_t gate() const { return gate_.load(std::memory_order_relaxed); }
  void SetGate(GateBit bit, bool closed) {
    closed ? gate_.fetch_or(bit) : gate_.fetch_and(~uint32_t{bit});
    AdvanceAdmission();
  }
  void AdvanceAdmission() { admission_generation_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  void FitMaxClients();
  std::string StartMetrics();
  std::string LoadDataSet(engine::EngineContext& context);
  void StartLoading();
  void OnSignal(int signal);

  Config& config_;
  const engine::SystemClock system_clock_;
  const engine::Clock* const clock_;
  Log log_;
  ServerStats stats_;
  ErrorStats error_stats_;
  MemoryMeter memory_;
  Slowlog slowlog_;
  LatencyMonitor latency_monitor_;
  ScriptRegistry scripts_;
  FunctionRegistry functions_;
  ScriptControl script_control_;
  MigrateLinks migrate_links_;
  ReplicationId replication_id_;
  ClientRegistry clients_;
  PauseControl pause_;
  PubSub pubsub_;
  MonitorHub monitors_;
  TrackingHub tracking_{*this};
  KeyspaceEvents keyspace_events_{*this};
  Dispatcher dispatcher_{*this};
  std::atomic<uint64_t> admission_generation_{1};
  std::atomic<uint32_t> gate_{0};
  std::string run_id_;
  int64_t start_ms_ = 0;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<StatsReader> stats_reader_;
  std::unique_ptr<engine::TurnScheduler> scheduler_;
  std::unique_ptr<ExpiryJob> expiry_;
  std::unique_ptr<MemoryGuard> memory_guard_;
  std::unique_ptr<Persistence> persistence_;
  std::unique_ptr<QueueJob> queue_job_;
  std::unique_ptr<QueueMetricsJob> queue_metrics_;
  std::unique_ptr<Maintenance> maintenance_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Aof> aof_;  // behind the workers, whom its thread tells
  std::unique_ptr<Listener> listener_;
  EventLoop main_loop_;
  ServerMetricsSource metrics_source_{*this};
  std::unique_ptr<MetricsEndpoint> metrics_;  // last: its destructor waits for scrapes
  uint64_t samples_taken_ = 0;                // main thread only
  std::atomic<bool> shutdown_requested_{false};
  std::atomic<int> exit_code_{0};
};

}  // namespace usher::server
