// See plot.h.
#include "bench/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace usher::bench {
namespace {

constexpr std::array<std::string_view, 9> kEighths = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr size_t kLabelWidth = 7;

std::string Padded(const std::string& label) {
  return label.size() >= kLabelWidth ? label : std::string(kLabelWidth - label.size(), ' ') + label;
}

/// One value for each column: the largest of those that fall into it.
std::vector<double> FitColumns(const std::vector<double>& values, size_t columns) {
  std::vector<double> fitted(columns, 0.0);
  for (size_t column = 0; column < columns && !values.empty(); ++column) {
    const size_t begin = column * values.size() / columns;
    const size_t end = std::max(begin + 1, (column + 1) * values.size() / columns);
    for (size_t i = begin; i < end; ++i) fitted[column] = std::max(fitted[column], values[i]);
  }
  return fitted;
}

}  // namespace

std::string ShortNumber(double value) {
  char text[32];
  if (value >= 1e6) {
    std::snprintf(text, sizeof text, "%.1fM", value / 1e6);
  } else if (value >= 1e3) {
    std::snprintf(text, sizeof text, "%.1fk", value / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f", value);
  }
  return text;
}

std::string RenderPlot(const std::string& title, const std::vector<double>& values, double duration_s, PlotSize size) {
  const std::vector<double> columns = FitColumns(values, static_cast<size_t>(size.columns));
  const double top = *std::max_element(columns.begin(), columns.end());
  std::string plot = title + " (max " + ShortNumber(top) + ")\n";
  for (int row = size.rows - 1; row >= 0; --row) {
    plot += Padded(row == size.rows - 1 ? ShortNumber(top) : row == 0 ? "0" : "") + " ┤";
    for (const double value : columns) {
      const double height = top > 0 ? value / top * size.rows : 0;
      const long eighths = std::clamp(std::lround((height - row) * 8), 0L, 8L);
      plot += kEighths[static_cast<size_t>(eighths)];
    }
    plot += "\n";
  }
  char end_label[32];
  std::snprintf(end_label, sizeof end_label, "%.3g s", duration_s);
  plot += std::string(kLabelWidth, ' ') + " └";
  for (int i = 0; i < size.columns; ++i) plot += "─";
  const std::string_view end_view = end_label;
  plot += "\n" + std::string(kLabelWidth + 2, ' ') + "0";
  plot += std::string(
      static_cast<size_t>(size.columns) - 1 - std::min(end_view.size(), static_cast<size_t>(size.columns) - 1), ' ');
  return plot + end_label + "\n";
}

}  // namespace usher::bench
