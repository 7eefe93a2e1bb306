// Positions as scores: known places, round trips, and that a cover leaves out nothing.
#include "engine/geo_hash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

constexpr GeoPoint kPalermo{13.361389, 38.115556};
constexpr GeoPoint kCatania{15.087269, 37.502669};

double Between(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.Below(1'000'000'000)) / 1e9;
}

TEST_CASE("Geo: known scores, geohashes and distances") {
  CHECK(GeoEncode(kPalermo) == 3479099956230698);
  CHECK(GeoEncode(kCatania) == 3479447370796909);
  const auto text = GeoHashText(GeoDecode(3479099956230698.0));
  CHECK(std::string_view(text.data(), text.size()) == "sqc8b49rny0");
  const double distance = GeoDistance(GeoDecode(3479099956230698.0), GeoDecode(3479447370796909.0));
  CHECK(std::round(distance * 10'000) == 1662741516.0);
}

TEST_CASE("Geo: a decoded score is near its position and encodes to itself") {
  Random random{tests::TestSeed()};
  for (int i = 0; i < 10'000; ++i) {
    const GeoPoint point{Between(random, -180, 180), Between(random, -kGeoLatitudeMax, kGeoLatitudeMax)};
    const uint64_t score = GeoEncode(point);
    const GeoPoint decoded = GeoDecode(static_cast<double>(score));
    CHECK(GeoDistance(point, decoded) < 1);
    CHECK(GeoEncode(decoded) == score);
  }
}

TEST_CASE("Geo: a point inside the shape is in one of the ranges of its cover") {
  Random random{tests::TestSeed()};
  for (int i = 0; i < 20'000; ++i) {
    GeoShape shape;
    shape.center = {Between(random, -170, 170), Between(random, -70, 70)};
    shape.kind = random.Below(2) == 0 ? GeoShape::Kind::kCircle : GeoShape::Kind::kBox;
    const double reach = std::pow(10, Between(random, 0, 5.5));
    shape.radius = reach;
    shape.width = Between(random, 0, 2) * reach;
    shape.height = Between(random, 0, 2) * reach;
    const double degrees = reach / 50'000;
    const GeoPoint point{shape.center.longitude + Between(random, -degrees, degrees),
                         shape.center.latitude + Between(random, -degrees, degrees)};
    if (!IsGeoPoint(point) || !shape.DistanceInside(point)) continue;
    const uint64_t score = GeoEncode(point);
    const GeoCover cover(shape);
    CHECK(std::any_of(cover.begin(), cover.end(),
                      [&](GeoScoreRange range) { return score >= range.first && score < range.end; }));
  }
}

}  // namespace
}  // namespace usher::engine
