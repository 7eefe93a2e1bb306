// What the bench prints and writes: the final table, the plots, JSON and CSV of an opening, the table of a search.
// Thread safety: pure.
#pragma once

#include <string>
#include <vector>

#include "bench/opening.h"

namespace usher::bench {

/// The live progress line.
std::string ProgressLine(const Sample& now, const Sample& before, const Phase& phase, uint64_t failed, double behind_s);
/// Latencies, counts, CPU, verification; several lines.
std::string OpeningTable(const OpeningSettings& settings, const OpeningResult& result);
/// Waiting, active and throughput over time.
std::string OpeningPlots(const OpeningResult& result);
std::string OpeningJson(const OpeningSettings& settings, const OpeningResult& result);
/// The time series, one line per sample.
std::string SamplesCsv(const OpeningResult& result);

/// One line of the search for saturation, and its head.
std::string ProbeHead();
std::string ProbeLine(const Probe& probe);
/// The answer of a search in a few lines.
std::string SearchSummary(const OpeningSettings& settings, const std::vector<Probe>& probes);
std::string SearchJson(const OpeningSettings& settings, const std::vector<Probe>& probes);

/// The highest probe that held, or null.
const Probe* BestProbe(const std::vector<Probe>& probes);

}  // namespace usher::bench
