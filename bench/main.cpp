// usher-bench: load for any server that speaks the Redis protocol. One function for each subcommand; see
// bench/README.md.
//
// Exit code: 0 all well; 1 the verification failed or there were errors; 2 wrong usage or no server.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/dialect.h"
#include "bench/drive.h"
#include "bench/opening.h"
#include "bench/options.h"
#include "bench/report.h"

namespace usher::bench {
namespace {

using Words = std::vector<std::string>;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr double kPlainProgressS = 0.9;  // in a log a line about every second is enough

void WriteFile(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  std::ofstream file(path);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
}

/// Parses, or prints the help: false when there is nothing to run.
bool ParseOrHelp(const OptionTable& table, const Words& args, const char* usage, Words* rest, int* exit_code) {
  const bool wants_help = !args.empty() && (args[0] == "--help" || args[0] == "-h");
  const std::string error = wants_help ? "" : table.Parse(args, rest);
  if (!wants_help && error.empty()) return true;
  *exit_code = wants_help ? 0 : kExitUsage;
  std::fprintf(wants_help ? stdout : stderr, "%s%susage: usher-bench %s\n%s", error.c_str(), error.empty() ? "" : "\n",
               usage, table.Help().c_str());
  return false;
}

void AddAddress(OptionTable& table, Address& address) {
  table.Add("--host", "server's name or address", &address.host);
  table.Add("--port", "server's port", &address.port);
  table.Add("--unix", "server's unix socket, instead of host and port", &address.unix_path);
}

struct OpeningOutputs {
  std::string json;
  std::string csv;
  bool plot = false;
  bool quiet = false;
  bool saturate = false;
};

OptionTable OpeningOptions(OpeningSettings& settings, SearchSettings& search, OpeningOutputs& outputs) {
  OptionTable table;
  AddAddress(table, settings.address);
  table.Add("--mode", "native, lua or plain", &settings.mode);
  table.Add("--scale", "multiplies the rates", &settings.scale);
  table.Add("--time-scale", "multiplies all durations: 0.02 is a test of 2 s", &settings.time_scale);
  table.Add("--connections", "connections", &settings.connections);
  table.Add("--threads", "generator threads", &settings.threads);
  table.Add("--admit", "people admitted from each queue every interval (fewer under --time-scale)", &settings.admit);
  table.Add("--admit-interval", "seconds between admissions, before --time-scale", &settings.admit_interval_s);
  table.Add("--max-active", "most active people of a queue (fewer under --time-scale)", &settings.active_max);
  table.Add("--token-ttl", "seconds that a token lives (not scaled)", &settings.token_ttl_s);
  table.Add("--polls", "polls per second while watching", &settings.polls_per_s);
  table.Add("--queue", "name of the queue; its keys are deleted first", &settings.queue);
  table.Add("--queues", "spread people over so many queues", &settings.queues);
  table.Add("--server-pid", "read the server's CPU from /proc instead of INFO", &settings.server_pid);
  table.Add("--seed", "of names, arrival jitter and polls", &settings.seed);
  table.Add("--drain", "seconds to wait for answers after the schedule's end", &settings.drain_s);
  table.Add("--json", "write the results to this file", &outputs.json);
  table.Add("--csv", "write the time series to this file", &outputs.csv);
  table.AddFlag("--plot", "draw waiting, active and throughput over time", &outputs.plot);
  table.AddFlag("--quiet", "no progress line", &outputs.quiet);
  table.AddFlag("--saturate", "search the highest rate that holds instead", &outputs.saturate);
  table.Add("--probe-seconds", "length of each step of --saturate", &search.probe_s);
  table.Add("--first-rate", "first entries per second of --saturate", &search.first_per_s);
  table.Add("--attempts", "runs that must fail in a row for a rate to have failed", &search.attempts);
  table.Add("--p99-limit", "ms that the P99 of --saturate must stay under", &search.p99_limit_ms);
  return table;
}

void CheckOpening(const OpeningSettings& settings) {
  if (settings.threads == 0 || settings.connections < settings.threads || settings.queues == 0 ||
      settings.token_ttl_s == 0) {
    throw std::runtime_error("--threads, --queues and --token-ttl must be positive, --connections at least --threads");
  }
}

int RunSearch(const OpeningSettings& settings, const SearchSettings& search, const OpeningOutputs& outputs) {
  std::printf("%s", ProbeHead().c_str());
  const std::vector<Probe> probes = FindSaturation(settings, search, [](const Probe& probe) {
    std::printf("%s", ProbeLine(probe).c_str());
    std::fflush(stdout);
  });
  std::printf("%s", SearchSummary(settings, probes).c_str());
  WriteFile(outputs.json, SearchJson(settings, probes));
  return BestProbe(probes) != nullptr ? 0 : kExitFailed;
}

int Opening(const Words& args) {
  OpeningSettings settings;
  SearchSettings search;
  OpeningOutputs outputs;
  const OptionTable table = OpeningOptions(settings, search, outputs);
  int exit_code = 0;
  if (!ParseOrHelp(table, args, "opening [options]", nullptr, &exit_code)) return exit_code;
  CheckOpening(settings);
  if (search.attempts == 0) throw std::runtime_error("--attempts must be positive");
  if (outputs.saturate) return RunSearch(settings, search, outputs);

  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  Sample before{};
  const auto progress = [&](const Sample& now, const Phase& phase, uint64_t failed, double behind_s) {
    if (!is_terminal && now.at_s - before.at_s < kPlainProgressS) return;
    std::fprintf(stderr, "%s%s%s", is_terminal ? "\r\033[K" : "",
                 ProgressLine(now, before, phase, failed, behind_s).c_str(), is_terminal ? "" : "\n");
    before = now;
  };
  const Schedule schedule(OpeningPhases(settings.scale, settings.time_scale, settings.polls_per_s),
                          static_cast<uint64_t>(settings.seed));
  const OpeningResult result = RunOpening(settings, schedule, outputs.quiet ? ProgressSink() : progress);
  if (!outputs.quiet && is_terminal) std::fprintf(stderr, "\n");
  std::printf("%s", OpeningTable(settings, result).c_str());
  if (outputs.plot) std::printf("\n%s", OpeningPlots(result).c_str());
  WriteFile(outputs.json, OpeningJson(settings, result));
  WriteFile(outputs.csv, SamplesCsv(result));
  return result.Passed() ? 0 : kExitFailed;
}

int Drive(const Words& args) {
  DriveSettings settings;
  std::string json;
  OptionTable table;
  AddAddress(table, settings.address);
  table.Add("-c", "connections", &settings.connections);
  table.Add("-P", "repetitions of the command that are pipelined", &settings.pipeline);
  table.Add("--threads", "driver threads", &settings.threads);
  table.Add("--requests", "operations in all; 0: run for --seconds", &settings.requests);
  table.Add("--seconds", "length of the run", &settings.seconds);
  table.Add("-r", "keyspace of __rand__ and __rand_score__", &settings.keyspace);
  table.Add("--first", "the first __seq__", &settings.first);
  table.Add("--seed", "of the random digits", &settings.seed);
  table.Add("--server-pid", "measure this process's CPU", &settings.server_pid);
  table.Add("--json", "write the results to this file", &json);
  int exit_code = 0;
  const char* usage =
      "drive [options] COMMAND [WORD ...] [; COMMAND ...]\n"
      "  words may hold __rand__, __rand_score__, __seq__ (12 digits each) and __now__ (ms)";
  if (!ParseOrHelp(table, args, usage, &settings.words, &exit_code)) return exit_code;
  const DriveResult result = RunDrive(settings);
  std::printf("%s", DriveLine(result).c_str());
  WriteFile(json, DriveJson(result));
  return result.errors == 0 ? 0 : kExitFailed;
}

int Script(const Words& args) {
  const std::string_view text = args.size() == 1 ? ScriptText(args[0]) : std::string_view();
  if (text.empty()) {
    std::fprintf(stderr, "usage: usher-bench script enter|admit|status\n");
    return kExitUsage;
  }
  std::printf("%.*s", static_cast<int>(text.size()), text.data());
  return 0;
}

int Main(const Words& args) {
  const std::string command = args.empty() ? "" : args[0];
  const Words rest(args.begin() + (args.empty() ? 0 : 1), args.end());
  if (command == "opening") return Opening(rest);
  if (command == "drive") return Drive(rest);
  if (command == "script") return Script(rest);
  std::fprintf(stderr,
               "usage: usher-bench opening   the opening of a sale: open loop, verified at the end\n"
               "       usher-bench drive     one command in a closed loop: throughput and server CPU\n"
               "       usher-bench script    print one of the Lua scripts that --mode lua uses\n"
               "each with --help\n");
  return kExitUsage;
}

}  // namespace
}  // namespace usher::bench

int main(int argc, char** argv) {
  try {
    return usher::bench::Main({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "usher-bench: %s\n", error.what());
    return usher::bench::kExitUsage;
  }
}
