// See report.h.
#include "bench/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <thread>

#include "bench/json_writer.h"
#include "bench/plot.h"
#include "bench/timing.h"

namespace usher::bench {
namespace {

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

double Ms(int64_t ns) {
  return static_cast<double>(ns) / static_cast<double>(kNsPerMs);
}

std::string LatencyRow(const char* name, const Histogram& latency) {
  if (latency.Count() == 0) return "";
  return Format("  %-22s %10llu %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", name,
                static_cast<unsigned long long>(latency.Count()), latency.Mean() / static_cast<double>(kNsPerMs),
                Ms(latency.ValueAt(0.5)), Ms(latency.ValueAt(0.95)), Ms(latency.ValueAt(0.99)),
                Ms(latency.ValueAt(0.999)), Ms(latency.Max()));
}

double ServerUsPerOperation(const OpeningResult& result) {
  return result.server_cpu
             ? result.server_cpu->Total() * 1e6 / static_cast<double>(std::max<uint64_t>(result.operations, 1))
             : 0;
}

std::string VerdictLines(const OpeningResult& result) {
  const Verdict& verdict = result.verdict;
  std::string lines = Format("  %s: %zu of %zu entered exactly once, %zu dropped, %zu admitted in order",
                             result.Passed() ? "VERIFIED" : "FAILED", verdict.entered, result.planned_entries,
                             verdict.dropped, result.admitted);
  if (verdict.swapped_ties > 0)
    lines += Format("; %zu out of order within one ms (ties by name)", verdict.swapped_ties);
  if (verdict.lost_polls > 0) lines += Format("; %zu polls found an admitted person nowhere", verdict.lost_polls);
  lines += "\n";
  for (const std::string& failure : verdict.failures) lines += "    " + failure + "\n";
  for (const auto& [text, count] : result.errors) {
    lines += Format("    %llu errors: %s\n", static_cast<unsigned long long>(count), text.c_str());
  }
  return lines;
}

void WriteLatency(JsonWriter& json, const char* name, const Histogram& latency) {
  json.OpenObject(name);
  json.Number("count", static_cast<double>(latency.Count()));
  json.Number("mean_ms", latency.Mean() / static_cast<double>(kNsPerMs));
  json.Number("p50_ms", Ms(latency.ValueAt(0.5)));
  json.Number("p95_ms", Ms(latency.ValueAt(0.95)));
  json.Number("p99_ms", Ms(latency.ValueAt(0.99)));
  json.Number("p999_ms", Ms(latency.ValueAt(0.999)));
  json.Number("max_ms", Ms(latency.Max()));
  json.CloseObject();
}

void WriteSettings(JsonWriter& json, const OpeningSettings& settings) {
  json.OpenObject("settings");
  json.String("mode", settings.mode);
  json.Number("scale", settings.scale);
  json.Number("time_scale", settings.time_scale);
  json.Number("connections", static_cast<double>(settings.connections));
  json.Number("threads", static_cast<double>(settings.threads));
  json.Number("admit", static_cast<double>(settings.admit));
  json.Number("max_active", static_cast<double>(settings.active_max));
  json.Number("queues", static_cast<double>(settings.queues));
  json.Number("seed", static_cast<double>(settings.seed));
  json.CloseObject();
}

void WriteResult(JsonWriter& json, const OpeningSettings& settings, const OpeningResult& result) {
  json.Bool("passed", result.Passed());
  json.Number("planned", static_cast<double>(result.planned_entries));
  json.Number("entered", static_cast<double>(result.verdict.entered));
  json.Number("dropped", static_cast<double>(result.verdict.dropped));
  json.Number("admitted", static_cast<double>(result.admitted));
  json.Number("swapped_ties", static_cast<double>(result.verdict.swapped_ties));
  json.Number("lost_polls", static_cast<double>(result.verdict.lost_polls));
  json.Number("offered_per_s", result.offered_per_s);
  json.Number("achieved_per_s", result.achieved_per_s);
  json.Number("wall_s", result.wall_s);
  json.Number("generator_cpu_s", result.generator_cpu_s);
  if (result.server_cpu) {
    json.Number("server_user_s", result.server_cpu->user_s);
    json.Number("server_system_s", result.server_cpu->system_s);
    json.Number("server_us_per_operation", ServerUsPerOperation(result));
  }
  json.String("bottleneck", DescribeBottleneck(result, settings.threads, std::thread::hardware_concurrency()));
  WriteLatency(json, "enter", result.enter);
  WriteLatency(json, "poll", result.poll);
  WriteLatency(json, "admit", result.admit);
  WriteLatency(json, "send_lag", result.send_lag);
  json.OpenArray("failures");
  for (const std::string& failure : result.verdict.failures) json.String({}, failure);
  for (const auto& [text, count] : result.errors) json.String({}, std::to_string(count) + " errors: " + text);
  json.CloseArray();
}

}  // namespace

std::string ProgressLine(const Sample& now, const Sample& before, const Phase& phase, uint64_t failed,
                         double behind_s) {
  const double window_s = std::max(now.at_s - before.at_s, 1e-3);
  return Format(
      "%6.1f s  %-8s %8.0f entries/s %7.0f polls/s  entered %8llu  waiting %8lld  active %7lld  failed %llu  behind "
      "%.0f ms",
      now.at_s, phase.name.c_str(), static_cast<double>(now.entered - before.entered) / window_s,
      static_cast<double>(now.polled - before.polled) / window_s, static_cast<unsigned long long>(now.entered),
      static_cast<long long>(now.waiting), static_cast<long long>(now.active), static_cast<unsigned long long>(failed),
      behind_s * 1e3);
}

std::string OpeningTable(const OpeningSettings& settings, const OpeningResult& result) {
  std::string table =
      Format("opening, %s, %gx, %lld connections: offered %.0f/s at the peak, achieved %.0f/s\n", settings.mode.c_str(),
             settings.scale, static_cast<long long>(settings.connections), result.offered_per_s, result.achieved_per_s);
  table += Format("  %-22s %10s %9s %9s %9s %9s %9s %9s\n", "latency, ms", "count", "mean", "P50", "P95", "P99",
                  "P99.9", "max");
  table += LatencyRow("enter", result.enter) + LatencyRow("poll", result.poll) +
           LatencyRow("admit (one call)", result.admit);
  table += LatencyRow("  of it, sent late by", result.send_lag);
  if (result.server_cpu) {
    table += Format("  server CPU %.2f us per operation (user %.2f s, system %.2f s); generator %.2f us\n",
                    ServerUsPerOperation(result), result.server_cpu->user_s, result.server_cpu->system_s,
                    result.generator_cpu_s * 1e6 / static_cast<double>(std::max<uint64_t>(result.operations, 1)));
  }
  table += "  " + DescribeBottleneck(result, settings.threads, std::thread::hardware_concurrency()) + "\n";
  return table + VerdictLines(result);
}

std::string OpeningPlots(const OpeningResult& result) {
  std::vector<double> waiting;
  std::vector<double> active;
  std::vector<double> throughput;
  Sample before{};
  for (const Sample& sample : result.samples) {
    waiting.push_back(static_cast<double>(sample.waiting));
    active.push_back(static_cast<double>(sample.active));
    const double operations =
        static_cast<double>(sample.entered + sample.polled) - static_cast<double>(before.entered + before.polled);
    throughput.push_back(operations / std::max(sample.at_s - before.at_s, 1e-3));
    before = sample;
  }
  return RenderPlot("waiting", waiting, before.at_s) + "\n" + RenderPlot("active", active, before.at_s) + "\n" +
         RenderPlot("entries and polls per second", throughput, before.at_s);
}

std::string OpeningJson(const OpeningSettings& settings, const OpeningResult& result) {
  JsonWriter json;
  json.OpenObject();
  WriteSettings(json, settings);
  WriteResult(json, settings, result);
  json.OpenArray("samples");
  for (const Sample& sample : result.samples) {
    json.OpenObject();
    json.Number("at_s", sample.at_s);
    json.Number("waiting", static_cast<double>(sample.waiting));
    json.Number("active", static_cast<double>(sample.active));
    json.Number("entered", static_cast<double>(sample.entered));
    json.Number("polled", static_cast<double>(sample.polled));
    json.Number("enter_p99_ms", sample.p99_ms);
    json.CloseObject();
  }
  json.CloseArray();
  json.CloseObject();
  return json.Text() + "\n";
}

std::string SamplesCsv(const OpeningResult& result) {
  std::string csv = "at_s,waiting,active,entered,polled,enter_p99_ms\n";
  for (const Sample& sample : result.samples) {
    csv += Format("%.3f,%lld,%lld,%llu,%llu,%.3f\n", sample.at_s, static_cast<long long>(sample.waiting),
                  static_cast<long long>(sample.active), static_cast<unsigned long long>(sample.entered),
                  static_cast<unsigned long long>(sample.polled), sample.p99_ms);
  }
  return csv;
}

std::string ProbeHead() {
  return Format("%12s %12s %9s %9s %9s %14s %14s  %s\n", "offered/s", "achieved/s", "P50 ms", "P99 ms", "dropped",
                "server us/op", "generator us", "held");
}

std::string ProbeLine(const Probe& probe) {
  const OpeningResult& result = probe.result;
  std::string line =
      Format("%12.0f %12.0f %9.3f %9.3f %9zu %14.2f %14.2f  %s\n", probe.offered_per_s, probe.achieved_per_s,
             Ms(result.enter.ValueAt(0.5)), probe.p99_ms, probe.dropped, ServerUsPerOperation(result),
             result.generator_cpu_s * 1e6 / static_cast<double>(std::max<uint64_t>(result.operations, 1)),
             probe.held ? "yes" : "no");
  if (probe.dropped == 0 && !result.Passed()) line += VerdictLines(result);
  return line;
}

const Probe* BestProbe(const std::vector<Probe>& probes) {
  const Probe* best = nullptr;
  for (const Probe& probe : probes) {
    if (probe.held && (best == nullptr || probe.offered_per_s > best->offered_per_s)) best = &probe;
  }
  return best;
}

std::string SearchSummary(const OpeningSettings& settings, const std::vector<Probe>& probes) {
  const Probe* best = BestProbe(probes);
  if (best == nullptr) return "no rate held\n";
  return Format(
             "saturation, %s (open loop, binary search: P99 under the limit, nothing dropped, verified): offered "
             "%.0f/s, achieved %.0f/s, P99 %.2f ms\n  ",
             settings.mode.c_str(), best->offered_per_s, best->achieved_per_s, best->p99_ms) +
         DescribeBottleneck(best->result, settings.threads, std::thread::hardware_concurrency()) + "\n";
}

std::string SearchJson(const OpeningSettings& settings, const std::vector<Probe>& probes) {
  JsonWriter json;
  json.OpenObject();
  WriteSettings(json, settings);
  const Probe* best = BestProbe(probes);
  json.Number("saturation_offered_per_s", best != nullptr ? best->offered_per_s : 0);
  json.Number("saturation_achieved_per_s", best != nullptr ? best->achieved_per_s : 0);
  json.OpenArray("probes");
  for (const Probe& probe : probes) {
    json.OpenObject();
    json.Bool("held", probe.held);
    WriteResult(json, settings, probe.result);
    json.CloseObject();
  }
  json.CloseArray();
  json.CloseObject();
  return json.Text() + "\n";
}

}  // namespace usher::bench
