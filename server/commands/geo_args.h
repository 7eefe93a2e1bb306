// What arguments of geo commands have in common: positions and units. Thread safety: the executing thread's.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "engine/geo_hash.h"
#include "server/command_context.h"

namespace usher::server {

/// Longitude and latitude at args[at]. Nothing: the error is replied.
std::optional<engine::GeoPoint> ReadGeoPoint(CommandContext& ctx, size_t at);
/// The meters of a unit: m, km, ft, mi. Nothing: the error is replied.
std::optional<double> ReadGeoUnit(CommandContext& ctx, std::string_view unit);

/// A distance as Redis shows it, with four decimals.
void ReplyGeoDistance(protocol::ReplySink& reply, double distance);
/// [longitude, latitude]
void ReplyGeoPoint(CommandContext& ctx, engine::GeoPoint point);

}  // namespace usher::server
