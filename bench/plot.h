// Terminal plots of a time series, as filled columns of eighth blocks with a labelled axis.  Thread safety: pure.
#pragma once

#include <string>
#include <vector>

namespace usher::bench {

struct PlotSize {
  int columns = 72;
  int rows = 6;
};

/// Draws `values` (>= 0, evenly spaced in time) under `title`; the time axis ends at `duration_s`. The top of the axis
/// is the largest value. With more values than columns, a column shows the largest of its values.
std::string RenderPlot(const std::string& title, const std::vector<double>& values, double duration_s,
                       PlotSize size = {});

/// 1234567 as "1.2M", 12345 as "12.3k", 12 as "12".
std::string ShortNumber(double value);

}  // namespace usher::bench
