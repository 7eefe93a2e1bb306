// The rows of ConfigDirective: every directive of Redis 7.2, then Usher's own. Names, ranges and defaults are those of
// the real server (the differential test compares them); what Usher makes of each is the row's ConfigEffect.
//
// Deliberate differences: `save` is "" by default (nothing is written unless it is asked for); loglevel has 7.2's
// "nothing"; the cpulist directives are spelt with hyphens and keep the underscore as an alias.
#include <algorithm>
#include <array>
#include <map>

#include "engine/base/assert.h"
#include "server/config_directive.h"
#include "server/config_text.h"

namespace usher::server {
namespace {

using enum ConfigEffect;

constexpr int64_t kInt32Min = std::numeric_limits<int32_t>::min();
constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kUint32Max = std::numeric_limits<uint32_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

constexpr ConfigDirective Special(std::string_view name, ConfigKind kind, std::string_view value, ConfigEffect effect) {
  return {.name = name, .kind = kind, .default_text = value, .effect = effect};
}

constexpr ConfigDirective Bool(std::string_view name, std::string_view value, ConfigEffect effect) {
  return Special(name, ConfigKind::kBool, value, effect);
}

constexpr ConfigDirective Text(std::string_view name, std::string_view value, ConfigEffect effect) {
  return Special(name, ConfigKind::kString, value, effect);
}

constexpr ConfigDirective Ranged(ConfigDirective directive, int64_t min, int64_t max) {
  directive.min = min;
  directive.max = max;
  return directive;
}

constexpr ConfigDirective Integer(std::string_view name, std::string_view value, int64_t min, int64_t max,
                                  ConfigEffect effect) {
  return Ranged(Special(name, ConfigKind::kInteger, value, effect), min, max);
}

constexpr ConfigDirective Power(std::string_view name, std::string_view value, int64_t max, ConfigEffect effect) {
  return Ranged(Special(name, ConfigKind::kPowerOfTwo, value, effect), 0, max);
}

constexpr ConfigDirective Octal(std::string_view name, std::string_view value, int64_t max, ConfigEffect effect) {
  return Ranged(Special(name, ConfigKind::kOctal, value, effect), 0, max);
}

constexpr ConfigDirective Memory(std::string_view name, std::string_view value, int64_t min, ConfigEffect effect) {
  return Ranged(Special(name, ConfigKind::kMemory, value, effect), min, kInt64Max);
}

constexpr ConfigDirective UnboundedMemory(std::string_view name, std::string_view value, ConfigEffect effect) {
  ConfigDirective directive = Special(name, ConfigKind::kMemory, value, effect);
  directive.unsigned_max = true;
  return directive;
}

constexpr ConfigDirective WithWords(ConfigDirective directive, std::string_view words) {
  directive.words = words;
  return directive;
}

constexpr ConfigDirective Enum(std::string_view name, std::string_view value, std::string_view words,
                               ConfigEffect effect) {
  return WithWords(Special(name, ConfigKind::kEnum, value, effect), words);
}

constexpr ConfigDirective ShutdownFlags(std::string_view name, std::string_view value, std::string_view words,
                                        ConfigEffect effect) {
  return WithWords(Special(name, ConfigKind::kShutdownFlags, value, effect), words);
}

constexpr ConfigDirective BaseName(std::string_view name, std::string_view value, std::string_view noun) {
  return WithWords(Special(name, ConfigKind::kBaseName, value, kEffective), noun);
}

constexpr ConfigDirective kDirectives[] = {
    Enum("acl-pubsub-default", "resetchannels", "allchannels|resetchannels", kPromise),
    Text("aclfile", "", kPromise).Flags(kConfigImmutable),
    Integer("acllog-max-len", "128", 0, kInt64Max, kDormant),
    Integer("active-defrag-cycle-max", "25", 1, 99, kTuning),
    Integer("active-defrag-cycle-min", "1", 1, 99, kTuning),
    Memory("active-defrag-ignore-bytes", "104857600", 1, kTuning),
    Integer("active-defrag-max-scan-fields", "1000", 1, kInt64Max, kTuning),
    Integer("active-defrag-threshold-lower", "10", 0, 1000, kTuning),
    Integer("active-defrag-threshold-upper", "100", 0, 1000, kTuning),
    Integer("active-expire-effort", "1", 1, 10, kEffective).Into<&ConfigValues::active_expire_effort>(),
    Bool("activedefrag", "no", kTuning),
    Bool("activerehashing", "yes", kTuning),
    Bool("always-show-logo", "no", kTuning).Flags(kConfigImmutable),
    Bool("aof-disable-auto-gc", "no", kEffective).Into<&ConfigValues::append_keeps_history>(),
    Bool("aof-load-truncated", "yes", kEffective).Into<&ConfigValues::append_loads_truncated>(),
    Text("aof-rewrite-cpulist", "", kDormant).Flags(kConfigImmutable).Alias("aof_rewrite_cpulist"),
    Bool("aof-rewrite-incremental-fsync", "yes", kEffective).Into<&ConfigValues::append_rewrite_syncs>(),
    Bool("aof-timestamp-enabled", "no", kEffective).Into<&ConfigValues::append_timestamps>(),
    Bool("aof-use-rdb-preamble", "yes", kEffective).Into<&ConfigValues::append_rdb_base>(),
    BaseName("appenddirname", "appendonlydir", "dirname").Flags(kConfigImmutable).Into<&ConfigValues::append_folder>(),
    BaseName("appendfilename", "appendonly.aof", "filename").Flags(kConfigImmutable).Into<&ConfigValues::append_file>(),
    Enum("appendfsync", "everysec", "everysec|always|no", kEffective).Into<&ConfigValues::append_sync>(),
    Bool("appendonly", "no", kEffective).Into<&ConfigValues::append_only>(),
    Memory("auto-aof-rewrite-min-size", "67108864", 0, kEffective).Into<&ConfigValues::append_rewrite_bytes_min>(),
    Integer("auto-aof-rewrite-percentage", "100", 0, kInt32Max, kEffective)
        .Into<&ConfigValues::append_rewrite_percentage>(),
    Text("bgsave-cpulist", "", kDormant).Flags(kConfigImmutable).Alias("bgsave_cpulist"),
    Special("bind", ConfigKind::kBindAddresses, "* -::*", kEffective)
        .Flags(kConfigNeedsHook)
        .Into<&ConfigValues::bind_addresses>(),
    Text("bind-source-addr", "", kDormant),
    Text("bio-cpulist", "", kTuning).Flags(kConfigImmutable).Alias("bio_cpulist"),
    Integer("busy-reply-threshold", "5000", 0, kInt64Max, kEffective)
        .Alias("lua-time-limit")
        .Into<&ConfigValues::busy_reply_threshold_ms>(),
    Special("client-output-buffer-limit", ConfigKind::kOutputBufferLimits,
            "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", kEffective)
        .Into<&ConfigValues::output_buffer_limits>(),
    Memory("client-query-buffer-limit", "1073741824", 1048576, kEffective)
        .Into<&ConfigValues::query_buffer_bytes_max>(),
    Bool("cluster-allow-pubsubshard-when-down", "yes", kDormant),
    Bool("cluster-allow-reads-when-down", "no", kDormant),
    Bool("cluster-allow-replica-migration", "yes", kDormant),
    Integer("cluster-announce-bus-port", "0", 0, 65535, kDormant),
    Special("cluster-announce-hostname", ConfigKind::kHostName, "", kDormant),
    Text("cluster-announce-human-nodename", "", kDormant),
    Text("cluster-announce-ip", "", kDormant),
    Integer("cluster-announce-port", "0", 0, 65535, kDormant),
    Integer("cluster-announce-tls-port", "0", 0, 65535, kDormant),
    Text("cluster-config-file", "nodes.conf", kDormant).Flags(kConfigImmutable),
    Bool("cluster-enabled", "no", kPromise).Flags(kConfigImmutable),
    UnboundedMemory("cluster-link-sendbuf-limit", "0", kDormant),
    Integer("cluster-migration-barrier", "1", 0, kInt32Max, kDormant),
    Integer("cluster-node-timeout", "15000", 0, kInt64Max, kDormant),
    Integer("cluster-port", "0", 0, 65535, kDormant).Flags(kConfigImmutable),
    Enum("cluster-preferred-endpoint-type", "ip", "ip|hostname|unknown-endpoint", kDormant),
    Bool("cluster-replica-no-failover", "no", kDormant).Alias("cluster-slave-no-failover"),
    Integer("cluster-replica-validity-factor", "10", 0, kInt32Max, kDormant).Alias("cluster-slave-validity-factor"),
    Bool("cluster-require-full-coverage", "yes", kDormant),
    Bool("crash-log-enabled", "yes", kTuning),
    Bool("crash-memcheck-enabled", "yes", kTuning),
    Bool("daemonize", "no", kEffective).Flags(kConfigImmutable).Into<&ConfigValues::daemonize>(),
    Integer("databases", "16", 1, kInt32Max, kEffective).Flags(kConfigImmutable).Into<&ConfigValues::databases>(),
    BaseName("dbfilename", "dump.rdb", "filename").Flags(kConfigProtected).Into<&ConfigValues::rdb_file>(),
    Special("dir", ConfigKind::kDirectory, "", kEffective).Flags(kConfigProtected).Into<&ConfigValues::directory>(),
    Bool("disable-thp", "yes", kTuning).Flags(kConfigImmutable),
    Bool("dynamic-hz", "yes", kTuning),
    Enum("enable-debug-command", "no", "no|yes|local", kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::debug_command>(),
    Enum("enable-module-command", "no", "no|yes|local", kPromise).Flags(kConfigImmutable),
    Enum("enable-protected-configs", "no", "no|yes|local", kEffective)
        .Flags(kConfigImmutable | kConfigProtected)
        .Into<&ConfigValues::protected_configs>(),
    Integer("hash-max-listpack-entries", "512", 0, kInt64Max, kEffective)
        .Alias("hash-max-ziplist-entries")
        .Into<&ConfigValues::hash_max_listpack_entries>(),
    Memory("hash-max-listpack-value", "64", 0, kEffective)
        .Alias("hash-max-ziplist-value")
        .Into<&ConfigValues::hash_max_listpack_value_bytes>(),
    Memory("hll-sparse-max-bytes", "3000", 0, kEffective).Into<&ConfigValues::hll_sparse_max_bytes>(),
    Integer("hz", "10", 0, kInt32Max, kTuning).Clamp(1, 500),
    Text("ignore-warnings", "", kTuning),
    Integer("io-threads", "1", 1, 128, kTuning).Flags(kConfigImmutable),
    Bool("io-threads-do-reads", "no", kTuning).Flags(kConfigImmutable),
    Bool("jemalloc-bg-thread", "yes", kTuning),
    Integer("key-load-delay", "0", kInt32Min, kInt32Max, kDormant).Flags(kConfigHidden),
    Integer("latency-monitor-threshold", "0", 0, kInt64Max, kEffective)
        .Into<&ConfigValues::latency_monitor_threshold_ms>(),
    Bool("latency-tracking", "yes", kEffective).Into<&ConfigValues::latency_tracking>(),
    Special("latency-tracking-info-percentiles", ConfigKind::kPercentiles, "50 99 99.9", kEffective)
        .Into<&ConfigValues::latency_percentiles>(),
    Bool("lazyfree-lazy-eviction", "no", kTuning),
    Bool("lazyfree-lazy-expire", "no", kTuning),
    Bool("lazyfree-lazy-server-del", "no", kTuning),
    Bool("lazyfree-lazy-user-del", "no", kTuning),
    Bool("lazyfree-lazy-user-flush", "no", kTuning),
    Integer("lfu-decay-time", "1", 0, kInt32Max, kEffective).Into<&ConfigValues::lfu_decay_minutes>(),
    Integer("lfu-log-factor", "10", 0, kInt32Max, kEffective).Into<&ConfigValues::lfu_log_factor>(),
    Integer("list-compress-depth", "0", 0, kInt32Max, kTuning),
    Integer("list-max-listpack-size", "-2", kInt32Min, kInt32Max, kEffective)
        .Alias("list-max-ziplist-size")
        .Into<&ConfigValues::list_max_listpack_size>(),
    Integer("loading-process-events-interval-bytes", "2097152", 1024, kInt32Max, kDormant).Flags(kConfigHidden),
    Text("locale-collate", "", kPromise).Harmless("C|POSIX"),
    Text("logfile", "", kEffective).Flags(kConfigImmutable).Into<&ConfigValues::log_file>(),
    Enum("loglevel", "notice", "debug|verbose|notice|warning|nothing", kEffective).Into<&ConfigValues::log_level>(),
    Bool("lua-enable-deprecated-api", "no", kDormant).Flags(kConfigImmutable | kConfigHidden),
    Text("masterauth", "", kDormant).Flags(kConfigSensitive),
    Text("masteruser", "", kDormant).Flags(kConfigSensitive),
    Integer("maxclients", "10000", 1, kUint32Max, kEffective).Into<&ConfigValues::max_clients>(),
    UnboundedMemory("maxmemory", "0", kEffective).Into<&ConfigValues::maxmemory_bytes>(),
    Special("maxmemory-clients", ConfigKind::kMemoryOrPercent, "0", kPromise),
    Integer("maxmemory-eviction-tenacity", "10", 0, 100, kTuning),
    Enum("maxmemory-policy", "noeviction",
         "volatile-lru|volatile-lfu|volatile-random|volatile-ttl|allkeys-lru|allkeys-lfu|allkeys-random|noeviction",
         kEffective)
        .Into<&ConfigValues::maxmemory_policy>(),
    Integer("maxmemory-samples", "5", 1, kInt32Max, kEffective).Into<&ConfigValues::maxmemory_samples>(),
    Integer("min-replicas-max-lag", "10", 0, kInt32Max, kDormant).Alias("min-slaves-max-lag"),
    Integer("min-replicas-to-write", "0", 0, kInt32Max, kPromise).Alias("min-slaves-to-write"),
    Bool("no-appendfsync-on-rewrite", "no", kEffective).Into<&ConfigValues::append_sync_pauses>(),
    Special("notify-keyspace-events", ConfigKind::kKeyspaceEvents, "", kEffective)
        .Into<&ConfigValues::notify_classes>(),
    Enum("oom-score-adj", "no", "no|yes|relative|absolute", kPromise),
    Special("oom-score-adj-values", ConfigKind::kOomScores, "0 200 800", kDormant),
    Text("pidfile", "", kEffective).Flags(kConfigImmutable).Into<&ConfigValues::pid_file>(),
    Integer("port", "6379", 0, 65535, kEffective).Flags(kConfigNeedsHook).Into<&ConfigValues::port>(),
    Special("proc-title-template", ConfigKind::kProcessTitle, "{title} {listen-addr} {server-mode}", kTuning),
    Enum("propagation-error-behavior", "ignore", "ignore|panic|panic-on-replicas", kDormant),
    Bool("protected-mode", "yes", kEffective).Into<&ConfigValues::protected_mode>(),
    Memory("proto-max-bulk-len", "536870912", 1048576, kEffective).Into<&ConfigValues::bulk_bytes_max>(),
    Bool("rdb-del-sync-files", "no", kDormant),
    Integer("rdb-key-save-delay", "0", kInt32Min, kInt32Max, kDormant).Flags(kConfigHidden),
    Bool("rdb-save-incremental-fsync", "yes", kEffective).Into<&ConfigValues::rdb_save_syncs>(),
    Bool("rdbchecksum", "yes", kEffective).Flags(kConfigImmutable).Into<&ConfigValues::rdb_checksum>(),
    Bool("rdbcompression", "yes", kEffective).Into<&ConfigValues::rdb_compression>(),
    Memory("repl-backlog-size", "1048576", 1, kDormant).Clamp(16384, kInt64Max),
    Integer("repl-backlog-ttl", "3600", 0, kInt64Max, kDormant),
    Bool("repl-disable-tcp-nodelay", "no", kDormant),
    Enum("repl-diskless-load", "disabled", "disabled|on-empty-db|swapdb", kDormant),
    Bool("repl-diskless-sync", "yes", kDormant),
    Integer("repl-diskless-sync-delay", "5", 0, kInt32Max, kDormant),
    Integer("repl-diskless-sync-max-replicas", "0", 0, kInt32Max, kDormant),
    Integer("repl-ping-replica-period", "10", 1, kInt32Max, kDormant).Alias("repl-ping-slave-period"),
    Integer("repl-timeout", "60", 1, kInt32Max, kDormant),
    Text("replica-announce-ip", "", kDormant).Alias("slave-announce-ip"),
    Integer("replica-announce-port", "0", 0, 65535, kDormant).Alias("slave-announce-port"),
    Bool("replica-announced", "yes", kDormant),
    Bool("replica-ignore-disk-write-errors", "no", kDormant),
    Bool("replica-ignore-maxmemory", "yes", kDormant).Alias("slave-ignore-maxmemory"),
    Bool("replica-lazy-flush", "no", kDormant).Alias("slave-lazy-flush"),
    Integer("replica-priority", "100", 0, kInt32Max, kDormant).Alias("slave-priority"),
    Bool("replica-read-only", "yes", kDormant).Alias("slave-read-only"),
    Bool("replica-serve-stale-data", "yes", kDormant).Alias("slave-serve-stale-data"),
    Special("replicaof", ConfigKind::kReplicaOf, "", kPromise).Alias("slaveof").Flags(kConfigImmutable),
    Text("requirepass", "", kEffective).Flags(kConfigSensitive).Into<&ConfigValues::password>(),
    Enum("sanitize-dump-payload", "no", "no|yes|clients", kDormant),
    Special("save", ConfigKind::kSavePoints, "3600 1 300 100 60 10000", kEffective).Into<&ConfigValues::save_points>(),
    Text("server-cpulist", "", kTuning).Flags(kConfigImmutable).Alias("server_cpulist"),
    Integer("set-max-intset-entries", "512", 0, kInt64Max, kEffective).Into<&ConfigValues::set_max_intset_entries>(),
    Integer("set-max-listpack-entries", "128", 0, kInt64Max, kEffective)
        .Into<&ConfigValues::set_max_listpack_entries>(),
    Memory("set-max-listpack-value", "64", 0, kEffective).Into<&ConfigValues::set_max_listpack_value_bytes>(),
    Bool("set-proc-title", "yes", kTuning).Flags(kConfigImmutable),
    ShutdownFlags("shutdown-on-sigint", "default", "default|save|nosave|now|force", kEffective)
        .Into<&ConfigValues::shutdown_on_sigint>(),
    ShutdownFlags("shutdown-on-sigterm", "default", "default|save|nosave|now|force", kEffective)
        .Into<&ConfigValues::shutdown_on_sigterm>(),
    Integer("shutdown-timeout", "10", 0, kInt32Max, kEffective).Into<&ConfigValues::shutdown_timeout_seconds>(),
    Integer("slowlog-log-slower-than", "10000", -1, kInt64Max, kEffective)
        .Into<&ConfigValues::slowlog_slower_than_us>(),
    Integer("slowlog-max-len", "128", 0, kInt64Max, kEffective).Into<&ConfigValues::slowlog_length_max>(),
    Integer("socket-mark-id", "0", 0, kUint32Max, kPromise).Flags(kConfigImmutable),
    Bool("stop-writes-on-bgsave-error", "yes", kEffective).Into<&ConfigValues::stop_writes_on_save_error>(),
    Memory("stream-node-max-bytes", "4096", 0, kEffective).Into<&ConfigValues::stream_node_bytes_max>(),
    Integer("stream-node-max-entries", "100", 0, kInt64Max, kEffective).Into<&ConfigValues::stream_node_entries_max>(),
    Enum("supervised", "no", "upstart|systemd|auto|no", kPromise).Flags(kConfigImmutable).Harmless("auto"),
    Bool("syslog-enabled", "no", kPromise).Flags(kConfigImmutable),
    Enum("syslog-facility", "local0", "user|local0|local1|local2|local3|local4|local5|local6|local7", kDormant)
        .Flags(kConfigImmutable),
    Text("syslog-ident", "redis", kDormant).Flags(kConfigImmutable),
    Integer("tcp-backlog", "511", 0, kInt32Max, kEffective).Flags(kConfigImmutable).Into<&ConfigValues::tcp_backlog>(),
    Integer("tcp-keepalive", "300", 0, kInt32Max, kEffective).Into<&ConfigValues::tcp_keepalive_seconds>(),
    Integer("timeout", "0", 0, kInt32Max, kEffective).Into<&ConfigValues::idle_timeout_seconds>(),
    Enum("tls-auth-clients", "yes", "no|yes|optional", kDormant),
    Text("tls-ca-cert-dir", "", kDormant),
    Text("tls-ca-cert-file", "", kDormant),
    Text("tls-cert-file", "", kDormant),
    Text("tls-ciphers", "", kDormant),
    Text("tls-ciphersuites", "", kDormant),
    Text("tls-client-cert-file", "", kDormant),
    Text("tls-client-key-file", "", kDormant),
    Text("tls-client-key-file-pass", "", kDormant).Flags(kConfigSensitive),
    Bool("tls-cluster", "no", kPromise),
    Text("tls-dh-params-file", "", kDormant),
    Text("tls-key-file", "", kDormant),
    Text("tls-key-file-pass", "", kDormant).Flags(kConfigSensitive),
    Integer("tls-port", "0", 0, 65535, kPromise),
    Bool("tls-prefer-server-ciphers", "no", kDormant),
    Text("tls-protocols", "", kDormant),
    Bool("tls-replication", "no", kPromise),
    Integer("tls-session-cache-size", "20480", 0, kInt32Max, kDormant),
    Integer("tls-session-cache-timeout", "300", 0, kInt32Max, kDormant),
    Bool("tls-session-caching", "yes", kDormant),
    Integer("tracking-table-max-keys", "1000000", 0, kInt64Max, kEffective).Into<&ConfigValues::tracked_keys_max>(),
    Text("unixsocket", "", kEffective).Flags(kConfigImmutable).Into<&ConfigValues::unix_socket>(),
    Octal("unixsocketperm", "0", 0777, kEffective).Flags(kConfigImmutable).Into<&ConfigValues::unix_socket_mode>(),
    Bool("use-exit-on-panic", "no", kTuning).Flags(kConfigHidden),
    Integer("watchdog-period", "0", 0, kInt32Max, kTuning).Flags(kConfigHidden),
    Integer("zset-max-listpack-entries", "128", 0, kInt64Max, kEffective)
        .Alias("zset-max-ziplist-entries")
        .Into<&ConfigValues::zset_max_listpack_entries>(),
    Memory("zset-max-listpack-value", "64", 0, kEffective)
        .Alias("zset-max-ziplist-value")
        .Into<&ConfigValues::zset_max_listpack_value_bytes>(),

    // Usher's own.
    Integer("workers", "0", 0, 1024, kEffective).Flags(kConfigImmutable).Into<&ConfigValues::workers>(),
    Power("shards", "0", 65536, kEffective).Flags(kConfigImmutable).Into<&ConfigValues::shards>(),
    Integer("metrics-port", "0", 0, 65535, kEffective).Flags(kConfigImmutable).Into<&ConfigValues::metrics_port>(),
    Enum("journal", "off", "off|memory", kEffective).Flags(kConfigImmutable).Into<&ConfigValues::journal>(),
    Memory("journal-max-bytes", "67108864", 1048576, kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::journal_bytes_max>(),
    Special("queue-wait-key", ConfigKind::kQueueKey, "queue:wait:{Q}", kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::queue_wait_key>(),
    Special("queue-active-key", ConfigKind::kQueueKey, "queue:active:{Q}", kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::queue_active_key>(),
    Special("queue-token-key", ConfigKind::kQueueTokenKey, "active:token:{Q}:USER", kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::queue_token_key>(),
    Special("queue-config-key", ConfigKind::kQueueKey, "queue:config:{Q}", kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::queue_config_key>(),
    Special("queue-metrics-label", ConfigKind::kMetricsLabel, "concert_id", kEffective)
        .Flags(kConfigImmutable)
        .Into<&ConfigValues::queue_metrics_label>(),
};

using NameIndex = std::map<std::string, size_t, std::less<>>;

NameIndex BuildNameIndex() {
  NameIndex index;
  for (size_t i = 0; i < std::size(kDirectives); ++i) {
    const bool fresh = index.emplace(kDirectives[i].name, i).second;
    ASSERT(fresh);
    if (!kDirectives[i].alias.empty()) {
      const bool fresh_alias = index.emplace(kDirectives[i].alias, i).second;
      ASSERT(fresh_alias);
    }
  }
  return index;
}

}  // namespace

std::span<const ConfigDirective> ConfigDirectives() {
  return kDirectives;
}

const ConfigDirective* FindConfigDirective(std::string_view name) {
  static const NameIndex index = BuildNameIndex();
  const auto found = index.find(LowerCase(name));
  return found == index.end() ? nullptr : &kDirectives[found->second];
}

size_t ConfigIndexOf(const ConfigDirective& directive) {
  const auto index = static_cast<size_t>(&directive - kDirectives);
  ASSERT(index < std::size(kDirectives));
  return index;
}

}  // namespace usher::server
