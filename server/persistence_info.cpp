// INFO's section about saving and loading. See persistence.h.
#include "server/info.h"
#include "server/persistence.h"
#include "server/server.h"

namespace usher::server {

namespace {

void WriteLoading(const PersistenceInfo& info, const Server& server, InfoWriter& out) {
  if (!info.loading) return;
  const double total = static_cast<double>(info.loading_total_bytes);
  const double loaded = static_cast<double>(info.loading_loaded_bytes);
  const int64_t elapsed_s = server.clock().NowUs() / 1'000'000 - info.loading_start_s;
  const double eta_s = loaded > 0 && elapsed_s > 0 ? static_cast<double>(elapsed_s) * (total - loaded) / loaded : 1;
  out.Number("loading_start_time", info.loading_start_s);
  out.Unsigned("loading_total_bytes", info.loading_total_bytes);
  out.Zeros({"loading_rdb_used_mem"});
  out.Unsigned("loading_loaded_bytes", info.loading_loaded_bytes);
  out.Real("loading_loaded_perc", total > 0 ? loaded / total * 100 : 100, 2);
  out.Number("loading_eta_seconds", static_cast<int64_t>(eta_s));
}

void WriteAof(const AofInfo& info, InfoWriter& out) {
  out.Number("aof_enabled", info.enabled ? 1 : 0);
  out.Number("aof_rewrite_in_progress", info.rewriting ? 1 : 0);
  out.Number("aof_rewrite_scheduled", info.scheduled ? 1 : 0);
  out.Number("aof_last_rewrite_time_sec", info.last_rewrite_seconds);
  out.Number("aof_current_rewrite_time_sec", info.current_rewrite_seconds);
  out.Text("aof_last_bgrewrite_status", info.last_rewrite_ok ? "ok" : "err");
  out.Unsigned("aof_rewrites", info.rewrites);
  out.Unsigned("aof_rewrites_consecutive_failures", info.rewrites_failed);
  out.Text("aof_last_write_status", info.last_write_ok ? "ok" : "err");
  out.Zeros({"aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"});
  if (!info.enabled) return;
  out.Unsigned("aof_current_size", info.current_bytes);
  out.Unsigned("aof_base_size", info.base_bytes);
  out.Number("aof_pending_rewrite", 0);
  out.Unsigned("aof_buffer_length", info.buffered_bytes);
  out.Unsigned("aof_pending_bio_fsync", info.pending_syncs);
  out.Unsigned("aof_delayed_fsync", info.delayed_syncs);
}

}  // namespace

void WritePersistenceInfo(Server& server, InfoWriter& out) {
  const PersistenceInfo info = server.persistence().Info();
  out.Number("loading", info.loading ? 1 : 0);
  out.Zeros({"async_loading"});
  out.Unsigned("current_cow_peak", info.snapshot_bytes_peak);
  out.Unsigned("current_cow_size", info.snapshot_bytes);
  out.Zeros({"current_cow_size_age"});
  const double part =
      info.keys_total > 0 ? static_cast<double>(info.keys_processed) / static_cast<double>(info.keys_total) : 0;
  out.Real("current_fork_perc", info.saving ? part * 100 : 0, 2);
  out.Unsigned("current_save_keys_processed", info.keys_processed);
  out.Unsigned("current_save_keys_total", info.keys_total);
  out.Unsigned("rdb_changes_since_last_save", info.changes);
  out.Number("rdb_bgsave_in_progress", info.saving ? 1 : 0);
  out.Number("rdb_last_save_time", info.last_save_s);
  out.Text("rdb_last_bgsave_status", info.last_background_ok ? "ok" : "err");
  out.Number("rdb_last_bgsave_time_sec", info.last_background_seconds);
  out.Number("rdb_current_bgsave_time_sec", info.current_background_seconds);
  out.Unsigned("rdb_saves", info.saves);
  out.Unsigned("rdb_last_cow_size", info.last_snapshot_bytes);
  out.Unsigned("rdb_last_load_keys_expired", info.keys_expired_at_load);
  out.Unsigned("rdb_last_load_keys_loaded", info.keys_loaded);
  WriteAof(server.aof().Info(), out);
  WriteLoading(info, server, out);
}

}  // namespace usher::server
