// INFO's sections about the process: server, clients, memory, CPU.
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "engine/base/memory.h"
#include "server/info.h"
#include "server/server.h"
#include "server/version.h"

namespace usher::server {

namespace {

std::string OperatingSystem() {
  utsname name{};
  if (uname(&name) != 0) return {};
  return std::string(name.sysname) + ' ' + name.release + ' ' + name.machine;
}

std::string ExecutablePath() {
  std::array<char, 4096> path;
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  return length < 0 ? std::string() : std::string(path.data(), static_cast<size_t>(length));
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double Ratio(uint64_t of, uint64_t to) {
  return to == 0 ? 0 : static_cast<double>(of) / static_cast<double>(to);
}

int64_t Difference(uint64_t of, uint64_t less) {
  return static_cast<int64_t>(of) - static_cast<int64_t>(less);
}

std::string_view PolicyName(const Server& server) {
  static constexpr std::string_view kNames[] = {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
                                                "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};
  return kNames[static_cast<size_t>(server.config().maxmemory_policy)];
}

void WriteListener(const Server& server, InfoWriter& out) {
  std::string addresses;
  for (const std::string& address : server.config().bind_addresses) addresses += ",bind=" + address;
  out.Text("listener0", "name=tcp" + addresses + ",port=" + std::to_string(server.config().port));
}

void WriteScriptMemory(Server& server, InfoWriter& out) {
  const StatsReader::LuaBytes lua = server.stats_reader().Lua();
  const std::shared_ptr<const FunctionTable> functions = server.functions().table();
  const uint64_t scripts_bytes = server.scripts().MemoryBytes();
  const uint64_t functions_bytes = functions->MemoryBytes();
  out.Unsigned("used_memory_lua", lua.eval);
  out.Unsigned("used_memory_vm_eval", lua.eval);
  out.Text("used_memory_lua_human", HumanBytes(lua.eval));
  out.Unsigned("used_memory_scripts_eval", scripts_bytes);
  out.Unsigned("number_of_cached_scripts", server.scripts().count());
  out.Unsigned("number_of_functions", functions->functions.size());
  out.Unsigned("number_of_libraries", functions->libraries.size());
  out.Unsigned("used_memory_vm_functions", lua.functions);
  out.Unsigned("used_memory_vm_total", lua.eval + lua.functions);
  out.Text("used_memory_vm_total_human", HumanBytes(lua.eval + lua.functions));
  out.Unsigned("used_memory_functions", functions_bytes);
  out.Bytes("used_memory_scripts", scripts_bytes + functions_bytes);
}

}  // namespace

void WriteServerInfo(Server& server, InfoWriter& out) {
  const int64_t now_us = server.clock().NowUs();
  const int64_t uptime_s = (now_us / 1000 - server.start_ms()) / 1000;
  out.Text("redis_version", kRedisVersion);
  out.Text("redis_git_sha1", "00000000");
  out.Number("redis_git_dirty", 0);
  out.Text("redis_build_id", "0");
  out.Text("redis_mode", "standalone");
  out.Text("os", OperatingSystem());
  out.Number("arch_bits", static_cast<int64_t>(sizeof(void*) * 8));
  out.Text("monotonic_clock", "time stamp counter");
  out.Text("multiplexing_api", "epoll");
  out.Text("atomicvar_api", "c11-builtin");
  out.Text("gcc_version", __VERSION__);
  out.Number("process_id", getpid());
  out.Text("process_supervised", "no");
  out.Text("run_id", server.run_id());
  out.Number("tcp_port", server.config().port);
  out.Number("server_time_usec", now_us);
  out.Number("uptime_in_seconds", uptime_s);
  out.Number("uptime_in_days", uptime_s / 86'400);
  out.Number("hz", 10);
  out.Number("configured_hz", 10);
  out.Number("lru_clock", (now_us / 1'000'000) & 0xFFFFFF);
  out.Text("executable", ExecutablePath());
  out.Text("config_file", server.mutable_config().file());
  out.Number("io_threads_active", 0);
  WriteListener(server, out);
  out.Text("usher_version", kUsherVersion);
  out.Unsigned("usher_workers", server.workers().size());
  out.Unsigned("usher_shards", server.engine().shard_count());
}

void WriteClientsInfo(Server& server, InfoWriter& out) {
  const MemoryReport memory = server.memory().Report(server);
  size_t connected = 0;
  size_t blocked = 0;
  for (const auto& client : server.clients().All()) {
    ++connected;
    blocked += (client->flags.load(std::memory_order_relaxed) & kClientBlocked) != 0 ? 1 : 0;
  }
  out.Unsigned("connected_clients", connected);
  out.Number("cluster_connections", 0);
  out.Number("maxclients", server.config().max_clients);
  out.Unsigned("client_recent_max_input_buffer", memory.client_input_max);
  out.Unsigned("client_recent_max_output_buffer", memory.client_output_max);
  out.Unsigned("blocked_clients", blocked);
  out.Unsigned("tracking_clients", server.tracking().clients());
  out.Number("clients_in_timeout_table", 0);
  uint64_t keys = 0;
  uint64_t keys_needed = 0;
  for (const auto& shard : server.engine().shards()) {
    keys += shard->blocked().counted_keys();
    keys_needed += shard->blocked().counted_keys_needed();
  }
  out.Unsigned("total_blocking_keys", keys);
  out.Unsigned("total_blocking_keys_on_nokey", keys_needed);
}

void WriteMemoryInfo(Server& server, InfoWriter& out) {
  const MemoryReport memory = server.memory().Report(server);
  out.Bytes("used_memory", memory.used);
  out.Bytes("used_memory_rss", memory.resident);
  out.Bytes("used_memory_peak", memory.peak);
  out.Real("used_memory_peak_perc", 100 * Ratio(memory.used, memory.peak), 2, "%");
  out.Unsigned("used_memory_overhead", memory.overhead());
  out.Unsigned("used_memory_startup", memory.startup);
  out.Unsigned("used_memory_dataset", memory.dataset());
  out.Real("used_memory_dataset_perc", 100 * Ratio(memory.dataset(), memory.used - memory.startup), 2, "%");
  out.Unsigned("allocator_allocated", memory.used);
  out.Unsigned("allocator_active", memory.anonymous);
  out.Unsigned("allocator_resident", memory.anonymous);
  out.Bytes("total_system_memory", memory.system_total);
  WriteScriptMemory(server, out);
  out.Bytes("maxmemory", server.config().maxmemory_bytes);
  out.Text("maxmemory_policy", PolicyName(server));
  out.Real("allocator_frag_ratio", memory.allocator_fragmentation(), 2);
  out.Number("allocator_frag_bytes", Difference(memory.anonymous, memory.used));
  out.Real("allocator_rss_ratio", 1, 2);
  out.Number("allocator_rss_bytes", 0);
  out.Real("rss_overhead_ratio", memory.process_overhead(), 2);
  out.Number("rss_overhead_bytes", Difference(memory.resident, memory.anonymous));
  out.Real("mem_fragmentation_ratio", memory.fragmentation(), 2);
  out.Number("mem_fragmentation_bytes", Difference(memory.resident, memory.used));
  out.Unsigned("mem_not_counted_for_evict", memory.journal);
  out.Zeros({"mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves"});
  out.Unsigned("mem_clients_normal", memory.clients);
  out.Zeros({"mem_cluster_links", "mem_aof_buffer"});
  out.Text("mem_allocator", engine::AllocatorName());
  out.Number("active_defrag_running", 0);
  out.Unsigned("lazyfree_pending_objects", server.engine().background_free().pending());
  out.Unsigned("lazyfreed_objects", server.engine().background_free().freed());
  out.Unsigned("mem_journal", memory.journal);
}

void WriteCpuInfo(Server&, InfoWriter& out) {
  rusage process{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &process);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  out.Real("used_cpu_sys", Seconds(process.ru_stime), 6);
  out.Real("used_cpu_user", Seconds(process.ru_utime), 6);
  out.Real("used_cpu_sys_children", Seconds(children.ru_stime), 6);
  out.Real("used_cpu_user_children", Seconds(children.ru_utime), 6);
  out.Real("used_cpu_sys_main_thread", Seconds(thread.ru_stime), 6);
  out.Real("used_cpu_user_main_thread", Seconds(thread.ru_utime), 6);
}

}  // namespace usher::server
