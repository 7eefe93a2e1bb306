// See server_cpu.h.
#include "bench/server_cpu.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace usher::bench {
namespace {

double TicksPerSecond() {
  return static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// Run time of all threads of a process by the scheduler's clock; 0 if the kernel keeps none.
double SchedulerSeconds(const std::string& process) {
  double total_ns = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(process + "/task", error)) {
    double task_ns = 0;
    if (std::ifstream(task.path() / "schedstat") >> task_ns) total_ns += task_ns;
  }
  return total_ns / 1e9;
}

std::optional<CpuTime> ReadProcessCpu(int64_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::ifstream file(process + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::optional<CpuTime> cpu = CpuTimeInStat(text, TicksPerSecond());
  if (cpu) cpu->scheduler_s = SchedulerSeconds(process);
  return cpu;
}

}  // namespace

CpuTime UsedBetween(const CpuTime& earlier, const CpuTime& later) {
  CpuTime used{later.user_s - earlier.user_s, later.system_s - earlier.system_s,
               later.scheduler_s - earlier.scheduler_s};
  if (used.scheduler_s <= 0) return used;
  const double user_share = used.Total() > 0 ? used.user_s / used.Total() : 0;
  used.user_s = used.scheduler_s * user_share;
  used.system_s = used.scheduler_s * (1 - user_share);
  return used;
}

std::optional<CpuTime> CpuTimeInStat(std::string_view stat, double ticks_per_s) {
  const size_t name_end = stat.rfind(')');  // the name may hold anything, spaces and brackets included
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = stat.substr(name_end + 1);
  double ticks[2] = {};
  for (int field = 3; field <= 15; ++field) {  // proc(5): utime is field 14, stime 15
    const size_t begin = rest.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(begin);
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (field >= 14 && std::from_chars(word.data(), word.data() + word.size(), ticks[field - 14]).ec != std::errc{})
      return std::nullopt;
    rest.remove_prefix(word.size());
  }
  return CpuTime{ticks[0] / ticks_per_s, ticks[1] / ticks_per_s, 0};
}

std::optional<double> NumberInInfo(std::string_view info, std::string_view field) {
  const std::string wanted = "\n" + std::string(field) + ":";
  const size_t found = info.find(wanted);
  if (found == std::string_view::npos) return std::nullopt;
  const std::string_view text = info.substr(found + wanted.size());
  double number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

double MachineBusySeconds() {
  std::ifstream file("/proc/stat");
  std::string label;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  file >> label >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  return (user + nice + system + irq + softirq + steal) / TicksPerSecond();
}

std::optional<CpuTime> ReadServerCpu(BlockingClient& client, int64_t pid) {
  if (pid > 0) return ReadProcessCpu(pid);
  const Reply info = client.Call({"INFO", "cpu"});
  const std::optional<double> user = NumberInInfo(info.text, "used_cpu_user");
  const std::optional<double> system = NumberInInfo(info.text, "used_cpu_sys");
  if (!user || !system) return std::nullopt;
  return CpuTime{*user, *system, 0};
}

}  // namespace usher::bench
