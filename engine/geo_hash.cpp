// See geo_hash.h. Every expression with rounding is evaluated in the order that gives Redis's digits.
#include "engine/geo_hash.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace usher::engine {
namespace {

constexpr double kEarthRadiusMeters = 6372797.560856;
constexpr double kMercatorMaxMeters = 20037726.37;
constexpr double kRadiansPerDegree = std::numbers::pi / 180.0;

double Radians(double degrees) {
  return degrees * kRadiansPerDegree;
}
double Degrees(double radians) {
  return radians / kRadiansPerDegree;
}

/// Spreads the 32 bits over the even places of 64.
uint64_t Spread(uint64_t bits) {
  bits = (bits | (bits << 16)) & 0x0000FFFF0000FFFF;
  bits = (bits | (bits << 8)) & 0x00FF00FF00FF00FF;
  bits = (bits | (bits << 4)) & 0x0F0F0F0F0F0F0F0F;
  bits = (bits | (bits << 2)) & 0x3333333333333333;
  return (bits | (bits << 1)) & 0x5555555555555555;
}

/// Collects the bits at the even places.
uint64_t Collect(uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | (bits >> 1)) & 0x3333333333333333;
  bits = (bits | (bits >> 2)) & 0x0F0F0F0F0F0F0F0F;
  bits = (bits | (bits >> 4)) & 0x00FF00FF00FF00FF;
  bits = (bits | (bits >> 8)) & 0x0000FFFF0000FFFF;
  return (bits | (bits >> 16)) & 0x00000000FFFFFFFF;
}

/// A square of the grid with 2^step columns and rows.
struct Cell {
  uint64_t x = 0;  // from west
  uint64_t y = 0;  // from south
  int step = 0;

  /// Latitudes from -latitude_max to latitude_max.
  static Cell Of(GeoPoint point, int step, double latitude_max) {
    const double columns = static_cast<double>(uint64_t{1} << step);
    const double x = (point.longitude + kGeoLongitudeMax) / (2 * kGeoLongitudeMax) * columns;
    const double y = (point.latitude + latitude_max) / (2 * latitude_max) * columns;
    return {static_cast<uint32_t>(x), static_cast<uint32_t>(y), step};
  }
  uint64_t bits() const { return Spread(y) | (Spread(x) << 1); }
  bool operator==(const Cell&) const = default;

  /// Around the globe in both directions, as the numbers wrap.
  Cell Neighbour(int east, int north) const {
    const uint64_t mask = (uint64_t{1} << step) - 1;
    return {(x + static_cast<uint64_t>(east)) & mask, (y + static_cast<uint64_t>(north)) & mask, step};
  }
  double Edge(uint64_t at, double max) const {
    return -max + (static_cast<double>(at) * 1.0 / static_cast<double>(uint64_t{1} << step)) * (2 * max);
  }
  double west() const { return Edge(x, kGeoLongitudeMax); }
  double east() const { return Edge(x + 1, kGeoLongitudeMax); }
  double south() const { return Edge(y, kGeoLatitudeMax); }
  double north() const { return Edge(y + 1, kGeoLatitudeMax); }
};

double MeridianDistance(double latitude_a, double latitude_b) {
  return kEarthRadiusMeters * std::fabs(Radians(latitude_b) - Radians(latitude_a));
}

/// Within what the shape lies.
struct Bounds {
  double west;
  double south;
  double east;
  double north;

  explicit Bounds(const GeoShape& shape) {
    const bool circle = shape.kind == GeoShape::Kind::kCircle;
    const double height = shape.unit_meters * (circle ? shape.radius : shape.height / 2);
    const double width = shape.unit_meters * (circle ? shape.radius : shape.width / 2);
    const auto [longitude, latitude] = shape.center;
    const double latitude_delta = Degrees(height / kEarthRadiusMeters);
    // A degree of longitude is shortest towards the pole.
    const double widest = latitude < 0 ? latitude - latitude_delta : latitude + latitude_delta;
    const double longitude_delta = Degrees(width / kEarthRadiusMeters / std::cos(Radians(widest)));
    west = longitude - longitude_delta;
    east = longitude + longitude_delta;
    south = latitude - latitude_delta;
    north = latitude + latitude_delta;
  }
};

/// From the center to the farthest point.
double ReachMeters(const GeoShape& shape) {
  if (shape.kind == GeoShape::Kind::kCircle) return shape.radius * shape.unit_meters;
  const double half_width = shape.width / 2;
  const double half_height = shape.height / 2;
  return std::sqrt(half_width * half_width + half_height * half_height) * shape.unit_meters;
}

/// A step whose cells are about as large as what is searched.
int EstimateStep(double meters, double latitude) {
  if (meters == 0) return kGeoStepMax;
  int step = 1;
  for (; meters < kMercatorMaxMeters; ++step) meters *= 2;
  step -= 2;  // so that the neighbours contain what is around the center in most cases
  if (std::fabs(latitude) > 66) --step;
  if (std::fabs(latitude) > 80) --step;
  return std::clamp(step, 1, kGeoStepMax);
}

struct Direction {
  int east;
  int north;
};
constexpr Direction kDirections[] = {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};

/// Whether the cells around `cell` contain the bounds.
bool Contains(const Cell& cell, const Bounds& bounds) {
  return cell.Neighbour(0, 1).north() >= bounds.north && cell.Neighbour(0, -1).south() <= bounds.south &&
         cell.Neighbour(1, 0).east() >= bounds.east && cell.Neighbour(-1, 0).west() <= bounds.west;
}

/// Whether nothing in that direction of the cell can be inside the bounds.
bool IsUseless(const Cell& cell, const Bounds& bounds, Direction direction) {
  return (direction.north < 0 && cell.south() < bounds.south) || (direction.north > 0 && cell.north() > bounds.north) ||
         (direction.east < 0 && cell.west() < bounds.west) || (direction.east > 0 && cell.east() > bounds.east);
}

}  // namespace

bool IsGeoPoint(GeoPoint point) {
  return point.longitude >= -kGeoLongitudeMax && point.longitude <= kGeoLongitudeMax &&
         point.latitude >= -kGeoLatitudeMax && point.latitude <= kGeoLatitudeMax;
}

uint64_t GeoEncode(GeoPoint point) {
  return Cell::Of(point, kGeoStepMax, kGeoLatitudeMax).bits();
}

GeoPoint GeoDecode(double score) {
  const uint64_t bits = static_cast<uint64_t>(score);
  const Cell cell{Collect(bits >> 1), Collect(bits), kGeoStepMax};
  return {std::clamp((cell.west() + cell.east()) / 2, -kGeoLongitudeMax, kGeoLongitudeMax),
          std::clamp((cell.south() + cell.north()) / 2, -kGeoLatitudeMax, kGeoLatitudeMax)};
}

double GeoDistance(GeoPoint a, GeoPoint b) {
  const double v = std::sin((Radians(b.longitude) - Radians(a.longitude)) / 2);
  if (v == 0.0) return MeridianDistance(a.latitude, b.latitude);
  const double latitude_a = Radians(a.latitude);
  const double latitude_b = Radians(b.latitude);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  const double chord = u * u + std::cos(latitude_a) * std::cos(latitude_b) * v * v;
  return 2.0 * kEarthRadiusMeters * std::asin(std::sqrt(chord));
}

std::array<char, 11> GeoHashText(GeoPoint point) {
  static constexpr char kAlphabet[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr double kLatitudeMax = 90;
  const uint64_t bits = Cell::Of(point, kGeoStepMax, kLatitudeMax).bits();
  std::array<char, 11> text;
  for (unsigned i = 0; i < 10; ++i) text[i] = kAlphabet[(bits >> (52 - (i + 1) * 5)) & 0x1F];
  text[10] = kAlphabet[0];  // the last two bits are not shown
  return text;
}

std::optional<double> GeoShape::DistanceInside(GeoPoint point) const {
  if (kind == Kind::kCircle) {
    const double distance = GeoDistance(center, point);
    return distance > radius * unit_meters ? std::nullopt : std::optional(distance);
  }
  if (MeridianDistance(point.latitude, center.latitude) > height * unit_meters / 2) return std::nullopt;
  if (GeoDistance(point, {center.longitude, point.latitude}) > width * unit_meters / 2) return std::nullopt;
  return GeoDistance(center, point);
}

GeoCover::GeoCover(const GeoShape& shape) {
  const Bounds bounds(shape);
  int step = EstimateStep(ReachMeters(shape), shape.center.latitude);
  Cell center = Cell::Of(shape.center, step, kGeoLatitudeMax);
  if (step > 1 && !Contains(center, bounds)) center = Cell::Of(shape.center, --step, kGeoLatitudeMax);
  Cell previous;
  for (const Direction direction : kDirections) {
    if (step >= 2 && IsUseless(center, bounds, direction)) continue;
    const Cell cell = center.Neighbour(direction.east, direction.north);
    // A cell as large as a continent may be its own neighbour.
    if (count_ > 1 && cell == previous) continue;
    const int shift = 2 * (kGeoStepMax - step);
    ranges_[count_++] = {cell.bits() << shift, (cell.bits() + 1) << shift};
    previous = cell;
  }
}

}  // namespace usher::engine
