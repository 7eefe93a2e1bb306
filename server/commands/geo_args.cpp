// See geo_args.h.
#include "server/commands/geo_args.h"

#include <array>
#include <cstdio>
#include <string>

#include "server/arg_reader.h"

namespace usher::server {

namespace {

using engine::GeoPoint;

/// With the decimals that Redis shows: more than a reply's double has.
void ReplyCoordinate(CommandContext& ctx, double degrees) {
  std::array<char, protocol::kLongDoubleTextBytesMax> text;
  const std::string_view digits(text.data(), protocol::FormatLongDouble(degrees, text.data()));
  protocol::RespWriter& writer = ctx.session.writer;
  if (ctx.reply.version() == protocol::RespVersion::kResp2) return ctx.reply.Bulk(digits);
  if (&ctx.reply != &writer) return ctx.reply.Double(degrees);
  writer.Raw(",");
  writer.Raw(digits);
  writer.Raw("\r\n");
}

}  // namespace

std::optional<GeoPoint> ReadGeoPoint(CommandContext& ctx, size_t at) {
  const std::optional<double> longitude = ToDouble(ctx.args[at]);
  const std::optional<double> latitude = longitude ? ToDouble(ctx.args[at + 1]) : std::nullopt;
  if (!latitude) {
    ctx.Fail(engine::Error::kNotAFloat);
    return std::nullopt;
  }
  const GeoPoint point{*longitude, *latitude};
  if (engine::IsGeoPoint(point)) return point;
  std::array<char, 1024> text;  // a double may have 309 digits before its point
  const int length = std::snprintf(text.data(), text.size(), "ERR invalid longitude,latitude pair %f,%f",
                                   point.longitude, point.latitude);
  ctx.FailText({text.data(), static_cast<size_t>(length)});
  return std::nullopt;
}

std::optional<double> ReadGeoUnit(CommandContext& ctx, std::string_view unit) {
  struct Unit {
    std::string_view name;
    double meters;
  };
  static constexpr Unit kUnits[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
  for (const Unit& known : kUnits) {
    if (EqualsIgnoringCase(unit, known.name)) return known.meters;
  }
  ctx.FailText("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

void ReplyGeoDistance(protocol::ReplySink& reply, double distance) {
  std::array<char, 512> text;
  const int length = std::snprintf(text.data(), text.size(), "%.4f", distance);
  reply.Bulk({text.data(), static_cast<size_t>(length)});
}

void ReplyGeoPoint(CommandContext& ctx, GeoPoint point) {
  ctx.reply.Array(2);
  ReplyCoordinate(ctx, point.longitude);
  ReplyCoordinate(ctx, point.latitude);
}

}  // namespace usher::server
