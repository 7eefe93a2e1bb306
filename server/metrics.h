// The Prometheus endpoint: at each scrape a MetricsSource reports the present numbers to a MetricsSink, and
// prometheus-cpp serves them as text under /metrics. Counters live where they are counted (workers, shards, the waiting
// room); nothing is copied between scrapes. The server's own metrics carry the names of redis_exporter, so that
// existing dashboards keep working; what Redis has no notion of is usher_*; the queue metrics are those of
// docs/queue-commands.md.
//
//   scrape -> HTTP thread of prometheus-cpp -> MetricsSource::Collect(sink) -> sink.Queue({...}) ... -> text
//
// Invariants: every value is finite (NaN and infinities are written as 0); a label value is valid UTF-8; two different
// queue names never share a label value. Complexity: linear in what is reported.
// Thread safety: Collect runs on a thread of the endpoint, one call at a time for each scraper.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usher::server {

/// The whole process. Fields are named as in INFO.
struct ServerMetrics {
  std::string_view usher_version = {};
  std::string_view role = "master";
  double uptime_seconds = 0;
  uint64_t connected_clients = 0;
  uint64_t blocked_clients = 0;
  uint64_t connections_received = 0;
  uint64_t rejected_connections = 0;
  uint64_t commands_processed = 0;
  uint64_t memory_used_bytes = 0;
  uint64_t memory_rss_bytes = 0;
  uint64_t memory_max_bytes = 0;
  uint64_t keyspace_hits = 0;
  uint64_t keyspace_misses = 0;
  uint64_t expired_keys = 0;
  uint64_t evicted_keys = 0;
  uint64_t net_input_bytes = 0;
  uint64_t net_output_bytes = 0;
};

struct DbMetrics {
  uint32_t index = 0;
  uint64_t keys = 0;
  uint64_t keys_expiring = 0;
};

/// One row of commandstats; `name` in lower case, as in INFO.
struct CommandMetrics {
  std::string_view name = {};
  uint64_t calls = 0;
  uint64_t usec = 0;
  uint64_t rejected_calls = 0;
  uint64_t failed_calls = 0;
};

struct WorkerMetrics {
  uint32_t index = 0;
  uint64_t connections = 0;
  uint64_t commands = 0;
  uint64_t parked_commands = 0;  // now waiting for a turn
  uint64_t parked_total = 0;     // that ever had to wait for one
  uint64_t loop_iterations = 0;
  double busy_seconds = 0;  // spent outside the kernel's wait
};

/// A histogram as it is counted: counts[i] observations of at most upper_bounds[i] and above the bound before it, and
/// one last count of those above all bounds. Bounds ascend.
struct HistogramMetrics {
  std::span<const double> upper_bounds;
  std::span<const uint64_t> counts;
  double sum = 0;
};

struct QueueMetrics {
  std::string_view name = {};
  uint64_t waiting = 0;
  uint64_t active = 0;
  uint64_t entered = 0;
  uint64_t admitted = 0;
  uint64_t expired = 0;
  uint64_t left = 0;
  double admitted_per_second = 0;
  HistogramMetrics wait_seconds = {};  // from arrival to admission
};

/// What a source reports to. Everything passed in is copied; order does not matter. Each thing is reported once.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;
  virtual void Server(const ServerMetrics& metrics) = 0;
  virtual void Db(const DbMetrics& metrics) = 0;
  virtual void Command(const CommandMetrics& metrics) = 0;
  virtual void Worker(const WorkerMetrics& metrics) = 0;
  virtual void Queue(const QueueMetrics& metrics) = 0;
};

/// Who knows the numbers. Must outlive the endpoint; Collect is called on the endpoint's threads and must not throw.
class MetricsSource {
 public:
  virtual ~MetricsSource() = default;
  virtual void Collect(MetricsSink& sink) = 0;
};

struct MetricsOptions {
  std::vector<std::string> bind_addresses = {"127.0.0.1"};
  uint16_t port = 0;  // 0: no endpoint
  std::string queue_label = "concert_id";
};

/// Whether `name` can be a label's name in Prometheus (letters, digits, underscores; not reserved by a leading "__" and
/// not "le", which histograms use).
bool IsMetricsLabelName(std::string_view name);

/// The text that a scrape of `source` gets.
std::string RenderMetrics(MetricsSource& source, std::string_view queue_label);

/// A running endpoint; the destructor stops it, waiting for scrapes that run, so the source must still be able to
/// answer. That takes up to two seconds (civetweb looks at its stop flag that often), which a shutdown can spend on
/// other work.
class MetricsEndpoint {
 public:
  /// Starts to serve; null when options.port is 0. Throws std::runtime_error when the address cannot be bound or the
  /// queue's label is not a label name (start-up only).
  static std::unique_ptr<MetricsEndpoint> Start(const MetricsOptions& options, MetricsSource& source);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

 private:
  struct Impl;
  explicit MetricsEndpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace usher::server
