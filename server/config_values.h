// ConfigValues: the settings that Usher's own code reads, typed and immutable. Config publishes a snapshot of it behind
// an atomic pointer; everything else that a Redis configuration may hold (accepted, stored, listed) stays text in
// Config. Field names carry their units; a field's meaning is that of the directive named beside it in
// config_table.cpp.
//
// Thread safety: a snapshot never changes after it is published and lives until its Config dies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/eviction_policy.h"

namespace usher::server {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };
/// Who may use a risky feature: nobody, everybody, connections from this machine.
enum class Allowed : uint8_t { kNo, kYes, kLocal };
/// appendfsync, in the order of its words.
enum class AppendSync : uint8_t { kEverySecond, kAlways, kNever };
enum class JournalMode : uint8_t { kOff, kMemory };

/// client-output-buffer-limit of one class of clients; 0 is no limit.
struct OutputBufferLimit {
  uint64_t hard_bytes = 0;
  uint64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
  bool operator==(const OutputBufferLimit&) const = default;
};
enum ClientClass : uint8_t { kClientNormal, kClientReplica, kClientPubSub, kClientClassCount };
using OutputBufferLimits = std::array<OutputBufferLimit, kClientClassCount>;

struct ConfigValues {
  // Network.
  int port = 0;
  int tcp_backlog = 0;
  std::vector<std::string> bind_addresses;  // "-" before an address: it may be missing; "*": all of IPv4
  bool protected_mode = false;
  std::string unix_socket;
  uint32_t unix_socket_mode = 0;  // 0: what umask leaves
  int64_t max_clients = 0;
  int64_t idle_timeout_seconds = 0;
  int64_t tcp_keepalive_seconds = 0;
  std::string password;  // requirepass
  int metrics_port = 0;  // 0: off

  // Process.
  bool daemonize = false;
  std::string pid_file;
  std::string log_file;  // "": standard output
  LogLevel log_level = LogLevel::kNotice;
  std::string directory;
  int64_t shutdown_timeout_seconds = 0;
  int64_t shutdown_on_sigterm = 0;  // 1 save, 2 nosave, 4 now, 8 force
  int64_t shutdown_on_sigint = 0;   // the same
  Allowed debug_command = Allowed::kNo;
  Allowed protected_configs = Allowed::kNo;

  // Threads, shards, journal.
  int workers = 0;  // 0: as many as the cores the process may use
  int shards = 0;   // 0: chosen from workers; else a power of two
  JournalMode journal = JournalMode::kOff;
  uint64_t journal_bytes_max = 0;

  // Files.
  std::string rdb_file;                  // dbfilename
  std::vector<std::string> save_points;  // seconds and changes in turn
  bool rdb_compression = false;
  bool rdb_checksum = false;
  bool rdb_save_syncs = false;  // rdb-save-incremental-fsync
  bool stop_writes_on_save_error = false;

  // The append-only file.
  bool append_only = false;
  std::string append_folder;  // appenddirname
  std::string append_file;    // appendfilename
  AppendSync append_sync = AppendSync::kEverySecond;
  bool append_sync_pauses = false;      // no-appendfsync-on-rewrite
  bool append_loads_truncated = false;  // aof-load-truncated
  bool append_timestamps = false;       // aof-timestamp-enabled
  bool append_keeps_history = false;    // aof-disable-auto-gc
  bool append_rewrite_syncs = false;    // aof-rewrite-incremental-fsync
  bool append_rdb_base = false;         // aof-use-rdb-preamble
  int append_rewrite_percentage = 0;    // auto-aof-rewrite-percentage; 0: only when asked
  uint64_t append_rewrite_bytes_min = 0;

  // Clients.
  OutputBufferLimits output_buffer_limits;
  uint64_t query_buffer_bytes_max = 0;
  uint64_t bulk_bytes_max = 0;  // proto-max-bulk-len

  // Keys and memory.
  int databases = 0;
  uint64_t maxmemory_bytes = 0;
  uint64_t tracked_keys_max = 0;  // tracking-table-max-keys; 0: no limit
  engine::EvictionPolicy maxmemory_policy = engine::EvictionPolicy::kNoEviction;
  int maxmemory_samples = 0;
  int lfu_log_factor = 0;
  int lfu_decay_minutes = 0;
  int active_expire_effort = 0;

  // Scripts.
  int64_t busy_reply_threshold_ms = 0;  // 0: nobody is told that a script is slow

  // Encodings.
  uint64_t hash_max_listpack_entries = 0;
  uint64_t hash_max_listpack_value_bytes = 0;
  uint64_t hll_sparse_max_bytes = 0;
  uint64_t zset_max_listpack_entries = 0;
  uint64_t zset_max_listpack_value_bytes = 0;
  uint64_t set_max_intset_entries = 0;
  uint64_t set_max_listpack_entries = 0;
  uint64_t set_max_listpack_value_bytes = 0;
  int list_max_listpack_size = 0;
  uint64_t stream_node_bytes_max = 0;
  uint64_t stream_node_entries_max = 0;

  // Observation.
  int64_t slowlog_slower_than_us = 0;  // negative: off
  uint64_t slowlog_length_max = 0;
  int64_t latency_monitor_threshold_ms = 0;  // 0: off
  bool latency_tracking = false;
  std::vector<double> latency_percentiles;
  uint32_t notify_classes = 0;  // notify-keyspace-events, as engine::NotifyClass bits

  // Waiting room. Templates hold {Q} for the queue and USER for the user.
  std::string queue_wait_key;
  std::string queue_active_key;
  std::string queue_token_key;
  std::string queue_config_key;
  std::string queue_metrics_label;

  bool operator==(const ConfigValues&) const = default;
};

}  // namespace usher::server
