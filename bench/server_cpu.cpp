// See server_cpu.h.
#include "bench/server_cpu.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace usher::bench {

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
  return CpuTime{ticks[0] / ticks_per_s, ticks[1] / ticks_per_s};
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

std::optional<CpuTime> ReadServerCpu(BlockingClient& client, int64_t pid) {
  if (pid > 0) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return CpuTimeInStat(text, static_cast<double>(sysconf(_SC_CLK_TCK)));
  }
  const Reply info = client.Call({"INFO", "cpu"});
  const std::optional<double> user = NumberInInfo(info.text, "used_cpu_user");
  const std::optional<double> system = NumberInInfo(info.text, "used_cpu_sys");
  if (!user || !system) return std::nullopt;
  return CpuTime{*user, *system};
}

}  // namespace usher::bench
