// Positions on Earth as 52-bit numbers, the scores of geo sets: 26 bits of latitude and longitude each, interleaved, so
// that near positions mostly have near numbers, and an area (a cell) is a range of numbers.
//
//   cell of `step` bits per coordinate   -> scores [bits << (52 - 2 step), (bits + 1) << (52 - 2 step))
//
// Latitudes end at the square of the Mercator projection (85.05112878 degrees). Distances are those of Redis: haversine
// on a sphere. Complexity: O(1). Thread safety: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace usher::engine {

struct GeoPoint {
  double longitude = 0;
  double latitude = 0;
};

inline constexpr double kGeoLongitudeMax = 180;
inline constexpr double kGeoLatitudeMax = 85.05112878;
inline constexpr int kGeoStepMax = 26;

/// Whether the point can be a score.
bool IsGeoPoint(GeoPoint point);
uint64_t GeoEncode(GeoPoint point);
GeoPoint GeoDecode(double score);
/// Meters.
double GeoDistance(GeoPoint a, GeoPoint b);
/// The 11 characters of a standard geohash.
std::array<char, 11> GeoHashText(GeoPoint point);

/// What is searched: a circle, or a box with two sides along a meridian. Lengths are in `unit_meters`.
struct GeoShape {
  enum class Kind : uint8_t { kCircle, kBox };
  GeoPoint center;
  Kind kind = Kind::kCircle;
  double unit_meters = 1;
  double radius = 0;
  double width = 0;
  double height = 0;

  /// The distance from the center in meters, if the point is inside.
  std::optional<double> DistanceInside(GeoPoint point) const;
};

/// Scores from `first` up to, not including, `end`.
struct GeoScoreRange {
  uint64_t first;
  uint64_t end;
};

/// Up to nine ranges of scores that cover the shape: its center's cell first, then the neighbours.
class GeoCover {
 public:
  explicit GeoCover(const GeoShape& shape);
  const GeoScoreRange* begin() const { return ranges_.data(); }
  const GeoScoreRange* end() const { return ranges_.data() + count_; }

 private:
  std::array<GeoScoreRange, 9> ranges_;
  size_t count_ = 0;
};

}  // namespace usher::engine
