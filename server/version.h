// What the server calls itself, and the Redis whose behaviour it has (clients gate features on it).
#pragma once

#include <string_view>

namespace usher::server {

inline constexpr std::string_view kUsherVersion = "0.1.0";
inline constexpr std::string_view kRedisVersion = "7.2.4";

}  // namespace usher::server
