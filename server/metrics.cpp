// Families of metrics as prometheus-cpp wants them. The text format asks that all samples of a metric stand together,
// so the sink sorts what is reported, thing by thing, into families: kFamilies lists them, in the order of the page.
#include "server/metrics.h"

#include <netdb.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include "engine/base/assert.h"

namespace usher::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

enum Family : uint8_t {
  kUp,
  kInstanceInfo,
  kUptime,
  kConnectedClients,
  kBlockedClients,
  kConnectionsReceived,
  kRejectedConnections,
  kCommandsProcessed,
  kMemoryUsed,
  kMemoryRss,
  kMemoryMax,
  kKeyspaceHits,
  kKeyspaceMisses,
  kExpiredKeys,
  kEvictedKeys,
  kNetInput,
  kNetOutput,
  kDbKeys,
  kDbKeysExpiring,
  kCommandCalls,
  kCommandSeconds,
  kCommandRejected,
  kCommandFailed,
  kWorkerConnections,
  kWorkerCommands,
  kWorkerParked,
  kWorkerParkedTotal,
  kWorkerLoops,
  kWorkerBusy,
  kQueueWaiting,
  kQueueActive,
  kQueueEntered,
  kQueueAdmitted,
  kQueueExpired,
  kQueueLeft,
  kQueueThroughput,
  kQueueWaitSeconds,
  kFamilyCount,
};

struct FamilyRow {
  Family family;
  MetricType type;
  const char* name;
  const char* help;
};

constexpr std::array<FamilyRow, kFamilyCount> kFamilies = {{
    {kUp, MetricType::Gauge, "redis_up", "1 while the server answers"},
    {kInstanceInfo, MetricType::Gauge, "redis_instance_info", "1; the labels say what runs here"},
    {kUptime, MetricType::Gauge, "redis_uptime_in_seconds", "Seconds since the start"},
    {kConnectedClients, MetricType::Gauge, "redis_connected_clients", "Clients connected now"},
    {kBlockedClients, MetricType::Gauge, "redis_blocked_clients", "Clients waiting in a blocking command"},
    {kConnectionsReceived, MetricType::Counter, "redis_connections_received_total", "Connections accepted"},
    {kRejectedConnections, MetricType::Counter, "redis_rejected_connections_total", "Refused because of maxclients"},
    {kCommandsProcessed, MetricType::Counter, "redis_commands_processed_total", "Commands executed"},
    {kMemoryUsed, MetricType::Gauge, "redis_memory_used_bytes", "Bytes allocated for data and clients"},
    {kMemoryRss, MetricType::Gauge, "redis_memory_used_rss_bytes", "Resident bytes of the process"},
    {kMemoryMax, MetricType::Gauge, "redis_memory_max_bytes", "maxmemory, 0 when unlimited"},
    {kKeyspaceHits, MetricType::Counter, "redis_keyspace_hits_total", "Lookups that found their key"},
    {kKeyspaceMisses, MetricType::Counter, "redis_keyspace_misses_total", "Lookups that found none"},
    {kExpiredKeys, MetricType::Counter, "redis_expired_keys_total", "Keys removed because their time was up"},
    {kEvictedKeys, MetricType::Counter, "redis_evicted_keys_total", "Keys removed because of maxmemory"},
    {kNetInput, MetricType::Counter, "redis_net_input_bytes_total", "Bytes read from clients"},
    {kNetOutput, MetricType::Counter, "redis_net_output_bytes_total", "Bytes written to clients"},
    {kDbKeys, MetricType::Gauge, "redis_db_keys", "Keys of a database"},
    {kDbKeysExpiring, MetricType::Gauge, "redis_db_keys_expiring", "Keys of a database that have a time to live"},
    {kCommandCalls, MetricType::Counter, "redis_commands_total", "Calls of a command"},
    {kCommandSeconds, MetricType::Counter, "redis_commands_duration_seconds_total", "Seconds spent in a command"},
    {kCommandRejected, MetricType::Counter, "redis_commands_rejected_calls_total", "Calls refused before they ran"},
    {kCommandFailed, MetricType::Counter, "redis_commands_failed_calls_total", "Calls that ended with an error"},
    {kWorkerConnections, MetricType::Gauge, "usher_worker_connections", "Connections of a worker"},
    {kWorkerCommands, MetricType::Counter, "usher_worker_commands_total", "Commands executed by a worker"},
    {kWorkerParked, MetricType::Gauge, "usher_worker_parked_commands", "Commands waiting for a turn now"},
    {kWorkerParkedTotal, MetricType::Counter, "usher_worker_parked_commands_total", "Commands that waited for a turn"},
    {kWorkerLoops, MetricType::Counter, "usher_worker_loop_iterations_total", "Turns of a worker's event loop"},
    {kWorkerBusy, MetricType::Counter, "usher_worker_busy_seconds_total", "Seconds a worker did not wait for events"},
    {kQueueWaiting, MetricType::Gauge, "queue_wait_size", "People waiting"},
    {kQueueActive, MetricType::Gauge, "queue_active_size", "People admitted whose time is not up"},
    {kQueueEntered, MetricType::Counter, "queue_entered_total", "People who entered"},
    {kQueueAdmitted, MetricType::Counter, "queue_admitted_total", "People who were admitted"},
    {kQueueExpired, MetricType::Counter, "queue_expired_total", "Admitted people whose time ran out"},
    {kQueueLeft, MetricType::Counter, "queue_left_total", "People who gave up their place"},
    {kQueueThroughput, MetricType::Gauge, "queue_throughput_users_per_second", "People admitted in a second"},
    {kQueueWaitSeconds, MetricType::Histogram, "queue_wait_seconds", "Seconds from arrival to admission"},
}};

constexpr bool RowsMatchTheirFamilies() {
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    if (kFamilies[i].family != i) return false;
  }
  return true;
}
static_assert(RowsMatchTheirFamilies());

double Finite(double value) {
  return std::isfinite(value) ? value : 0;
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes the UTF-8 character at the front of `text` has; 0 when it is not valid.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
  const bool too_large = byte(0) == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

/// A name as a label value: Prometheus takes valid UTF-8 only, so any other byte becomes U+FFFD and two hexadecimal
/// digits. U+FFFD itself is written that way too, so different names stay different (a repeated series would make
/// Prometheus drop the whole scrape).
std::string LabelValue(std::string_view name) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string value;
  while (!name.empty()) {
    const size_t length = name.starts_with(kReplacement) ? 0 : Utf8Length(name);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(name.front());
      value.append(kReplacement) += kDigits[byte >> 4];
      value += kDigits[byte & 15];
    } else {
      value.append(name.substr(0, length));
    }
    name.remove_prefix(std::max<size_t>(length, 1));
  }
  return value;
}

ClientMetric::Histogram ToPrometheus(const HistogramMetrics& metrics) {
  ASSERT(metrics.counts.empty() || metrics.counts.size() == metrics.upper_bounds.size() + 1);
  ClientMetric::Histogram histogram;
  for (size_t i = 0; i < metrics.counts.size(); ++i) {
    histogram.sample_count += metrics.counts[i];
    const bool last = i == metrics.upper_bounds.size();
    histogram.bucket.push_back(
        {histogram.sample_count, last ? std::numeric_limits<double>::infinity() : metrics.upper_bounds[i]});
  }
  histogram.sample_sum = Finite(metrics.sum);
  return histogram;
}

/// Sorts what is reported into families.
class FamilySink final : public MetricsSink {
 public:
  explicit FamilySink(std::string_view queue_label) : queue_label_(queue_label) {
    for (const FamilyRow& row : kFamilies) families_.push_back({row.name, row.help, row.type, {}});
  }

  void Server(const ServerMetrics& metrics) override {
    Add(kUp, {}, 1);
    Add(kInstanceInfo, {{"role", LabelValue(metrics.role)}, {"usher_version", LabelValue(metrics.usher_version)}}, 1);
    Add(kUptime, {}, metrics.uptime_seconds);
    AddCount(kConnectedClients, {}, metrics.connected_clients);
    AddCount(kBlockedClients, {}, metrics.blocked_clients);
    AddCount(kConnectionsReceived, {}, metrics.connections_received);
    AddCount(kRejectedConnections, {}, metrics.rejected_connections);
    AddCount(kCommandsProcessed, {}, metrics.commands_processed);
    AddCount(kMemoryUsed, {}, metrics.memory_used_bytes);
    AddCount(kMemoryRss, {}, metrics.memory_rss_bytes);
    AddCount(kMemoryMax, {}, metrics.memory_max_bytes);
    AddCount(kKeyspaceHits, {}, metrics.keyspace_hits);
    AddCount(kKeyspaceMisses, {}, metrics.keyspace_misses);
    AddCount(kExpiredKeys, {}, metrics.expired_keys);
    AddCount(kEvictedKeys, {}, metrics.evicted_keys);
    AddCount(kNetInput, {}, metrics.net_input_bytes);
    AddCount(kNetOutput, {}, metrics.net_output_bytes);
  }

  void Db(const DbMetrics& metrics) override {
    const Labels labels = {{"db", "db" + std::to_string(metrics.index)}};
    AddCount(kDbKeys, labels, metrics.keys);
    AddCount(kDbKeysExpiring, labels, metrics.keys_expiring);
  }

  void Command(const CommandMetrics& metrics) override {
    const Labels labels = {{"cmd", LabelValue(metrics.name)}};
    AddCount(kCommandCalls, labels, metrics.calls);
    Add(kCommandSeconds, labels, static_cast<double>(metrics.usec) / 1e6);
    AddCount(kCommandRejected, labels, metrics.rejected_calls);
    AddCount(kCommandFailed, labels, metrics.failed_calls);
  }

  void Worker(const WorkerMetrics& metrics) override {
    const Labels labels = {{"worker", std::to_string(metrics.index)}};
    AddCount(kWorkerConnections, labels, metrics.connections);
    AddCount(kWorkerCommands, labels, metrics.commands);
    AddCount(kWorkerParked, labels, metrics.parked_commands);
    AddCount(kWorkerParkedTotal, labels, metrics.parked_total);
    AddCount(kWorkerLoops, labels, metrics.loop_iterations);
    Add(kWorkerBusy, labels, metrics.busy_seconds);
  }

  void Queue(const QueueMetrics& metrics) override {
    const Labels labels = {{queue_label_, LabelValue(metrics.name)}};
    AddCount(kQueueWaiting, labels, metrics.waiting);
    AddCount(kQueueActive, labels, metrics.active);
    AddCount(kQueueEntered, labels, metrics.entered);
    AddCount(kQueueAdmitted, labels, metrics.admitted);
    AddCount(kQueueExpired, labels, metrics.expired);
    AddCount(kQueueLeft, labels, metrics.left);
    Add(kQueueThroughput, labels, metrics.admitted_per_second);
    Append(kQueueWaitSeconds, labels).histogram = ToPrometheus(metrics.wait_seconds);
  }

  /// The families that have samples.
  std::vector<MetricFamily> Take() {
    std::erase_if(families_, [](const MetricFamily& family) { return family.metric.empty(); });
    return std::move(families_);
  }

 private:
  ClientMetric& Append(Family family, const Labels& labels) {
    ClientMetric& metric = families_[family].metric.emplace_back();
    metric.label = labels;
    return metric;
  }

  void Add(Family family, const Labels& labels, double value) {
    ClientMetric& metric = Append(family, labels);
    if (kFamilies[family].type == MetricType::Counter) {
      metric.counter.value = Finite(value);
    } else {
      metric.gauge.value = Finite(value);
    }
  }

  void AddCount(Family family, const Labels& labels, uint64_t value) {
    Add(family, labels, static_cast<double>(value));
  }

  const std::string queue_label_;
  std::vector<MetricFamily> families_;  // one per row of kFamilies, in that order
};

std::vector<MetricFamily> CollectFamilies(MetricsSource& source, std::string_view queue_label) {
  FamilySink sink(queue_label);
  source.Collect(sink);
  return sink.Take();
}

/// What prometheus-cpp asks at a scrape.
class SourceCollectable final : public prometheus::Collectable {
 public:
  SourceCollectable(MetricsSource& source, std::string queue_label)
      : source_(source), queue_label_(std::move(queue_label)) {}
  std::vector<MetricFamily> Collect() const override { return CollectFamilies(source_, queue_label_); }

 private:
  MetricsSource& source_;
  const std::string queue_label_;
};

/// civetweb's list of addresses, IPv6 ones in brackets.
std::string ListeningPorts(const MetricsOptions& options) {
  std::string ports;
  for (const std::string& address : options.bind_addresses) {
    if (!ports.empty()) ports += ',';
    ports += address.find(':') == std::string::npos ? address : "[" + address + "]";
    ports += ":" + std::to_string(options.port);
  }
  return ports;
}

/// Connects and hangs up.
void Knock(const std::string& address, const std::string& port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), port.c_str(), &hints, &found) != 0) return;
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    static_cast<void>(connect(fd, found->ai_addr, found->ai_addrlen));
    close(fd);
  }
  freeaddrinfo(found);
}

}  // namespace

// The exposer is destroyed first: its threads use the collectable.
struct MetricsEndpoint::Impl {
  std::shared_ptr<SourceCollectable> collectable;
  std::unique_ptr<prometheus::Exposer> exposer;
  std::string address;  // where we reach ourselves
  std::string port;
};

bool IsMetricsLabelName(std::string_view name) {
  const auto is_label_char = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (name.empty() || name.starts_with("__") || name == "le") return false;
  return std::isdigit(static_cast<unsigned char>(name[0])) == 0 && std::all_of(name.begin(), name.end(), is_label_char);
}

std::string RenderMetrics(MetricsSource& source, std::string_view queue_label) {
  return prometheus::TextSerializer().Serialize(CollectFamilies(source, queue_label));
}

std::unique_ptr<MetricsEndpoint> MetricsEndpoint::Start(const MetricsOptions& options, MetricsSource& source) {
  if (options.port == 0) return nullptr;
  if (!IsMetricsLabelName(options.queue_label)) {
    throw std::runtime_error("'" + options.queue_label + "' cannot be the name of a Prometheus label");
  }
  auto impl = std::make_unique<Impl>();
  impl->collectable = std::make_shared<SourceCollectable>(source, options.queue_label);
  try {
    impl->exposer = std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", ListeningPorts(options), "num_threads", "2"});
  } catch (const std::exception&) {  // civetweb's own text says nothing about the address
    throw std::runtime_error("cannot serve metrics on " + ListeningPorts(options));
  }
  impl->address = options.bind_addresses[0] == "0.0.0.0" ? "127.0.0.1" : options.bind_addresses[0];
  impl->port = std::to_string(options.port);
  impl->exposer->RegisterCollectable(impl->collectable);
  return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(impl)));
}

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// civetweb looks at its stop flag when a connection arrives, and else every two seconds.
MetricsEndpoint::~MetricsEndpoint() {
  std::atomic<bool> stopped{false};
  std::thread knocking([&] {
    while (!stopped.load()) {
      Knock(impl_->address, impl_->port);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  impl_->exposer.reset();
  stopped.store(true);
  knocking.join();
}

}  // namespace usher::server
